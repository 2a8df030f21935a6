"""What two programs say of an edge, as one number: so an edge that was judged twice is counted as any
other."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.judging.circumstances import numbered
from flowcheck.kernels.books import KeyedRows

SAME_ENDS = 0
"""In the place of the ends: to the second program they are called what they are to the first."""
BEFORE, AFTER, ENDS = range(3)
"""The columns of a pair."""
PAIR = 3
"""How many there are."""


class Pairs:
    """Numbers, from 0, of what was decided before and after (KEY_DECISIONS of either program), and of the
    ends that the second program says: KEY_GROUPS + 1, or SAME_ENDS."""

    def __init__(self) -> None:
        self._decisions, self._all = KeyedRows((), 1 << 8), KeyedRows((), 1 << 8)

    def clear(self) -> None:
        """Forget all of them; the room stays."""
        self._decisions.clear()
        self._all.clear()

    def numbers(self, before: Int64, after: Int64, ends: Int64) -> Int64:
        """(n,) the number of each, new ones written down."""
        return numbered(self._all, numbered(self._decisions, before, after), ends)

    def rows(self) -> Int64:
        """(pairs, 3): the columns above, by number."""
        known = self._all.content()
        decided = self._decisions.content()[known[:, a.ONE]]
        return np.column_stack([decided[:, a.ONE], decided[:, a.TWO], known[:, a.TWO]])


def renumbered(decisions: Int64, numbers: Int64) -> Int64:
    """KEY_DECISIONS (n,) that hold a pair's number, with the numbers that these have elsewhere (pairs,)."""
    return key_of(numbers[decisions >> a.HALF])


def key_of(numbers: Int64) -> Int64:
    """What stands for KEY_DECISIONS of each (n,)."""
    return numbers << a.HALF


def numbers_of(decisions: Int64) -> Int64:
    """(n,) the numbers that stand in KEY_DECISIONS."""
    return decisions >> a.HALF
