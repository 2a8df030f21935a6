"""The load of Services, counted while rows stream by: bounded, mergeable, integers only.

Time buckets are a minute wide at first and twice as wide whenever there would be too many; where there are
too many clients, every second one is kept. Neither depends on the order of counting and merging.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import Attributed, FlowArrays, Int32, Int64, LoadSetting, UInt8
from flowcheck.kernels import load as kernels
from flowcheck.kernels.attribute import attribute
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.results.load_book import Book, Buckets


class Bounds(NamedTuple):
    """``clients`` and ``cells`` (keys of the load times buckets), powers of two."""

    clients: int = 1 << 16
    cells: int = 1 << 23


IN_A_TASK = Bounds(1 << 15, 1 << 21)
"""Of a million rows or so; what stays in the processor's cache costs a third of what does not."""
LEAST_ROOM, MOST_ROOM = 1 << 10, 1 << 16


class LoadEntries(NamedTuple):
    """What a table holds, for other processes.

    keys (n, 2), amounts (n, 3) int64. buckets (b,) int64 and by_time (b, n) int64: connections by
    minute >> levels[0]. clients (m, 2), client_amounts (m, 3) int64, those kept at levels[1]. totals
    (classes,) int64: records by class of attribution. :mod:`flowcheck.kernels.load` tells how keys are made.
    """

    keys: Int64
    amounts: Int64
    buckets: Int64
    by_time: Int64
    clients: Int64
    client_amounts: Int64
    levels: Int64
    totals: Int64


class LoadBytes(msgspec.Struct, frozen=True):
    """LoadEntries as they travel between processes."""

    keys: bytes
    amounts: bytes
    buckets: bytes
    by_time: bytes
    clients: bytes
    client_amounts: bytes
    levels: bytes
    totals: bytes


def pack(entries: LoadEntries) -> LoadBytes:
    return LoadBytes(*(array.tobytes() for array in entries))


def unpack(packed: LoadBytes) -> LoadEntries:
    flat = LoadEntries(*(np.frombuffer(value, dtype=np.int64) for value in msgspec.structs.astuple(packed)))
    keys = flat.keys.reshape(-1, 2)
    return flat._replace(
        keys=keys,
        amounts=flat.amounts.reshape(-1, 3),
        by_time=flat.by_time.reshape(len(flat.buckets), len(keys)),
        clients=flat.clients.reshape(-1, 2),
        client_amounts=flat.client_amounts.reshape(-1, 3),
    )


NOTHING_SEEN = (0, END, BEGINNING)
"""Connections, first and last seen of a client before its first connection."""


class LoadTable:
    """The sums of one process. ``room``: how many keys there are places for at first."""

    def __init__(self, bounds: Bounds | None = None, room: int = LEAST_ROOM) -> None:
        self._bounds = bounds or Bounds()
        self._load = Book((0, 0, 0), room)
        self._time = Buckets(self._bounds.cells, room)
        self._clients = Book(NOTHING_SEEN, min(room, self._bounds.clients))
        self._level = 0
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
            full, start = self._count_rows(setting, flows, attributed, start)
            if start < n:
                (self._more_keys, self._more_clients, self._time.coarsen)[full]()
        return attributed

    def _count_rows(
        self, setting: LoadSetting, flows: FlowArrays, attributed: Attributed, start: int
    ) -> tuple[int, int]:
        """Which of the three had no room, and the first row not counted."""
        load, clients, time = self._load, self._clients, self._time
        full, done, load.used, clients.used = kernels.count_rows(
            (load.slots, load.keys, load.amounts),
            (clients.slots, clients.keys, clients.amounts),
            (time.buckets, time.counts),
            (load.used, clients.used),
            (time.level, self._level),
            setting,
            flows,
            attributed,
            start,
        )
        return full, done

    def merge(self, other: LoadEntries) -> None:
        """Add what another table holds; of different levels the higher wins."""
        self._totals += other.totals
        while (numbers := self._load.number(other.keys)) is None:
            self._more_keys()
        self._load.amounts[numbers] += other.amounts
        self._time.add(other.buckets, other.by_time, numbers, int(other.levels[0]))
        self._sample(int(other.levels[1]))
        self._add_clients(other.clients, other.client_amounts)

    def _add_clients(self, keys: Int64, amounts: Int64) -> None:
        while (numbers := self._clients.number(keys[kept := self._kept(keys)])) is None:
            self._more_clients()
        mine, more = self._clients.amounts, amounts[kept]
        mine[numbers, a.CLIENT_CONNECTIONS] += more[:, a.CLIENT_CONNECTIONS]
        for column, choose in ((a.CLIENT_FIRST, np.minimum), (a.CLIENT_LAST, np.maximum)):
            mine[numbers, column] = choose(mine[numbers, column], more[:, column])

    def _more_keys(self) -> None:
        self._load.grow()
        self._time.widen(len(self._load.keys))

    def _more_clients(self) -> None:
        """Twice the room while that is allowed; then half the clients."""
        if len(self._clients.keys) < self._bounds.clients:
            self._clients.grow()
        else:
            self._sample(self._level + 1)

    def _sample(self, level: int) -> None:
        """Keep one client in 2**level, unless there are fewer already."""
        if level > self._level:
            self._level = level
            book = self._clients
            keys, amounts = book.keys[: book.used], book.amounts[: book.used]
            kept = self._kept(keys)
            book.refill(keys[kept], amounts[kept], len(book.keys))

    def _kept(self, keys: Int64) -> npt.NDArray[np.bool_]:
        kept = np.empty(len(keys), dtype=np.bool_)
        kernels.kept_keys(keys, self._level, kept)
        return kept

    def entries(self) -> LoadEntries:
        """In the order of their keys, whatever was counted first."""
        found = self.unordered()
        by_key, by_client, by_bucket = _order(found.keys), _order(found.clients), np.argsort(found.buckets)
        return found._replace(
            keys=found.keys[by_key],
            amounts=found.amounts[by_key],
            buckets=found.buckets[by_bucket],
            by_time=found.by_time[by_bucket][:, by_key],
            clients=found.clients[by_client],
            client_amounts=found.client_amounts[by_client],
        )

    def unordered(self) -> LoadEntries:
        """The same, for another table, to which the order does not matter."""
        load, clients, time, used = self._load, self._clients, self._time, self._time.used()
        return LoadEntries(
            keys=load.keys[: load.used],
            amounts=load.amounts[: load.used],
            buckets=time.buckets[used],
            by_time=time.counts[used, : load.used],
            clients=clients.keys[: clients.used],
            client_amounts=clients.amounts[: clients.used],
            levels=np.array([time.level, self._level], dtype=np.int64),
            totals=self._totals.copy(),
        )


def table_for(setting: LoadSetting) -> LoadTable:
    """For one task: with room from the start for what both ends report of every backend."""
    room = LEAST_ROOM
    while room < min(4 * len(setting.services.serving), MOST_ROOM):
        room *= 2
    return LoadTable(IN_A_TASK, room)


def _order(keys: Int64) -> Int64:
    order: Int64 = np.lexsort((keys[:, 1], keys[:, 0]))
    return order
