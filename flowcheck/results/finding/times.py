"""When violating rows began: counted in stretches of time, with bounded memory, mergeable in any order."""

from __future__ import annotations

from itertools import chain, count
from typing import NamedTuple

import msgspec
import numpy as np

from flowcheck.arrays import Int64

MOST = 4096
"""Stretches that are told apart; where there were more, all become wider."""
SECOND = 1_000_000
_WIDTHS = (60, 300, 900, 3600, 21_600, 86_400)
"""Seconds, each a multiple of the one before; after these each is twice as wide."""
Counts = tuple[int, int, int]
"""Rows of each group of findings: see :attr:`flowcheck.results.records.findings.Finding.group`."""


class Series(NamedTuple):
    """Stretches on end, ``seconds`` wide each: when each began, in microseconds since 1970, and its rows."""

    seconds: int
    stretches: tuple[tuple[int, Counts], ...]


class ViolationTimes(msgspec.Struct):
    """Violating rows by the stretch in which they began: ``of`` maps its number since 1970, ``seconds`` wide
    each, to rows of each group. The width depends on all rows together, never on their order."""

    seconds: int = _WIDTHS[0]
    of: dict[int, Counts] = {}

    def count(self, times: Int64, groups: Int64) -> None:
        """Add rows: when each began, in microseconds since 1970, and its group, each (n,)."""
        if not len(times):
            return
        stretches, which = np.unique(times // (self.seconds * SECOND), return_inverse=True)
        counts = np.zeros((len(stretches), 3), dtype=np.int64)
        np.add.at(counts, (which, groups), 1)
        self._add(dict(zip(stretches.tolist(), map(_counts, counts.tolist()), strict=True)))

    def add(self, other: ViolationTimes) -> None:
        while self.seconds < other.seconds:
            self._widen()
        self._add(other.at_width(self.seconds))

    def at_width(self, seconds: int) -> dict[int, Counts]:
        """The same in stretches so wide, a multiple of ``seconds``."""
        wider: dict[int, Counts] = {}
        for stretch, counts in self.of.items():
            number = stretch * self.seconds // seconds
            wider[number] = _sum(wider.get(number, (0, 0, 0)), counts)
        return wider

    def _add(self, more: dict[int, Counts]) -> None:
        for stretch, counts in more.items():
            self.of[stretch] = _sum(self.of.get(stretch, (0, 0, 0)), counts)
        while len(self.of) > MOST:
            self._widen()

    def _widen(self) -> None:
        wider = next(width for width in _all_widths() if width > self.seconds)
        self.of, self.seconds = self.at_width(wider), wider

    def series(self, most: int) -> Series:
        """At most so many stretches on end, from the first with any rows to the last. most: two or more."""
        if not self.of:
            return Series(self.seconds, ())
        first, last = min(self.of) * self.seconds, max(self.of) * self.seconds
        width = next(
            width
            for width in _all_widths()
            if width >= self.seconds and last // width - first // width < most
        )
        found = self.at_width(width)
        numbers = range(first // width, last // width + 1)
        return Series(width, tuple((n * width * SECOND, found.get(n, (0, 0, 0))) for n in numbers))


def _all_widths() -> chain[int]:
    return chain(_WIDTHS, (_WIDTHS[-1] << power for power in count(1)))


def _counts(row: list[int]) -> Counts:
    one, two, three = row
    return one, two, three


def _sum(one: Counts, other: Counts) -> Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
