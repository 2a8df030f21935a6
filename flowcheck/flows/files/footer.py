"""The footer of a Parquet file that may be damaged or hostile, read and held against the file.

A file says here that it is encrypted, how many rows it has and where its columns lie. Nothing else of it is
read before all of that was checked.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import FlowFormatError

MAX_FOOTER = 16 << 20
MAX_COLUMNS = 2_000
MAX_ROW_GROUPS = 100_000
MAX_CHUNK_BYTES = 1 << 30
FREE_ROWS, MAX_ROWS_PER_BYTE = 1_000_000, 1_000

_SIGNATURE = 28
"""Bytes between metadata and length where columns are encrypted and the footer is not: a nonce and a tag.

Source: https://github.com/apache/parquet-format/blob/master/Encryption.md, "Plaintext footer mode".
"""
_ARROW_SCHEMA, _LEFT_OUT = b"\x0cARROW:schema", b"\x0cARROW_schema"
"""The key under which Arrow's writers put a schema of their own, as Thrift writes it: length and text."""


def read_footer(fd: int, size: int) -> pq.FileMetaData:
    """The metadata of an open file of ``size`` bytes.

    Arrow's own schema is left out of it: columns come as Parquet says they are, whoever wrote them (it knows
    no views and no integers of 128 bits).

    **Raises**: FlowFormatError, without a place.
    """
    footer = _footer_bytes(fd, size)
    plain = footer.replace(_ARROW_SCHEMA, _LEFT_OUT)
    alone = b"".join((b"PAR1", plain, len(plain).to_bytes(4, "little"), b"PAR1"))
    metadata = pq.ParquetFile(
        pa.BufferReader(alone), thrift_string_size_limit=MAX_FOOTER, arrow_extensions_enabled=False
    ).metadata
    if len(footer) - metadata.serialized_size >= _SIGNATURE:
        _refuse("encrypted (some columns are)", "decrypt it first")
    _check_counts(metadata, size)
    _check_chunks(metadata, size)
    return metadata


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


def _check_chunks(metadata: pq.FileMetaData, size: int) -> None:
    """Hold every count and offset against the others and against the file."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows:
        _refuse("the row groups do not add up to the file's row count")
    leaves = [metadata.schema.column(c) for c in range(metadata.num_columns)]
    known = [(leaf.path, leaf.physical_type, leaf.max_repetition_level == 0) for leaf in leaves]
    spans = [span for group in groups for span in _chunk_spans(group, known, size)]
    spans.sort()
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            _refuse("column chunks overlap")


def _chunk_spans(
    group: pq.RowGroupMetaData, leaves: list[tuple[str, str, bool]], size: int
) -> Iterator[tuple[int, int]]:
    """Columns are counted before one is asked for."""
    n_rows = group.num_rows
    if group.num_columns != len(leaves):
        _refuse("a row group has another number of columns than the schema")
    for c, (path, physical_type, flat) in enumerate(leaves):
        chunk = group.column(c)
        n_values = chunk.num_values
        if chunk.file_path:
            _refuse("a column chunk points to another file")
        if chunk.physical_type != physical_type:
            _refuse(f"column {path}: the chunk's type is not the schema's")
        if flat and n_values != n_rows:
            _refuse(f"column {path}: {n_values} values in {n_rows} rows")
        if n_rows == 0 and n_values == 0:
            continue  # nothing of it will be decoded, and writers put any offset there
        if not 0 <= chunk.total_uncompressed_size <= MAX_CHUNK_BYTES:
            _refuse(
                f"column {path}: a chunk of {chunk.total_uncompressed_size} bytes",
                "rewrite it with smaller row groups",
            )
        start = chunk.data_page_offset
        if chunk.has_dictionary_page and (dictionary := chunk.dictionary_page_offset):
            start = min(start, dictionary)
        end = start + chunk.total_compressed_size
        if start < 4 or end > size or end < start:
            _refuse(f"column {path}: a chunk lies outside the file")
        yield start, end


def _refuse(why: str, hint: str = "") -> None:
    raise FlowFormatError(why, hint=hint)
