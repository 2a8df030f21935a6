"""Connections that a pod's socket translated: the address that was dialled, before there is a packet.

Socket events come in pairs: before translation, with the Service's address, and after it, with the backend's.
They are steps of a connection that has records of its own, and tell it what was dialled.
"""

from __future__ import annotations

from typing import TypeVar

from flowcheck.flows.formats.hubble.records import Flow
from flowcheck.flows.logs.rows import Row

_MOST = 1 << 16
"""Steps remembered: past it the oldest are forgotten."""
Step = tuple[str, int | None]
K = TypeVar("K")
V = TypeVar("V")


class Translations:
    """Use for the records of one log, in their order."""

    def __init__(self) -> None:
        self._dialled: dict[str, Step] = {}
        self._leads: dict[tuple[str | None, str, int | None], Step] = {}

    def learn(self, flow: Flow) -> bool:
        """Whether a record is such a step; what it tells is remembered."""
        if flow.Type not in ("SOCK", 3) and flow.sock_xlate_point is None:
            return False
        ports = flow.l4 and (flow.l4.TCP or flow.l4.UDP)
        if flow.IP is None or not flow.IP.destination or flow.socket_cookie is None:
            return True
        step = (flow.IP.destination, ports.destination_port if ports else None)
        cookie, point = str(flow.socket_cookie), str(flow.sock_xlate_point)
        if point in ("SOCK_XLATE_POINT_PRE_DIRECTION_FWD", "1"):
            _put(self._dialled, cookie, step)
        elif point in ("SOCK_XLATE_POINT_POST_DIRECTION_FWD", "2") and cookie in self._dialled:
            _put(self._leads, (flow.IP.source, *step), self._dialled.pop(cookie))
        return True

    def tell(self, row: Row) -> None:
        """Put what was dialled into a row that does not say."""
        if self._leads and row.service_ip is None and row.dst_ip is not None:
            dialled = self._leads.get((row.src_ip, row.dst_ip, row.dst_port))
            if dialled is not None and dialled[0] != row.dst_ip:
                row.service_ip, row.service_port = dialled


def _put(table: dict[K, V], key: K, value: V) -> None:
    if len(table) >= _MOST:
        del table[next(iter(table))]
    table[key] = value
