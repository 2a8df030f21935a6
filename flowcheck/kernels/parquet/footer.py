"""The footer of a Parquet file: what it says of row groups and column chunks, in columns of integers.

Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64, Integer, UInt8
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.parquet.thrift import (
    BAD,
    BINARY,
    I32,
    I64,
    LIST,
    STOP,
    STRUCT,
    field,
    list_of,
    number,
    skip,
)

ROWS, COLUMNS = range(2)
"""Columns of groups (groups, 2) int64."""
TYPE, VALUES, UNCOMPRESSED, COMPRESSED, DATA_AT, DICTIONARY_AT, BLOOM_AT, BLOOM_BYTES = range(8)
OFFSETS_AT, OFFSETS_BYTES, EXTREMES_AT, EXTREMES_BYTES, ELSEWHERE, ENCRYPTED, CODEC, CHUNK_FIELDS = range(
    8, 16
)
"""Columns of chunks (chunks, CHUNK_FIELDS) int64: ABSENT where the footer has no such field. The indexes are
that of offsets and that of extremes (``column index``). ELSEWHERE and ENCRYPTED are 1, or ABSENT."""
COUNTS = 5
ABSENT = np.iinfo(np.int64).min
_PLACES = np.array(
    [
        # The fields of ColumnMetaData by number: the column of chunks, and the kind.
        *([-1, 0], [TYPE, I32], [-1, 0], [-1, 0], [CODEC, I32], [VALUES, I64]),
        *([UNCOMPRESSED, I64], [COMPRESSED, I64], [-1, 0], [DATA_AT, I64]),
        *([-1, 0], [DICTIONARY_AT, I64], [-1, 0], [-1, 0], [BLOOM_AT, I64], [BLOOM_BYTES, I32]),
    ],
    dtype=np.int64,
)
_INDEXES = np.array(
    [[OFFSETS_AT, I64], [OFFSETS_BYTES, I32], [EXTREMES_AT, I64], [EXTREMES_BYTES, I32]], dtype=np.int64
)
"""The fields of ColumnChunk from _FIRST_INDEX on, likewise."""
_FILE, _METADATA, _FIRST_INDEX, _CRYPTO, _SEALED, _ALGORITHM = 1, 3, 4, 8, 9, 8


@kernel
def read_column(data: UInt8, at: Integer, end: Integer, chunk: Int64, open_: Int64) -> Integer:
    """The place behind a ColumnMetaData, which fills ``chunk`` (CHUNK_FIELDS,)."""
    last: Integer = np.int64(0)
    seen = np.uint64(0)
    while True:
        last, kind, seen, at = field(data, at, end, last, seen)
        if at < 0 or kind == STOP:
            return at
        if 0 < last < len(_PLACES) and _PLACES[last, 0] >= 0:
            if kind != _PLACES[last, 1]:
                return BAD
            chunk[_PLACES[last, 0]], at = number(data, at, end, kind)
        else:
            at = skip(data, at, end, kind, open_)
        if at < 0:
            return at


@kernel
def read_chunk(data: UInt8, at: Integer, end: Integer, chunk: Int64, open_: Int64) -> Integer:
    """The place behind a ColumnChunk, which fills ``chunk`` (CHUNK_FIELDS,)."""
    chunk[:] = ABSENT
    last: Integer = np.int64(0)
    seen = np.uint64(0)
    while True:
        last, kind, seen, at = field(data, at, end, last, seen)
        if at < 0 or kind == STOP:
            return at
        if last == _METADATA:
            if kind != STRUCT:
                return BAD
            at = read_column(data, at, end, chunk, open_)
        elif _FIRST_INDEX <= last < _FIRST_INDEX + len(_INDEXES):
            place = last - _FIRST_INDEX
            if kind != _INDEXES[place, 1]:
                return BAD
            chunk[_INDEXES[place, 0]], at = number(data, at, end, kind)
        else:
            if last == _FILE and (kind != BINARY or (at < end and data[at] != 0)):
                chunk[ELSEWHERE] = 1  # an empty path is none
            if last in (_CRYPTO, _SEALED):
                chunk[ENCRYPTED] = 1
            at = skip(data, at, end, kind, open_)
        if at < 0:
            return at


@kernel
def read_footer(data: UInt8, groups: Int64, chunks: Int64, counted: Int64, open_: Int64) -> Integer:
    """The place behind a FileMetaData that begins the bytes. counted (COUNTS,) int64 is filled with its
    row groups, column chunks, rows, version and whether it is encrypted. BAD also where there is no room for
    so many."""
    end, seen = np.int64(data.size), np.uint64(0)
    at: Integer = np.int64(0)
    last: Integer = np.int64(0)
    counted[:] = 0
    while True:
        last, kind, seen, at = field(data, at, end, last, seen)
        if at < 0 or kind == STOP:
            return at
        if last in (1, 3):
            if kind != (I32 if last == 1 else I64):
                return BAD
            counted[3 if last == 1 else 2], at = number(data, at, end, kind)
        elif last == 4:
            if kind != LIST:
                return BAD
            n, kind, at = list_of(data, at, end)
            if at > 0 and (n > len(groups) - counted[0] or (n > 0 and kind != STRUCT)):
                return BAD
            while n > 0 and at > 0:
                at = _read_group(data, at, end, groups[counted[0]], chunks, counted, open_)
                counted[0] += 1
                n -= 1
        else:
            counted[4] |= last == _ALGORITHM
            at = skip(data, at, end, kind, open_)
        if at < 0:
            return at


@kernel
def _read_group(
    data: UInt8, at: Integer, end: Integer, group: Int64, chunks: Int64, counted: Int64, open_: Int64
) -> Integer:
    """The place behind a RowGroup."""
    group[:] = 0
    last: Integer = np.int64(0)
    seen = np.uint64(0)
    while True:
        last, kind, seen, at = field(data, at, end, last, seen)
        if at < 0 or kind == STOP:
            return at
        if last == 1:
            if kind != LIST:
                return BAD
            n, kind, at = list_of(data, at, end)
            if at > 0 and (n > len(chunks) - counted[1] or (n > 0 and kind != STRUCT)):
                return BAD
            group[COLUMNS] = n
            while n > 0 and at > 0:
                at = read_chunk(data, at, end, chunks[counted[1]], open_)
                counted[1] += 1
                n -= 1
        elif last == 3:
            if kind != I64:
                return BAD
            group[ROWS], at = number(data, at, end, kind)
        else:
            at = skip(data, at, end, kind, open_)
        if at < 0:
            return at
