"""Which records report a connection that the same observation point reported shortly before.

A table of connections: keys (slots,) uint64 (0: empty) and seen (slots,) int64, the start of the last record
of each. A record that begins within ``gap`` of the last one of its 5-tuple belongs to the same connection.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import FlowArrays, Int64, UInt64
from flowcheck.kernels.hashing import POINT, connection_key, find_key
from flowcheck.kernels.jit import kernel


@kernel
def mark_first(
    keys: UInt64, seen: Int64, n_used: int, flows: FlowArrays, gap: int, start: int
) -> tuple[int, int]:
    """Set ``flows.counted`` of rows from ``start`` on: 1 for the first record of a connection, else 0.

    Rows without a source port, and those that stand for several connections, are all first. Returns (slots in
    use, first row not done): it stops early when the table is half full.
    """
    limit = keys.size >> 1
    for i in range(start, flows.src.size):
        flows.counted[i] = 1
        if flows.judge[i] == 0 or flows.src_port[i] < 0 or flows.port[i] < 0 or flows.flow_count[i] > 1:
            continue
        if n_used >= limit:
            return n_used, i
        one, other = flows.src_key[i], flows.dst_key[i]
        one_port, other_port = flows.src_port[i], flows.port[i]
        if flows.judge[i] == 2 and (one > other or (one == other and one_port > other_port)):
            one, other = other, one
            one_port, other_port = other_port, one_port
        tag = np.uint64(flows.protocol[i]) | (np.uint64(flows.point[i]) << POINT)
        key = connection_key(one, other, one_port, other_port, tag)
        slot = find_key(keys, key)
        if keys[slot] == np.uint64(0):
            keys[slot] = key
            seen[slot] = flows.seen_at[i]
            n_used += 1
        else:
            if abs(flows.seen_at[i] - seen[slot]) <= gap:
                flows.counted[i] = 0
            seen[slot] = max(seen[slot], flows.seen_at[i])
    return n_used, flows.src.size


@kernel
def keep_recent(keys: UInt64, seen: Int64, oldest: int, new_keys: UInt64, new_seen: Int64) -> int:
    """Move the connections seen since ``oldest`` to an empty table; returns how many there are."""
    n_used = 0
    for slot in range(keys.size):
        if keys[slot] != np.uint64(0) and seen[slot] >= oldest:
            to = find_key(new_keys, keys[slot])
            new_keys[to] = keys[slot]
            new_seen[to] = seen[slot]
            n_used += 1
    return n_used
