"""The connections of one task as its rows stream by: which record of each is the first.

Only what begins within GAP of a connection's last record belongs to it: a 5-tuple is used again. So older
ones are forgotten whenever the table would grow, and memory follows the traffic of a minute, not the log.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import FlowArrays
from flowcheck.kernels import connections as kernels

GAP = 60_000_000
"""Microseconds. Linux keeps a closed 5-tuple from being used again for 60 s (TIME_WAIT)."""


class ConnectionTable:
    def __init__(self, n_slots: int = 1 << 14) -> None:
        self._keys = np.zeros(n_slots, dtype=np.uint64)
        self._seen = np.zeros(n_slots, dtype=np.int64)
        self._used = 0

    def mark(self, flows: FlowArrays) -> None:
        """Set ``flows.counted``: 0 for each judged row that reports a connection once more."""
        start = 0
        while True:
            self._used, start = kernels.mark_first(self._keys, self._seen, self._used, flows, GAP, start)
            if start == len(flows.src):
                return
            self._make_room()

    def _make_room(self) -> None:
        """Forget what is old; with half the room still in use afterwards, double it."""
        oldest = int(self._seen.max()) - GAP
        recent = int(((self._keys != 0) & (self._seen >= oldest)).sum())
        n_slots = len(self._keys) * (2 if recent * 4 >= len(self._keys) else 1)
        keys, seen = np.zeros(n_slots, dtype=np.uint64), np.zeros(n_slots, dtype=np.int64)
        self._used = kernels.keep_recent(self._keys, self._seen, oldest, keys, seen)
        self._keys, self._seen = keys, seen
