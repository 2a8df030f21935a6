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
from flowcheck.balance.count.numbering import Buckets, KeyedRows
from flowcheck.kernels import balance as kernels
from flowcheck.kernels.attribute import attribute
from flowcheck.model.timeline import BEGINNING, END


class Bounds(NamedTuple):
    """``clients`` and ``cells`` (keys of backends times buckets), powers of two."""

    clients: int = 1 << 16
    cells: int = 1 << 23


IN_A_TASK = Bounds(1 << 15, 1 << 19)
"""Of a million rows or so, which fill no more cells with the five connections that a test asks of each; what
stays in the processor's cache costs a third of what does not."""
LEAST_ROOM, MOST_ROOM = 1 << 10, 1 << 16


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


class Tally:
    """The sums of connections in one process. ``room``: how many keys there are places for at first."""

    def __init__(self, bounds: Bounds | None = None, room: int = LEAST_ROOM) -> None:
        self._bounds = bounds or Bounds()
        self._backends = KeyedRows((0, 0), room)
        self._time = Buckets(self._bounds.cells, room)
        self._clients = KeyedRows(NOTHING_SEEN, min(room, self._bounds.clients))
        self._level = 0
        self._totals = np.zeros(a.N_CLASSES, dtype=np.int64)

    def count(self, counting: CountingTables, flows: FlowArrays, verdict: UInt8, named: Int32) -> Attributed:
        """Attribute and count every row whose ``judge`` is not 0. named (flows,) int32: the service port that
        the record itself names, -1 none."""
        n = len(flows.src)
        attributed = Attributed(
            np.empty(n, np.uint8), np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int32)
        )
        attribute(counting, flows, verdict, named, attributed, self._totals)
        self._totals[a.LEFT_OUT] = 0
        start = 0
        while start < n:
            full, start = self._count_flows(counting, flows, attributed, start)
            if start < n:
                (self._more_keys, self._more_clients, self._fewer_buckets)[full]()
        return attributed

    def _count_flows(
        self, counting: CountingTables, flows: FlowArrays, attributed: Attributed, start: int
    ) -> tuple[int, int]:
        """Which of the three had no room, and the first flow not counted."""
        backends, clients, time = self._backends, self._clients, self._time
        full, done, backends.used, clients.used, time.used = kernels.count_flows(
            (backends.slots, backends.rows),
            (clients.slots, clients.rows),
            (time.slots, time.rows, time.counts),
            (backends.used, clients.used, time.used),
            (time.level, self._level),
            counting,
            flows,
            attributed,
            start,
        )
        return full, done

    def merge(self, other: TallyEntries) -> None:
        """Add what another tally holds; of different levels the higher wins."""
        self._totals += other.totals
        while (numbers := self._backends.number(other.backends)) is None:
            self._more_keys()
        self._backends.rows[numbers, a.LOAD_BYTES :] += other.backends[:, a.LOAD_BYTES :]
        self._time.add(other.buckets, other.by_time, numbers, int(other.levels[0]), self._backends.used)
        self._sample(int(other.levels[1]))
        self._add_clients(other.clients)

    def _add_clients(self, rows: Int64) -> None:
        while (numbers := self._clients.number(more := rows[self._kept(rows)])) is None:
            self._more_clients()
        mine = self._clients.rows
        mine[numbers, a.CLIENT_CONNECTIONS] += more[:, a.CLIENT_CONNECTIONS]
        for column, choose in ((a.CLIENT_FIRST, np.minimum), (a.CLIENT_LAST, np.maximum)):
            mine[numbers, column] = choose(mine[numbers, column], more[:, column])

    def _more_keys(self) -> None:
        self._backends.grow()
        self._time.widen(len(self._backends.rows), self._backends.used)

    def _fewer_buckets(self) -> None:
        self._time.coarsen(self._backends.used)

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
    room = LEAST_ROOM
    while room < min(4 * len(services.listeners.serving), MOST_ROOM):
        room *= 2
    return Tally(bounds, room)
