"""Which record opened its connection, and which one counts it: what logs.reports asks of the rows of a block.

A book of 5-tuples (kernels.books) holds of each, besides its key of two words, OPENED and COUNTED: the start
of the last record that opened it and of the last that counts for it, NEVER where there is none. Both are
microseconds. Records of one 5-tuple that begin within ``gap`` of one another are of one connection.
"""

from __future__ import annotations

from flowcheck.arrays import Int32, Int64, Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel

OPENED, COUNTED = 2, 3
NEVER = -(1 << 61)
SAME, TURNED = 1, 2
"""Of a record whose initiator is not known: its connection was opened in its own direction, or the other."""


@inlined
def is_near(one: Integer, other: Integer, gap: int) -> bool:
    return bool(abs(one - other) <= gap)


@kernel
def find_openers(
    book: Int64, keys: Int32, turned: Int32, is_known: UInt8, at: Int64, gap: int, found: UInt8
) -> None:
    """found (rows,): SAME or TURNED of rows that do not know, and whose 5-tuple was opened, one way or the
    other, which they then prolong; those of a block that know come first. turned (rows,): the key of the
    other way, -1 for none."""
    for row in range(at.size):
        if is_known[row]:
            opened = book[keys[row], OPENED]
            book[keys[row], OPENED] = max(opened, at[row])
    for row in range(at.size):
        found[row] = 0
        if not is_known[row]:
            opener = -1
            if is_near(book[keys[row], OPENED], at[row], gap):
                found[row], opener = SAME, keys[row]
            elif turned[row] >= 0 and is_near(book[turned[row], OPENED], at[row], gap):
                found[row], opener = TURNED, turned[row]
            if opener >= 0:
                book[opener, OPENED] = max(book[opener, OPENED], at[row])


@kernel
def count_once(
    book: Int64, keys: Int32, ranks: Int64, at: Int64, gap: int, chosen: Int32, counts: Int64
) -> None:
    """counts (rows,): 1 for the row that counts its connection, the first of the highest rank in a block, 0
    for the others. chosen (keys in use,) int32: -1 each."""
    for row in range(at.size):
        best = chosen[keys[row]]
        if best < 0 or (ranks[row] > ranks[best] and is_near(at[best], at[row], gap)):
            chosen[keys[row]] = row
    for row in range(at.size):
        counted, best = book[keys[row], COUNTED], chosen[keys[row]]
        is_counted = is_near(counted, at[row], gap)
        counts[row] = 0
        if is_counted or best <= row or not is_near(at[best], at[row], gap):
            book[keys[row], COUNTED] = max(counted, at[row])
            counts[row] = 0 if is_counted else 1
