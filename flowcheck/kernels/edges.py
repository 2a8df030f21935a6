"""The table of distinct edges: rows of one cache line each, numbered in the order in which they come.

rows (room, 8) int64, whose columns are named in :mod:`flowcheck.arrays`; slots (2 * room or more,) int32, a
power of two, open addressing, hold an edge's number + 1, 0 where free. The key is three words: KEY_GROUPS,
the pair of source and destination group; KEY_DECISIONS, that of the decisions of egress and ingress;
KEY_SERVICE, with what else tells edges apart.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Integer
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.words import pair


@kernel
def find(
    slots: Int32, rows: Int64, n_used: int, groups: Integer, decisions: Integer, service: Integer
) -> np.int64:
    """The number of the row with this key; a new one becomes ``n_used``, yet without amounts."""
    mask = np.uint64(slots.size - 1)
    slot = mix_three(groups, decisions, service) & mask
    while slots[slot] != 0:
        number = np.uint64(slots[slot] - 1)
        if (
            rows[number, a.KEY_GROUPS] == groups
            and rows[number, a.KEY_DECISIONS] == decisions
            and rows[number, a.KEY_SERVICE] == service
        ):
            return np.int64(number)
        slot = (slot + np.uint64(1)) & mask
    new = np.uint64(n_used)
    rows[new, a.KEY_GROUPS], rows[new, a.KEY_DECISIONS], rows[new, a.KEY_SERVICE] = groups, decisions, service
    rows[new, a.RECORDS] = rows[new, a.FLOWS] = rows[new, a.BYTES] = 0
    slots[slot] = n_used + 1
    return np.int64(new)


@kernel
def add(
    slots: Int32,
    rows: Int64,
    n_used: int,
    key: tuple[Integer, Integer, Integer],
    amounts: tuple[Integer, Integer, Integer, Integer, Integer],
) -> int:
    """Add one entry's amounts (RECORDS to LAST_SEEN) under a key; returns the rows in use."""
    found = find(slots, rows, n_used, key[0], key[1], key[2])
    number = np.uint64(found)
    if found == n_used:
        rows[number, a.FIRST_SEEN], rows[number, a.LAST_SEEN] = amounts[3], amounts[4]
        n_used += 1
    rows[number, a.RECORDS] += amounts[0]
    rows[number, a.FLOWS] += amounts[1]
    rows[number, a.BYTES] += amounts[2]
    if amounts[3] < rows[number, a.FIRST_SEEN]:
        rows[number, a.FIRST_SEEN] = amounts[3]
    if amounts[4] > rows[number, a.LAST_SEEN]:
        rows[number, a.LAST_SEEN] = amounts[4]
    return n_used


@kernel
def count_keys(
    slots: Int32,
    rows: Int64,
    n_used: int,
    endpoints: Int32,
    keys: Int64,
    egress: Int32,
    ingress: Int32,
    start: int,
) -> tuple[int, Integer]:
    """Add keys of flows (n, 10) from ``start`` on, of which egress and ingress (n,) int32 were decided;
    returns (rows in use, first key not counted).

    Stops early when the table is full, so that the caller can give it room and go on.
    """
    for i in range(np.uint64(start), np.uint64(keys.shape[0])):
        if n_used >= rows.shape[0]:
            return n_used, np.int64(i)
        src, dst = np.uint64(keys[i, a.ONE] >> a.HALF), np.uint64(keys[i, a.ONE] & a.LOW_WORD)
        groups = pair(endpoints[src, a.GROUP], endpoints[dst, a.GROUP])
        key = (groups, pair(egress[i], ingress[i]), keys[i, a.TWO] & a.EDGE_SERVICE)
        seen = (keys[i, a.FLOW_FIRST], keys[i, a.FLOW_LAST])
        amounts = (keys[i, a.FLOW_RECORDS], keys[i, a.FLOW_CONNECTIONS], keys[i, a.FLOW_BYTES], *seen)
        n_used = add(slots, rows, n_used, key, amounts)
    return n_used, keys.shape[0]


@kernel
def merge(slots: Int32, rows: Int64, n_used: int, entries: Int64, start: int) -> tuple[int, int]:
    """Add rows (n, 8) of another table from ``start`` on; returns as :func:`count_keys` does."""
    for i in range(start, entries.shape[0]):
        if n_used >= rows.shape[0]:
            return n_used, i
        e = entries[i]
        key = (e[a.KEY_GROUPS], e[a.KEY_DECISIONS], e[a.KEY_SERVICE])
        amounts = (e[a.RECORDS], e[a.FLOWS], e[a.BYTES], e[a.FIRST_SEEN], e[a.LAST_SEEN])
        n_used = add(slots, rows, n_used, key, amounts)
    return n_used, entries.shape[0]
