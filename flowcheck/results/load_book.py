"""What load tables are made of: books, which number keys, and buckets of time, which count by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64
from flowcheck.kernels import load as kernels


class Book:
    """Rows (room, 2 + sums) int64, of which those numbered 0 to ``used`` - 1 are in use: a key of two words,
    and sums that begin as ``neutral``. Keys keep their numbers when the book grows."""

    def __init__(self, neutral: Sequence[int], room: int) -> None:
        self._neutral = np.array([0, 0, *neutral], dtype=np.int64)
        self.refill(np.zeros((0, len(self._neutral)), dtype=np.int64), room)

    def refill(self, rows: Int64, room: int) -> None:
        """Hold these rows, whose keys differ, and nothing else."""
        self.used = 0
        self.rows = np.tile(self._neutral, (room, 1))
        self.slots = np.zeros(2 * room, dtype=np.int32)
        self.number(rows)
        self.rows[: self.used] = rows

    def grow(self) -> None:
        self.refill(self.content(), 2 * len(self.rows))

    def content(self) -> Int64:
        """The rows in use."""
        return self.rows[: self.used]

    def number(self, rows: Int64) -> Int32 | None:
        """(n,) the numbers of the keys of rows (n, 2 or more), new ones written down; None once there is no
        room."""
        n = len(rows)
        numbers = np.empty(n, dtype=np.int32)
        ones, twos = np.ascontiguousarray(rows[:, : a.TWO + 1].T)
        self.used, done = kernels.number_keys(self.slots, self.rows, self.used, ones, twos, numbers, n)
        return numbers if done == n else None


class Buckets:
    """Connections by time: counts (rows, room) int64; row r is bucket ``buckets[r]``, a minute >> level.

    There are rows for ``cells`` // room buckets; more of them make the level rise.
    """

    def __init__(self, cells: int, room: int) -> None:
        self._cells = cells
        self.level = 0
        self._clear(room)

    def used(self) -> Int64:
        """The rows in use."""
        return np.flatnonzero(self.buckets != kernels.FREE)

    def coarsen(self) -> None:
        self._rebuild(self.level + 1, self.counts.shape[1])

    def widen(self, room: int) -> None:
        self._rebuild(self.level, room)

    def add(self, buckets: Int64, counts: Iterable[Int64], numbers: Int32, level: int) -> None:
        """Add counts (b, n) of buckets (b,) of a level, each to the column of its number (n,)."""
        if level > self.level:
            self._rebuild(level, self.counts.shape[1])
        for bucket, row in zip(buckets.tolist(), counts, strict=True):
            while (place := kernels.row_of(self.buckets, bucket >> (self.level - level))) == kernels.NONE:
                self.coarsen()
            kernels.add_counts(self.counts[place], numbers, row)

    def _clear(self, room: int) -> None:
        rows = max(2, self._cells // room)
        self.buckets = np.full(rows, kernels.FREE)
        self.counts = np.zeros((rows, room), dtype=np.int64)

    def _rebuild(self, level: int, room: int) -> None:
        used, before, buckets, counts = self.used(), self.level, self.buckets, self.counts
        self.level = level
        self._clear(room)
        numbers = np.arange(counts.shape[1], dtype=np.int32)
        self.add(buckets[used], [counts[row] for row in used], numbers, before)
