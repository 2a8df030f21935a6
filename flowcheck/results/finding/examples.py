"""The first violating row of each edge, of as many edges as findings can tell: where it is, not what it says.

Violations that differ in more than MOST_PORTS ports alone become one finding, for which the earliest is
enough: of edges that share all but the port only the earliest are kept, one more than findings tell apart.
Each is a row of eight words, as there may be as many as edges; what is told is read once it is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.results.edges import PORT
from flowcheck.results.records.findings import MOST_PORTS

GROUPS, DECISIONS, SERVICE, ROW, BATCH, AT, FILE, PART = range(8)
"""The columns: an edge's key; the row of its file; which batch of its part's violations it is in, and where
in that. ``FILE`` and ``PART`` are numbers that the run gives, of a file and of a part of it."""
OF_A_PART = FILE
"""How many columns a part has."""
_AT_LEAST = 1 << 15
"""Rows that are added before they are sorted."""
_NONE = np.empty((0, 8), dtype=np.int64)
_AT_ONCE = 1 << 17
"""Rows that are looked for together."""


class Examples:
    """In whatever order they come, the same are kept: of each edge its earliest row, of edges alike but for
    the port the earliest. Files come by their names, which stand in ``files`` by number."""

    def __init__(self) -> None:
        self.files: dict[int, str] = {}
        self._kept = _NONE
        self._added: list[Int64] = []
        self._n_added = 0

    def clear(self) -> None:
        """Forget all of them, which may be as many as edges."""
        self._kept, self._added, self._n_added = _NONE, [], 0

    def __bool__(self) -> bool:
        return bool(len(self._kept) or self._n_added)

    def add(self, found: Int64, file: int, name: str, part: int) -> None:
        """Those of a part (n, 6)."""
        if not len(found):
            return
        self.files[file] = name
        rows = np.empty((len(found), 8), dtype=np.int64)
        rows[:, :OF_A_PART], rows[:, FILE], rows[:, PART] = found, file, part
        self._add(rows)

    def merge(self, kept: Int64, files: Mapping[int, str]) -> None:
        """Add those of others (n, 8), as :meth:`kept` gives them."""
        self.files |= files
        self._add(kept)

    def _add(self, rows: Int64) -> None:
        self._added.append(rows)
        self._n_added += len(rows)
        if self._n_added > max(len(self._kept) // 2, _AT_LEAST):
            self._settle()

    def kept(self) -> Int64:
        """(examples, 8), by their keys."""
        self._settle()
        return self._kept[np.lexsort(self._kept[:, [SERVICE, DECISIONS, GROUPS]].T)]

    def earliest(self, keys: Int64, which: Int64, n: int) -> Int64:
        """(n, 8): of each of so many findings its earliest. ``keys`` (edges, 3), ascending; ``which``
        (edges,): the finding of an edge, -1 of none. Each finding has one."""
        if not n:
            return _NONE
        keys, which = keys[which >= 0], which[which >= 0]
        some = [rows[at : at + _AT_ONCE] for rows in (self._kept, *self._added) for at in _starts(len(rows))]
        places = [_places(keys, rows[:, : SERVICE + 1]) for rows in some]
        kept = np.concatenate([_NONE, *(rows[at >= 0] for rows, at in zip(some, places, strict=True))])
        finding = np.concatenate([which[:0], *(which[at[at >= 0]] for at in places)])
        order = np.lexsort((kept[:, ROW], self._ranks(kept), finding))
        return kept[order[np.searchsorted(finding[order], np.arange(n))]]

    def _settle(self) -> None:
        """Leave out what is not the first."""
        if not self._added:
            return
        rows = np.concatenate([self._kept, *self._added])
        self._added, self._n_added = [], 0
        port = rows[:, SERVICE] & PORT
        shared = (rows[:, GROUPS], rows[:, DECISIONS], (rows[:, SERVICE] & ~PORT) << 1 | (port > 0))
        place = rows[:, ROW], self._ranks(rows)
        order = np.lexsort((*place, port, *shared))
        order = order[_changes([word[order] for word in (port, *shared)])]  # the first of each edge
        if len(order) > MOST_PORTS:
            rank = np.lexsort([word[order] for word in (port, *place, *shared)])
            order = order[rank]
            starts = np.flatnonzero(_changes([word[order] for word in shared]))
            lengths = np.diff(starts, append=len(order))
            order = order[np.arange(len(order)) - np.repeat(starts, lengths) <= MOST_PORTS]
        self._kept = rows[order]

    def _ranks(self, rows: Int64) -> Int64:
        """(n,) the place of the file of each among all, by name."""
        ranks = np.zeros(max(self.files, default=0) + 1, dtype=np.int64)
        for rank, number in enumerate(sorted(self.files, key=self.files.__getitem__)):
            ranks[number] = rank
        return ranks[rows[:, FILE]]


def _changes(words: Sequence[Int64]) -> np.ndarray:
    """(n,) bool: where any word is another than the one before; the first is."""
    changes: np.ndarray = np.logical_or.reduce([np.diff(word, prepend=~word[:1]) != 0 for word in words])
    return changes


def _starts(n: int) -> range:
    return range(0, n, _AT_ONCE)


def _places(keys: Int64, wanted: Int64) -> Int64:
    """Where each of wanted (n, words) stands in keys (m, words), which ascend and are some; -1 nowhere."""
    here, there = np.zeros(len(keys), dtype=np.int64), np.zeros(len(wanted), dtype=np.int64)
    for column in range(keys.shape[1]):
        values = np.unique(keys[:, column])
        numbers = np.searchsorted(values, keys[:, column]) + here * len(values)
        sought = np.searchsorted(values, wanted[:, column]) + there * len(values)
        changes = _changes([numbers])
        here, there = np.cumsum(changes) - 1, np.searchsorted(numbers[changes], sought)
    places = np.searchsorted(here, there).clip(max=len(keys) - 1)
    places[(keys[places] != wanted).any(axis=1)] = -1
    return places
