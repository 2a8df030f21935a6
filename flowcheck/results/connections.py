"""The connections of one task as its rows stream by: which record of each is the first.

Only what begins within GAP of a connection's last record belongs to it: a 5-tuple is used again. So older
ones are forgotten whenever the table would grow, and memory follows the traffic of a minute, not the log.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import FlowArrays
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.kernels import connections as kernels
from flowcheck.model.timeline import BEGINNING


class ConnectionTable:
    """What has been cleared keeps its room: to ask the system for it took longer than to fill it."""

    def __init__(self, n_slots: int = 1 << 14) -> None:
        self._table = np.zeros((n_slots, 2), dtype=np.int64)
        self._spare = np.empty((n_slots, 2), dtype=np.int64)
        self._used, self._latest = 0, BEGINNING

    def clear(self) -> None:
        """Forget all of them."""
        self._table[:] = 0
        self._used, self._latest = 0, BEGINNING

    def mark(self, flows: FlowArrays) -> None:
        """Set ``flows.counted``: 0 for each judged row that reports a connection once more."""
        start = 0
        while True:
            found = kernels.mark_first(self._table, self._used, self._latest, flows, GAP, start)
            self._used, self._latest, start = map(int, found)
            if start == len(flows.src):
                return
            self._forget()

    def _forget(self) -> None:
        """Forget what is old; with an eighth of the room still in use afterwards, double it."""
        self._keep(len(self._table))
        if self._used * 8 >= len(self._table):
            self._keep(2 * len(self._table))

    def _keep(self, n_slots: int) -> None:
        """Move what is not old to a table of so many slots."""
        table = self._spare if len(self._spare) == n_slots else np.empty((n_slots, 2), dtype=np.int64)
        table[:] = 0
        self._used = kernels.keep_recent(self._table, self._latest - GAP, table)
        self._table, self._spare = table, self._table
