"""What becomes of a flow whose verdict is another under other policies, by both verdicts and what was
observed."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.model.change import ChangeKind

KINDS = tuple(ChangeKind)
"""By their codes; 0 is no change."""
_CODE = {kind: code for code, kind in enumerate(KINDS)}
_THROUGH = [a.ALLOW, a.NOT_APPLICABLE]
WENT_THROUGH = [a.OBSERVED_ALLOWED, a.OBSERVED_AUDIT, a.OBSERVED_FORWARDED]
STOPPED = [a.OBSERVED_DENIED, a.OBSERVED_DROPPED]


def _table() -> np.ndarray:
    kind = np.zeros((4, 4, 6), dtype=np.uint8)
    every = range(6)
    for one, other in ((a.ALLOW, a.NOT_APPLICABLE), (a.NOT_APPLICABLE, a.ALLOW)):
        kind[one, other] = _CODE[ChangeKind.REACH]
    for verdict in _THROUGH:
        kind[verdict, a.DENY] = _CODE[ChangeKind.WOULD_BE_STOPPED]
        kind[verdict, a.DENY, STOPPED] = _CODE[ChangeKind.DENIED_NOW]
        kind[a.DENY, verdict] = _CODE[ChangeKind.WOULD_GO_THROUGH]
        kind[a.DENY, verdict, [*WENT_THROUGH, a.OBSERVED_DROPPED]] = _CODE[ChangeKind.ALLOWED_NOW]
        kind[a.UNKNOWN, verdict] = _CODE[ChangeKind.FROM_UNKNOWN]
        kind[a.UNKNOWN, verdict, a.OBSERVED_DENIED] = _CODE[ChangeKind.WOULD_GO_THROUGH]
    kind[a.UNKNOWN, a.DENY] = _CODE[ChangeKind.FROM_UNKNOWN]
    kind[a.UNKNOWN, a.DENY, WENT_THROUGH] = _CODE[ChangeKind.WOULD_BE_STOPPED]
    for verdict in (*_THROUGH, a.DENY):
        kind[verdict, a.UNKNOWN, every] = _CODE[ChangeKind.TO_UNKNOWN]
    return kind


KIND = _table()
"""(verdict before, verdict after, observed) uint8: a code of KINDS."""
OUTCOME = np.zeros(6, dtype=np.int64)
"""By what was observed: 0 the log does not say what became of it, 1 it went through, 2 it was stopped."""
OUTCOME[WENT_THROUGH], OUTCOME[STOPPED] = 1, 2
