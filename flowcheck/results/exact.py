"""Sums that no number of rows can wrap, and how much is refused to be added up."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64

MOST = 1 << 62
"""Of all that is added up in a run: every sum of parts of it fits an int64."""
_HALF = 32


def exact_sums(values: Int64, starts: Int64) -> list[int]:
    """The sums of stretches of values (n,), which begin at starts (stretches,): as Python's, of any size.
    Values are not negative."""
    if not len(starts):
        return []
    high, low = (
        np.add.reduceat(part, starts).tolist() for part in (values >> _HALF, values & (1 << _HALF) - 1)
    )
    return [(one << _HALF) + other for one, other in zip(high, low, strict=True)]


def exact_sum(values: Int64) -> int:
    """Likewise of all of them."""
    return exact_sums(values, np.zeros(1, dtype=np.int64))[0] if len(values) else 0
