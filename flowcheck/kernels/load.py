"""The hash tables of load: open addressing, one 64-byte cache line an entry, as edges are counted.

Two tables of (slots, 8) int64, slots a power of two; the columns are named in :mod:`flowcheck.arrays`. An
entry is in use when LOAD_WHAT is not 0.

The load table: LOAD_WHAT = (what + 1) << 32 | backend + 1; LOAD_WHERE = (segment + 1) << 32 |
(origin + 1) << 3 | observation point; LOAD_BUCKET = minute >> level. An origin is the client's node; one more
than the last node stands for the outside.
The clients' table: LOAD_WHAT = (what + 1) << 32 | client + 1; LOAD_WHERE = (backend + 1) << 3 | point. At
level n it keeps only the clients of which the first n bits of a hash are 0: one in 2**n, whoever asks.

A full table asks for room or for the next level. An entry is refused only where it is new, so that the level
reached depends on what was counted and not on the order.
"""

import numpy as np

from flowcheck import arrays as a
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.lookup import last_begun

MINUTE = 60_000_000
FULL = -1
NOT_FULL = -1


@kernel
def is_kept(what, level):
    """Whether a client of the clients' table is among those kept at a level."""
    return level == 0 or mix_three(what, 0, 0) >> np.uint64(64 - level) == 0


@kernel
def find(table, what, where, bucket):
    """The entry with this key, or the empty entry where it belongs."""
    mask = table.shape[0] - 1
    slot = np.int64(mix_three(what, where, bucket) & np.uint64(mask))
    while table[slot, a.LOAD_WHAT] != 0:
        if (
            table[slot, a.LOAD_WHAT] == what
            and table[slot, a.LOAD_WHERE] == where
            and table[slot, a.LOAD_BUCKET] == bucket
        ):
            break
        slot = (slot + 1) & mask
    return slot


@kernel
def claim(table, n_used, what, where, bucket):
    """(the entry with this key, entries in use); FULL where it would be new and the table is half full."""
    slot = find(table, what, where, bucket)
    if table[slot, a.LOAD_WHAT] == 0:
        if n_used >= table.shape[0] >> 1:
            return FULL, n_used
        table[slot, a.LOAD_WHAT] = what
        table[slot, a.LOAD_WHERE] = where
        table[slot, a.LOAD_BUCKET] = bucket
        return slot, n_used + 1
    return slot, n_used


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
def count_rows(load, clients, used, levels, places, setting, flows, attributed, start):
    """Count attributed rows from ``start`` on; returns (which table is full or -1, first row not counted).

    used, levels (2,) int64: entries in use and the level, of the load table and the clients' table; places
    (service_ports, points, places, 2) int64: connections and bytes by where they went. Only service ports
    have segments, origins, buckets and clients. Endpoints that are no single sender are one client, -1. A
    report of a connection that was counted before adds a record, bytes and packets.
    Arrays are taken out of their tuples before the loop: to do that in it costs ten times the work.
    """
    endpoints, zone, by_origin = setting.endpoints, setting.zone, setting.by_origin
    segment_first, segment_start = setting.services.segment_first, setting.services.segment_start
    src_of, point_of, seen_at, counted_of = flows.src, flows.point, flows.seen_at, flows.counted
    count_of, bytes_of, packets_of = flows.flow_count, flows.bytes_, flows.packets
    what_of, backend_of = attributed.what, attributed.backend
    outside, n_ports = zone.size, setting.services.slot.size
    level, client_level = levels[0], levels[1]
    n_load, n_clients = used[0], used[1]
    for i in range(start, src_of.size):
        what = what_of[i]
        if what < 0:
            continue
        src, backend, seen, point = src_of[i], backend_of[i], seen_at[i], np.int64(point_of[i])
        where, bucket = point, np.int64(0)
        kind, node = endpoints[src, a.KIND], np.int32(-1)
        is_sender = kind == a.KIND_POD or kind == a.KIND_NODE
        if is_sender:
            node = endpoints[src, a.NODE]
        if what < n_ports:
            bucket = (seen // MINUTE) >> level
            segment = segment_first[what]
            if segment_first[what + 1] - segment > 1:
                segment = last_begun(segment_start, segment, segment_first[what + 1], seen)
            where |= np.int64(segment + 1) << 32
            if by_origin[what]:
                origin = outside if kind == a.KIND_BLOCK else node
                where |= np.int64(origin + 1) << 3
        word = (np.int64(what + 1) << 32) | np.int64(backend + 1)
        slot = find(load, word, where, bucket)
        if load[slot, a.LOAD_WHAT] == 0:
            if n_load >= load.shape[0] >> 1:
                used[0], used[1] = n_load, n_clients
                return 0, i
            n_load += 1
            load[slot, a.LOAD_WHAT] = word
            load[slot, a.LOAD_WHERE] = where
            load[slot, a.LOAD_BUCKET] = bucket
        connections = count_of[i] if counted_of[i] else np.int64(0)
        if what < n_ports and counted_of[i]:
            client = src if is_sender else np.int32(-1)
            word = (np.int64(what + 1) << 32) | np.int64(client + 1)
            if is_kept(word, client_level):
                where = (np.int64(backend + 1) << 3) | point
                own = find(clients, word, where, np.int64(0))
                if clients[own, a.LOAD_WHAT] == 0:
                    if n_clients >= clients.shape[0] >> 1:
                        used[0], used[1] = n_load, n_clients
                        return 1, i
                    n_clients += 1
                    clients[own, a.LOAD_WHAT] = word
                    clients[own, a.LOAD_WHERE] = where
                    clients[own, a.LOAD_MORE] = seen
                    clients[own, a.LOAD_LAST] = seen
                clients[own, a.LOAD_RECORDS] += 1
                clients[own, a.LOAD_CONNECTIONS] += connections
                clients[own, a.LOAD_BYTES] += bytes_of[i]
                clients[own, a.LOAD_MORE] = min(clients[own, a.LOAD_MORE], seen)
                clients[own, a.LOAD_LAST] = max(clients[own, a.LOAD_LAST], seen)
        if what < n_ports and backend >= 0:
            there = endpoints[backend, a.NODE] if endpoints[backend, a.KIND] <= a.KIND_NODE else np.int32(-1)
            src_zone = zone[node] if node >= 0 else np.int32(-1)
            dst_zone = zone[there] if there >= 0 else np.int32(-1)
            place = place_of(node, there, src_zone, dst_zone)
            places[what, point, place, 0] += connections
            places[what, point, place, 1] += bytes_of[i]
        load[slot, a.LOAD_RECORDS] += 1
        load[slot, a.LOAD_CONNECTIONS] += connections
        load[slot, a.LOAD_BYTES] += bytes_of[i]
        load[slot, a.LOAD_MORE] += packets_of[i]
    used[0], used[1] = n_load, n_clients
    return NOT_FULL, src_of.size


@kernel
def merge_load(table, n_used, shift, entries, start):
    """Add entries (n, 8) of a load table whose level is ``shift`` lower, from ``start`` on."""
    for i in range(start, entries.shape[0]):
        e = entries[i]
        slot, n_used = claim(
            table, n_used, e[a.LOAD_WHAT], e[a.LOAD_WHERE], e[a.LOAD_BUCKET] >> np.int64(shift)
        )
        if slot == FULL:
            return n_used, i
        for column in range(a.LOAD_RECORDS, a.LOAD_LAST):
            table[slot, column] += e[column]
    return n_used, entries.shape[0]


@kernel
def merge_clients(table, n_used, level, entries, start):
    """Add those entries (n, 8) of a clients' table that are kept at ``level``, from ``start`` on."""
    for i in range(start, entries.shape[0]):
        e = entries[i]
        if not is_kept(e[a.LOAD_WHAT], level):
            continue
        known = n_used
        slot, n_used = claim(table, n_used, e[a.LOAD_WHAT], e[a.LOAD_WHERE], 0)
        if slot == FULL:
            return n_used, i
        if n_used > known:
            table[slot, a.LOAD_MORE] = e[a.LOAD_MORE]
            table[slot, a.LOAD_LAST] = e[a.LOAD_LAST]
        for column in range(a.LOAD_RECORDS, a.LOAD_MORE):
            table[slot, column] += e[column]
        table[slot, a.LOAD_MORE] = min(table[slot, a.LOAD_MORE], e[a.LOAD_MORE])
        table[slot, a.LOAD_LAST] = max(table[slot, a.LOAD_LAST], e[a.LOAD_LAST])
    return n_used, entries.shape[0]
