"""Rows -> the condensed decision table: endpoints that no row tells apart share one entry.

For each subject class, and each state its policies were in, the kernels find, by following its rows over
the peer classes, which list of rows each peer matches; each distinct list is decided once per port class, and
each distinct outcome is kept once. While it is open which state holds, the outcomes that agree stand.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import DirectionTable, Int32, UInt16, UInt64
from flowcheck.compile.rules.outcome.outcomes import Decider, Outcomes
from flowcheck.compile.rules.subjects import Partition, State, Subjects, set_members
from flowcheck.errors import CompileError
from flowcheck.kernels import rows as row_kernels

TABLE_BUDGET = max(2 << 30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
"""Bytes one direction's table may take while it is made, with the outcomes in it: half of the machine's."""
_OF_AN_ISOLATING = 32
"""Bytes that a default deny takes for each policy that it is by: in a tuple of numbers, and one of names."""
_NOTHING = np.zeros(0, dtype=np.int32)


def build_table(
    sets: UInt64,
    subjects: Subjects,
    peers: Partition,
    settled: Callable[[int, int], int],
    decider: Decider,
    doubts: tuple[int, int],
    budget: int | None = None,
) -> DirectionTable:
    """Fill the table of one direction.

    ``settled(subject, peer)`` (two endpoints) is the decision that holds whatever the rows say (no
    subject, an unresolved end), or -1; it depends on the kinds of the two endpoints only. ``doubts``: the
    reasons where the versions of a subject, and of a peer, do not agree. ``budget``: as
    ``Options.max_table``.
    """
    return _Filling(sets, subjects, peers, settled, decider, budget or TABLE_BUDGET).table(*doubts)


class _Filling:
    """The rows of the table, each distinct one once, and the outcomes they are made of."""

    def __init__(
        self,
        sets: UInt64,
        subjects: Subjects,
        peers: Partition,
        settled: Callable[[int, int], int],
        decider: Decider,
        budget: int,
    ) -> None:
        self._budget = budget
        self._subjects, self._peers, self._settled = subjects, peers, settled
        self._outcomes = Outcomes(subjects.rows, decider)
        self._starts, self._members = set_members(sets, subjects.rows.peer, peers)
        self._node_of = np.zeros(peers.n, dtype=np.int64)
        self._nodes = np.zeros((1024, 2), dtype=np.int64)
        self._odd_peers = [p for p in range(peers.n) if settled(-1, int(peers.representative[p])) >= 0]
        self._n_isolating = 0
        self._numbers: dict[bytes, int] = {}
        self._rows: list[Int32 | UInt16] = []  # most of what compiling takes
        self._merged: dict[tuple[tuple[int, ...], int], int] = {}

    def table(self, subject_doubt: int, peer_doubt: int) -> DirectionTable:
        n_epochs, n_subjects = len(self._subjects.epochs.epochs), self._subjects.part.n
        mixes = self._subjects.part.mixes
        sources = [*self._subjects.sources]
        n_sources = len(sources) + self._subjects.asks_sources
        row = np.empty((n_epochs * n_sources, n_subjects + len(mixes)), dtype=np.int32)
        for subject in range(n_subjects):
            endpoint = int(self._subjects.part.representative[subject])
            by_kind = self._settled(endpoint, -1)
            if by_kind >= 0:
                row[:, subject] = self._constant(endpoint, by_kind)
            else:
                for source in range(n_sources):
                    row[source::n_sources, subject] = self._of_subject(subject, endpoint, source)
        for number, members in enumerate(mixes, start=n_subjects):
            for epoch in range(n_epochs * n_sources):
                distinct = tuple(dict.fromkeys(row[epoch, list(members)].tolist()))
                row[epoch, number] = self._merge(distinct, subject_doubt)
        mixed = [
            self._agreed(np.stack([one[list(members)] for one in self._rows]), peer_doubt)
            for members in self._peers.mixes
        ]
        matrix = self._outcomes.take()
        small = len(matrix) <= np.iinfo(np.uint16).max
        shape = len(self._rows), self._peers.n + len(mixed)
        vector = np.empty(shape, dtype=np.uint16 if small else np.int32)  # most of what a program takes
        for number, one in enumerate(self._rows):
            vector[number, : self._peers.n] = one
            self._rows[number] = _NOTHING  # it would be all of the table once more
        for place, column in enumerate(mixed, start=self._peers.n):
            vector[:, place] = column
        return DirectionTable(row, vector, matrix)

    def _of_subject(self, subject: int, endpoint: int, source: int) -> list[int]:
        """The row of a subject class in each epoch, of flows of a source class."""
        known: dict[State, int] = {}

        def of(states: tuple[State, ...] | None) -> int:
            if states is None:
                return self._constant(endpoint, a.UNKNOWN_DECISION + a.REASON_AMBIGUOUS_POLICY)
            for state in states:
                if state not in known:
                    known[state] = self._of_source(subject, endpoint, state, source)
            return self._merge(tuple(dict.fromkeys(known[state] for state in states)))

        return [of(states) for states in self._subjects.states(subject)]

    def _of_source(self, subject: int, endpoint: int, state: State, source: int) -> int:
        """Past the last class, of ports that were not recorded: what all of them have, if they agree."""
        if source in self._subjects.sources:
            return self._in_state(subject, endpoint, state, source)
        rows = [self._in_state(subject, endpoint, state, one) for one in self._subjects.sources]
        return self._merge(tuple(dict.fromkeys(rows)), a.REASON_NO_PORT)

    def _in_state(self, subject: int, endpoint: int, state: State, source: int) -> int:
        mine = self._subjects.rows_in(subject, state, source)
        isolated_by = self._subjects.isolated_by(subject, state)
        self._n_isolating += len(isolated_by)
        peers_of = self._subjects.rows.peer
        while (
            n_nodes := row_kernels.match_peers(
                mine, peers_of, self._starts, self._members, self._node_of, self._nodes
            )
        ) < 0:
            self._nodes = np.zeros((len(self._nodes) * 2, 2), dtype=np.int64)
        numbers = self._outcomes.of_lists(self._nodes, n_nodes, self._node_of, isolated_by)
        return self._keep(endpoint, numbers[self._node_of])

    def _constant(self, endpoint: int, decision: int) -> int:
        row = np.full(self._peers.n, self._outcomes.constant(decision), dtype=np.int32)
        return self._keep(endpoint, row)

    def _merge(self, rows: tuple[int, ...], doubt: int = a.REASON_AMBIGUOUS_POLICY) -> int:
        """Where all agree in verdict and reason, the first's outcome; elsewhere it is open, for ``doubt``."""
        if len(rows) == 1:
            return rows[0]
        if (rows, doubt) not in self._merged:
            vectors = np.stack([self._rows[row] for row in rows], axis=1)
            self._merged[rows, doubt] = self._number(self._agreed(vectors, doubt))
        return self._merged[rows, doubt]

    def _agreed(self, vectors: np.ndarray, doubt: int) -> Int32:
        """(n, several) int32 outcomes -> (n,) int32: what the several agree on."""
        distinct, which = np.unique(vectors, axis=0, return_inverse=True)
        agreed = [self._outcomes.agreed(several, doubt) for several in distinct]
        return np.array(agreed, dtype=np.int32)[which.ravel()]

    def _keep(self, endpoint: int, row: Int32) -> int:
        """Number a row after the peers of which nothing is known have got their decisions."""
        for peer in self._odd_peers:
            decision = self._settled(endpoint, int(self._peers.representative[peer]))
            row[peer] = self._outcomes.constant(decision)
        return self._number(row)

    def _number(self, row: Int32) -> int:
        digest = hashlib.sha256(row.data).digest()  # not its bytes, which would be all of the table once more
        number = self._numbers.setdefault(digest, len(self._rows))
        if number == len(self._rows):
            fits = row.max(initial=0) <= np.iinfo(np.uint16).max
            self._rows.append(row.astype(np.uint16) if fits else row)
        n_peers = self._peers.n + len(self._peers.mixes)
        beside = self._outcomes.n_bytes + _OF_AN_ISOLATING * self._n_isolating
        if len(self._rows) * n_peers * row.itemsize + beside > self._budget:
            raise CompileError(
                f"{self._subjects.part.n} x {n_peers} classes of endpoints need a decision table "
                f"of more than {self._budget >> 20} MiB",
                hint="audit fewer namespaces' policies at a time with --policies; --max-table allows more",
            )
        return number
