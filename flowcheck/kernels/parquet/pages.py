"""Pages of column chunks, walked from header to header, and what lies beside them: of a window of a file.

A window is ``data`` (n,) uint8, the bytes of the file from ``begin`` on. Each walk keeps where it stands, so
that it goes on with the next window; places are those of the file.

Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64, Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.parquet.thrift import BAD, I32, SHORT, STOP, STRUCT, field, number, skip

DONE, MORE, UNREADABLE, TOO_LONG, UNKNOWN, DICTIONARIES, NEGATIVE = range(7)
"""How a walk ends, or why: more of the file is needed; a header cannot be read; a page ends behind its chunk;
its kind is none; a dictionary that is not the chunk's first page; a count or a size below nothing."""
CHUNK, PLACE = range(2)
"""Where a walk of pages stands: which chunk, and where in the file."""
COUNTED, PAGES, CHECKED, END = range(4)
"""Columns of counts (chunks, 4) int64: the values of data pages, the pages of any kind, those with a
checksum, and where the last ends."""
INDEX, BLOOM = range(2)
"""Kinds of ranges that a footer names."""
OPEN_END = -1
"""Where the footer does not say how long a Bloom filter is."""
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3


@inlined
def first_number(data: UInt8, at: Integer, end: Integer, open_: Int64) -> tuple[Integer, Integer]:
    """(first field of a struct, place behind the struct): the count of values of a page's header."""
    last: Integer = np.int64(0)
    count: Integer = np.int64(-1)
    seen = np.uint64(0)
    while True:
        last, kind, seen, at = field(data, at, end, last, seen)
        if at < 0 or kind == STOP:
            return count, at
        if last == 1:
            count, at = number(data, at, end, kind)
            if kind != I32 and at > 0:
                at = np.int64(BAD)
        else:
            at = skip(data, at, end, kind, open_)
        if at < 0:
            return count, at


@inlined
def page_header(data: UInt8, at: Integer, end: Integer, header: Int64, open_: Int64) -> Integer:
    """The place behind a page's header. header (9,) int64 is filled by the numbers of its fields: kind, sizes
    (uncompressed, compressed), checksum (1: it has one), and for each kind's own header the values; -1 where
    there is none."""
    header[:] = -1
    last: Integer = np.int64(0)
    seen = np.uint64(0)
    while True:
        last, kind, seen, at = field(data, at, end, last, seen)
        if at < 0 or kind == STOP:
            return at
        if 1 <= last <= 3:
            header[last], at = number(data, at, end, kind)
            if kind != I32 and at > 0:
                at = np.int64(BAD)
        elif last in (5, 7, 8):
            if kind != STRUCT:
                return np.int64(BAD)
            header[last], at = first_number(data, at, end, open_)
        else:
            if last == 4:
                header[4] = 1
            at = skip(data, at, end, kind, open_)
        if at < 0:
            return at


@kernel
def walk_pages(
    data: UInt8, begin: int, spans: Int64, walk: Int64, counts: Int64, header: Int64, open_: Int64
) -> Integer:
    """Count the pages of chunks, from where ``walk`` (2,) stands; it comes to stand at the page that is
    wrong, or that more is needed of. spans (chunks, 2) int64: where each begins and ends, in the order of the
    file. Where a zero byte stands for a page's header there is none, and the chunk's pages end.
    """
    window_end = np.int64(begin) + np.int64(data.size)
    while walk[CHUNK] < len(spans):
        chunk = walk[CHUNK]
        end = spans[chunk, 1]
        while walk[PLACE] < end:
            place = walk[PLACE]
            if place < begin or place >= window_end:
                return MORE
            if data[place - begin] == 0:
                break
            after = page_header(data, place - begin, min(end, window_end) - begin, header, open_)
            if after == SHORT and window_end < end:
                return MORE
            if after < 0:
                return UNREADABLE
            kind, uncompressed, compressed = header[1], header[2], header[3]
            if kind not in (_DATA, _DICTIONARY, _DATA_V2):
                return UNKNOWN
            values = header[5 + kind]
            if uncompressed < 0 or compressed < 0 or values < 0:
                return NEGATIVE
            if begin + after + compressed > end:
                return TOO_LONG
            if kind != _DICTIONARY:
                counts[chunk, COUNTED] += values
            elif counts[chunk, PAGES] > 0:
                return DICTIONARIES
            counts[chunk, PAGES] += 1
            counts[chunk, CHECKED] += header[4] == 1
            walk[PLACE] = begin + after + compressed
        counts[chunk, END] = walk[PLACE]
        walk[CHUNK] += 1
        if walk[CHUNK] < len(spans):
            walk[PLACE] = spans[walk[CHUNK], 0]
    return DONE


@kernel
def hold_named(
    data: UInt8, begin: int, limit: int, named: Int64, walk: Int64, held: UInt8, open_: Int64
) -> Integer:
    """Mark the ranges that hold what they are named for, all of it and nothing else: an index one struct, a
    Bloom filter its header and as many bytes as that says. named (ranges, 3) int64: begin, end, kind; an end
    that is OPEN_END is filled in, up to ``limit``. walk (1,) is the range that more is needed of: of an index
    the whole.
    """
    window_end = np.int64(begin) + np.int64(data.size)
    while walk[0] < len(named):
        place, end, kind = named[walk[0], 0], named[walk[0], 1], named[walk[0], 2]
        if place < begin or place >= window_end:
            return MORE
        last = np.int64(limit) if end == OPEN_END else end
        until = min(last, window_end) - begin
        if kind == BLOOM:
            size, after = first_number(data, place - begin, until, open_)
            if after > 0:
                after = after + size if size >= 0 else np.int64(BAD)
        else:
            after = skip(data, place - begin, until, STRUCT, open_)
        if after == SHORT and window_end < last:
            return MORE
        if after > 0 and end == OPEN_END and begin + after <= last:
            named[walk[0], 1] = end = begin + after
        held[walk[0]] = after > 0 and begin + after == end
        walk[0] += 1
    return DONE
