"""Rows by the thousand, of which most are alike: what of them is the same is kept once, as a prototype.

A row is then the number of its prototype, a time and two ports, and what :class:`Connections` settles row by
row is settled for arrays of them, by the same rules.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, Int64, UInt8
from flowcheck.flows.canonical.types import TIME
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike.prototypes import Kinds, Prototypes
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.flows.logs.rows import RECORD
from flowcheck.kernels.books import KeyedRows
from flowcheck.kernels.logs.counting import COUNTED, NEVER, OPENED, SAME, TURNED, count_once, find_openers

NO_TIME = np.iinfo(np.int64).min
_ROOM = 1 << 14
_OTHER_POINT = np.array([0, 2, 1, 3, 4])
_BEYOND, _BOTH_WAYS = 20, 1
"""Above the lowest bits of a tag stands whether a key is of one direction (0), both, or both as seen from a
point (2 and more)."""


class Reports(NamedTuple):
    """Rows, each (rows,): positions of their records and prototypes; times in microseconds, NO_TIME for none;
    ports int32, -1 for none."""

    records: Int64
    numbers: Int32
    times: Int64
    src_ports: Int32
    dst_ports: Int32

    def with_(self, other: Reports) -> Reports:
        """All of both, in the order of their records."""
        both = Reports(
            np.concatenate([self.records, other.records]),
            np.concatenate([self.numbers, other.numbers]),
            np.concatenate([self.times, other.times]),
            np.concatenate([self.src_ports, other.src_ports]),
            np.concatenate([self.dst_ports, other.dst_ports]),
        )
        return both.only(np.argsort(both.records, kind="stable"))

    def only(self, chosen: np.ndarray) -> Reports:
        records, numbers, times, src_ports, dst_ports = self
        ports = src_ports[chosen], dst_ports[chosen]
        return Reports(records[chosen], numbers[chosen], times[chosen], *ports)


_NO_LONG, _NO_SHORT = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
NONE = Reports(_NO_LONG, _NO_SHORT, _NO_LONG, _NO_SHORT, _NO_SHORT)


class Settler:
    """Use for the rows of one log, in their order, some thousands at a time."""

    def __init__(self, prototypes: Prototypes) -> None:
        self._prototypes = prototypes
        self._book = KeyedRows((NEVER, NEVER), _ROOM)

    def batch(self, reports: Reports, account: Account) -> pa.RecordBatch:
        """The rows in canonical types, who opened the connection and which of them counts it found out; those
        that cannot be used are rejected."""
        reports = self._usable(reports, account)
        found, numbers, src_ports, dst_ports = self._opened(reports)
        counts, here = self._counted(reports, numbers, src_ports, dst_ports)
        kinds = self._prototypes.kinds()
        initiator = np.where(found == SAME, 1, kinds.initiator[numbers])
        varying = {
            RECORD: pa.array(reports.records),
            "start_time": pa.array(reports.times).cast(TIME),
            "src_port": _ports(src_ports),
            "dst_port": _ports(dst_ports),
            "initiator": pa.array(initiator.astype(np.int8)),
            "flow_count": pa.array(counts.astype(np.uint32)),
            "flow_count_here": pa.array(here.astype(np.uint32)),
        }
        return self._prototypes.batch(numbers, varying)

    def _usable(self, reports: Reports, account: Account) -> Reports:
        kinds = self._prototypes.kinds()
        bad = (reports.times == NO_TIME) | (kinds.reason[reports.numbers] != 0)
        if not bad.any():
            return reports
        for place in np.flatnonzero(bad).tolist():
            reason = self._prototypes.reasons[kinds.reason[reports.numbers[place]]]
            account.reject(reason or "bad_start_time", int(reports.records[place]))
        return reports.only(~bad)

    def _opened(self, reports: Reports) -> tuple[UInt8, Int32, Int32, Int32]:
        """(SAME or TURNED of each row that did not know; prototypes and ports, turned round)."""
        numbers, src_ports, dst_ports = reports.numbers, reports.src_ports, reports.dst_ports
        kinds = self._prototypes.kinds()
        n, is_known = len(numbers), (kinds.initiator[numbers] != 0).astype(np.uint8)
        found, turned = np.zeros(n, dtype=np.uint8), np.full(n, -1, dtype=np.int32)
        self._make_room(4 * n)
        keys = self._keys(kinds, numbers, src_ports, dst_ports)
        asking = np.flatnonzero((is_known == 0) & (src_ports >= 0))
        other = self._prototypes.turned(numbers[asking])
        kinds = self._prototypes.kinds()
        turned[asking] = self._keys(kinds, other, dst_ports[asking], src_ports[asking])
        find_openers(self._book.rows, keys, turned, is_known, reports.times, GAP, found)
        round_ = found == TURNED
        if round_.any():
            numbers = numbers.copy()
            numbers[asking] = np.where(round_[asking], other, numbers[asking])
            src_ports, dst_ports = (
                np.where(round_, one, two) for one, two in ((dst_ports, src_ports), (src_ports, dst_ports))
            )
        return found, numbers, src_ports, dst_ports

    def _counted(
        self, reports: Reports, numbers: Int32, src_ports: Int32, dst_ports: Int32
    ) -> tuple[Int64, Int64]:
        """How many connections each row stands for, in all, and at its observation point."""
        kinds = self._prototypes.kinds()
        fixed = kinds.connections[numbers]
        counts, here = fixed.copy(), fixed.copy()
        asked = np.flatnonzero(fixed < 0)
        ends = (numbers[asked], src_ports[asked], dst_ports[asked])
        ranks, times = kinds.rank[ends[0]], reports.times[asked]
        for into, points in ((counts, None), (here, kinds.point[ends[0]])):
            keys = self._counting_keys(kinds, *ends, points)
            told, chosen = np.empty(len(asked), np.int64), np.full(self._book.used, -1, np.int32)
            count_once(self._book.rows, keys, ranks, times, GAP, chosen, told)
            into[asked] = told
        return counts, here

    def _counting_keys(
        self, kinds: Kinds, numbers: Int32, src_ports: Int32, dst_ports: Int32, points: Int64 | None
    ) -> Int32:
        """As _keys; with both ports the same for either direction, as it may not be known which of them is
        the opener's."""
        one, other = kinds.src_end[numbers], kinds.dst_end[numbers]
        turned = (one > other) | ((one == other) & (src_ports > dst_ports))
        turned &= (src_ports >= 0) & (dst_ports >= 0)
        one, other = np.where(turned, other, one), np.where(turned, one, other)
        ports = np.where(turned, dst_ports, src_ports), np.where(turned, src_ports, dst_ports)
        beyond = _BOTH_WAYS if points is None else np.where(turned, _OTHER_POINT[points], points) + 2
        return self._numbered(one, other, *ports, kinds.tag[numbers] | beyond << _BEYOND)

    def _keys(self, kinds: Kinds, numbers: Int32, src_ports: Int32, dst_ports: Int32) -> Int32:
        """The number in the book of each 5-tuple, one direction of it."""
        ends = kinds.src_end[numbers], kinds.dst_end[numbers]
        return self._numbered(*ends, src_ports, dst_ports, kinds.tag[numbers])

    def _numbered(self, one: Int64, other: Int64, one_port: Int32, other_port: Int32, tag: Int64) -> Int32:
        keys = self._book.number(
            one << 32 | other, tag << 40 | (one_port + 1).astype(np.int64) << 20 | other_port + 1
        )
        assert keys is not None
        return keys

    def _make_room(self, n: int) -> None:
        if self._book.used + n <= len(self._book.rows):
            return
        content = self._book.content()
        last = np.maximum(content[:, OPENED], content[:, COUNTED])
        recent = content[last >= last.max(initial=NEVER) - 2 * GAP]
        self._book.refill(recent.copy(), 1 << (2 * (len(recent) + n)).bit_length())


def _ports(ports: Int32) -> pa.Array:
    return pa.array(np.maximum(ports, 0).astype(np.uint16), mask=ports < 0)
