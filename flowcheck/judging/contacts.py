"""Who was in contact with whom: judged flows added up by endpoint, an address that is no pod's by itself.

Edges know a workload and a block of addresses, which suffices to say what policies decide; what policies
should say needs the pod and the address. Sums are integers, so the order of adding does not matter.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, UInt64
from flowcheck.compile import Program
from flowcheck.flows.ends import named
from flowcheck.judging.batch import FlowBatch
from flowcheck.judging.keyed import KeyedFlows

ENDS, DECIDED, SERVICE, HIGH, LOW, RECORDS, CONNECTIONS, FIRST, LAST = range(9)
"""Columns of contacts. ENDS is the pair of endpoints, DECIDED that of decisions (egress, ingress); SERVICE as
KEY_SERVICE of edges, with the bits of an unknown initiator and of WITH_ADDRESS. HIGH and LOW are the halves
of an address, IPv4 mapped, of the end that is no pod's (the source, where neither is), if it was recorded."""
WITH_ADDRESS = np.int64(1) << a.AT_CIRCUMSTANCE
N_KEYS, N_COLUMNS = 5, 9
_KEPT = (1 << a.AT_CIRCUMSTANCE) - 1
_PORT = np.int64((1 << a.AT_PROTOCOL) - 1)
_MAPPED = np.int64(0xFFFF) << 32
BY_ADDRESS = (a.KIND_NODE, a.KIND_BLOCK, a.KIND_SECONDARY, a.KIND_SERVICE, a.KIND_UNRESOLVED)
_SEEN_AT_ONCE = 1 << 16
NOTHING: Int64 = np.zeros((0, N_COLUMNS), dtype=np.int64)


class Contacts:
    """A growing table of contacts (n, 9)."""

    def __init__(self) -> None:
        self._whole = NOTHING
        self._waiting: list[Int64] = []
        self._n_waiting = 0

    def add(self, rows: Int64) -> None:
        """Add contacts of another table, (n, 9)."""
        self._waiting.append(rows)
        self._n_waiting += len(rows)
        if self._n_waiting > max(_SEEN_AT_ONCE, 2 * len(self._whole)):
            self.rows()

    def rows(self) -> Int64:
        """(contacts, 9) int64, by their keys."""
        if self._waiting:
            self._whole = added_up(np.concatenate([self._whole, *self._waiting]))
            self._waiting, self._n_waiting = [], 0
        return self._whole

    @property
    def n_settled(self) -> int:
        """How many there are, but for those added last: no fewer than a third."""
        return len(self._whole)


class Met(NamedTuple):
    """All contacts (n, 9) of a run, and the program whose endpoints and decisions they number."""

    program: Program
    rows: Int64


def added_up(rows: Int64) -> Int64:
    """Contacts (n, 9), those with one key as one; ordered by their keys."""
    order, starts = _groups(rows[:, :N_KEYS].T)
    rows = rows[order]
    if len(starts) == len(rows):
        return rows
    sums = rows[starts]
    for column in (RECORDS, CONNECTIONS):
        sums[:, column] = np.add.reduceat(rows[:, column], starts)
    sums[:, FIRST] = np.minimum.reduceat(rows[:, FIRST], starts)
    sums[:, LAST] = np.maximum.reduceat(rows[:, LAST], starts)
    return sums


def contacts_of(
    program: Program, keyed: KeyedFlows, numbers: Int32, batch: pa.RecordBatch, read: FlowBatch
) -> Int64:
    """The contacts (n, 9) of one batch, as recorded and as read. numbers (rows,): of each row's key."""
    rows = np.flatnonzero(numbers >= 0)
    if not len(rows):
        return NOTHING
    of, flows = numbers[rows], read.flows
    keys, judged = keyed.keys, keyed.judged
    kinds = program.tables.endpoints[:, a.KIND]
    high, low, with_address = _addresses(kinds, batch, read, rows)
    wire = np.full(len(rows), -1, dtype=np.int64)
    if read.told is not None:
        at_pods = kinds[flows.dst[rows]] == a.KIND_POD
        wire = np.where(at_pods, read.told.seen[rows], -1).astype(np.int64)
    order, starts = _groups([of.astype(np.int64), with_address, high, low, wire])
    first = order[starts]
    found = np.empty((len(starts), N_COLUMNS), dtype=np.int64)
    key = of[first]
    found[:, ENDS] = keys[key, a.ONE]
    found[:, DECIDED] = judged.egress[key].astype(np.int64) << a.HALF | judged.ingress[key]
    service = keys[key, a.TWO] & _KEPT | with_address[first]
    found[:, SERVICE] = np.where(wire[first] >= 0, service & ~_PORT | (wire[first] + 1), service)
    found[:, HIGH], found[:, LOW] = high[first], low[first]
    found[:, RECORDS] = np.diff(np.append(starts, len(order)))
    counted = (flows.flow_count * flows.counted)[rows][order]
    found[:, CONNECTIONS] = np.add.reduceat(counted, starts)
    times = flows.seen_at[rows][order]
    found[:, FIRST] = np.minimum.reduceat(times, starts)
    found[:, LAST] = np.maximum.reduceat(times, starts)
    return added_up(found)


def _groups(columns: Sequence[Int64] | Int64) -> tuple[Int64, Int64]:
    """(the order that brings equal rows of columns (n,) together, where each group begins in it)."""
    varied = [column for column in columns if len(column) and column.min() != column.max()]
    n_rows = len(columns[0])
    order: Int64 = np.lexsort(varied[::-1]) if varied else np.arange(n_rows)
    begins = np.zeros(n_rows, dtype=np.bool_)
    begins[:1] = True
    for column in varied:
        sorted_ = column[order]
        begins[1:] |= sorted_[1:] != sorted_[:-1]
    return order, np.flatnonzero(begins)


def _addresses(
    kinds: Int32, batch: pa.RecordBatch, read: FlowBatch, rows: Int64
) -> tuple[Int64, Int64, Int64]:
    """(rows,) each: the halves of the address of the end that is no pod's, and WITH_ADDRESS where it has one,
    else 0."""
    flows, turned = read.flows, read.initiators.turned()[rows]
    of_src = np.isin(kinds[flows.src[rows]], BY_ADDRESS)
    of_dst = ~of_src & np.isin(kinds[flows.dst[rows]], BY_ADDRESS)
    keys = np.where(of_src, flows.src_key[rows], flows.dst_key[rows])
    asked = (of_src | of_dst) & ~named(keys)
    high, low = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    is_long = asked & (keys >> np.uint64(63) == 1)
    is_short = asked & ~is_long
    low[is_short] = _MAPPED | keys[is_short].astype(np.int64)
    if is_long.any():
        at_source = np.where(turned, of_dst, of_src)
        for name, those in (("src_ip", is_long & at_source), ("dst_ip", is_long & ~at_source)):
            _fill_long(batch, name, rows, keys, those, high, low)
    return high, low, np.where(asked, WITH_ADDRESS, 0)


def _fill_long(
    batch: pa.RecordBatch,
    name: str,
    rows: Int64,
    keys: UInt64,
    those: npt.NDArray[np.bool_],
    high: Int64,
    low: Int64,
) -> None:
    """Put the addresses of IPv6 into high and low (rows,), once for each: their keys are no addresses."""
    places = np.flatnonzero(those)
    _, firsts, which = np.unique(keys[places], return_index=True, return_inverse=True)
    texts = batch.column(name).take(pa.array(rows[places[firsts]])).to_pylist()
    halves = np.array([_halves(text) for text in texts], dtype=np.uint64).reshape(-1, 2).view(np.int64)
    high[places], low[places] = halves[which.ravel(), 0], halves[which.ravel(), 1]


def _halves(written: str | bytes) -> tuple[int, int]:
    """Of an address of IPv6; a zone index is left out."""
    given = written if isinstance(written, bytes) else written.split("%")[0]
    number = int(ipaddress.IPv6Address(given))
    return number >> 64, number & (1 << 64) - 1


def address_of(high: int, low: int) -> str:
    """The address of two halves, as :mod:`ipaddress` writes it."""
    number = (high & (1 << 64) - 1) << 64 | low & (1 << 64) - 1
    if number >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(number))
