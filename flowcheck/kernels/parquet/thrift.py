"""Thrift's compact protocol, from bytes that may lie: every read ends at ``end``, every loop costs a byte.

Places are int64, those of ``data`` (n,) uint8; ``end`` is n or less. What gives back the place behind what
it read gives SHORT where the bytes end before it does, and BAD where it is no Thrift. ``open_`` (DEEPEST, 3)
int64 is room for what :func:`skip` has open.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64, Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel

SHORT, BAD = -1, -2
DEEPEST = 32
"""Structs, lists and maps inside one another; Parquet has nine."""
STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID = range(14)
_MOST = np.int64(1 << 31)
"""Bytes of a text, elements of a list."""
_FIELDS = 62
"""A field with a lower number must not come twice: readers do not agree on which of them counts."""


@inlined
def varint(data: UInt8, at: Integer, end: Integer) -> tuple[np.uint64, Integer]:
    """(number, place behind it)."""
    value, shift = np.uint64(0), np.uint64(0)
    while at < end:
        byte = np.uint64(data[at])
        at += 1
        if shift == np.uint64(63) and byte > np.uint64(1):
            return value, np.int64(BAD)
        value |= (byte & np.uint64(127)) << shift
        if byte < np.uint64(128):
            return value, np.int64(at)
        shift += np.uint64(7)
        if shift > np.uint64(63):
            return value, np.int64(BAD)
    return value, np.int64(SHORT)


@inlined
def number(data: UInt8, at: Integer, end: Integer, kind: Integer) -> tuple[Integer, Integer]:
    """(a signed number of a field of this kind, place behind it); BAD where the kind is another, or where it
    does not fit: some readers would cut it."""
    value, after = varint(data, at, end)
    signed = np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1))
    if kind != I64 and (kind != I32 or signed < -_MOST or signed >= _MOST):
        return np.int64(0), np.int64(BAD)
    return signed, after


@inlined
def field(
    data: UInt8, at: Integer, end: Integer, last: Integer, seen: np.uint64
) -> tuple[Integer, Integer, np.uint64, Integer]:
    """(number, kind, the numbers seen so far as bits, place behind it) of a struct's next field; STOP is the
    kind of its end."""
    if at >= end:
        return np.int64(0), np.int64(0), seen, np.int64(SHORT)
    byte = np.int64(data[at])
    kind = byte & 15
    after: Integer = np.int64(at) + 1
    this: Integer = np.int64(last) + (byte >> 4)
    if kind == STOP:
        return np.int64(0), np.int64(STOP), seen, after if byte == 0 else np.int64(BAD)
    if byte >> 4 == 0:
        this, after = number(data, after, end, I64)
    if 0 <= this <= _FIELDS and after > 0:
        bit = np.uint64(1) << np.uint64(this)
        if seen & bit:
            after = np.int64(BAD)
        seen |= bit
    return this, kind, seen, after


@inlined
def list_of(data: UInt8, at: Integer, end: Integer) -> tuple[Integer, Integer, Integer]:
    """(elements, kind of them, place behind) of how a list begins."""
    if at >= end:
        return np.int64(0), np.int64(0), np.int64(SHORT)
    byte = np.int64(data[at])
    n, kind = byte >> 4, byte & 15
    after: Integer = np.int64(at) + 1
    if n == 15:
        many, after = varint(data, after, end)
        n = np.int64(many) if many < np.uint64(_MOST) else _MOST
        if n == _MOST and after > 0:
            after = np.int64(BAD)
    return n, kind, after


@kernel
def skip(data: UInt8, at: Integer, end: Integer, kind: Integer, open_: Int64) -> Integer:
    """The place behind a field's value. open_ holds, of what is open, how many values are left, -1 in a
    struct, and the kinds of them: the second is that of a map's values."""
    depth = 0
    while True:
        if kind == BYTE:
            at += 1
        elif I16 <= kind <= I64:
            _, at = varint(data, at, end)
        elif kind == DOUBLE:
            at += 8
        elif kind == UUID:
            at += 16
        elif kind == BINARY:
            size, at = varint(data, at, end)
            if size >= np.uint64(_MOST):
                return BAD
            if at > 0:
                at += np.int64(size)
        elif LIST <= kind <= STRUCT:
            if depth == DEEPEST:
                return BAD
            left: Integer = np.int64(-1)
            one: Integer = np.int64(0)
            other: Integer = np.int64(0)
            if kind in (LIST, SET):
                left, one, at = list_of(data, at, end)
                other = one
            elif kind == MAP:
                size, at = varint(data, at, end)
                if size >= np.uint64(_MOST):
                    return BAD
                left = 2 * np.int64(size)
                if at > 0 and left > 0:
                    if at >= end:
                        return SHORT
                    one, other = np.int64(data[at]) >> 4, np.int64(data[at]) & 15
                    at += 1
            open_[depth, 0], open_[depth, 1], open_[depth, 2] = left, one, other
            depth += 1
        elif kind not in (TRUE, FALSE):
            return BAD
        if at < 0:
            return at
        if at > end:
            return SHORT
        kind = np.int64(STOP)
        while depth > 0 and kind == STOP:
            left = open_[depth - 1, 0]
            if left < 0:
                _, kind, _, at = field(data, at, end, 0, np.uint64(0))
                if at < 0:
                    return at
                depth -= kind == STOP
            elif left > 0:
                kind = open_[depth - 1, 1 + left % 2]
                open_[depth - 1, 0] = left - 1
                if kind in (TRUE, FALSE):
                    kind = np.int64(BYTE)
                elif kind == STOP:
                    return BAD
            else:
                depth -= 1
        if kind == STOP:
            return at
