"""Rows that were made one by one, as reports: to stand among those that were made by the thousand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike.marks import DST_PORT, SRC_PORT
from flowcheck.flows.logs.alike.reports import NO_TIME, Reports
from flowcheck.flows.logs.values.times import microseconds_of

_PORTS = range(-1, 1 << 16)


class Gathered:
    """Use for the rows of one block. Ports that are none reject their rows."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._times: list[int | str | None] = []
        self._records: list[int] = []
        self._told: list[Sequence[int]] = []

    def add(self, record: int, time: int | str | None, told: Sequence[int]) -> None:
        """A row, as Reports has it. The time is microseconds since 1970 or RFC 3339."""
        for port, reason in ((told[SRC_PORT], "bad_src_port"), (told[DST_PORT], "bad_dst_port")):
            if port not in _PORTS:
                self._account.reject(reason, record)
                return
        self._records.append(record)
        self._times.append(time)
        self._told.append(told)

    def merged(self, others: Reports) -> Reports:
        """All of them and others, in the order of their records."""
        if not self._told:
            return others
        found, _ = microseconds_of(self._times)
        times = np.array([NO_TIME if time is None else time for time in found], dtype=np.int64)
        told = np.ascontiguousarray(np.array(self._told, dtype=np.int32).T)
        return others.with_(Reports(np.array(self._records, dtype=np.int64), times, told))
