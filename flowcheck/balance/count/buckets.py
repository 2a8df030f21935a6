"""Buckets of time: which there are, and what was counted in them by number."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, Int64
from flowcheck.kernels import balance as kernels
from flowcheck.kernels.books import KeyedRows


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
        numbers = self.number_rows(buckets)
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
        none = np.zeros_like(buckets)
        while (places := self.number(buckets >> (self.level - level), none)) is None:
            self.coarsen(n)
        for place, row in zip(places.tolist(), counts, strict=True):
            kernels.add_counts(self.counts[place], numbers, row)

    def _most(self, numbers: int) -> int:
        return max(2, self._cells // numbers)
