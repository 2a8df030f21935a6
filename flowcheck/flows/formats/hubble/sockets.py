"""Connections that a pod's socket translated: the address that was dialled, before there is a packet.

Socket events come in pairs: before translation, with the Service's address, and after it, with the backend's.
They are steps of a connection that has records of its own, and tell it what was dialled.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from flowcheck.flows.formats.hubble.enums import STEPS, TYPES, name_of
from flowcheck.flows.formats.hubble.records import Flow
from flowcheck.flows.logs.alike.ends import Ends
from flowcheck.flows.logs.alike.marks import BASE, DST_IP, DST_PORT, SERVICE_IP, SRC_IP
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

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._dialled: dict[str, Step] = {}
        self._leads: dict[tuple[int, int, int], tuple[str | None, Step, Step]] = {}

    def renumber(self) -> None:
        """Once the ends' numbers were forgotten."""
        leads, self._leads = self._leads, {}
        for lead in leads.values():
            self._put_lead(*lead)

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
            self._put_lead(flow.IP.source, step, self._dialled.pop(cookie))

    def _put_lead(self, source: str | None, step: Step, dialled: Step) -> None:
        (address, port), ends = step, self._ends
        key = (ends.address(source), ends.address(address), -1 if port is None else port)
        _put(self._leads, key, (source, step, dialled))

    def told(self, reports: Reports, prototypes: Prototypes) -> Reports:
        """The rows, with what was dialled in those that do not say."""
        if not self._leads:
            return reports
        told = reports.told.copy()
        leading = np.array([src << 32 | dst for src, dst, _ in self._leads], dtype=np.int64)
        pairs = told[SRC_IP].astype(np.int64) << 32 | told[DST_IP]
        may = np.isin(pairs, leading) & (told[SERVICE_IP] == 0)
        columns = told[[SRC_IP, DST_IP, DST_PORT, BASE]]
        for row in np.flatnonzero(may).tolist():
            src, dst, port, base = columns[:, row].tolist()
            if (src, dst, port) not in self._leads:
                continue
            service, service_port = self._leads[src, dst, port][-1]
            if self._ends.address(service) != dst:
                told[BASE, row] = prototypes.with_service_port(base, service_port)
                told[SERVICE_IP, row] = self._ends.address(service)
        return reports._replace(told=told)


def _put(table: dict[K, V], key: K, value: V) -> None:
    if len(table) >= _MOST:
        del table[next(iter(table))]
    table[key] = value
