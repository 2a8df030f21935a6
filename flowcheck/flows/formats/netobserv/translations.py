"""Where a Service's address led: records of the answers, and those of other nodes, do not say it."""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.flows.logs.counting.connections import turn_round
from flowcheck.flows.logs.rows import Row

MOST = 1 << 16
"""Translations remembered; past it the oldest are forgotten."""
Dialled = tuple[str | None, int | None, str | None, int | None, int | None]
_LED_TO = ("dst_ip", "dst_port", "dst_namespace", "dst_pod", "dst_workload")


class Translations:
    """Use for the rows of one log, in their order, some thousand at a time, before they are settled."""

    def __init__(self) -> None:
        self._known: dict[Dialled, tuple[str | int | None, ...]] = {}

    def tell(self, rows: Sequence[Row]) -> None:
        """Put the backend into rows of the same connection that have the Service's address."""
        for row in rows:
            if row.service_ip is not None and row.service_ip != row.dst_ip:
                self._learn(row)
        if not self._known:
            return
        for row in rows:
            if not row.initiator and self._is_answer(row):
                turn_round(row)
            key = (row.src_ip, row.src_port, row.dst_ip, row.dst_port, row.protocol)
            if (led := self._known.get(key)) is not None:
                row.initiator = row.initiator or 1
                row.service_ip, row.service_port = row.dst_ip, row.dst_port
                for name, value in zip(_LED_TO, led, strict=True):
                    setattr(row, name, value)

    def _is_answer(self, row: Row) -> bool:
        return (row.dst_ip, row.dst_port, row.src_ip, row.src_port, row.protocol) in self._known

    def _learn(self, row: Row) -> None:
        key = (row.src_ip, row.src_port, row.service_ip, row.service_port, row.protocol)
        if key not in self._known and len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[key] = tuple(getattr(row, name) for name in _LED_TO)
