"""What came of asking all endpoints at once: those for whom it is yes, and those for whom it is open."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import UInt64

OpenQuestion = tuple[int, Hashable]
"""What no input answers: the reason code of a verdict that hangs on it, and what is asked for."""
SURE: OpenQuestion = (0, None)
"""No question: it is so."""


class Answered(NamedTuple):
    """``yes``; and in ``open``, apart from that and from each other, for whom it is open, with a reason
    code, the first first."""

    yes: UInt64
    open: tuple[tuple[int, UInt64], ...] = ()


class Logic:
    """Answers put together, over one axis. What is neither yes nor open is no."""

    def __init__(self, everyone: UInt64) -> None:
        self.everyone = everyone
        self.nobody = np.zeros_like(everyone)

    def all_of(self, parts: Sequence[Answered]) -> Answered:
        yes = reduce(np.bitwise_and, (part.yes for part in parts), self.everyone)
        possible = reduce(np.bitwise_and, map(self.possible, parts), self.everyone)
        return Answered(yes, self._first(parts, possible & ~yes))

    def any_of(self, parts: Sequence[Answered]) -> Answered:
        yes = reduce(np.bitwise_or, (part.yes for part in parts), self.nobody)
        return Answered(yes, self._first(parts, self.everyone & ~yes))

    def negated(self, part: Answered) -> Answered:
        return Answered(self.everyone & ~self.possible(part), part.open)

    def lasting(self, objects: Iterable[Sequence[Answered]]) -> Answered:
        """Yes if any object says so in all of its versions, no if none does in any; else it is open."""
        return self.any_of([self._of_versions(versions) for versions in objects])

    def possible(self, part: Answered) -> UInt64:
        return reduce(np.bitwise_or, (words for _, words in part.open), part.yes)

    def _of_versions(self, versions: Sequence[Answered]) -> Answered:
        if len(versions) == 1:
            return versions[0]
        yes = reduce(np.bitwise_and, (one.yes for one in versions))
        some = reduce(np.bitwise_or, map(self.possible, versions)) & ~yes
        changing = Answered(self.nobody, ((a.REASON_AMBIGUOUS_POLICY, some),))
        return Answered(yes, self._first([*versions, changing], some))

    def _first(self, parts: Iterable[Answered], among: UInt64) -> tuple[tuple[int, UInt64], ...]:
        """For those among whom it is open, the first reason of the first part that is open for them."""
        found: dict[int, UInt64] = {}
        for part in parts:
            for reason, words in part.open:
                here = words & among
                if here.any():
                    found[reason] = found[reason] | here if reason in found else here
                    among = among & ~here
        return tuple(found.items())
