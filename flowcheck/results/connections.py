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
        self._table = np.zeros((n_slots, 2), dtype=np.int64)
        self._used = 0

    def mark(self, flows: FlowArrays) -> None:
        """Set ``flows.counted``: 0 for each judged row that reports a connection once more."""
        start = 0
        while True:
            found = kernels.mark_first(self._table, self._used, flows, GAP, start)
            self._used, start = int(found[0]), int(found[1])
            if start == len(flows.src):
                return
            self._make_room()

    def _make_room(self) -> None:
        """Forget what is old; with a quarter of the room still in use afterwards, double it."""
        oldest, recent = kernels.count_recent(self._table, GAP)
        factor = 2 if recent * 8 >= len(self._table) else 1
        table = np.zeros((len(self._table) * factor, 2), dtype=np.int64)
        self._used = kernels.keep_recent(self._table, oldest, table)
        self._table = table
