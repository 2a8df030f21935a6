"""Logs that are Parquet: their columns in batches, from files that may be damaged or hostile.

What :mod:`flowcheck.flows.formats.parquet` is for canonical columns. The footer is held against the file
before a page is decoded, and the rows that come are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.schema import is_text
from flowcheck.flows.files.footer import MAX_FOOTER
from flowcheck.flows.logs.text.source import Source

ROWS_AT_ONCE = 1 << 16


class StoredLog:
    """An open log. **Raises**: FlowFormatError from every method."""

    def __init__(self, source: Source) -> None:
        self._source = source
        with decoding(source):
            self._metadata = source.footer.metadata
            self.schema = self._parquet(()).schema_arrow

    def batches(self, columns: Sequence[str], begin: int = 0) -> Iterator[tuple[int, pa.RecordBatch]]:
        """(number of the first row, the columns of some rows); none of the columns may stand there twice.

        Rows are cut into batches in the same places whichever columns are asked for; those before ``begin``,
        where a batch begins, are left out. A column is also a part of one, by its path: ``a.b``.
        """
        if twice := [name for name in columns if self.schema.names.count(name.split(".")[0]) > 1]:
            raise FlowFormatError(f"two columns have the name {twice[0]!r}", where=self._source.path)
        with decoding(self._source):
            file, first = self._parquet(self._kept_once(columns)), 0
            for g in range(self._metadata.num_row_groups):
                end = first + self._metadata.row_group(g).num_rows
                if end <= begin:
                    first = end
                    continue
                for batch in file.iter_batches(ROWS_AT_ONCE, [g], list(columns), use_threads=False):
                    self._source.heard()
                    if first >= begin:
                        yield first, batch
                    first += batch.num_rows
                if first != end:
                    raise FlowFormatError("holds fewer rows than it says")

    def _parquet(self, dictionaries: Sequence[str]) -> pq.ParquetFile:
        return pq.ParquetFile(
            self._source.file(),
            metadata=self._metadata,
            read_dictionary=list(dictionaries) or None,
            page_checksum_verification=True,
            thrift_string_size_limit=MAX_FOOTER,
            arrow_extensions_enabled=False,
        )

    def _type_of(self, path: str) -> pa.DataType:
        if path in self.schema.names:
            return self.schema.field(path).type
        first, *rest = path.split(".")
        type_ = self.schema.field(first).type
        for name in rest:
            type_ = type_.field(name).type
        return type_

    def _kept_once(self, columns: Sequence[str]) -> list[str]:
        """Text columns that can come as dictionaries: pyarrow cannot where a chunk is delta-encoded."""
        texts = {name for name in columns if is_text(self._type_of(name))}
        places = {
            c: path
            for c in range(self._metadata.num_columns)
            if (path := self._metadata.schema.column(c).path) in texts
        }
        for g in range(self._metadata.num_row_groups):
            group = self._metadata.row_group(g)
            for c in list(places):
                if any(encoding.startswith("DELTA_") for encoding in group.column(c).encodings):
                    del places[c]
        return list(places.values())


@contextmanager
def decoding(source: Source) -> Iterator[None]:
    """What goes wrong inside is the file's fault, and named after it."""
    try:
        yield
    except FlowFormatError as error:
        error.where = error.where or source.path
        raise
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, UnicodeError, KeyError) as error:
        message = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise FlowFormatError(f"cannot be decoded: {message}", where=source.path) from error
