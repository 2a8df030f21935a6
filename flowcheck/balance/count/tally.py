"""The connections to Services, counted while rows stream by: bounded, mergeable, integers only.

Time buckets are a minute wide at first and twice as wide whenever there would be too many; where there are
too many clients, every second one is kept. Neither depends on the order of counting and merging.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import Attributed, CountingTables, FlowArrays, Int32, Int64, ServiceTable, UInt8
from flowcheck.balance.count.buckets import Buckets
from flowcheck.kernels import balance as kernels
from flowcheck.kernels.attribute import attribute
from flowcheck.kernels.books import Beside, KeyedRows
from flowcheck.model.timeline import BEGINNING, END


class Bounds(NamedTuple):
    """``clients`` and ``cells`` (keys of backends times buckets), powers of two."""

    clients: int = 1 << 16
    cells: int = 1 << 23


IN_A_TASK = Bounds(1 << 15, 1 << 19)
"""Of a million rows or so, which fill no more cells with the five connections that a test asks of each; what
stays in the processor's cache costs a third of what does not."""
LEAST_ROOM, MOST_ROOM = 1 << 10, 1 << 16
KEYS_AT_ONCE = 1 << 14
"""Keys of flows whose clients are counted before it is seen whether there is room for them."""


class TallyEntries(NamedTuple):
    """What a tally holds, for other processes.

    backends (n, 4) int64, rows as in :mod:`flowcheck.kernels.balance`. buckets (b,) int64 and by_time (b,
    n or more) int64: connections by minute >> levels[0], in the first n columns. clients (m, 5) int64,
    likewise, those kept at levels[1]. totals (classes,) int64: records by class of attribution.
    """

    backends: Int64
    buckets: Int64
    by_time: Int64
    clients: Int64
    levels: Int64
    totals: Int64


class PackedEntries(msgspec.Struct, frozen=True):
    """TallyEntries as they travel between processes."""

    backends: bytes
    buckets: bytes
    by_time: bytes
    clients: bytes
    levels: bytes
    totals: bytes


def pack(entries: TallyEntries) -> PackedEntries:
    used = entries._replace(by_time=entries.by_time[:, : len(entries.backends)])
    return PackedEntries(*(array.tobytes() for array in used))


def unpack(packed: PackedEntries) -> TallyEntries:
    values = msgspec.structs.astuple(packed)
    flat = TallyEntries(*(a.writable(np.frombuffer(value, dtype=np.int64)) for value in values))
    backends = flat.backends.reshape(-1, 4)
    return flat._replace(
        backends=backends,
        by_time=flat.by_time.reshape(len(flat.buckets), len(backends)),
        clients=flat.clients.reshape(-1, 5),
    )


NOTHING_SEEN = (0, END, BEGINNING)
"""Connections, first and last seen of a client before its first connection."""


class KeyColumns(NamedTuple):
    """What keys of flows were attributed to, each (keys,), as in Attributed; load int32: the number in the
    load's book, -1 none."""

    class_: UInt8
    what: Int32
    backend: Int32
    load: Int32


def no_keys() -> KeyColumns:
    return KeyColumns(np.empty(0, np.uint8), *(np.empty(0, np.int32) for _ in range(3)))


class Tally:
    """The sums of connections in one process. ``room``: how many keys there are places for at first."""

    def __init__(self, bounds: Bounds | None = None, room: int = LEAST_ROOM) -> None:
        self._bounds, self.room = bounds or Bounds(), room
        self._backends = KeyedRows((0, 0), room)
        self._time = Buckets(self._bounds.cells, room)
        self._clients = KeyedRows(NOTHING_SEEN, min(room, self._bounds.clients))
        self._keys = Beside(no_keys())
        self._level = 0
        self._totals = np.zeros(a.N_CLASSES, dtype=np.int64)

    def attribute(
        self,
        counting: CountingTables,
        flows: FlowArrays,
        verdict: UInt8,
        named: Int32,
        tunnelled: npt.NDArray[np.bool_] | None = None,
    ) -> Attributed:
        """Attribute the next keys of flows by their first rows. named (flows,) int32: the service port that
        the record itself names, -1 none. tunnelled (flows,) bool: what goes to a mesh's tunnel; at a port of
        no Service nothing tells whose it is. None: there is no mesh."""
        n = len(flows.src)
        attributed = Attributed(
            np.empty(n, np.uint8), np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int32)
        )
        attribute(counting, flows, verdict, named, attributed)
        if tunnelled is not None:
            unknown = tunnelled & np.isin(attributed.class_, (a.OTHER_PORT, a.NO_SERVICE))
            attributed.class_[unknown] = a.TO_TUNNEL
            attributed.what[unknown] = attributed.backend[unknown] = -1
        chosen, ones, twos = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int64)
        m = kernels.name_flows(counting, flows, attributed, chosen, ones, twos)
        while (numbers := self._backends.number(ones[:m], twos[:m])) is None:
            self._more_keys()
        load = np.full(n, -1, dtype=np.int32)
        load[chosen[:m]] = numbers
        self._keys.append(KeyColumns(attributed.class_, attributed.what, attributed.backend, load))
        return attributed

    def count(self, flows: FlowArrays, numbers: Int32) -> None:
        """Count rows in their buckets of time. numbers (flows,) int32: of each row's key, -1 none."""
        load_of, time = self._keys.content().load, self._time
        start = 0
        while start < len(numbers):
            book = (time.slots, time.rows, time.neutral, time.used)
            found = kernels.count_times(*book, time.level, time.counts, flows, numbers, load_of, start)
            time.used, start = int(found[0]), int(found[1])
            if start < len(numbers):
                time.coarsen(self._backends.used)

    def settle(self, counting: CountingTables, keys: Int64) -> None:
        """Add the sums of the keys (n, 10) that were attributed, and forget them."""
        if len(keys) == 0:
            return
        columns, self._keys = self._keys.content(), Beside(no_keys())
        records = np.bincount(columns.class_, keys[:, a.FLOW_RECORDS], minlength=a.N_CLASSES)
        self._totals += records.astype(np.int64)
        kernels.add_load(self._backends.rows, columns.load, keys)
        for first in range(0, len(keys), KEYS_AT_ONCE):
            part = slice(first, first + KEYS_AT_ONCE)
            self._count_clients(counting, keys[part], columns.what[part], columns.backend[part])

    def _count_clients(self, counting: CountingTables, keys: Int64, what: Int32, backend: Int32) -> None:
        n, n_ports = len(keys), len(counting.services.ports.slot)
        chosen, ones, twos = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int64)
        while True:
            m = kernels.name_clients(
                counting.last_level, self._level, n_ports, keys, what, backend, chosen, ones, twos
            )
            numbers = self._clients.number(ones[:m], twos[:m])
            if numbers is not None:
                kernels.add_clients(self._clients.rows, numbers, chosen[:m], keys)
                return
            self._more_clients()

    def merge(self, other: TallyEntries) -> None:
        """Add what another tally holds; of different levels the higher wins."""
        self._totals += other.totals
        while (numbers := self._backends.number_rows(other.backends)) is None:
            self._more_keys()
        self._backends.rows[numbers, a.LOAD_BYTES :] += other.backends[:, a.LOAD_BYTES :]
        self._time.add(other.buckets, other.by_time, numbers, int(other.levels[0]), self._backends.used)
        self._sample(int(other.levels[1]))
        self._add_clients(other.clients)

    def _add_clients(self, rows: Int64) -> None:
        while (numbers := self._clients.number_rows(more := rows[self._kept(rows)])) is None:
            self._more_clients()
        mine = self._clients.rows
        mine[numbers, a.CLIENT_CONNECTIONS] += more[:, a.CLIENT_CONNECTIONS]
        for column, choose in ((a.CLIENT_FIRST, np.minimum), (a.CLIENT_LAST, np.maximum)):
            mine[numbers, column] = choose(mine[numbers, column], more[:, column])

    def _more_keys(self) -> None:
        self._backends.grow()
        self._time.widen(len(self._backends.rows), self._backends.used)

    def _more_clients(self) -> None:
        """Twice the room while that is allowed; then half the clients."""
        if len(self._clients.rows) < self._bounds.clients:
            self._clients.grow()
        else:
            self._sample(self._level + 1)

    def _sample(self, level: int) -> None:
        """Keep one client in 2**level, unless there are fewer already."""
        if level > self._level:
            self._level = level
            rows = self._clients.content()
            self._clients.refill(rows[self._kept(rows)], len(self._clients.rows))

    def _kept(self, rows: Int64) -> npt.NDArray[np.bool_]:
        last_level = np.empty(len(rows), dtype=np.int8)
        kernels.last_levels((rows[:, a.ONE] & a.LOW_WORD) - 1, last_level)
        return last_level >= self._level

    def entries(self) -> TallyEntries:
        """What it holds, in the order in which it came to count that."""
        backends, time = self._backends, self._time
        return TallyEntries(
            backends=backends.content(),
            buckets=time.content()[:, a.ONE].copy(),
            by_time=time.counts[: time.used],
            clients=self._clients.content(),
            levels=np.array([time.level, self._level], dtype=np.int64),
            totals=self._totals.copy(),
        )


def tally_for(services: ServiceTable, bounds: Bounds | None = None) -> Tally:
    """With room from the start for what both ends report of every backend, near and far."""
    return Tally(bounds, room_for(services))


def room_for(services: ServiceTable) -> int:
    room = LEAST_ROOM
    while room < min(4 * len(services.listeners.serving), MOST_ROOM):
        room *= 2
    return room
