"""Rows that were made one by one, as reports: to stand among those that were made by the thousand."""

from __future__ import annotations

import numpy as np

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike.reports import NO_TIME, Reports
from flowcheck.flows.logs.values.times import microseconds_of

_PORTS = range(1 << 16)


class Gathered:
    """Use for the rows of one block. Ports that are none reject their rows."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._times: list[int | str | None] = []
        self._told: list[tuple[int, int, int, int]] = []

    def add(
        self, record: int, number: int, time: int | str | None, src_port: int | None, dst_port: int | None
    ) -> None:
        """A row of a prototype. The time is microseconds since 1970 or RFC 3339."""
        for port, reason in ((src_port, "bad_src_port"), (dst_port, "bad_dst_port")):
            if port is not None and port not in _PORTS:
                self._account.reject(reason, record)
                return
        self._times.append(time)
        src, dst = -1 if src_port is None else src_port, -1 if dst_port is None else dst_port
        self._told.append((record, number, src, dst))

    def merged(self, others: Reports) -> Reports:
        """All of them and others, in the order of their records."""
        if not self._told:
            return others
        found, _ = microseconds_of(self._times)
        records, numbers, src, dst = np.array(self._told, dtype=np.int64).T
        times = np.array([NO_TIME if time is None else time for time in found], dtype=np.int64)
        mine = Reports(records, numbers.astype(np.int32), times, src.astype(np.int32), dst.astype(np.int32))
        return others.with_(mine)
