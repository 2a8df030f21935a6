"""All there is to decide in one direction: for each class of subjects the lists of rows that peers match."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from flowcheck.algebra.real import Real
from flowcheck.arrays import Int32, Int64, UInt8
from flowcheck.compile.rules.directions import LaidOut
from flowcheck.compile.rules.subjects import Partition, set_members
from flowcheck.kernels.rows import match_peers
from flowcheck.kernels.without.instead import real_ends
from flowcheck.kernels.without.weighing import Lists


class Group(NamedTuple):
    """What is decided for one class of subjects: by ``rows`` (n,) int32, in the order asked; of flows from a
    class of source ports. ``lists``: those that anybody's pair of ends matches."""

    rows: Int32
    source: int
    lists: Lists


class Cells:
    """Walks the classes of one direction. ``undecided``: rows of subjects of which is not told which policies
    hold."""

    def __init__(self, laid: LaidOut, real: Real, *, only_tcp: bool = False) -> None:
        self._laid, self._real = laid, real
        ports = laid.decider.ports
        self._n_ports = int(ports.slot_starts[1]) if only_tcp else ports.other + 1
        self._starts, self._members = set_members(laid.sets, laid.rows.peer, laid.peers)
        self._peer_starts, self._peers = _members(laid.peers)
        self._subject_starts, self._subjects = _members(laid.subjects.part)
        representatives = laid.peers.representative.tolist()
        self._skip: UInt8 = np.array([laid.settle(-1, peer) >= 0 for peer in representatives], dtype=np.uint8)
        self._nodes: Int64 = np.zeros((1024, 2), dtype=np.int64)
        self.undecided: list[Int32] = []

    def groups(self, wanted: UInt8 | None = None) -> Iterator[Group]:
        """``wanted`` (rows,) uint8: only subjects of which any of these speaks."""
        subjects = self._laid.subjects
        for subject, endpoint in enumerate(subjects.part.representative.tolist()):
            if self._laid.settle(endpoint, -1) >= 0:
                continue
            states = subjects.states(subject)
            for state in dict.fromkeys(one for several in states for one in several or ()):
                for source in subjects.sources:
                    mine = subjects.rows_in(subject, state, source)
                    if wanted is None or wanted[mine].any():
                        by = subjects.isolated_by(subject, state)
                        yield Group(mine, source, self._lists(subject, mine, by))
            if None in states:
                self.undecided.append(subjects.rows_in(subject, ()))

    def _lists(self, subject: int, mine: Int32, isolated_by: tuple[int, ...]) -> Lists:
        node_of = np.zeros(self._laid.peers.n, dtype=np.int64)
        listed = mine, self._laid.rows.peer, self._starts, self._members
        while (n_nodes := match_peers(*listed, node_of, self._nodes)) < 0:
            self._nodes = np.zeros((len(self._nodes) * 2, 2), dtype=np.int64)
        members = self._subjects[self._subject_starts[subject] : self._subject_starts[subject + 1]]
        ends: Int32 = np.empty((n_nodes, 2), dtype=np.int32)
        peers = self._peer_starts, self._peers, node_of, self._skip
        real_ends(members, *peers, self._real.traits, self._real.own_free, ends)
        defaults = self._laid.decider.defaults(isolated_by)
        return Lists(self._nodes, ends, *defaults, self._laid.decider.ports.portless, self._n_ports)


def _members(part: Partition) -> tuple[Int64, Int32]:
    """Of each class its endpoints, as CSR (starts (classes + 1,) int64, members int32)."""
    order: Int32 = np.argsort(part.class_of, kind="stable").astype(np.int32)
    starts: Int64 = np.searchsorted(part.class_of[order], np.arange(part.n + 1)).astype(np.int64)
    return starts, order
