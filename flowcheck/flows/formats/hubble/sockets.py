"""Connections that a pod's socket translated: the address that was dialled, before there is a packet.

Socket events come in pairs: before translation, with the Service's address, and after it, with the backend's.
They are steps of a connection that has records of its own, and tell it what was dialled.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from flowcheck.flows.formats.hubble.enums import STEPS, TYPES, name_of
from flowcheck.flows.formats.hubble.records import Flow
from flowcheck.flows.logs.alike.prototypes import Prototypes
from flowcheck.flows.logs.alike.reports import Reports

_MOST = 1 << 16
"""Steps remembered: past it the oldest are forgotten."""
Step = tuple[str, int | None]
K = TypeVar("K")
V = TypeVar("V")


def is_step(flow: Flow) -> bool:
    return flow.sock_xlate_point is not None or name_of(flow.Type, TYPES) == "SOCK"


class Translations:
    """Use for the records of one log, in their order."""

    def __init__(self) -> None:
        self._dialled: dict[str, Step] = {}
        self._leads: dict[tuple[str | None, str, int | None], Step] = {}

    def learn(self, flow: Flow) -> None:
        """Remember what a step tells."""
        ports = flow.l4 and (flow.l4.TCP or flow.l4.UDP)
        if flow.IP is None or not flow.IP.destination or flow.socket_cookie is None:
            return
        step = (flow.IP.destination, ports.destination_port if ports else None)
        cookie, point = str(flow.socket_cookie), name_of(flow.sock_xlate_point, STEPS)
        if point == STEPS[1]:
            _put(self._dialled, cookie, step)
        elif point == STEPS[2] and cookie in self._dialled:
            _put(self._leads, (flow.IP.source, *step), self._dialled.pop(cookie))

    def told(self, reports: Reports, prototypes: Prototypes) -> Reports:
        """The rows, with what was dialled in those that do not say."""
        if not self._leads:
            return reports
        words = reports.numbers.astype(np.int64) << 32 | reports.dst_ports + 1
        distinct, which = np.unique(words, return_inverse=True)
        numbers = [
            self._told_one(word >> 32, (word & 0xFFFFFFFF) - 1, prototypes) for word in distinct.tolist()
        ]
        return reports._replace(numbers=np.array(numbers, dtype=np.int32)[which])

    def _told_one(self, number: int, port: int, prototypes: Prototypes) -> int:
        row, rank = prototypes.row(number)
        dialled = self._leads.get((row.src_ip, row.dst_ip or "", None if port < 0 else port))
        if dialled is None or row.service_ip is not None or dialled[0] == row.dst_ip:
            return number
        row.service_ip, row.service_port = dialled
        return prototypes.number(row, rank)


def _put(table: dict[K, V], key: K, value: V) -> None:
    if len(table) >= _MOST:
        del table[next(iter(table))]
    table[key] = value
