"""The load of Services: what is counted of attributed flows, in books (kernels/books.py). There are three:

- of the load: the pair of what + 1 and backend + 1, and that of segment + 1 and (origin + 1) << AT_ORIGIN |
  place << AT_PLACE | observation point; bytes, packets. An origin is the client's node; one more than the
  last is the outside.
- of clients: the pair of what + 1 and client + 1, and (backend + 1) << AT_PLACE | point; connections, first
  and last seen.
  At level n it keeps only the clients of which the last n bits of a hash are 0: one in 2**n, and always the
  same ones.
- of buckets of time: minute >> level, and 0; no sums. Connections are in by_time (buckets, numbers) int64, by
  bucket and by number of the load. Records come in order or nearly so: the sums in use at any moment are side
  by side.

What is counted is named and numbered once for each key of flows; rows only add to their bucket of time.
Arrays are taken out of their tuples before a loop: to do that in it costs ten times the work.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Attributed, CountingTables, FlowArrays, Int8, Int32, Int64, Integer
from flowcheck.kernels.books import NO_ROOM, number_of
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.words import pair

MINUTE = 60_000_000
LAST_BIT = np.uint64(1 << 63)
LOW, ZONE = np.uint64(a.LOW_WORD), np.uint64(a.HALF)


@kernel
def last_level_of(client: int) -> int:
    """The last level at which a client is kept."""
    bits = mix_three(client, 0, 0) | LAST_BIT
    level = 0
    while bits & np.uint64(1) == 0:
        bits >>= np.uint64(1)
        level += 1
    return level


@inlined
def place_of(src: np.uint64, dst: np.uint64) -> int:
    """Where a backend is, seen from a client; of both the location.

    Without branches: where connections go is what a processor cannot foretell.
    """
    src_node, dst_node, src_zone, dst_zone = src & LOW, dst & LOW, src >> ZONE, dst >> ZONE
    zoned = (src_zone != 0) & (dst_zone != 0)
    elsewhere = zoned * (a.SAME_ZONE + (src_zone != dst_zone)) + (not zoned) * a.OTHER_NODE
    same = src_node == dst_node
    place: int = ((src_node != 0) & (dst_node != 0)) * (same * a.SAME_NODE + (not same) * elsewhere)
    place += (src == a.MANY_SENDERS) * a.NO_SINGLE_SENDER
    return place


@kernel
def name_flows(
    counting: CountingTables,
    flows: FlowArrays,
    attributed: Attributed,
    chosen: Int32,
    ones: Int64,
    twos: Int64,
) -> int:
    """The attributed flows, (flows,) of which the first are filled, and their keys in the load's book;
    returns how many. Only service ports have places."""
    location, n_ports = counting.location, counting.services.ports.slot.size
    src_of, point_of = flows.src, flows.point
    what_of, where_of, backend_of = attributed.what, attributed.where, attributed.backend
    n = 0
    for i in range(np.uint64(src_of.size)):
        what, backend = what_of[i], backend_of[i]
        place = place_of(location[np.uint32(src_of[i] + 1)], location[np.uint32(backend + 1)])
        place *= what < n_ports
        chosen[n] = i
        ones[n] = pair(what + 1, backend + 1)
        twos[n] = where_of[i] | (place << a.AT_PLACE) | np.int64(point_of[i])
        n += what >= 0
    return n


@kernel
def name_clients(
    last_level: Int8, level: int, n_ports: int, keys: Int64, what_of: Int32, backend_of: Int32, chosen: Int32,
    ones: Int64, twos: Int64,
) -> int:  # fmt: skip
    """The keys of flows (n, 10) that began a connection to a service port, of the single senders that are
    kept at a level, and their keys in the clients' book; returns how many. what_of, backend_of (n,): as
    attributed.
    """
    n = 0
    for i in range(np.uint64(keys.shape[0])):
        what, client = what_of[i], keys[i, a.ONE] >> a.HALF
        point = keys[i, a.TWO] >> a.AT_POINT & 7
        chosen[n] = i
        ones[n] = pair(what + 1, client + 1)
        twos[n] = (np.int64(backend_of[i] + 1) << a.AT_PLACE) | point
        began = keys[i, a.COUNTED_FIRST] <= keys[i, a.COUNTED_LAST]
        n += (what >= 0) & (what < n_ports) & began & (last_level[np.uint64(client)] >= level)
    return n


@kernel
def count_times(
    slots: Int32,
    rows: Int64,
    neutral: Int64,
    n_used: int,
    level: int,
    by_time: Int64,
    flows: FlowArrays,
    numbers: Int32,
    load_of: Int32,
    start: int,
) -> tuple[int, Integer]:
    """Count the connections of rows from ``start`` on in their buckets of time; returns (numbers in use,
    first row there was no room for).

    slots, rows, neutral, n_used: the book of buckets. numbers (flows,) int32: of each row's key, -1 none;
    load_of (keys,) int32: the number of a key in the load's book, -1 none.
    """
    seen_at, counted_of, count_of = flows.seen_at, flows.counted, flows.flow_count
    bucket, begin, end = 0, np.int64(0), np.int64(0)
    for i in range(np.uint64(start), np.uint64(seen_at.size)):
        if numbers[i] < 0 or load_of[np.uint32(numbers[i])] < 0:
            continue
        seen = seen_at[i]
        if seen < begin or seen >= end:
            minutes = (seen // MINUTE) >> level
            bucket = number_of(slots, rows, neutral, n_used, minutes, 0)
            if bucket == NO_ROOM:
                return n_used, np.int64(i)
            n_used = max(n_used, bucket + 1)
            begin, end = (minutes << level) * MINUTE, ((minutes + 1) << level) * MINUTE
        connections = count_of[i] * np.int64(counted_of[i] != 0)
        by_time[np.uint32(bucket), np.uint32(load_of[np.uint32(numbers[i])])] += connections
    return n_used, seen_at.size


@kernel
def add_load(sums: Int64, numbers: Int32, keys: Int64) -> None:
    """Add bytes and packets of keys of flows (n, 10) to the load; numbers (n,) int32: in its book, -1 none. A
    report of a connection that was counted before has bytes and packets of its own."""
    for k in range(numbers.size):
        if numbers[k] >= 0:
            sums[numbers[k], a.LOAD_BYTES] += keys[k, a.FLOW_BYTES]
            sums[numbers[k], a.LOAD_PACKETS] += keys[k, a.FLOW_PACKETS]


@kernel
def add_clients(sums: Int64, numbers: Int32, chosen: Int32, keys: Int64) -> None:
    """Add the connections of some keys of flows to the clients' with these numbers, both (n,) int32."""
    for k in range(numbers.size):
        i, number = chosen[k], numbers[k]
        sums[number, a.CLIENT_CONNECTIONS] += keys[i, a.FLOW_CONNECTIONS]
        sums[number, a.CLIENT_FIRST] = min(sums[number, a.CLIENT_FIRST], keys[i, a.COUNTED_FIRST])
        sums[number, a.CLIENT_LAST] = max(sums[number, a.CLIENT_LAST], keys[i, a.COUNTED_LAST])


@kernel
def add_counts(counts: Int64, numbers: Int32, more: Int64) -> None:
    """Add ``more`` (n,) to those of counts (room,) that have the numbers (n,)."""
    for k in range(numbers.size):
        counts[numbers[k]] += more[k]


@kernel
def turn(by_time: Int64, buckets: Int64, numbers: Int64, by_number: Int64) -> None:
    """by_number (n, b): the counts by_time (buckets, numbers) of some numbers (n,) in some buckets (b,)."""
    for k in range(numbers.size):
        for place in range(buckets.size):
            by_number[k, place] = by_time[buckets[place], numbers[k]]


@kernel
def add_rows(sums: Int64, group: Int64, values: Int64) -> None:
    """Add each row of values (rows, columns) to that of its group (rows,) in sums (groups, columns)."""
    for row in range(group.size):
        for column in range(values.shape[1]):
            sums[group[row], column] += values[row, column]


@kernel
def last_levels(clients: Int64, levels: Int8) -> None:
    """levels (n,) int8: the last at which each of clients (n,) int64 is kept."""
    for i in range(clients.size):
        levels[i] = last_level_of(clients[i])
