"""Records of conversation tracking: a connection in both directions since it began, told again and again."""

from __future__ import annotations

from flowcheck.flows.formats.netobserv.records import Flow
from flowcheck.flows.logs.rows import Row

MOST = 1 << 17
"""Conversations remembered; past it the oldest are forgotten."""
CONNECTION = 3
TRACKED = frozenset({"newConnection", "heartbeat", "endConnection"})
_COUNTERS = ("bytes", "packets", "bytes_reverse", "packets_reverse")
Counts = tuple[int, ...]


class Conversations:
    """Use for the rows of one log, in their order.

    The first record of a conversation counts it. Its counters grow, so that a row has what was added since
    the last. Where a log has its single flows too, those or these count, whichever came first.
    """

    def __init__(self) -> None:
        self._told: dict[str, Counts | None] = {}

    def tell(self, row: Row, flow: Flow) -> None:
        if flow.hash_id is None or flow.record_type is None:
            return
        tracked = flow.record_type in TRACKED
        known, before = flow.hash_id in self._told, self._told.get(flow.hash_id)
        if not tracked and (not known or before is None):
            self._keep(flow.hash_id, None)
            return
        row.record_kind = CONNECTION if tracked else row.record_kind
        row.flow_count = row.flow_count_here = int(not known)
        row.bytes = row.packets = row.bytes_reverse = row.packets_reverse = None
        if tracked and (not known or before is not None):
            now = tuple(n or 0 for n in (flow.Bytes_AB, flow.Packets_AB, flow.Bytes_BA, flow.Packets_BA))
            names = _COUNTERS if row.initiator != 2 else (*_COUNTERS[2:], *_COUNTERS[:2])
            for name, here, past in zip(names, now, before or (0, 0, 0, 0), strict=True):
                setattr(row, name, max(here - past, 0))
            self._keep(flow.hash_id, now)

    def _keep(self, conversation: str, counts: Counts | None) -> None:
        if conversation not in self._told and len(self._told) >= MOST:
            del self._told[next(iter(self._told))]
        self._told[conversation] = counts
