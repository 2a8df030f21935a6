"""The first violating row of each edge of a task, as its violations are written."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.kernels.books import KeyedRows, number_distinct
from flowcheck.results.edges import PORT
from flowcheck.results.records.findings import MOST_PORTS

_ROOM = 1 << 10


class Firsts:
    """Of edges alike but for the port no more than findings tell apart, and one. Rows come in the order of
    their file. ``written_alone``: those that are kept are all that is written of a batch, and of one without
    any nothing is."""

    def __init__(self, *, written_alone: bool = False) -> None:
        self._written_alone = written_alone
        self._n_batches = 0
        self._forget()

    def _forget(self) -> None:
        self._pairs, self._shared, self._edges = (KeyedRows((), _ROOM) for _ in range(3))
        self._ports = np.zeros(0, dtype=np.int64)
        self._found: list[Int64] = []

    def add(self, groups: Int64, decisions: Int64, services: Int64, rows: Int64) -> Int64:
        """One batch of violations: the words of each one's edge, and the row of its file, each (n,). Returns
        which of them are kept."""
        batch = self._n_batches
        _, alike = number_distinct(groups, decisions)
        at, _ = number_distinct(alike.astype(np.int64), services)
        port = services[at] & PORT
        pairs = _numbered(self._pairs, groups[at], decisions[at])
        shared = _numbered(self._shared, pairs, (services[at] & ~PORT) << 1 | (port > 0))
        self._ports = np.append(self._ports, np.zeros(self._shared.used - len(self._ports), dtype=np.int64))
        wanted = self._ports[shared] <= MOST_PORTS
        at, shared, port = at[wanted], shared[wanted], port[wanted]
        order = np.lexsort((port, rows[at], shared))
        at, shared, port = at[order], shared[order], port[order]
        few = _nth(shared) <= 2 * MOST_PORTS + 1  # of which no more than MOST_PORTS are known
        at, shared, port = at[few], shared[few], port[few]
        before = self._edges.used
        new = _numbered(self._edges, shared, port) >= before
        at, shared = at[new], shared[new]
        room = self._ports[shared] + _nth(shared) <= MOST_PORTS
        at, shared = at[room], shared[room]
        np.add.at(self._ports, shared, 1)
        place = np.arange(len(at)) if self._written_alone else at
        where = np.full(len(at), batch, dtype=np.int64), place
        self._found.append(np.stack([groups[at], decisions[at], services[at], rows[at], *where], axis=1))
        self._n_batches += not self._written_alone or len(at) > 0
        return at

    def take(self) -> list[Int64]:
        """Those since the last time, each (n, 6), columns as of :mod:`flowcheck.results.finding.examples`.
        What comes afterwards may be of the same edges: it is later."""
        found = self._found
        self._forget()
        return found


def _numbered(book: KeyedRows, ones: Int64, twos: Int64) -> Int64:
    """(n,) the numbers of keys."""
    while (numbers := book.number(ones, twos)) is None:
        book.grow()
    return numbers.astype(np.int64)


def _nth(sorted_: Int64) -> Int64:
    """(n,) which of those that are alike each is, from 0."""
    return np.arange(len(sorted_)) - np.searchsorted(sorted_, sorted_)
