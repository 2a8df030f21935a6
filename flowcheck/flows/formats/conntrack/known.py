"""A connection may be told several times: in several zones of a node, dump after dump, or as it begins and
ends."""

from __future__ import annotations

from flowcheck.flows.formats.conntrack.entries import Entry
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.flows.logs.rows import Row

MOST = 1 << 17
"""Connections remembered; past it those that were silent longest are forgotten."""
_COUNTERS = ("bytes", "packets", "bytes_reverse", "packets_reverse")
Counts = tuple[int | None, ...]


class Known:
    """Use for the rows of one log, in their order.

    The first record of a connection counts it. Of its counters, which grow, a row has what was added since
    the last; those of other zones are of the same packets, and become null.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, str, Counts]] = {}

    def tell(self, row: Row, entry: Entry) -> None:
        if not isinstance(row.start_time, int):
            return
        key = hash((row.src_ip, row.src_port, row.dst_ip, row.dst_port, row.protocol, row.icmp_type))
        known = self._known.pop(key, None)
        ends = entry.event == "DESTROY" and entry.lasted is None
        if known is not None and ends:
            row.start_time = known[0]
        if known is not None and abs(int(row.start_time) - known[0]) > GAP:
            known = None
        row.flow_count = row.flow_count_here = int(known is None)
        began, zone, before = known or (int(row.start_time), entry.zone, (None,) * len(_COUNTERS))
        now: Counts = tuple(getattr(row, name) for name in _COUNTERS)
        for name, here, past in zip(_COUNTERS, now, before, strict=True):
            added = here if here is None or past is None else max(here - past, 0)
            setattr(row, name, added if zone == entry.zone else None)
        if zone == entry.zone:
            before = tuple(past if here is None else here for here, past in zip(now, before, strict=True))
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[key] = (began, zone, before)
