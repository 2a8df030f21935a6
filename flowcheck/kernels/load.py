"""The load of Services: every key gets a number, and sums are kept by number.

A *book* numbers keys of two words in the order in which they come: keys (room, 2) int64, and slots
(2 * room,) int32, open addressing, that hold a key's number + 1, 0 where free. Two are kept:

- of the load: (what + 1) << 32 | backend + 1, and (segment + 1) << 32 | (origin + 1) << 6 | place << 3 |
  observation point. An origin is the client's node; one more than the last node is the outside.
- of clients: (what + 1) << 32 | client + 1, and (backend + 1) << 3 | point. At level n it keeps only the
  clients of which the last n bits of a hash are 0: one in 2**n, whoever asks.

Connections by time are a table of their own, by_time (rows, room) int64. A row is a bucket, minute >> level,
and buckets (rows,) int64 says which. Records come in order or nearly so: the sums in use at any moment are
side by side, which costs far less than an entry for every key and bucket.

Arrays are taken out of their tuples before a loop: to do that in it costs ten times the work.
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


@kernel
def is_kept(one, level):
    """Whether a client, the first word of its key, is among those kept at a level."""
    left_out = (np.uint64(1) << np.uint64(level)) - np.uint64(1)
    return mix_three(one, 0, 0) & left_out == 0


@inlined
def number_of(slots, keys, n_used, one, two):
    """The number of a key; a new one is written down as number ``n_used``. NONE where there is no room."""
    mask = np.uint64(slots.size - 1)
    slot = mix_three(one, two, 0) & mask
    while slots[slot] != 0:
        number = slots[slot] - 1
        if keys[number, 0] == one and keys[number, 1] == two:
            return number
        slot = (slot + np.uint64(1)) & mask
    if n_used == keys.shape[0]:
        return NONE
    keys[n_used, 0], keys[n_used, 1] = one, two
    slots[slot] = n_used + 1
    return n_used


@kernel
def number_keys(slots, keys, n_used, wanted, numbers):
    """Number the keys ``wanted`` (n, 2); returns (numbers in use, how many there was room for)."""
    for i in range(wanted.shape[0]):
        number = number_of(slots, keys, n_used, wanted[i, 0], wanted[i, 1])
        if number == NONE:
            return n_used, i
        n_used = max(n_used, number + 1)
        numbers[i] = number
    return n_used, wanted.shape[0]


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
def count_rows(load, clients, time, used, levels, setting, flows, attributed, start):
    """Count attributed rows from ``start`` on; returns (what had no room: LOAD, CLIENTS, TIME or NONE; the
    first row not counted; numbers in use of the load's and the clients' book).

    load, clients: slots, keys and amounts (room, 3) int64 of the books; used: their numbers in use; time:
    buckets and by_time; levels: of the buckets and the clients.
    Only service ports have segments, origins and clients. Endpoints that are no single sender are one client,
    -1. A report of a connection that was counted before adds bytes and packets.
    """
    slots, keys, amounts = load
    client_slots, client_keys, client_amounts = clients
    buckets, by_time = time
    where_of, by_origin, n_ports = setting.where, setting.by_origin, setting.services.slot.size
    segment_first, segment_start = setting.services.segment_first, setting.services.segment_start
    endpoints, client_of, node_of, zone_of = setting.endpoints, setting.client, setting.node, setting.zone
    src_of, point_of, seen_at, counted_of = flows.src, flows.point, flows.seen_at, flows.counted
    count_of, bytes_of, packets_of = flows.flow_count, flows.bytes_, flows.packets
    what_of, backend_of = attributed.what, attributed.backend
    n_load, n_clients = used
    level, client_level = levels
    outside = zone_of.size - 1
    row, begin, end = 0, np.int64(0), np.int64(0)
    full, done = NONE, src_of.size
    for i in range(start, src_of.size):
        what = what_of[i]
        if what < 0:
            continue
        src, backend, seen, point = src_of[i], backend_of[i], seen_at[i], np.int64(point_of[i])
        node, there = node_of[src], node_of[backend]
        where = where_of[what]
        if where < 0:
            segment = last_begun(segment_start, segment_first[what], segment_first[what + 1], seen)
            where = np.int64(segment + 1) << 32
            if by_origin[what]:
                origin = outside if endpoints[src, a.KIND] == a.KIND_BLOCK else node
                where |= np.int64(origin + 1) << 6
        where |= (place_of(node, there, zone_of[node], zone_of[there]) << 3) | point
        one = (np.int64(what + 1) << 32) | np.int64(backend + 1)
        number = number_of(slots, keys, n_load, one, where)
        if number == NONE:
            full, done = LOAD, i
            break
        n_load = max(n_load, number + 1)
        if seen < begin or seen >= end:
            bucket = (seen // MINUTE) >> level
            row = row_of(buckets, bucket)
            if row == NONE:
                full, done = TIME, i
                break
            begin, end = (bucket << level) * MINUTE, ((bucket + 1) << level) * MINUTE
        connections = count_of[i] * np.int64(counted_of[i] != 0)
        one = (np.int64(what + 1) << 32) | np.int64(client_of[src] + 1)
        if (what < n_ports) & (counted_of[i] != 0) & is_kept(one, client_level):
            two = (np.int64(backend + 1) << 3) | point
            client = number_of(client_slots, client_keys, n_clients, one, two)
            if client == NONE:
                full, done = CLIENTS, i
                break
            n_clients = max(n_clients, client + 1)
            sums = client_amounts[client]
            sums[a.CLIENT_CONNECTIONS] += connections
            sums[a.CLIENT_FIRST] = min(sums[a.CLIENT_FIRST], seen)
            sums[a.CLIENT_LAST] = max(sums[a.CLIENT_LAST], seen)
        by_time[row, number] += connections
        amounts[number, a.LOAD_CONNECTIONS] += connections
        amounts[number, a.LOAD_BYTES] += bytes_of[i]
        amounts[number, a.LOAD_PACKETS] += packets_of[i]
    return full, done, n_load, n_clients


@kernel
def kept_keys(keys, level, kept):
    """kept (n,) bool: which keys (n, 2) of clients are kept at a level."""
    for i in range(keys.shape[0]):
        kept[i] = is_kept(keys[i, 0], level)
