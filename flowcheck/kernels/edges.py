"""The hash table of distinct edges: open addressing, one 64-byte cache line an entry.

table (slots, 8) int64, slots a power of two; the columns are named in :mod:`flowcheck.arrays`. An entry is in
use when KEY_SERVICE is not 0. The key is three words: KEY_GROUPS, the pair of source and destination group;
KEY_DECISIONS, that of the decisions of egress and ingress; KEY_SERVICE, with what else tells edges apart.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Int32, Int64, Integer, Judged
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.words import pair, service_word


@kernel
def find_slot(table: Int64, groups: Integer, decisions: Integer, service: Integer) -> Integer:
    """The entry with this key, or the empty entry where it belongs."""
    mask = table.shape[0] - 1
    slot = np.int64(mix_three(groups, decisions, service) & np.uint64(mask))
    while table[slot, a.KEY_SERVICE] != 0:
        if (
            table[slot, a.KEY_GROUPS] == groups
            and table[slot, a.KEY_DECISIONS] == decisions
            and table[slot, a.KEY_SERVICE] == service
        ):
            break
        slot = (slot + 1) & mask
    return slot


@kernel
def add(
    table: Int64,
    n_used: int,
    key: tuple[Integer, Integer, Integer],
    amounts: tuple[Integer, Integer, Integer, Integer, Integer],
) -> int:
    """Add one entry's amounts (RECORDS to LAST_SEEN) under a key; returns the entries in use."""
    slot = find_slot(table, key[0], key[1], key[2])
    if table[slot, a.KEY_SERVICE] == 0:
        table[slot, a.KEY_GROUPS] = key[0]
        table[slot, a.KEY_DECISIONS] = key[1]
        table[slot, a.KEY_SERVICE] = key[2]
        table[slot, a.FIRST_SEEN] = amounts[3]
        table[slot, a.LAST_SEEN] = amounts[4]
        n_used += 1
    table[slot, a.RECORDS] += amounts[0]
    table[slot, a.FLOWS] += amounts[1]
    table[slot, a.BYTES] += amounts[2]
    if amounts[3] < table[slot, a.FIRST_SEEN]:
        table[slot, a.FIRST_SEEN] = amounts[3]
    if amounts[4] > table[slot, a.LAST_SEEN]:
        table[slot, a.LAST_SEEN] = amounts[4]
    return n_used


@kernel
def count_flows(
    table: Int64, n_used: int, endpoints: Int32, flows: FlowArrays, judged: Judged, start: int
) -> tuple[int, int]:
    """Count judged rows from ``start`` on; returns (entries in use, first row not counted).

    Stops early when the table is half full, so that the caller can give it room and go on.
    """
    limit = table.shape[0] >> 1
    for i in range(start, flows.src.size):
        if flows.judge[i] == 0:
            continue
        if n_used >= limit:
            return n_used, i
        groups = pair(endpoints[flows.src[i], a.GROUP], endpoints[flows.dst[i], a.GROUP])
        decisions = pair(judged.egress[i], judged.ingress[i])
        service = service_word(
            flows.protocol[i], flows.port[i], flows.observed[i], flows.point[i], flows.inferred[i]
        )
        seen = flows.seen_at[i]
        connections = flows.flow_count[i] if flows.counted[i] else np.int64(0)
        amounts = (np.int64(1), connections, flows.bytes_[i], seen, seen)
        n_used = add(table, n_used, (groups, decisions, service), amounts)
    return n_used, flows.src.size


@kernel
def merge(table: Int64, n_used: int, entries: Int64, start: int) -> tuple[int, int]:
    """Add entries (n, 8) of another table from ``start`` on; returns as :func:`count_flows` does."""
    limit = table.shape[0] >> 1
    for i in range(start, entries.shape[0]):
        if n_used >= limit:
            return n_used, i
        e = entries[i]
        key = (e[a.KEY_GROUPS], e[a.KEY_DECISIONS], e[a.KEY_SERVICE])
        amounts = (e[a.RECORDS], e[a.FLOWS], e[a.BYTES], e[a.FIRST_SEEN], e[a.LAST_SEEN])
        n_used = add(table, n_used, key, amounts)
    return n_used, entries.shape[0]
