"""Rows that were made one by one, as reports: to stand among those that were made by the thousand."""

from __future__ import annotations

import numpy as np

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike.prototypes import Prototypes
from flowcheck.flows.logs.alike.reports import NO_TIME, Reports
from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.times import microseconds_of

_PORTS = range(1 << 16)


class Gathered:
    """Use for the rows of one block."""

    def __init__(self, prototypes: Prototypes) -> None:
        self._prototypes = prototypes
        self._times: list[int | str | None] = []
        self._told: list[tuple[int, int, int, int]] = []
        self._bad: list[tuple[str, int]] = []

    def add(self, row: Row, rank: int = 0) -> None:
        """A row, which is used up; rank as Connections has it."""
        ports = row.src_port, row.dst_port
        for port, reason in zip(ports, ("bad_src_port", "bad_dst_port"), strict=True):
            if port is not None and port not in _PORTS:
                self._bad.append((reason, row.record))
                return
        src, dst = (-1 if port is None else port for port in ports)
        self._times.append(row.start_time)
        self._told.append((row.record, self._prototypes.number(row, rank), src, dst))

    def merged(self, others: Reports, account: Account) -> Reports:
        """All of them and others, in the order of their records; those that do not fit are rejected."""
        for reason, record in self._bad:
            account.reject(reason, record)
        if not self._told:
            return others
        found, _ = microseconds_of(self._times)
        records, numbers, src, dst = np.array(self._told, dtype=np.int64).T
        times = np.array([NO_TIME if time is None else time for time in found], dtype=np.int64)
        mine = Reports(records, numbers.astype(np.int32), times, src.astype(np.int32), dst.astype(np.int32))
        return others.with_(mine)
