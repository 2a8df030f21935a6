"""Rows by the thousand, of which most are alike: what of them is the same is kept once, as a prototype.

A row is then a time and some numbers (:mod:`.marks`), and what :class:`Connections` settles row by row is
settled for arrays of them, by the same rules.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, Int64, UInt8
from flowcheck.flows.canonical.types import TIME
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike.ends import NO_ADDRESS, Ends
from flowcheck.flows.logs.alike.marks import (
    BASE,
    DST_IP,
    DST_NAMES,
    DST_PORT,
    NAT_SRC_IP,
    SERVICE,
    SERVICE_IP,
    SRC_IP,
    SRC_NAMES,
    SRC_PORT,
    WIDTH,
)
from flowcheck.flows.logs.alike.prototypes import Prototypes
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.flows.logs.rows import RECORD
from flowcheck.kernels.books import KeyedRows
from flowcheck.kernels.logs.counting import (
    N_POINTS,
    NEUTRAL,
    NEVER,
    NOBODY,
    OPENED,
    SAME,
    TURNED,
    WAYS,
    count_once,
    find_openers,
)

NO_TIME = np.iinfo(np.int64).min
_ROOM = 1 << 14
_BLOCKS = 4
"""As what is forgotten takes as long as what is kept, it is forgotten every so many blocks only."""
_OTHER_POINT = np.array([0, 2, 1, 3, 4])


class Reports(NamedTuple):
    """Rows: positions of their records, and times in microseconds, NO_TIME for none, each (rows,); what is
    told of them (WIDTH, rows) int32."""

    records: Int64
    times: Int64
    told: Int32

    def with_(self, other: Reports) -> Reports:
        """All of both, in the order of their records."""
        both = Reports(
            np.concatenate([self.records, other.records]),
            np.concatenate([self.times, other.times]),
            np.concatenate([self.told, other.told], axis=1),
        )
        return both.only(np.argsort(both.records, kind="stable"))

    def only(self, chosen: np.ndarray) -> Reports:
        return Reports(self.records[chosen], self.times[chosen], self.told[:, chosen])


_TURNED = np.arange(WIDTH)
for _one, _other in ((SRC_PORT, DST_PORT), (SRC_IP, DST_IP), (SRC_NAMES, DST_NAMES)):
    _TURNED[[_one, _other]] = _other, _one
_NO_LONG = np.empty(0, dtype=np.int64)
NONE = Reports(_NO_LONG, _NO_LONG, np.empty((WIDTH, 0), dtype=np.int32))


class Settler:
    """Use for the rows of one log, in their order, some thousands at a time."""

    def __init__(self, prototypes: Prototypes, ends: Ends) -> None:
        self._prototypes, self._ends = prototypes, ends
        self._refill(np.empty((0, 2 + len(NEUTRAL)), dtype=np.int64), _ROOM)

    def batch(self, reports: Reports, account: Account) -> pa.RecordBatch:
        """The rows in canonical types, who opened the connection and which of them counts it found out; those
        that cannot be used are rejected."""
        reports = self._usable(reports, account)
        keys, back = self._numbered(reports.told)
        found, told = self._opened(reports, keys, back)
        back ^= found == TURNED
        counts, here = self._counted(reports.times, told, keys, back)
        initiator = np.where(found == SAME, 1, self._prototypes.kinds().initiator[told[BASE]])
        varying = {
            RECORD: pa.array(reports.records),
            "start_time": pa.array(reports.times).cast(TIME),
            "src_port": _ports(told[SRC_PORT]),
            "dst_port": _ports(told[DST_PORT]),
            "initiator": pa.array(initiator.astype(np.int8)),
            "flow_count": pa.array(counts.astype(np.uint32)),
            "flow_count_here": pa.array(here.astype(np.uint32)),
            **ends_of(told, self._ends),
        }
        return self._prototypes.batch(told[BASE], varying)

    def _usable(self, reports: Reports, account: Account) -> Reports:
        told, reasons = reports.told, self._prototypes.kinds().reason[reports.told[BASE]]
        wrong = [
            (~self._ends.are_told(told[SRC_IP], told[SRC_NAMES]), "bad_src_ip"),
            (~self._ends.are_told(told[DST_IP], told[DST_NAMES]), "bad_dst_ip"),
            (told[SERVICE_IP] == NO_ADDRESS, "bad_service_ip"),
            (told[NAT_SRC_IP] == NO_ADDRESS, "bad_nat_src_ip"),
            (reports.times == NO_TIME, "bad_start_time"),
        ]
        bad = (reasons != 0) | np.logical_or.reduce([places for places, _ in wrong])
        if not bad.any():
            return reports
        for place in np.flatnonzero(bad).tolist():
            reason = self._prototypes.reasons[reasons[place]]
            reason = reason or next(reason for places, reason in wrong if places[place])
            account.reject(reason, int(reports.records[place]))
        return reports.only(~bad)

    def _numbered(self, told: Int32) -> tuple[Int32, UInt8]:
        """(the number in the book of each row's connection; 1 for records of its second direction)."""
        self._make_room(told.shape[1])
        src = self._ends.keys(told[SRC_IP], told[SRC_NAMES])
        dst = self._ends.keys(told[DST_IP], told[DST_NAMES])
        src_ports, dst_ports = told[SRC_PORT] + 1, told[DST_PORT] + 1
        back = (src > dst) | ((src == dst) & (src_ports > dst_ports))
        ones = np.where(back, dst << 32 | src, src << 32 | dst)
        one_port, other_port = np.where(back, dst_ports, src_ports), np.where(back, src_ports, dst_ports)
        tags = self._prototypes.kinds().tag[told[BASE]] << 40
        keys = self._book.number(ones, tags | one_port.astype(np.int64) << 20 | other_port)
        assert keys is not None
        return keys, back.astype(np.uint8)

    def _opened(self, reports: Reports, keys: Int32, back: UInt8) -> tuple[UInt8, Int32]:
        """(SAME or TURNED of each row that did not know; what is told, turned round where it is)."""
        told = reports.told
        is_known = (self._prototypes.kinds().initiator[told[BASE]] != 0).astype(np.uint8)
        found, can_turn = np.zeros(len(keys), dtype=np.uint8), (told[SRC_PORT] >= 0).astype(np.uint8)
        find_openers(self._book.rows, keys, back, can_turn, is_known, reports.times, GAP, found)
        turned = np.flatnonzero(found == TURNED)
        if len(turned):
            other = told[_TURNED][:, turned]
            other[BASE] = self._prototypes.turned(other[BASE])
            told = told.copy()
            told[:, turned] = other
        return found, told

    def _counted(self, times: Int64, told: Int32, keys: Int32, back: UInt8) -> tuple[Int64, Int64]:
        """How many connections each row stands for, in all, and at its observation point. With both ports the
        same for either direction, as it may not be known which of them is the opener's."""
        kinds = self._prototypes.kinds()
        fixed = kinds.connections[told[BASE]]
        counts, here = fixed.copy(), fixed.copy()
        asked = np.flatnonzero(fixed < 0)
        told, keys, times = told[:, asked], keys[asked], times[asked]
        ranks, points, back = kinds.rank[told[BASE]], kinds.point[told[BASE]], back[asked] == 1
        is_one = (told[SRC_PORT] >= 0) & (told[DST_PORT] >= 0)
        points = np.where(back & is_one, _OTHER_POINT[points], points)
        first = np.where(back & ~is_one, 1 + N_POINTS, 0)
        for into, way in ((counts, first), (here, first + 1 + points)):
            once = np.empty(len(asked), dtype=np.int64)
            ways = way.astype(np.uint8)
            count_once(self._book.rows, keys, ways, ranks, times, GAP, self._chosen, once)
            into[asked] = once
        return counts, here

    def forget_ends(self) -> None:
        """All ends but those of recent connections."""
        recent = self._recent()
        one, other = recent[:, 0] >> 32, recent[:, 0] & 0xFFFFFFFF
        kept, places = np.unique(np.concatenate([one, other]), return_inverse=True)
        one, other = self._ends.forget(kept)[places].reshape(2, -1)
        recent[:, 0] = one << 32 | other
        self._refill(recent, len(self._book.rows))

    def _make_room(self, n: int) -> None:
        if self._book.used + n > len(self._book.rows):
            recent = self._recent()
            self._refill(recent, 1 << (_BLOCKS * (len(recent) + n)).bit_length())

    def _recent(self) -> Int64:
        """Of the book, the connections that a record to come may be of."""
        content = self._book.content()
        last = content[:, OPENED:].max(axis=1, initial=NEVER)
        recent: Int64 = content[last >= last.max(initial=NEVER) - 2 * GAP].copy()
        return recent

    def _refill(self, rows: Int64, room: int) -> None:
        self._book = KeyedRows(NEUTRAL, 0)
        self._book.refill(rows, room)
        self._chosen = np.full((room, WAYS), NOBODY, dtype=np.int32)


def ends_of(told: Int32, ends: Ends) -> dict[str, pa.Array]:
    """The columns of rows' ends; beside the addresses only those that some row has."""
    src_names, dst_names = (
        [f"{end}_{name}" for name in ("namespace", "pod", "workload")] for end in ("src", "dst")
    )
    columns = (
        (SRC_IP, ["src_ip"], [ends.address_column()]),
        (DST_IP, ["dst_ip"], [ends.address_column()]),
        (SRC_NAMES, src_names, ends.names_columns()),
        (DST_NAMES, dst_names, ends.names_columns()),
        (SERVICE_IP, ["service_ip"], [ends.address_column()]),
        (SERVICE, ["service_name"], [ends.service_column()]),
        (NAT_SRC_IP, ["nat_src_ip"], [ends.address_column()]),
    )
    found: dict[str, pa.Array] = {}
    for column, names, distinct in columns:
        if column in (SRC_IP, DST_IP) or told[column].any():
            numbers = pa.array(told[column])
            found |= {name: values.take(numbers) for name, values in zip(names, distinct, strict=True)}
    return found


def _ports(ports: Int32) -> pa.Array:
    return pa.array(np.maximum(ports, 0).astype(np.uint16), mask=ports < 0)
