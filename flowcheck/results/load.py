"""The load of Services: counted by kernels while rows stream by, taken apart once at the end.

Two bounded tables. One has connections, bytes and packets per service port, backend, segment, origin and time
bucket; its buckets are a minute wide at first and twice as wide whenever it would grow too large. The other
has connections per service port, client and backend; where it would grow too large, it keeps every second
client. Neither depends on the order of counting and merging.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Attributed, FlowArrays, Int32, Int64, LoadSetting, UInt8
from flowcheck.kernels import load as kernels
from flowcheck.kernels.attribute import attribute

LOAD, CLIENTS = 0, 1
MOST_ENTRIES = (1 << 18, 1 << 16)
MOST_IN_A_TASK = (1 << 15, 1 << 15)
"""Of a million rows or so; a table that stays in the processor's cache costs a third of one that does not."""
N_POINTS = 5
HIGHEST_LEVEL = 24
"""Buckets of 32 years, one client in 16 million. A load table that is too large even so may grow on."""
LOW = 0xFFFFFFFF


class LoadEntries(NamedTuple):
    """What a table holds, for other processes.

    load, clients (entries, 8) int64; levels (2,) int64 of the two. places (service_ports,
    points, places, 2) int64: connections and bytes by observation point and by where they went. totals
    (classes,) int64: records by class of attribution.
    """

    load: Int64
    clients: Int64
    levels: Int64
    places: Int64
    totals: Int64


class LoadBytes(msgspec.Struct, frozen=True):
    """LoadEntries as they travel between processes."""

    load: bytes
    clients: bytes
    levels: tuple[int, int]
    places: bytes
    totals: tuple[int, ...]


def pack(entries: LoadEntries) -> LoadBytes:
    load, clients = int(entries.levels[0]), int(entries.levels[1])
    amounts = (entries.load.tobytes(), entries.clients.tobytes(), (load, clients), entries.places.tobytes())
    return LoadBytes(*amounts, tuple(entries.totals.tolist()))


def unpack(packed: LoadBytes) -> LoadEntries:
    load, clients = (np.frombuffer(b, dtype=np.int64).reshape(-1, 8) for b in (packed.load, packed.clients))
    places = np.frombuffer(packed.places, dtype=np.int64).reshape(-1, N_POINTS, a.N_PLACES, 2)
    levels, totals = (np.array(numbers, dtype=np.int64) for numbers in (packed.levels, packed.totals))
    return LoadEntries(load, clients, levels, places, totals)


class LoadTable:
    """Growing, bounded tables of one process. Sums are integers. ``most``: the entries of each of the two
    tables, powers of two."""

    def __init__(self, n_ports: int, n_slots: int = 1 << 14, most: tuple[int, int] = MOST_ENTRIES) -> None:
        self._most = most
        self._tables = [np.zeros((min(n_slots, 2 * m), 8), dtype=np.int64) for m in most]
        self._used = np.zeros(2, dtype=np.int64)
        self._levels = np.zeros(2, dtype=np.int64)
        self._places = np.zeros((n_ports, N_POINTS, a.N_PLACES, 2), dtype=np.int64)
        self._totals = np.zeros(a.N_CLASSES, dtype=np.int64)

    def count(self, setting: LoadSetting, flows: FlowArrays, verdict: UInt8, named: Int32) -> Attributed:
        """Attribute and count every row whose ``judge`` is not 0. named (flows,) int32: the service port that
        the record itself names, -1 none."""
        n = len(flows.src)
        attributed = Attributed(np.empty(n, np.uint8), np.empty(n, np.int32), np.empty(n, np.int32))
        attribute(setting, flows, verdict, named, attributed, self._totals)
        self._totals[a.LEFT_OUT] = 0
        start = 0
        while start < n:
            full, start = kernels.count_rows(
                *self._tables, self._used, self._levels, self._places, setting, flows, attributed, start
            )
            if start < n:
                self._make_room(full)
        return attributed

    def merge(self, other: LoadEntries) -> None:
        """Add what another table holds; of different levels the higher wins."""
        self._places += other.places
        self._totals += other.totals
        for which, entries in enumerate((other.load, other.clients)):
            level = int(other.levels[which])
            if level > self._levels[which]:
                self._rebuild(which, len(self._tables[which]), level)
            self._add(which, entries, level)

    def entries(self) -> LoadEntries:
        """In the order of their keys, whatever was counted first."""
        counted = self.unordered()
        return counted._replace(load=_sorted(counted.load), clients=_sorted(counted.clients))

    def unordered(self) -> LoadEntries:
        """The same, for another table, to which the order does not matter."""
        load, clients = (_used(table) for table in self._tables)
        return LoadEntries(load, clients, self._levels.copy(), self._places.copy(), self._totals.copy())

    def _add(self, which: int, entries: Int64, level: int) -> None:
        start = 0
        while start < len(entries):
            kernel = (kernels.merge_load, kernels.merge_clients)[which]
            now = self._levels[which]
            self._used[which], start = kernel(
                self._tables[which], self._used[which], now - level if which == LOAD else now, entries, start
            )
            if start < len(entries):
                self._make_room(which)

    def _make_room(self, which: int) -> None:
        """Four times the slots while that is allowed; then the next level."""
        slots, level, allowed = len(self._tables[which]), int(self._levels[which]), 2 * self._most[which]
        if slots < allowed:
            self._rebuild(which, min(4 * slots, allowed), level)
        elif level < HIGHEST_LEVEL:
            self._rebuild(which, slots, level + 1)
        else:
            self._rebuild(which, 2 * slots, level)

    def _rebuild(self, which: int, slots: int, level: int) -> None:
        """The same entries in a new table, which holds at least as many."""
        old, before = _used(self._tables[which]), int(self._levels[which])
        self._tables[which] = np.zeros((slots, 8), dtype=np.int64)
        self._used[which], self._levels[which] = 0, level
        self._add(which, old, before)


def _used(table: Int64) -> Int64:
    used: Int64 = table[table[:, a.LOAD_WHAT] != 0]
    return used


def _sorted(entries: Int64) -> Int64:
    keys = [entries[:, column] for column in (a.LOAD_BUCKET, a.LOAD_WHERE, a.LOAD_WHAT)]
    return np.ascontiguousarray(entries[np.lexsort(keys)])


class LoadCounts(NamedTuple):
    """Entries of the load table taken apart, each (entries,); of both ends' reports the greater.

    what, backend int32: as in :class:`flowcheck.arrays.Attributed`. segment, origin int32: -1 none;
    the number of nodes is the outside. bucket int64: minutes since 1970 >> level.
    """

    what: Int32
    backend: Int32
    segment: Int32
    origin: Int32
    bucket: Int64
    records: Int64
    connections: Int64
    bytes_: Int64
    packets: Int64


class ClientEntries(NamedTuple):
    """Entries of the clients' table taken apart, each (entries,). client int32: -1 is no single sender;
    backend int32: -1 is not known."""

    what: Int32
    client: Int32
    backend: Int32
    connections: Int64
    first_seen: Int64
    last_seen: Int64


def take_apart_load(entries: Int64) -> LoadCounts:
    entries = _greatest(entries)
    what, where = entries[:, a.LOAD_WHAT], entries[:, a.LOAD_WHERE]
    return LoadCounts(
        what=((what >> 32) - 1).astype(np.int32),
        backend=((what & LOW) - 1).astype(np.int32),
        segment=((where >> 32) - 1).astype(np.int32),
        origin=(((where & LOW) >> 3) - 1).astype(np.int32),
        bucket=entries[:, a.LOAD_BUCKET],
        records=entries[:, a.LOAD_RECORDS],
        connections=entries[:, a.LOAD_CONNECTIONS],
        bytes_=entries[:, a.LOAD_BYTES],
        packets=entries[:, a.LOAD_MORE],
    )


def take_apart_clients(entries: Int64) -> ClientEntries:
    first = _greatest(
        np.column_stack([entries[:, : a.LOAD_MORE], -entries[:, a.LOAD_MORE], entries[:, a.LOAD_LAST]])
    )
    what, where = first[:, a.LOAD_WHAT], first[:, a.LOAD_WHERE]
    return ClientEntries(
        what=((what >> 32) - 1).astype(np.int32),
        client=((what & LOW) - 1).astype(np.int32),
        backend=((where >> 3) - 1).astype(np.int32),
        connections=first[:, a.LOAD_CONNECTIONS],
        first_seen=-first[:, a.LOAD_MORE],
        last_seen=first[:, a.LOAD_LAST],
    )


def _greatest(entries: Int64) -> Int64:
    """Entries whose keys differ in the observation point only become one, with the greatest amounts."""
    if not len(entries):
        return entries
    merged = entries.copy()
    merged[:, a.LOAD_WHERE] &= ~7
    merged = _sorted(merged)
    keys = merged[:, : a.LOAD_RECORDS]
    starts = np.flatnonzero(np.append(True, (keys[1:] != keys[:-1]).any(axis=1)))
    greatest: Int64 = np.maximum.reduceat(merged, starts, axis=0)
    return greatest
