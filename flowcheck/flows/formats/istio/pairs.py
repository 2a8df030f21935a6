"""The two lines of one connection: its client's node logs it as outbound, its server's as inbound.

They have no 5-tuple in common, since the inbound line shows the tunnel's source port, which connections
share. They are of one connection where source, destination and bytes are the same and the times overlap.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from flowcheck.flows.logs.rows import Row

_SLACK = 2_000_000
"""Microseconds by which the clocks of two nodes may differ."""
_MOST = 1 << 15
"""Lines that are remembered without the other; past it the oldest are forgotten."""
_SOURCE = 1
Key = tuple[str | None, str, int | None, int | None]


class Line(NamedTuple):
    """``row``: as it is yielded; ``target``: the address that was dialled, as logged; ``start``, ``end``:
    microseconds since 1970."""

    row: Row
    target: str
    start: int
    end: int


class Pairs:
    """Use for the lines of one log, in their order."""

    def __init__(self) -> None:
        self._alone: OrderedDict[Key, list[Line]] = OrderedDict()
        self._n = 0

    def add(self, line: Line, free: set[int]) -> None:
        """Find the other line of a connection, and settle which of them counts: the outbound one, or the
        first, where its row was yielded already. ``free``: ids of the rows that were not."""
        row = line.row
        other = self._other(line)
        row.flow_count = row.flow_count_here = 1
        if other is None:
            self._remember(line)
            return
        outbound = row if row.observation_point == _SOURCE else other.row
        inbound = other.row if outbound is row else row
        inbound.src_port = outbound.src_port
        behind = inbound if inbound is row or id(inbound) in free else row
        behind.flow_count = 0
        behind.bytes_here = behind.bytes
        behind.bytes = behind.bytes_reverse = None

    def _other(self, line: Line) -> Line | None:
        key = _key(line)
        waiting = self._alone.get(key, [])
        found = [other for other in waiting if _is_other(line, other)]
        if not found:
            return None
        other = min(found, key=lambda one: abs(one.end - line.end))
        waiting.remove(other)
        self._n -= 1
        if not waiting:
            del self._alone[key]
        return other

    def _remember(self, line: Line) -> None:
        self._alone.setdefault(_key(line), []).append(line)
        self._n += 1
        while self._n > _MOST:
            _, oldest = self._alone.popitem(last=False)
            self._n -= len(oldest)


def _key(line: Line) -> Key:
    return line.row.src_ip, line.target, line.row.bytes, line.row.bytes_reverse


def _is_other(one: Line, other: Line) -> bool:
    """Whether it is the same connection's, logged at the other end."""
    here, there = one.row, other.row
    overlap = one.start <= other.end + _SLACK and other.start <= one.end + _SLACK
    names = ((here.src_pod, there.src_pod), (here.dst_pod, there.dst_pod))
    return (
        here.observation_point != there.observation_point
        and overlap
        and all(a is None or b is None or a == b for a, b in names)
    )
