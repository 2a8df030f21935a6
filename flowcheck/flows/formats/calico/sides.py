"""Two sides report a connection, each as often as it writes: which of the two counts it.

Whichever side told first of two ends counts what goes on between them, for as long as it goes on telling.
Windows of two nodes do not begin together, so that no report of one is the report of the other.
"""

from __future__ import annotations

from flowcheck.flows.logs.counting.connections import GAP

MOST = 1 << 17
"""Pairs remembered, twice: past it the oldest are forgotten."""
Pair = tuple[str | int | None, ...]


class Sides:
    """Use for the records of one log, in their order."""

    def __init__(self) -> None:
        self._now: dict[Pair, tuple[int, int, int]] = {}
        self._before: dict[Pair, tuple[int, int, int]] = {}

    def counts(self, pair: Pair, side: int, begin: int, end: int) -> bool:
        """Whether this side counts a pair's connections in a window, in microseconds."""
        known = self._now.get(pair) or self._before.get(pair)
        if known is not None:
            first, earliest, latest = known
            near = begin <= latest + GAP and end >= earliest - GAP
            if near and side != first:
                return False
            if near:
                begin, end = min(begin, earliest), max(end, latest)
        if len(self._now) >= MOST:
            self._before, self._now = self._now, {}
        self._now[pair] = side, begin, end
        return True
