"""The hash table of distinct edges: open addressing, one 64-byte cache line an entry.

table (slots, 8) int64, slots a power of two; the columns are named in :mod:`flowcheck.arrays`. An entry is in
use when KEY_SERVICE is not 0. The key is three words: KEY_GROUPS, the pair of source and destination group;
KEY_DECISIONS, that of the decisions of egress and ingress; KEY_SERVICE, with what else tells edges apart.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Integer
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.words import pair


@kernel
def find_slot(table: Int64, groups: Integer, decisions: Integer, service: Integer) -> np.uint64:
    """The entry with this key, or the empty entry where it belongs."""
    mask = np.uint64(table.shape[0] - 1)
    slot = mix_three(groups, decisions, service) & mask
    while table[slot, a.KEY_SERVICE] != 0:
        if (
            table[slot, a.KEY_GROUPS] == groups
            and table[slot, a.KEY_DECISIONS] == decisions
            and table[slot, a.KEY_SERVICE] == service
        ):
            break
        slot = (slot + np.uint64(1)) & mask
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
def count_keys(
    table: Int64, n_used: int, endpoints: Int32, keys: Int64, egress: Int32, ingress: Int32, start: int
) -> tuple[int, Integer]:
    """Add keys of flows (n, 10) from ``start`` on, of which egress and ingress (n,) int32 were decided;
    returns (entries in use, first key not counted).

    Stops early when the table is half full, so that the caller can give it room and go on.
    """
    limit = table.shape[0] >> 1
    for i in range(np.uint64(start), np.uint64(keys.shape[0])):
        if n_used >= limit:
            return n_used, np.int64(i)
        src, dst = np.uint64(keys[i, a.ONE] >> a.HALF), np.uint64(keys[i, a.ONE] & a.LOW_WORD)
        groups = pair(endpoints[src, a.GROUP], endpoints[dst, a.GROUP])
        key = (groups, pair(egress[i], ingress[i]), keys[i, a.TWO] & a.EDGE_SERVICE)
        seen = (keys[i, a.FLOW_FIRST], keys[i, a.FLOW_LAST])
        amounts = (keys[i, a.FLOW_RECORDS], keys[i, a.FLOW_CONNECTIONS], keys[i, a.FLOW_BYTES], *seen)
        n_used = add(table, n_used, key, amounts)
    return n_used, keys.shape[0]


@kernel
def merge(table: Int64, n_used: int, entries: Int64, start: int) -> tuple[int, int]:
    """Add entries (n, 8) of another table from ``start`` on; returns as :func:`count_keys` does."""
    limit = table.shape[0] >> 1
    for i in range(start, entries.shape[0]):
        if n_used >= limit:
            return n_used, i
        e = entries[i]
        key = (e[a.KEY_GROUPS], e[a.KEY_DECISIONS], e[a.KEY_SERVICE])
        amounts = (e[a.RECORDS], e[a.FLOWS], e[a.BYTES], e[a.FIRST_SEEN], e[a.LAST_SEEN])
        n_used = add(table, n_used, key, amounts)
    return n_used, entries.shape[0]
