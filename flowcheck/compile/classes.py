"""Rows -> the condensed decision table: endpoints that no row tells apart share one entry.

For each subject class the kernels find, by following its rows over the peer classes, which list of rows each
peer matches; each distinct list is decided once per port class, and each distinct outcome is kept once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import DirectionTable, Int32, Rows, UInt8, UInt64
from flowcheck.compile.ports import PortClasses
from flowcheck.errors import CompileError
from flowcheck.kernels import classes as class_kernels
from flowcheck.kernels import rows as row_kernels

TABLE_BUDGET = 2 << 30
"""Bytes one direction's table may take."""


class Partition(NamedTuple):
    """class_of (endpoints,) int32; representative (classes,) int32: the first endpoint of each class."""

    class_of: Int32
    representative: Int32

    @property
    def n(self) -> int:
        return len(self.representative)


def partition(sets: UInt64, used: Int32, start: Int32) -> Partition:
    """Endpoints by which of the ``used`` sets hold them, never mixing the classes of ``start``."""
    _, classes = np.unique(start, return_inverse=True)
    classes = classes.astype(np.int32)
    class_kernels.refine(sets, used, classes, int(classes.max()) + 1)
    _, representative, class_of = np.unique(classes, return_index=True, return_inverse=True)
    return Partition(class_of.astype(np.int32), representative.astype(np.int32))


class Decider(NamedTuple):
    """What the table needs besides rows: port classes, decision verdicts and each subject's isolation.

    ``defaults(endpoint)`` gives the decision of each stage's isolation twice: for protocols with and
    without ports; -1 where the endpoint is not isolated there.
    """

    ports: PortClasses
    verdict: UInt8
    defaults: Callable[[int], tuple[Int32, Int32]]


def build_table(
    sets: UInt64,
    rows: Rows,
    subjects: Partition,
    peers: Partition,
    special: Callable[[int, int], int],
    decider: Decider,
) -> DirectionTable:
    """Fill the table of one direction.

    ``special(subject, peer)`` (two endpoints) is the decision that holds whatever the rows say (no
    subject, an unresolved end), or -1; it depends on the kinds of the two endpoints only.
    """
    if subjects.n * peers.n * 4 > TABLE_BUDGET:
        raise CompileError(
            f"{subjects.n} x {peers.n} classes of endpoints need a decision table of "
            f"{subjects.n * peers.n * 4 >> 20} MiB; flowcheck holds up to {TABLE_BUDGET >> 20} MiB",
            hint="audit fewer namespaces' policies at a time with --policies",
        )
    outcomes = _Outcomes(rows, decider)
    vector = np.empty((subjects.n, peers.n), dtype=np.int32)
    starts, members = _members(sets, rows.subject, subjects)
    row_starts, listed = row_kernels.list_rows(rows, starts, members, subjects.n)
    peer_starts, peer_members = _members(sets, rows.peer, peers)
    node_of = np.zeros(peers.n, dtype=np.int64)
    nodes = np.zeros((1024, 2), dtype=np.int64)
    for s in range(subjects.n):
        subject = int(subjects.representative[s])
        by_kind = special(subject, -1)
        if by_kind >= 0:
            vector[s] = outcomes.constant(by_kind)
        else:
            mine = listed[row_starts[s] : row_starts[s + 1]]
            while (
                n_nodes := row_kernels.match_peers(mine, rows.peer, peer_starts, peer_members, node_of, nodes)
            ) < 0:
                nodes = np.zeros((len(nodes) * 2, 2), dtype=np.int64)
            used = np.unique(node_of) if n_nodes > 1 else np.zeros(1, dtype=np.int64)
            vector_of = np.zeros(n_nodes, dtype=np.int32)
            for node in used:
                chosen = np.empty(len(mine), dtype=np.int32)
                n_chosen = row_kernels.read_list(nodes, node, chosen)
                vector_of[node] = outcomes.of(chosen[:n_chosen], subject)
            vector[s] = vector_of[node_of]
    for p in range(peers.n):
        for s in range(subjects.n) if special(-1, int(peers.representative[p])) >= 0 else ():
            subject, peer = int(subjects.representative[s]), int(peers.representative[p])
            vector[s, p] = outcomes.constant(special(subject, peer))
    matrix = outcomes.matrix()
    small = len(matrix) <= np.iinfo(np.uint16).max
    return DirectionTable(vector.astype(np.uint16) if small else vector, matrix)


def _members(sets: UInt64, used: Int32, part: Partition) -> tuple[np.ndarray, np.ndarray]:
    """The classes of every used set, as CSR (starts (sets + 1,), members)."""
    numbers = np.unique(used).astype(np.int32)
    counts = np.zeros(len(sets) + 1, dtype=np.int64)
    counts[numbers + 1] = class_kernels.count_members(sets, numbers, part.representative)
    starts = np.cumsum(counts)
    members = np.empty(starts[-1], dtype=np.int32)
    class_kernels.list_members(sets, numbers, part.representative, starts[numbers], members)
    return starts, members


class _Outcomes:
    """Distinct decision vectors, each kept once."""

    def __init__(self, rows: Rows, decider: Decider) -> None:
        self._rows = rows
        self._decider = decider
        self._vectors: dict[bytes, int] = {}
        self._by_list: dict[tuple[bytes, bytes, bytes], int] = {}
        self._width = decider.ports.other + 1 + a.N_REAL_PROTOCOLS

    def constant(self, decision: int) -> int:
        return self._number(np.full(self._width, decision, dtype=np.int32))

    def of(self, chosen: Int32, subject: int) -> int:
        defaults, other_defaults = self._decider.defaults(subject)
        key = (chosen.tobytes(), defaults.tobytes(), other_defaults.tobytes())
        if key not in self._by_list:
            out = np.empty(self._width, dtype=np.int32)
            ports, verdict = self._decider.ports, self._decider.verdict
            row_kernels.decide_ports(
                self._rows, chosen, len(chosen), defaults, other_defaults, ports.other, verdict, out
            )
            row_kernels.decide_missing_ports(out, ports.slot_starts, ports.other, verdict)
            self._by_list[key] = self._number(out)
        return self._by_list[key]

    def matrix(self) -> Int32:
        return np.frombuffer(b"".join(self._vectors), dtype=np.int32).reshape(-1, self._width)

    def _number(self, out: Int32) -> int:
        return self._vectors.setdefault(out.tobytes(), len(self._vectors))
