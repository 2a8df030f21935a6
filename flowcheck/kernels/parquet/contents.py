"""What lies in a data page, unpacked: whether it holds as many values as its header counts, and no more.

Only of columns that are not nested: a value is there, or it is null. Values of a dictionary and levels come
in runs, of which one that is packed by eight may end in padding: fewer than eight more are none too many.

Source: https://github.com/apache/parquet-format/blob/master/Encodings.md
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64, Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.parquet.thrift import BAD, FALSE, I32, STOP, STRUCT, field, number, skip, varint

KIND, UNPACKED, PACKED, VALUES, ENCODING, LEVELS, REPEATS, IS_PACKED, BODY, PAGE_FIELDS = range(10)
"""Columns of pages (pages, PAGE_FIELDS) int64: the kind, bytes once unpacked and as they lie there, values,
how they are encoded, bytes of levels (of definition, of repetition) that stand before a packed body, whether
that is packed, and where the page's bytes begin."""
HOLDS, HOLDS_MORE, UNTOLD = range(3)
"""As many values as it says; more, or other bytes behind them; nothing that is known here."""
_PLAIN, _OLD_DICTIONARY, _DELTA, _DICTIONARY, _SPLIT = 0, 2, 5, 8, 9
_PADDING = 8
"""Zeros that fastparquet puts behind values."""
_MOST_PADDED = 7
_OF_DIFFERENCES = 4
"""Numbers that stand before differences, be there any or none: values in a block, its parts, all values; the
first value."""


@kernel
def list_pages(data: UInt8, pages: Int64, open_: Int64) -> Integer:
    """Fill in the pages of one chunk, whose bytes these are and whose headers were walked before. Returns how
    many, or BAD."""
    at: Integer = np.int64(0)
    end, n = np.int64(data.size), np.int64(0)
    while at < end and n < len(pages) and data[at] != 0:
        page = pages[n]
        page[:] = 0
        page[IS_PACKED] = 1
        last: Integer = np.int64(0)
        seen = np.uint64(0)
        while True:
            last, kind, seen, at = field(data, at, end, last, seen)
            if at < 0:
                return BAD
            if kind == STOP:
                break
            if 1 <= last <= 3:
                page[last - 1], at = number(data, at, end, kind)
            elif kind == STRUCT and last in (5, 8):
                at = _read_header(data, at, end, page, last == 8, open_)
            else:
                at = skip(data, at, end, kind, open_)
            if at < 0:
                return BAD
        page[BODY] = at
        at += page[PACKED]
        n += 1
    return n


@inlined
def _read_header(data: UInt8, at: Integer, end: Integer, page: Int64, second: bool, open_: Int64) -> Integer:
    """The place behind the header of a data page, of the first version or the second."""
    last: Integer = np.int64(0)
    seen = np.uint64(0)
    while True:
        last, kind, seen, at = field(data, at, end, last, seen)
        if at < 0 or kind == STOP:
            return at
        if kind == I32:
            value, at = number(data, at, end, kind)
            if last == 1:
                page[VALUES] = value
            elif last == (4 if second else 2):
                page[ENCODING] = value
            elif second and last == 5:
                page[LEVELS] = value
            elif second and last == 6:
                page[REPEATS] = value
        else:
            if second and last == 7:
                page[IS_PACKED] = kind != FALSE
            at = skip(data, at, end, kind, open_)
        if at < 0:
            return at


@inlined
def _run(data: UInt8, at: Integer, end: Integer, width: Integer) -> tuple[Integer, bool, Integer, Integer]:
    """(values, whether they are packed by eight, where they begin, place behind) of the next run; BAD where
    it does not end before the bytes do."""
    head, begin = varint(data, at, end)
    if begin < 0 or head >= np.uint64(1 << 32):
        return np.int64(0), False, np.int64(0), np.int64(BAD)
    count = np.int64(head >> np.uint64(1))
    packed = head & np.uint64(1) == np.uint64(1)
    after = begin + (count * width if packed else (width + 7) // 8)
    if packed:
        count *= 8
    return count, packed, begin, after if after <= end else np.int64(BAD)


@inlined
def _is_padding(body: UInt8, at: Integer, end: Integer) -> bool:
    """Whether nothing stands between two places, or as many zeros as may stand behind values."""
    padded = bool(0 <= end - at <= _PADDING)
    while padded and at < end:
        padded = bool(body[at] == 0)
        at += 1
    return padded


@kernel
def holds(body: UInt8, levels: int, page: Int64, nullable: bool, width: int) -> Integer:
    """Whether a data page's values are as many as it counts. Of one that counts none nothing else is read, so
    that nothing may stand in it, in whatever encoding. body (n,) uint8: levels, where the column is
    nullable, then values. levels: their bytes, or -1 where four bytes say that. width: of a plain value."""
    n, end = np.int64(page[VALUES]), np.int64(body.size)
    at: Integer = np.int64(0)
    count: Integer = np.int64(0)
    left: Integer = n
    here: Integer = n
    if nullable:
        stop = np.int64(levels)
        if levels < 0:
            if end < 4:
                return UNTOLD if n > 0 else HOLDS
            stop = np.int64(4)
            for place in range(4):
                stop += np.int64(body[place]) << (8 * place)
            at = np.int64(4)
        if stop > end:
            return UNTOLD if n > 0 else HOLDS_MORE
        here = np.int64(0)
        while at < stop and left > 0:
            count, packed, begin, at = _run(body, at, stop, 1)
            if at < 0:
                return UNTOLD
            if packed:
                for place in range(min(count, left)):
                    here += np.int64((body[begin + place // 8] >> (place % 8)) & 1)
            elif body[begin] & 1:
                here += min(count, left)
            if count > left and (not packed or count - left > _MOST_PADDED):
                return HOLDS_MORE
            left -= count
        if at < stop:
            return HOLDS_MORE
        at = np.int64(stop)
    encoding = page[ENCODING]
    if n == 0 and encoding not in (_DICTIONARY, _OLD_DICTIONARY):
        for _ in range(_OF_DIFFERENCES if encoding == _DELTA and at < end else 0):
            if at >= 0:
                _total, at = varint(body, at, end)
        return HOLDS if at >= 0 and _is_padding(body, at, end) else HOLDS_MORE
    if encoding in (_PLAIN, _SPLIT):
        return HOLDS if _is_padding(body, at + here * width, end) else HOLDS_MORE
    if encoding == _DELTA:
        total = np.uint64(0)
        for _ in range(3):  # values in a block, its parts, and all values
            if at >= 0:
                total, at = varint(body, at, end)
        if at < 0:
            return UNTOLD if here > 0 else HOLDS
        return HOLDS if total == np.uint64(here) else HOLDS_MORE
    if encoding not in (_DICTIONARY, _OLD_DICTIONARY):
        return UNTOLD
    if at >= end:
        return HOLDS if here == 0 else UNTOLD
    bits = np.int64(body[at])
    at += 1
    left = here
    while at < end:
        count, packed, begin, at = _run(body, at, end, bits)
        if at < 0:
            return UNTOLD if n > 0 else HOLDS_MORE
        if count > 0 and (left <= 0 or count - left > (_MOST_PADDED if packed else 0)):
            return HOLDS_MORE
        left -= count
    return HOLDS
