"""What a tally is made of: rows by key, numbered as they come; of buckets of time, with counts by number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64
from flowcheck.kernels import balance as kernels


class KeyedRows:
    """Rows (room, 2 + sums) int64, of which those numbered 0 to ``used`` - 1 are in use: a key of two words,
    and sums that begin as ``neutral``. Keys keep their numbers when there is to be more room."""

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


class Buckets(KeyedRows):
    """Buckets of time, a minute >> level each, with what was counted in them: counts (room, numbers) int64,
    connections in each bucket by the number of a backend's key.

    There is room for ``cells`` // numbers buckets; more of them make the level rise. ``n`` numbers are in
    use: what lies past them is nothing, and not worth its copying.
    """

    def __init__(self, cells: int, numbers: int) -> None:
        self._cells = cells
        self.level = 0
        super().__init__((), self._most(numbers))
        self.counts = np.zeros((len(self.rows), numbers), dtype=np.int64)

    def coarsen(self, n: int, levels: int = 1) -> None:
        """Each bucket goes to one that came before it or to itself, so that there is room for its counts."""
        buckets = self.content() >> levels
        self.level += levels
        self.refill(buckets[:0], len(self.rows))
        numbers = self.number(buckets)
        assert numbers is not None
        for row, place in enumerate(numbers.tolist()):
            if place < row:
                self.counts[place, :n] += self.counts[row, :n]
                self.counts[row, :n] = 0

    def widen(self, numbers: int, n: int) -> None:
        while self.used > self._most(numbers):
            self.coarsen(n)
        before = self.counts
        self.refill(self.content(), self._most(numbers))
        self.counts = np.zeros((len(self.rows), numbers), dtype=np.int64)
        self.counts[: self.used, :n] = before[: self.used, :n]

    def add(self, buckets: Int64, counts: Int64, numbers: Int32, level: int, n: int) -> None:
        """Add counts (b, k) of buckets (b,) of a level, each to the column of its number (k,)."""
        if level > self.level:
            self.coarsen(n, level - self.level)
        keys = np.column_stack([buckets, np.zeros_like(buckets)])
        while (places := self.number(keys >> (self.level - level))) is None:
            self.coarsen(n)
        for place, row in zip(places.tolist(), counts, strict=True):
            kernels.add_counts(self.counts[place], numbers, row)

    def _most(self, numbers: int) -> int:
        return max(2, self._cells // numbers)
