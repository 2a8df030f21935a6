"""The load of Services: every key gets a number, and sums are kept by number.

A *book* numbers keys of two words in the order in which they come: rows (room, 2 + sums) int64, the key and
then its sums, and slots (2 * room,) int32, open addressing, that hold a key's number + 1, 0 where free. There
are two:

- of the load: (what + 1) << 32 | backend + 1, and (segment + 1) << 32 | (origin + 1) << 6 | place << 3 |
  observation point; bytes, packets. An origin is the client's node; one more than the last is the outside.
- of clients: (what + 1) << 32 | client + 1, and (backend + 1) << 3 | point; connections, first and last seen.
  At level n it keeps only the clients of which the last n bits of a hash are 0: one in 2**n, whoever asks.

Connections are counted by time, by_time (rows, room) int64. A row is a bucket, minute >> level, and buckets
(rows,) int64 says which. Records come in order or nearly so: the sums in use at any moment are side by side.

Flows are counted a block at a time in short loops, so that the processor waits for many places of its memory
at once and guesses few branches wrong. All that can fail for want of room is done before anything is added: a
block can be counted again. Arrays are taken out of their tuples before a loop: to do that in it costs ten
times the work.
"""

import numpy as np

from flowcheck import arrays as a
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.lookup import last_begun

MINUTE = 60_000_000
FREE = np.int64(-(2**63))
"""The bucket of a row that is not in use."""
NONE, LOAD, CLIENTS, TIME = range(-1, 3)
BLOCK = 1024
"""Flows whose keys stay in the nearest cache."""


@kernel
def is_kept(one, level):
    """Whether a client, the first word of its key, is among those kept at a level."""
    left_out = (np.uint64(1) << np.uint64(level)) - np.uint64(1)
    return mix_three(one, 0, 0) & left_out == 0


@inlined
def number_of(slots, rows, n_used, one, two):
    """The number of a key; a new one is written down as number ``n_used``. NONE where there is no room."""
    mask = np.uint64(slots.size - 1)
    slot = mix_three(one, two, 0) & mask
    while slots[slot] != 0:
        number = slots[slot] - 1
        if rows[number, a.ONE] == one and rows[number, a.TWO] == two:
            return number
        slot = (slot + np.uint64(1)) & mask
    if n_used == rows.shape[0]:
        return NONE
    rows[n_used, a.ONE], rows[n_used, a.TWO] = one, two
    slots[slot] = n_used + 1
    return n_used


@kernel
def number_keys(slots, rows, n_used, ones, twos, numbers, n):
    """numbers (n,) int32: those of ``n`` keys; returns (numbers in use, how many keys there was room for).

    Most keys stand where they are looked for first: those are read ahead.
    """
    mask = np.uint64(slots.size - 1)
    for k in range(n):
        numbers[k] = slots[mix_three(ones[k], twos[k], 0) & mask] - 1
    for k in range(n):
        number = numbers[k]
        if number < 0 or rows[number, a.ONE] != ones[k] or rows[number, a.TWO] != twos[k]:
            number = number_of(slots, rows, n_used, ones[k], twos[k])
            if number == NONE:
                return n_used, k
            n_used = max(n_used, number + 1)
            numbers[k] = number
    return n_used, n


@kernel
def place_of(src_node, dst_node, src_zone, dst_zone):
    """Same node, same zone, other zone, other node of a zone nobody knows, or not known; -1 is not known.

    Without branches: where connections go is what a processor cannot foretell.
    """
    zoned = (src_zone >= 0) & (dst_zone >= 0)
    elsewhere = zoned * (a.SAME_ZONE + (src_zone != dst_zone)) + (not zoned) * a.OTHER_NODE
    same = src_node == dst_node
    return ((src_node >= 0) & (dst_node >= 0)) * (same * a.SAME_NODE + (not same) * elsewhere)


@kernel
def row_of(buckets, bucket):
    """The row of a bucket, which is taken if need be; NONE where all are in use by others."""
    mask = buckets.size - 1
    row = bucket & mask
    for _ in range(buckets.size):
        if buckets[row] == FREE:
            buckets[row] = bucket
        if buckets[row] == bucket:
            return row
        row = (row + 1) & mask
    return NONE


@kernel
def name_flows(setting, flows, attributed, first, last, chosen, ones, twos):
    """The attributed flows among ``first:last`` and their keys, in the load's book; returns how many.

    Only service ports have segments, origins and places.
    """
    where_of, by_origin, n_ports = setting.where, setting.by_origin, setting.services.slot.size
    segment_first, segment_start = setting.services.segment_first, setting.services.segment_start
    endpoints, node_of, zone_of = setting.endpoints, setting.node, setting.zone
    src_of, point_of, seen_at = flows.src, flows.point, flows.seen_at
    what_of, backend_of = attributed.what, attributed.backend
    outside = zone_of.size - 1
    n = 0
    for i in range(first, last):
        what = what_of[i]
        if what < 0:
            continue
        src, backend = src_of[i], backend_of[i]
        node, there = node_of[src], node_of[backend]
        where = where_of[what]
        if where < 0:
            segment = last_begun(segment_start, segment_first[what], segment_first[what + 1], seen_at[i])
            where = np.int64(segment + 1) << 32
            if by_origin[what]:
                origin = outside if endpoints[src, a.KIND] == a.KIND_BLOCK else node
                where |= np.int64(origin + 1) << 6
        place = place_of(node, there, zone_of[node], zone_of[there]) * (what < n_ports)
        where |= (place << 3) | np.int64(point_of[i])
        chosen[n], ones[n], twos[n] = i, (np.int64(what + 1) << 32) | np.int64(backend + 1), where
        n += 1
    return n


@kernel
def name_clients(setting, flows, attributed, level, first, last, chosen, ones, twos):
    """The flows among ``first:last`` that begin a connection to a service port, of the clients that are kept
    at a level, and their keys in the clients' book; returns how many.

    Endpoints that are no single sender are one client, -1.
    """
    client_of, n_ports = setting.client, setting.services.slot.size
    src_of, point_of, counted_of = flows.src, flows.point, flows.counted
    what_of, backend_of = attributed.what, attributed.backend
    n = 0
    for i in range(first, last):
        what = what_of[i]
        chosen[n], ones[n] = i, (np.int64(what + 1) << 32) | np.int64(client_of[src_of[i]] + 1)
        n += (what >= 0) & (what < n_ports) & (counted_of[i] != 0) & is_kept(ones[n], level)
    for k in range(n):
        twos[k] = (np.int64(backend_of[chosen[k]] + 1) << 3) | np.int64(point_of[chosen[k]])
    return n


@kernel
def find_rows(buckets, level, seen_at, chosen, rows, n):
    """rows (n,) int32: that of each chosen flow's bucket; returns how many flows there were rows for."""
    row, begin, end = 0, np.int64(0), np.int64(0)
    for k in range(n):
        seen = seen_at[chosen[k]]
        if seen < begin or seen >= end:
            bucket = (seen // MINUTE) >> level
            row = row_of(buckets, bucket)
            if row == NONE:
                return k
            begin, end = (bucket << level) * MINUTE, ((bucket + 1) << level) * MINUTE
        rows[k] = row
    return n


@kernel
def add_flows(sums, by_time, flows, chosen, numbers, rows, n):
    """Add to the load. A report of a connection that was counted before adds bytes and packets."""
    counted_of, count_of, bytes_of, packets_of = flows.counted, flows.flow_count, flows.bytes_, flows.packets
    for k in range(n):
        i, number = chosen[k], numbers[k]
        by_time[rows[k], number] += count_of[i] * np.int64(counted_of[i] != 0)
        sums[number, a.LOAD_BYTES] += bytes_of[i]
        sums[number, a.LOAD_PACKETS] += packets_of[i]


@kernel
def add_clients(sums, flows, chosen, numbers, n):
    count_of, seen_at = flows.flow_count, flows.seen_at
    for k in range(n):
        i, number = chosen[k], numbers[k]
        sums[number, a.CLIENT_CONNECTIONS] += count_of[i]
        sums[number, a.CLIENT_FIRST] = min(sums[number, a.CLIENT_FIRST], seen_at[i])
        sums[number, a.CLIENT_LAST] = max(sums[number, a.CLIENT_LAST], seen_at[i])


@kernel
def count_flows(load, clients, time, used, levels, setting, flows, attributed, start):
    """Count attributed flows from ``start`` on; returns (what had no room: LOAD, CLIENTS, TIME or NONE; the
    first flow not counted; numbers in use of the load's and the clients' book).

    load, clients: slots and rows of the books; used: their numbers in use; time: buckets and by_time; levels:
    of the buckets and the clients.
    """
    n_load, n_clients = used
    chosen, numbers, rows = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    senders, client_numbers = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    ones, twos = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    client_ones, client_twos = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    for first in range(start, flows.src.size, BLOCK):
        last = min(first + BLOCK, flows.src.size)
        n = name_flows(setting, flows, attributed, first, last, chosen, ones, twos)
        n_load, done = number_keys(load[0], load[1], n_load, ones, twos, numbers, n)
        if done < n:
            return LOAD, first, n_load, n_clients
        if find_rows(time[0], levels[0], flows.seen_at, chosen, rows, n) < n:
            return TIME, first, n_load, n_clients
        m = name_clients(
            setting, flows, attributed, levels[1], first, last, senders, client_ones, client_twos
        )
        n_clients, done = number_keys(
            clients[0], clients[1], n_clients, client_ones, client_twos, client_numbers, m
        )
        if done < m:
            return CLIENTS, first, n_load, n_clients
        add_flows(load[1], time[1], flows, chosen, numbers, rows, n)
        add_clients(clients[1], flows, senders, client_numbers, m)
    return NONE, flows.src.size, n_load, n_clients


@kernel
def add_counts(counts, numbers, more):
    """Add ``more`` (n,) to those of counts (room,) that have the numbers (n,)."""
    for k in range(numbers.size):
        counts[numbers[k]] += more[k]


@kernel
def kept_keys(ones, level, kept):
    """kept (n,) bool: which clients, by the first words of their keys (n,), are kept at a level."""
    for i in range(ones.size):
        kept[i] = is_kept(ones[i], level)
