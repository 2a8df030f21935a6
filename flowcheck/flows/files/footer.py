"""The footer of a Parquet file that may be damaged or hostile, read and held against the file.

A file says here that it is encrypted, how many rows it has and where its columns lie. Nothing else of it is
read before all of that was checked. What a footer says is taken from our own reading of it, which refuses
whatever two readers could take differently: a field that comes twice, or in another type.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from typing import NamedTuple, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.arrays import Int64
from flowcheck.errors import FlowFormatError
from flowcheck.kernels.parquet import footer as f
from flowcheck.kernels.parquet.thrift import DEEPEST

MAX_FOOTER = 16 << 20
MAX_COLUMNS = 2_000
MAX_ROW_GROUPS = 100_000
MAX_CHUNK_BYTES = 1 << 30
MAX_NAME = 200
"""Characters of a column's name, or a writer's, that are told."""
FREE_ROWS, MAX_ROWS_PER_BYTE = 1_000_000, 1_000

_LEAST_GROUP, _LEAST_CHUNK = 4, 20
"""Bytes that the footer says of a row group, and of a column chunk, at the very least."""
_SIGNATURE = 28
"""Bytes between metadata and length where columns are encrypted and the footer is not: a nonce and a tag.

Source: https://github.com/apache/parquet-format/blob/master/Encryption.md, "Plaintext footer mode".
"""
_ARROW_SCHEMA, _LEFT_OUT = b"\x0cARROW:schema", b"\x0cARROW_schema"
"""The key under which Arrow's writers put a schema of their own, as Thrift writes it: length and text."""
_TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")


class Footer(NamedTuple):
    """A footer that was held against its file.

    ``chunks`` (chunks, CHUNK_FIELDS) int64, by row group and column: see
    :mod:`flowcheck.kernels.parquet.footer`. ``spans`` (chunks, 2) int64: where each begins and ends, 0 where
    no row of it is to be decoded and it lies nowhere. ``paths``: of each column. The metadata begins at
    ``begin`` and ends at ``end``; ``size`` is the file's. ``writer``: what it calls itself.
    """

    metadata: pq.FileMetaData
    chunks: Int64
    spans: Int64
    paths: tuple[str, ...]
    begin: int
    end: int
    size: int
    version: int
    writer: str


def read_footer(fd: int, size: int) -> Footer:
    """The footer of an open file of ``size`` bytes.

    Arrow's own schema is left out of it: columns come as Parquet says they are, whoever wrote them (it knows
    no views and no integers of 128 bits).

    **Raises**: FlowFormatError, without a place.
    """
    footer = _footer_bytes(fd, size)
    plain = footer.replace(_ARROW_SCHEMA, _LEFT_OUT)
    said = _read_chunks(plain)
    alone = b"".join((b"PAR1", plain, len(plain).to_bytes(4, "little"), b"PAR1"))
    metadata = pq.ParquetFile(
        pa.BufferReader(alone), thrift_string_size_limit=MAX_FOOTER, arrow_extensions_enabled=False
    ).metadata
    if len(footer) - metadata.serialized_size >= _SIGNATURE:
        _refuse_encrypted()
    _check_counts(metadata, size)
    if (len(said.groups), said.rows) != (metadata.num_row_groups, metadata.num_rows):
        _refuse("the footer can be read in two ways")
    if (said.groups[:, f.ROWS] < 0).any() or sum(said.groups[:, f.ROWS].tolist()) != said.rows:
        _refuse("the row groups do not add up to the file's row count")
    leaves = [metadata.schema.column(c) for c in range(metadata.num_columns)]
    if (said.groups[:, f.COLUMNS] != len(leaves)).any():
        _refuse("a row group has another number of columns than the schema")
    paths = tuple(leaf.path[:MAX_NAME] for leaf in leaves)
    rows = np.repeat(said.groups[:, f.ROWS], len(leaves))
    types = np.array([_TYPES.index(leaf.physical_type) for leaf in leaves], dtype=np.int64)
    flat = np.array([leaf.max_repetition_level == 0 for leaf in leaves], dtype=np.bool_)
    _check_kinds(said.chunks, rows, paths, types, flat)
    begin = size - 8 - len(footer)
    return Footer(
        metadata=metadata,
        chunks=said.chunks,
        spans=_spans(said.chunks, rows, paths, begin),
        paths=paths,
        begin=begin,
        end=begin + said.length,
        size=size,
        version=said.version,
        writer=_writer(metadata),
    )


def arrow_types(metadata: pq.FileMetaData) -> dict[str, pa.DataType]:
    """What Arrow's own schema says of the columns, as far as it can be read."""
    content = (metadata.metadata or {}).get(_LEFT_OUT[1:])
    with suppress(pa.ArrowException, ValueError, OSError, MemoryError):
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(content or b"")))
        return {field.name: field.type for field in schema}
    return {}


def _footer_bytes(fd: int, size: int) -> bytes:
    tail = os.pread(fd, 8, max(0, size - 8))
    if tail[4:] == b"PARE":
        _refuse("encrypted (its footer is)", "decrypt it first")
    if size < 12 or tail[4:] != b"PAR1" or os.pread(fd, 4, 0) != b"PAR1":
        _refuse("not a Parquet file, or one that was cut short")
    n_bytes = int.from_bytes(tail[:4], "little")
    if n_bytes > min(MAX_FOOTER, size - 12):
        _refuse(
            f"the footer claims {n_bytes} bytes; up to {MAX_FOOTER} that lie in the file are read",
            "rewrite it with larger row groups" if n_bytes <= size - 12 else "",
        )
    return os.pread(fd, n_bytes, size - 8 - n_bytes)


def _check_counts(metadata: pq.FileMetaData, size: int) -> None:
    if metadata.num_columns > MAX_COLUMNS or len(metadata.schema) != metadata.num_columns:
        _refuse(f"{metadata.num_columns} columns; up to {MAX_COLUMNS} are read")
    if metadata.num_row_groups > MAX_ROW_GROUPS:
        _refuse(
            f"{metadata.num_row_groups} row groups; up to {MAX_ROW_GROUPS} are read",
            "rewrite it with larger row groups",
        )
    if not 0 <= metadata.num_rows <= FREE_ROWS + MAX_ROWS_PER_BYTE * size:
        _refuse(f"{metadata.num_rows} rows in {size} bytes cannot be a flow log")


def _writer(metadata: pq.FileMetaData) -> str:
    """What can be printed of it, the rest as escapes."""
    try:
        text = (metadata.created_by or "")[:MAX_NAME]
    except UnicodeDecodeError:
        return "not UTF-8"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Said(NamedTuple):
    """What our own reading of a footer comes to: groups, chunks as kernels have them; ``length`` in bytes."""

    groups: Int64
    chunks: Int64
    rows: int
    version: int
    length: int


def _read_chunks(footer: bytes) -> _Said:
    """Read it before pyarrow does, which can die of one."""
    groups = np.empty((len(footer) // _LEAST_GROUP + 1, 2), dtype=np.int64)
    chunks = np.empty((len(footer) // _LEAST_CHUNK + 1, f.CHUNK_FIELDS), dtype=np.int64)
    counted = np.zeros(f.COUNTS, dtype=np.int64)
    data = np.frombuffer(footer, dtype=np.uint8)
    length = int(f.read_footer(data, groups, chunks, counted, np.empty((DEEPEST, 3), dtype=np.int64)))
    if length < 0:
        _refuse("the footer is no Parquet metadata, or says something twice")
    n_groups, n_chunks, n_rows, version, encrypted = counted.tolist()
    if encrypted or (chunks[:n_chunks, f.ENCRYPTED] != f.ABSENT).any():
        _refuse_encrypted()
    return _Said(groups[:n_groups], chunks[:n_chunks], n_rows, version, length)


def _check_kinds(chunks: Int64, rows: Int64, paths: tuple[str, ...], types: Int64, flat: np.ndarray) -> None:
    """Hold what every chunk (chunks, CHUNK_FIELDS) says against the rows (chunks,) of its group and against
    its column's type (columns,) and whether that is flat (columns,)."""
    n_groups = len(chunks) // max(len(paths), 1)
    values = chunks[:, f.VALUES]
    if (chunks[:, f.ELSEWHERE] != f.ABSENT).any():
        _refuse("a column chunk points to another file")
    for place in np.flatnonzero(chunks[:, f.TYPE] != np.tile(types, n_groups))[:1]:
        _refuse(f"column {paths[place % len(paths)]}: the chunk's type is not the schema's")
    for place in np.flatnonzero(np.tile(flat, n_groups) & (values != rows))[:1]:
        _refuse(f"column {paths[place % len(paths)]}: {values[place]} values in {rows[place]} rows")


def _spans(chunks: Int64, rows: Int64, paths: tuple[str, ...], footer_at: int) -> Int64:
    """(chunks, 2): where each begins and ends. None overlaps another."""
    values, sizes, size = chunks[:, f.VALUES], chunks[:, f.UNCOMPRESSED], chunks[:, f.COMPRESSED]
    start, dictionary = chunks[:, f.DATA_AT].copy(), chunks[:, f.DICTIONARY_AT]
    unused = (rows == 0) & (values == 0)  # nothing of it will be decoded, and writers put any offset there
    early = (dictionary != f.ABSENT) & (dictionary != 0) & ((dictionary < start) | (unused & (start == 0)))
    start[early] = dictionary[early]
    inside = (start >= 4) & (start <= footer_at) & (size >= 0) & (size <= footer_at - start)
    for place in np.flatnonzero(~unused & ((sizes < 0) | (sizes > MAX_CHUNK_BYTES)))[:1]:
        _refuse(
            f"column {paths[place % len(paths)]}: a chunk of {sizes[place]} bytes",
            "rewrite it with smaller row groups",
        )
    for place in np.flatnonzero(~unused & ~inside)[:1]:
        _refuse(f"column {paths[place % len(paths)]}: a chunk lies outside the file")
    spans = np.stack([start, start + size], axis=1)
    spans[~inside] = 0
    ordered = spans[spans[:, 0].argsort(kind="stable")]
    ordered = ordered[ordered[:, 1] > ordered[:, 0]]
    if (ordered[1:, 0] < ordered[:-1, 1]).any():
        _refuse("column chunks overlap")
    return spans


def _refuse_encrypted() -> NoReturn:
    _refuse("encrypted (some columns are)", "decrypt it first")


def _refuse(why: str, hint: str = "") -> NoReturn:
    raise FlowFormatError(why, hint=hint)
