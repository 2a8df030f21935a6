"""Which record opened its connection, and which one counts it: what logs.alike asks of the rows of a block.

A book of connections (kernels.books), the same for records of either direction, holds of each, besides its
key of two words, times in microseconds, NEVER where there is none: from OPENED, for either direction, the
start of the last record that opened it; from COUNTED, that of the last that counts for it, in WAYS: in all,
and by each observation point, and all of that once more for records whose direction makes them another
connection. Records of one key that begin within ``gap`` of one another are of one connection.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, Int64, Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel

OPENED, COUNTED = 2, 4
N_POINTS = 5
WAYS = 2 * (1 + N_POINTS)
NEVER = -(1 << 61)
NEUTRAL = (NEVER,) * (COUNTED - OPENED + WAYS)
"""What a book begins with."""
SAME, TURNED = 1, 2
"""Of a record whose initiator is not known: its connection was opened in its own direction, or the other."""
NOBODY = -1


@inlined
def is_near(one: Integer, other: Integer, gap: int) -> bool:
    return bool(abs(one - other) <= gap)


@kernel
def find_openers(
    book: Int64,
    keys: Int32,
    back: UInt8,
    can_turn: UInt8,
    is_known: UInt8,
    at: Int64,
    gap: int,
    found: UInt8,
) -> None:
    """found (rows,): SAME or TURNED of rows that do not know, and whose connection was opened, one way or the
    other, which they then prolong; those of a block that know come first. back (rows,): 1 for records of the
    second direction; can_turn (rows,): whether the other one is asked for."""
    for row in range(np.uint64(at.size)):
        if is_known[row]:
            key, way = np.uint64(keys[row]), OPENED + np.uint64(back[row])
            book[key, way] = max(book[key, way], at[row])
    for row in range(np.uint64(at.size)):
        found[row] = 0
        if not is_known[row]:
            key, way, other = np.uint64(keys[row]), np.uint64(back[row]), np.uint64(1 - back[row])
            if is_near(book[key, OPENED + way], at[row], gap):
                found[row] = SAME
            elif can_turn[row] and is_near(book[key, OPENED + other], at[row], gap):
                found[row], way = TURNED, other
            if found[row]:
                book[key, OPENED + way] = max(book[key, OPENED + way], at[row])


@kernel
def count_once(
    book: Int64,
    keys: Int32,
    ways: UInt8,
    ranks: Int64,
    at: Int64,
    gap: int,
    chosen: Int32,
    counts: Int64,
) -> None:
    """counts (rows,): 1 for the row that counts its connection in its way (rows,), the first of the highest
    rank in a block, 0 for the others. chosen (room, WAYS) int32: NOBODY each, before and after."""
    for row in range(np.uint64(at.size)):
        key, way = np.uint64(keys[row]), np.uint64(ways[row])
        best = chosen[key, way]
        if best < 0 or (ranks[row] > ranks[np.uint64(best)] and is_near(at[np.uint64(best)], at[row], gap)):
            chosen[key, way] = row
    for row in range(np.uint64(at.size)):
        key, way = np.uint64(keys[row]), np.uint64(ways[row])
        counted, best = book[key, COUNTED + way], np.uint64(chosen[key, way])
        is_counted = is_near(counted, at[row], gap)
        counts[row] = 0
        if is_counted or best <= row or not is_near(at[best], at[row], gap):
            book[key, COUNTED + way] = max(counted, at[row])
            counts[row] = 0 if is_counted else 1
    for row in range(np.uint64(at.size)):
        chosen[np.uint64(keys[row]), np.uint64(ways[row])] = NOBODY
