"""Connections are told again and again while they last, and by the nodes of both ends where no aggregator
puts these together."""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.flows.logs.rows import Row

MOST = 1 << 18
"""Connections remembered; past it those that were silent longest are forgotten."""
_COUNTERS = ("bytes", "packets", "bytes_reverse", "packets_reverse")


class Exports:
    """Use for the rows of one log, in their order.

    Records are of one connection where they have the same 5-tuple, and its beginnings lie within GAP of one
    another, as the clocks of nodes may differ. The first of them counts it; where the nodes of both ends tell
    of it, the first node's bytes count.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int | None, frozenset[int | None]]] = {}

    def settle(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if isinstance(row.start_time, int):
                self._settle(row, row.start_time)

    def _settle(self, row: Row, began: int) -> None:
        key = hash((row.src_ip, row.src_port, row.dst_ip, row.dst_port, row.protocol))
        point = row.observation_point
        known = self._known.pop(key, None)
        if known is None or abs(began - known[0]) > GAP:
            known = (began, point, frozenset())
        began, teller, told = known
        row.flow_count = int(not told)
        row.flow_count_here = int(point not in told)
        if point != teller:
            row.bytes_here, row.packets_here = row.bytes, row.packets
            for name in _COUNTERS:
                setattr(row, name, None)
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[key] = (began, teller, told | {point})
