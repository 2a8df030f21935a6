"""What is said of a stretch of ports between two endpoints, as one bit; of several pairs, as several.

A bit each for allow and deny, and one for unknown with each reason. No bit: there is no such pair.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import UInt8, UInt32
from flowcheck.model.verdict import Reason

NOTHING, ALLOW, DENY = np.uint32(0), np.uint32(1), np.uint32(2)
FIRST_UNKNOWN = 2
"""The bit of the first reason; those of the others follow in the order of model.verdict.Reason."""
REASONS = tuple(Reason)
UNKNOWN = np.uint32(sum(1 << FIRST_UNKNOWN + number for number in range(len(REASONS))))


def bits_of(verdicts: UInt8, reasons: UInt8) -> UInt32:
    """(any shape) uint32: the bit of each verdict, with its reason where it is unknown."""
    unknown = np.left_shift(np.uint32(1), reasons.astype(np.uint32) + np.uint32(FIRST_UNKNOWN))
    by_verdict = np.zeros(verdicts.shape, dtype=np.uint32)
    by_verdict[verdicts == a.ALLOW] = ALLOW
    by_verdict[verdicts == a.DENY] = DENY
    found: UInt32 = np.where(verdicts == a.UNKNOWN, unknown, by_verdict).astype(np.uint32)
    return found


def may_be_open(masks: UInt32) -> npt.NDArray[np.bool_]:
    """Where something is allowed, or not known to be denied."""
    found: npt.NDArray[np.bool_] = (masks & ~DENY) != 0
    return found


def word_of(mask: int) -> str:
    """``allow``, ``deny``, ``unknown``, ``some`` where pods differ; empty: there is no such pair."""
    kinds = [mask & int(kind) for kind in (ALLOW, DENY, UNKNOWN)]
    if sum(map(bool, kinds)) > 1:
        return "some"
    return next((word for word, kind in zip(("allow", "deny", "unknown"), kinds, strict=True) if kind), "")


def verdicts_of(mask: int) -> tuple[str, ...]:
    """All verdicts that there are among several pairs."""
    kinds: Iterable[tuple[str, np.uint32]] = (("allow", ALLOW), ("deny", DENY), ("unknown", UNKNOWN))
    return tuple(word for word, kind in kinds if mask & int(kind))


def reasons_of(mask: int) -> tuple[str, ...]:
    """Why something is unknown."""
    return tuple(str(why) for number, why in enumerate(REASONS) if mask >> FIRST_UNKNOWN + number & 1)
