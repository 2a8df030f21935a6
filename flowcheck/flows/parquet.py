"""Canonical Parquet in batches, from a file that may be damaged or hostile.

Only ever run in a worker process: a reader in native code can die of a bad file. Everything the footer
claims is checked before a page is decoded, and what was decoded is held against what was declared.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import FlowFormatError
from flowcheck.flows.columns import readable
from flowcheck.flows.inputs import FileIdentity
from flowcheck.flows.schema import check_schema, is_text

BATCH_ROWS = 1 << 18
MAX_FOOTER = 16 << 20
MAX_COLUMNS = 2_000
MAX_ROW_GROUPS = 100_000
MAX_CHUNK_BYTES = 1 << 30
FREE_ROWS, MAX_ROWS_PER_BYTE = 1_000_000, 1_000


class FlowFile:
    """One open, checked file. Use as a context manager.

    **Raises**: FlowFormatError from every method, when the file is not what it says or not canonical.
    """

    def __init__(self, path: str, expected: FileIdentity | None = None) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(self._fd)
            if not stat.S_ISREG(status.st_mode):
                self._refuse("not a regular file")
            self.identity = FileIdentity.of(status)
            if expected is not None and expected != self.identity:
                self._refuse(
                    "changed since the audit began", hint="audit files that are no longer written to"
                )
            self._check_ends()
            self._file = self._open_parquet(())
            self._check_footer()
            self.columns = check_schema(self._file.schema_arrow, path)
            self._file = self._open_parquet(self._dictionary_columns())
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> FlowFile:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    @property
    def schema(self) -> pa.Schema:
        return self._file.schema_arrow

    @property
    def row_groups(self) -> list[int]:
        """Rows declared by each row group."""
        metadata = self._file.metadata
        return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]

    def batches(self, row_groups: Sequence[int], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Validated batches of some row groups, one after another."""
        try:
            for batch in self._file.iter_batches(
                batch_size=BATCH_ROWS, row_groups=list(row_groups), columns=list(columns), use_threads=False
            ):
                batch.validate(full=True)
                yield readable(batch.select(list(columns)))
        except (pa.ArrowException, OSError, UnicodeError, MemoryError, KeyError) as error:
            self._refuse(f"cannot be decoded: {_first_line(error)}")

    def check_unchanged(self) -> None:
        """Call after the last batch: a file that was written to while it was read proves nothing."""
        if FileIdentity.of(os.fstat(self._fd)) != self.identity:
            self._refuse("changed while read", hint="audit files that are no longer written to")

    def _open_parquet(self, dictionary_columns: Sequence[str]) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(
                pa.OSFile(f"/proc/self/fd/{self._fd}"),
                read_dictionary=list(dictionary_columns) or None,
                page_checksum_verification=True,
                thrift_string_size_limit=MAX_FOOTER,
                arrow_extensions_enabled=False,
            )
        except (pa.ArrowException, OSError, UnicodeError, MemoryError) as error:
            self._refuse(f"not readable as Parquet: {_first_line(error)}")

    def _check_ends(self) -> None:
        size = self.identity.size
        tail = os.pread(self._fd, 8, max(0, size - 8))
        if size < 12 or tail[4:] != b"PAR1" or os.pread(self._fd, 4, 0) != b"PAR1":
            self._refuse("not a Parquet file, or one that was cut short")
        footer = int.from_bytes(tail[:4], "little")
        if footer > min(MAX_FOOTER, size - 12):
            self._refuse(
                f"the footer claims {footer} bytes; up to {MAX_FOOTER} that lie in the file are read"
            )

    def _check_footer(self) -> None:
        """Hold every count and offset of the footer against the others and against the file.

        A row group's columns are counted before one is asked for: pyarrow aborts on a missing one.
        """
        metadata = self._file.metadata
        n_leaves = len(self._file.schema)
        if metadata.num_columns > MAX_COLUMNS or n_leaves != metadata.num_columns:
            self._refuse(f"{metadata.num_columns} columns; up to {MAX_COLUMNS} are read")
        if metadata.num_row_groups > MAX_ROW_GROUPS:
            self._refuse(f"{metadata.num_row_groups} row groups; up to {MAX_ROW_GROUPS} are read")
        if not 0 <= metadata.num_rows <= FREE_ROWS + MAX_ROWS_PER_BYTE * self.identity.size:
            self._refuse(f"{metadata.num_rows} rows in {self.identity.size} bytes cannot be a flow log")
        if len(set(self._file.schema_arrow.names)) != len(self._file.schema_arrow.names):
            self._refuse("two columns have the same name")
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        if sum(group.num_rows for group in groups) != metadata.num_rows:
            self._refuse("the row groups do not add up to the file's row count")
        spans = [span for group in groups for span in self._chunk_spans(group, n_leaves)]
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                self._refuse("column chunks overlap")

    def _chunk_spans(self, group: pq.RowGroupMetaData, n_leaves: int) -> Iterator[tuple[int, int]]:
        if group.num_columns != n_leaves:
            self._refuse("a row group has another number of columns than the schema")
        for c in range(n_leaves):
            chunk, leaf = group.column(c), self._file.schema.column(c)
            if chunk.file_path:
                self._refuse("a column chunk points to another file")
            if chunk.physical_type != leaf.physical_type:
                self._refuse(f"column {leaf.path}: the chunk's type is not the schema's")
            if leaf.max_repetition_level == 0 and chunk.num_values != group.num_rows:
                self._refuse(f"column {leaf.path}: {chunk.num_values} values in {group.num_rows} rows")
            if group.num_rows == 0 and chunk.num_values == 0:
                continue  # nothing of it will be decoded, and writers put any offset there
            if not 0 <= chunk.total_uncompressed_size <= MAX_CHUNK_BYTES:
                self._refuse(f"column {leaf.path}: a chunk of {chunk.total_uncompressed_size} bytes")
            offsets = [chunk.data_page_offset]
            if chunk.has_dictionary_page and chunk.dictionary_page_offset:
                offsets.append(chunk.dictionary_page_offset)
            start, end = min(offsets), min(offsets) + chunk.total_compressed_size
            if start < 4 or end > self.identity.size or end < start:
                self._refuse(f"column {leaf.path}: a chunk lies outside the file")
            yield start, end

    def _dictionary_columns(self) -> list[str]:
        """Text columns to keep as dictionaries; pyarrow cannot where a chunk is delta-encoded."""
        metadata = self._file.metadata
        texts = [f.name for f in self.schema if f.name in self.columns and is_text(f.type)]
        delta = {
            metadata.row_group(g).column(c).path_in_schema
            for g in range(metadata.num_row_groups)
            for c in range(metadata.num_columns)
            if any(e.startswith("DELTA_") for e in metadata.row_group(g).column(c).encodings)
        }
        return [name for name in texts if name not in delta]

    def _refuse(self, why: str, hint: str = "") -> NoReturn:
        raise FlowFormatError(why, where=self.path, hint=hint)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
