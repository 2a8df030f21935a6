"""The load of Services: every key gets a number, and sums are kept by number.

A *book* numbers keys of two words in the order in which they come: rows (room, 2 + sums) int64, the key and
then its sums, and slots (2 * room,) int32, open addressing, that hold a key's number + 1, 0 where free. There
are three:

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

Flows are counted a block at a time in short loops, so that the processor waits for many places of its memory
at once and guesses few branches wrong. All that can fail for want of room is done before anything is added: a
block can be counted again. One file because a block goes through all of these loops, and they share its
arrays. Arrays are taken out of their tuples before a loop: to do that in it costs ten
times the work. Indexes are unsigned: of any other, each look-up asks first whether it is negative, which
took a fifth to a third of the time.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Attributed, CountingTables, FlowArrays, Int8, Int32, Int64, Integer
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.words import pair

MINUTE = 60_000_000
NONE, LOAD, CLIENTS, TIME = range(-1, 3)
BLOCK = 1024
"""Flows whose keys stay in the nearest cache."""
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
def number_of(slots: Int32, rows: Int64, n_used: int, one: Integer, two: Integer) -> int:
    """The number of a key; a new one is written down as number ``n_used``. NONE where there is no room."""
    mask = np.uint64(slots.size - 1)
    slot = mix_three(one, two, 0) & mask
    while slots[slot] != 0:
        number: int = slots[slot] - 1
        if rows[number, a.ONE] == one and rows[number, a.TWO] == two:
            return number
        slot = (slot + np.uint64(1)) & mask
    if n_used == rows.shape[0]:
        return NONE
    rows[n_used, a.ONE], rows[n_used, a.TWO] = one, two
    slots[slot] = n_used + 1
    return n_used


@kernel
def number_keys(
    slots: Int32, rows: Int64, n_used: int, ones: Int64, twos: Int64, numbers: Int32, n: int
) -> tuple[int, Integer]:
    """numbers (n,) int32: those of ``n`` keys; returns (numbers in use, how many keys there was room for).

    Most keys stand where they are looked for first: those are read ahead.
    """
    mask = np.uint64(slots.size - 1)
    for k in range(np.uint64(n)):
        numbers[k] = slots[mix_three(ones[k], twos[k], 0) & mask] - 1
    for k in range(np.uint64(n)):
        number = numbers[k]
        row = np.uint32(number)
        if number < 0 or rows[row, a.ONE] != ones[k] or rows[row, a.TWO] != twos[k]:
            number = number_of(slots, rows, n_used, ones[k], twos[k])
            if number == NONE:
                return n_used, np.int64(k)
            n_used = max(n_used, number + 1)
            numbers[k] = number
    return n_used, n


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
    first: int,
    last: int,
    chosen: Int32,
    ones: Int64,
    twos: Int64,
) -> int:
    """The attributed flows among ``first:last`` and their keys, in the load's book; returns how many.

    Only service ports have places.
    """
    location, n_ports = counting.location, counting.services.ports.slot.size
    src_of, point_of = flows.src, flows.point
    what_of, where_of, backend_of = attributed.what, attributed.where, attributed.backend
    n = 0
    for row in range(np.uint64(first), np.uint64(last)):
        chosen[n] = row
        n += what_of[row] >= 0
    for k in range(np.uint64(n)):
        i = np.uint32(chosen[k])
        what, backend = what_of[i], backend_of[i]
        place = place_of(location[np.uint32(src_of[i] + 1)], location[np.uint32(backend + 1)])
        place *= what < n_ports
        ones[k] = pair(what + 1, backend + 1)
        twos[k] = where_of[i] | (place << a.AT_PLACE) | np.int64(point_of[i])
    return n


@kernel
def name_clients(
    counting: CountingTables,
    flows: FlowArrays,
    attributed: Attributed,
    level: int,
    first: int,
    last: int,
    chosen: Int32,
    ones: Int64,
    twos: Int64,
) -> int:
    """The flows among ``first:last`` that begin a connection to a service port, of the single senders that
    are kept at a level, and their keys in the clients' book; returns how many."""
    last_level, n_ports = counting.last_level, counting.services.ports.slot.size
    src_of, point_of, counted_of = flows.src, flows.point, flows.counted
    what_of, backend_of = attributed.what, attributed.backend
    n = 0
    for row in range(np.uint64(first), np.uint64(last)):
        what = what_of[row]
        chosen[n] = row
        kept = last_level[np.uint32(src_of[row])] >= level
        n += (what >= 0) & (what < n_ports) & (counted_of[row] != 0) & kept
    for k in range(np.uint64(n)):
        i = np.uint32(chosen[k])
        ones[k] = pair(what_of[i] + 1, src_of[i] + 1)
        twos[k] = (np.int64(backend_of[i] + 1) << a.AT_PLACE) | np.int64(point_of[i])
    return n


@kernel
def find_buckets(
    slots: Int32, rows: Int64, n_used: int, level: int, seen_at: Int64, chosen: Int32, buckets: Int32, n: int
) -> tuple[int, Integer]:
    """buckets (n,) int32: the number of each chosen flow's; returns (numbers in use, how many flows there was
    room for)."""
    number, begin, end = 0, np.int64(0), np.int64(0)
    for k in range(np.uint64(n)):
        seen = seen_at[np.uint32(chosen[k])]
        if seen < begin or seen >= end:
            bucket = (seen // MINUTE) >> level
            number = number_of(slots, rows, n_used, bucket, 0)
            if number == NONE:
                return n_used, np.int64(k)
            n_used = max(n_used, number + 1)
            begin, end = (bucket << level) * MINUTE, ((bucket + 1) << level) * MINUTE
        buckets[k] = number
    return n_used, n


@kernel
def add_flows(
    sums: Int64, by_time: Int64, flows: FlowArrays, chosen: Int32, numbers: Int32, buckets: Int32, n: int
) -> None:
    """Add to the load. A report of a connection that was counted before adds bytes and packets."""
    counted_of, count_of, bytes_of, packets_of = flows.counted, flows.flow_count, flows.bytes_, flows.packets
    for k in range(np.uint64(n)):
        i, number = np.uint32(chosen[k]), np.uint32(numbers[k])
        by_time[np.uint32(buckets[k]), number] += count_of[i] * np.int64(counted_of[i] != 0)
        sums[number, a.LOAD_BYTES] += bytes_of[i]
        sums[number, a.LOAD_PACKETS] += packets_of[i]


@kernel
def add_clients(sums: Int64, flows: FlowArrays, chosen: Int32, numbers: Int32, n: int) -> None:
    count_of, seen_at = flows.flow_count, flows.seen_at
    for k in range(np.uint64(n)):
        i, number = np.uint32(chosen[k]), np.uint32(numbers[k])
        sums[number, a.CLIENT_CONNECTIONS] += count_of[i]
        sums[number, a.CLIENT_FIRST] = min(sums[number, a.CLIENT_FIRST], seen_at[i])
        sums[number, a.CLIENT_LAST] = max(sums[number, a.CLIENT_LAST], seen_at[i])


@kernel
def count_flows(
    load: tuple[Int32, Int64],
    clients: tuple[Int32, Int64],
    time: tuple[Int32, Int64, Int64],
    used: tuple[int, int, int],
    levels: tuple[int, int],
    counting: CountingTables,
    flows: FlowArrays,
    attributed: Attributed,
    start: int,
) -> tuple[int, int, int, int, int]:
    """Count attributed flows from ``start`` on; returns (what had no room: LOAD, CLIENTS, TIME or NONE; the
    first flow not counted; numbers in use of each book).

    load, clients, time: slots and rows of the books, and of time by_time; used: their numbers in use; levels:
    of the buckets and the clients.
    """
    n_load, n_clients, n_time = used
    chosen, numbers, buckets = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    senders, client_numbers = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    ones, twos = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    client_ones, client_twos = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    for first in range(start, flows.src.size, BLOCK):
        last = min(first + BLOCK, flows.src.size)
        n = name_flows(counting, flows, attributed, first, last, chosen, ones, twos)
        n_load, done = number_keys(load[0], load[1], n_load, ones, twos, numbers, n)
        if done < n:
            return LOAD, first, n_load, n_clients, n_time
        n_time, done = find_buckets(time[0], time[1], n_time, levels[0], flows.seen_at, chosen, buckets, n)
        if done < n:
            return TIME, first, n_load, n_clients, n_time
        m = name_clients(
            counting, flows, attributed, levels[1], first, last, senders, client_ones, client_twos
        )
        n_clients, done = number_keys(
            clients[0], clients[1], n_clients, client_ones, client_twos, client_numbers, m
        )
        if done < m:
            return CLIENTS, first, n_load, n_clients, n_time
        add_flows(load[1], time[2], flows, chosen, numbers, buckets, n)
        add_clients(clients[1], flows, senders, client_numbers, m)
    return NONE, flows.src.size, n_load, n_clients, n_time


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
