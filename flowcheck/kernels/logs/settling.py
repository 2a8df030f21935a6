"""Records of a log column by column: which end opened the connection, which record counts it, and whose bytes
of it are added.

A table of connections (slots, 4) int64, a power of two: KEY of both ends in their order (0: empty), SEEN, the
start of its last record, OPENED, that of the last record whose initiator is known, and STATE. What begins
within ``gap`` of SEEN belongs to the same connection. There is one slot for each, found once for each record:
to look for it in memory takes longer than all else.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, Int64, Integer, UInt8, UInt64
from flowcheck.kernels.hashing import connection_key
from flowcheck.kernels.jit import inlined, kernel

KEY, SEEN, OPENED, STATE = range(4)
NEVER = -(1 << 62)
SOURCE, DESTINATION = 1, 2
OPENER, POINTS, FIRST, COUNTED = 3, 2, (8, 12), 1 << 16
"""Of STATE: the lowest two bits say which end opened it, SOURCE the first in order; then a bit for each
observation point that reported it; who was first to report each direction, plus one; that it was counted."""


@inlined
def is_turned(one: np.uint64, other: np.uint64, one_port: Integer, other_port: Integer) -> np.bool_:
    """Whether a record's source is the second of its ends in their order."""
    return np.bool_((one > other) | ((one == other) & (one_port > other_port)))


@inlined
def turned_end(end: Integer) -> np.int64:
    """SOURCE for DESTINATION and the other way round; what is neither stays."""
    return np.int64(3 - end if end in (SOURCE, DESTINATION) else end)


@kernel
def find_slots(
    table: Int64,
    src: UInt64,
    dst: UInt64,
    src_port: Int32,
    dst_port: Int32,
    protocol: UInt8,
    seen_at: Int64,
    initiator: UInt8,
    slots: Int32,
) -> int:
    """Set ``slots`` to the slot of each record's connection, and tell the table who opened it where the
    record knows; returns how many connections are new. Ports that are not known are -1. There must be room.
    """
    mask, n_new = np.uint64(table.shape[0] - 1), 0
    for i in range(src.size):
        one, other, one_port, other_port = src[i], dst[i], src_port[i], dst_port[i]
        turned = is_turned(one, other, one_port, other_port)
        if turned:
            one, other, one_port, other_port = other, one, other_port, one_port
        key = np.int64(connection_key(one, other, max(one_port, 0), max(other_port, 0), protocol[i]))
        slot = np.uint64(key) & mask
        while table[slot, KEY] != 0 and table[slot, KEY] != key:
            slot = (slot + np.uint64(1)) & mask
        if table[slot, KEY] == 0:
            n_new += 1
            table[slot, KEY], table[slot, SEEN], table[slot, OPENED], table[slot, STATE] = (
                key,
                NEVER,
                NEVER,
                0,
            )
        slots[i] = slot
        if initiator[i] != 0:
            opener = turned_end(initiator[i]) if turned else np.int64(initiator[i])
            table[slot, STATE] = table[slot, STATE] & ~OPENER | opener
            table[slot, OPENED] = max(table[slot, OPENED], seen_at[i])
    return n_new


@kernel
def settle(
    table: Int64,
    src: UInt64,
    dst: UInt64,
    src_port: Int32,
    dst_port: Int32,
    seen_at: Int64,
    slots: Int32,
    gap: int,
    initiator: UInt8,
    point: UInt8,
    once: UInt8,
    here: UInt8,
    added: UInt8,
) -> None:
    """Set ``initiator`` where it is 0 and another record of the connection has one. Set ``once`` to 1 for the
    first record of a connection, ``here`` for the first at its observation point, and ``added`` for those
    whose bytes no other point reports; else to 0. ``point``: of the record, whose SOURCE and DESTINATION are
    its own ends.
    """
    for i in range(src.size):
        slot, at, seen_by = slots[i], seen_at[i], np.int64(point[i])
        turned = is_turned(src[i], dst[i], src_port[i], dst_port[i])
        state = table[slot, STATE]
        if initiator[i] == 0 and state & OPENER and abs(at - table[slot, OPENED]) <= gap:
            opener = state & OPENER
            initiator[i] = turned_end(opener) if turned else opener
            table[slot, OPENED] = max(table[slot, OPENED], at)
        if table[slot, SEEN] == NEVER or abs(at - table[slot, SEEN]) > gap:
            state &= OPENER
        ordered = turned_end(seen_by) if turned else seen_by
        first_at, point_bit = FIRST[np.int64(turned)], np.int64(1) << (POINTS + ordered)
        first = (state >> first_at) & 7
        once[i], here[i] = state & COUNTED == 0, state & point_bit == 0
        added[i] = first == 0 or first == ordered + 1
        if first == 0:
            state |= (ordered + 1) << first_at
        table[slot, STATE] = state | COUNTED | point_bit
        table[slot, SEEN] = max(table[slot, SEEN], at)


@kernel
def keep_recent(table: Int64, oldest: Integer, new: Int64) -> int:
    """Move what was seen since ``oldest`` to an empty table; returns how much there is."""
    n_used, mask = 0, np.uint64(new.shape[0] - 1)
    for old in range(table.shape[0]):
        if table[old, KEY] != 0 and table[old, SEEN] >= oldest:
            slot = np.uint64(table[old, KEY]) & mask
            while new[slot, KEY] != 0:
                slot = (slot + np.uint64(1)) & mask
            for column in range(4):
                new[slot, column] = table[old, column]
            n_used += 1
    return n_used
