"""Which records report a connection that the same observation point reported shortly before.

A table of connections (slots, 2) int64, a power of two: KEY (0: empty) and SEEN, the start of the last record
of each, side by side. A record that begins within ``gap`` of the last one of its 5-tuple belongs to the same
connection.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import FlowArrays, Int64, Integer
from flowcheck.kernels.books import BLOCK
from flowcheck.kernels.hashing import POINT, connection_key
from flowcheck.kernels.jit import inlined, kernel

KEY, SEEN = range(2)


@inlined
def slot_of(table: Int64, key: Integer) -> np.uint64:
    """The slot of a key, or the empty slot where it belongs."""
    mask = np.uint64(table.shape[0] - 1)
    slot = np.uint64(key) & mask
    while table[slot, KEY] != 0 and table[slot, KEY] != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def mark_first(
    table: Int64, n_used: int, latest: Integer, flows: FlowArrays, gap: int, start: int
) -> tuple[int, Integer, Integer]:
    """Set ``flows.counted`` of rows from ``start`` on: 1 for the first record of a connection, else 0.

    Rows without a source port, and those that stand for several connections, are all first. Returns (slots in
    use, the greatest of ``latest`` and SEEN, first row not done): it stops early when the table is half full.
    Which rows are first is what a processor cannot foretell, so that there are no branches on it. Arrays are
    taken out of their tuple before the loops: to do that in them costs ten times the work.
    """
    limit = table.shape[0] >> 1
    judge_of, point_of, protocol_of, counted_of = flows.judge, flows.point, flows.protocol, flows.counted
    src_keys, dst_keys, src_ports, ports = flows.src_key, flows.dst_key, flows.src_port, flows.port
    count_of, seen_at = flows.flow_count, flows.seen_at
    chosen, keys = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int64)
    for first in range(start, judge_of.size, BLOCK):
        n = 0
        for row in range(np.uint64(first), np.uint64(min(first + BLOCK, judge_of.size))):
            one, other = src_keys[row], dst_keys[row]
            one_port, other_port = src_ports[row], ports[row]
            swap = (judge_of[row] == 2) & ((one > other) | ((one == other) & (one_port > other_port)))
            if swap:
                one, other = other, one
                one_port, other_port = other_port, one_port
            tag = np.uint64(protocol_of[row]) | (np.uint64(point_of[row]) << POINT)
            keys[n] = connection_key(one, other, one_port, other_port, tag)
            chosen[n] = row
            counted_of[row] = 1
            n += (judge_of[row] != 0) & (src_ports[row] >= 0) & (ports[row] >= 0) & (count_of[row] <= 1)
        for k in range(np.uint64(n)):
            i = np.uint32(chosen[k])
            if n_used >= limit:
                return n_used, latest, np.int64(i)
            slot = slot_of(table, keys[k])
            is_new, seen, before = table[slot, KEY] == 0, seen_at[i], table[slot, SEEN]
            counted_of[i] = is_new | (abs(seen - before) > gap)
            table[slot, KEY] = keys[k]
            table[slot, SEEN] = seen if is_new else max(seen, before)
            latest = max(latest, seen)
            n_used += is_new
    return n_used, latest, judge_of.size


@kernel
def keep_recent(table: Int64, oldest: Integer, new: Int64) -> int:
    """Move the connections seen since ``oldest`` to an empty table; returns how many there are."""
    n_used = 0
    for old in range(np.uint64(table.shape[0])):
        if (table[old, KEY] != 0) & (table[old, SEEN] >= oldest):
            slot = slot_of(new, table[old, KEY])
            new[slot, KEY], new[slot, SEEN] = table[old, KEY], table[old, SEEN]
            n_used += 1
    return n_used
