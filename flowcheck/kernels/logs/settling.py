"""Records of a log column by column: which end opened the connection, which record counts it, and whose bytes
of it are added.

known (room, 4) int64 holds the connections in the order in which they came: KEY of both ends in their order,
SEEN, the start of its last record, OPENED, that of the last record whose initiator is known, and STATE. What
begins within ``gap`` of SEEN belongs to the same connection. slots, int32, a power of two, open addressing,
hold a connection's place + 1, 0 where free: so what is looked through for each record is small, and new
connections, which most are, are written one behind the other. Each is found once for each record: to look for
it in memory takes longer than all else.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, Int64, Integer, UInt8, UInt64
from flowcheck.kernels.hashing import connection_key
from flowcheck.kernels.jit import inlined, kernel

KEY, SEEN, OPENED, STATE = range(4)
NEVER = -(1 << 62)
BLOCK = 1024
SOURCE, DESTINATION = 1, 2
OPENER, POINTS, FIRST, FIRST_BITS, COUNTED = 3, 2, 8, 4, 1 << 16
"""Of STATE: the lowest two bits say which end opened it, SOURCE the first in order; then a bit for each
observation point that reported it; who was first to report each direction, plus one; that it was counted."""


@inlined
def turned_end(end: Integer, turned: Integer) -> np.int64:
    """SOURCE for DESTINATION and the other way round where ``turned`` is 1; what is neither stays."""
    is_end = np.int64(end == SOURCE) | np.int64(end == DESTINATION)
    return np.int64(end ^ ((SOURCE ^ DESTINATION) & -(is_end & np.int64(turned))))


@kernel
def order_ends(
    src: UInt64,
    dst: UInt64,
    src_port: Int32,
    dst_port: Int32,
    protocol: UInt8,
    keys: Int64,
    turned: UInt8,
) -> None:
    """keys (rows,): of each record's connection, the same for both directions. turned (rows,): 1 where the
    source is the second of the ends in their order. Ports that are not known are -1.

    Ends are exchanged by masks: a branch would be guessed wrong every other time.
    """
    for i in range(keys.size):
        is_second = (src[i] > dst[i]) | ((src[i] == dst[i]) & (src_port[i] > dst_port[i]))
        ends = (src[i] ^ dst[i]) & -np.uint64(is_second)
        ports = (src_port[i] ^ dst_port[i]) & -np.int32(is_second)
        one_port, other_port = max(src_port[i] ^ ports, 0), max(dst_port[i] ^ ports, 0)
        keys[i] = connection_key(src[i] ^ ends, dst[i] ^ ends, one_port, other_port, protocol[i])
        turned[i] = is_second


@kernel
def find_connections(
    slots: Int32,
    known: Int64,
    n_known: int,
    keys: Int64,
    turned: UInt8,
    seen_at: Int64,
    initiator: UInt8,
    places: Int32,
) -> int:
    """Set ``places`` to where each record's connection is known, and tell who opened it where the record
    knows; returns how many are known then. There must be room.

    What is looked for first is read ahead, a block of records at a time: one look into memory does not wait
    for the last.
    """
    mask = np.uint64(slots.size - 1)
    for begin in range(0, keys.size, BLOCK):
        end = min(begin + BLOCK, keys.size)
        for i in range(begin, end):
            places[i] = slots[np.uint64(keys[i]) & mask] - 1
        for i in range(begin, end):
            key, place = keys[i], np.uint32(places[i])
            if places[i] < 0 or known[place, KEY] != key:
                slot = np.uint64(key) & mask
                while slots[slot] != 0 and known[np.uint32(slots[slot] - 1), KEY] != key:
                    slot = (slot + np.uint64(1)) & mask
                if slots[slot] == 0:
                    new = np.uint32(n_known)
                    known[new, KEY], known[new, SEEN], known[new, OPENED], known[new, STATE] = (
                        key,
                        NEVER,
                        NEVER,
                        0,
                    )
                    n_known += 1
                    slots[slot] = n_known
                place = np.uint32(slots[slot] - 1)
                places[i] = place
            if initiator[i] != 0:
                opener = turned_end(np.int64(initiator[i]), turned[i])
                known[place, STATE] = known[place, STATE] & ~OPENER | opener
                known[place, OPENED] = max(known[place, OPENED], seen_at[i])
    return n_known


@kernel
def settle(
    known: Int64,
    turned: UInt8,
    seen_at: Int64,
    places: Int32,
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
    for i in range(places.size):
        place, at, seen_by = np.uint32(places[i]), seen_at[i], np.int64(point[i])
        state = known[place, STATE]
        if initiator[i] == 0 and state & OPENER and abs(at - known[place, OPENED]) <= gap:
            initiator[i] = turned_end(state & OPENER, turned[i])
            known[place, OPENED] = max(known[place, OPENED], at)
        if known[place, SEEN] == NEVER or abs(at - known[place, SEEN]) > gap:
            state &= OPENER
        ordered = turned_end(seen_by, turned[i])
        first_at, point_bit = FIRST + FIRST_BITS * np.int64(turned[i]), np.int64(1) << (POINTS + ordered)
        first = (state >> first_at) & 7
        once[i], here[i] = state & COUNTED == 0, state & point_bit == 0
        added[i] = first == 0 or first == ordered + 1
        if first == 0:
            state |= (ordered + 1) << first_at
        known[place, STATE] = state | COUNTED | point_bit
        known[place, SEEN] = max(known[place, SEEN], at)


@kernel
def keep_recent(slots: Int32, known: Int64, n_known: int, oldest: Integer) -> int:
    """Forget what was not seen since ``oldest``; returns how many are left, now the first. ``slots``, which
    may be others than before, are made anew."""
    n_kept, mask = 0, np.uint64(slots.size - 1)
    slots[:] = 0
    for old in range(n_known):
        if known[old, SEEN] >= oldest:
            for column in range(4):
                known[n_kept, column] = known[old, column]
            slot = np.uint64(known[old, KEY]) & mask
            while slots[slot] != 0:
                slot = (slot + np.uint64(1)) & mask
            n_kept += 1
            slots[slot] = n_kept
    return n_kept
