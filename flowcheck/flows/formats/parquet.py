"""Canonical Parquet in batches, from a file that may be damaged or hostile.

Only ever run in a worker process: a reader in native code can die of a bad file. Everything the footer
claims is checked before a page is decoded, and what was decoded is held against what was declared.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.canonical.row_groups import outside
from flowcheck.flows.canonical.rows import BATCH_ROWS, RowReader
from flowcheck.flows.canonical.schema import COLUMNS, check_schema, is_text
from flowcheck.flows.files.accounting import Accounted, account
from flowcheck.flows.files.contents import hold_values
from flowcheck.flows.files.footer import MAX_FOOTER, arrow_types, read_footer
from flowcheck.flows.files.hive import Key, key_columns
from flowcheck.flows.files.inputs import FileIdentity
from flowcheck.opening import open_file

_COUNTED_BY = "start_time"
"""Read where nothing but keys of the path is asked for, and looked into for rows that no page counts: no key
can tell it, so every file has it, and no row without it is judged."""


class FlowFile:
    """One open, checked file. Use as a context manager. ``keys``: columns that its path tells, the same in
    every row; where the file has such a column too, every value of it must be the key's or be missing.
    ``batch_rows``: how many are decoded at once. ``asked``: the time, as of
    :func:`~flowcheck.flows.canonical.row_groups.outside`; ``left_out``
    are the row groups that have no row of it, which are not read.

    **Raises**: FlowFormatError from every method, when the file is not what it says or not canonical.
    """

    def __init__(
        self,
        path: str,
        expected: FileIdentity | None = None,
        keys: Iterable[Key] = (),
        asked: tuple[int | None, int | None] = (None, None),
    ) -> None:
        self.path = path
        self._asked = asked
        self.batch_rows = BATCH_ROWS
        self._fd = open_file(path)
        try:
            with self._decoding("not readable as Parquet"):
                self._open(expected, tuple(keys))
        except BaseException:
            os.close(self._fd)
            raise

    def _open(self, expected: FileIdentity | None, keys: tuple[Key, ...]) -> None:
        status = os.fstat(self._fd)
        self.identity = FileIdentity.of(status)
        if expected is not None and expected != self.identity:
            raise FlowFormatError(
                "changed since the audit began", hint="audit files that are no longer written to"
            )
        self.footer = read_footer(self._fd, status.st_size)
        self._metadata = metadata = self.footer.metadata
        self.row_groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        stored = self._parquet(()).schema_arrow
        if len(set(stored.names)) != len(stored.names):
            raise FlowFormatError("two columns have the same name")
        self._stored_names = frozenset(stored.names)
        self._annotated = _annotated(metadata)
        self._keys = key_columns(keys, self.path)
        fields = [pa.field(f.name, self._annotated.get(f.name, f.type)) for f in stored]
        told = [pa.field(n, value.type) for n, value in self._keys.items() if n not in self._stored_names]
        self.schema = pa.schema([*fields, *told])
        self.columns = check_schema(self.schema, self.path)
        self.left_out = outside(metadata, self.schema, *self._asked)
        self._file = self._parquet(self._dictionary_columns())
        self._readers: dict[tuple[str, ...], RowReader] = {}

    def __enter__(self) -> FlowFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._fd)

    def read(
        self, first: int, n_rows: int, columns: Sequence[str], wanted: np.ndarray | None = None
    ) -> pa.RecordBatch:
        """Some rows of the file in one batch, or of them only those ``wanted``, counted from ``first``, in
        their order. Whoever reads a file from its start on reads every row group once."""
        with self._decoding("cannot be decoded"):
            stored = tuple(name for name in columns if name in self._stored_names) or (_COUNTED_BY,)
            if stored not in self._readers:
                self._readers[stored] = RowReader(
                    self._file, self.row_groups, stored, self.batch_rows, self.left_out
                )
            batch = self._readers[stored].read(first, n_rows, wanted)
            found = {name: self._typed(name, batch.column(name)) for name in stored}
            for name in columns:
                if name in self._keys:
                    found[name] = self._told(name, found.get(name), batch.num_rows)
            return readable(
                pa.RecordBatch.from_arrays([found[name] for name in columns], names=list(columns))
            )

    def account(self) -> Accounted:
        """Hold every page, and every byte that lies in none, against the footer: once for each file, before
        anything of it is decoded."""
        with self._decoding("cannot be accounted for"):
            found = account(self._fd, self.footer, self.left_out)
            if _COUNTED_BY in self.footer.paths:
                column = self.footer.paths.index(_COUNTED_BY)
                hold_values(self._fd, self.footer, column, found.n_pages, self.left_out)
            return found

    def unread(self) -> list[tuple[int, int]]:
        """Where the bytes of row groups lie that are left out, in the order of the file."""
        spans = self.footer.spans.reshape(len(self.row_groups), -1, 2)
        found = [(int(span[0]), int(span[1])) for group in self.left_out for span in spans[group]]
        return sorted(span for span in found if span[0] < span[1])

    def check_unchanged(self) -> None:
        """Call after the last batch: a file that was written to while it was read proves nothing."""
        if FileIdentity.of(os.fstat(self._fd)) != self.identity:
            raise FlowFormatError(
                "changed while read", where=self.path, hint="audit files that are no longer written to"
            )

    def _parquet(self, dictionary_columns: Sequence[str]) -> pq.ParquetFile:
        return pq.ParquetFile(
            pa.OSFile(f"/proc/self/fd/{self._fd}"),
            metadata=self._metadata,
            read_dictionary=list(dictionary_columns) or None,
            page_checksum_verification=True,
            thrift_string_size_limit=MAX_FOOTER,
            arrow_extensions_enabled=False,
        )

    def _typed(self, name: str, column: pa.Array) -> pa.Array:
        """A column in the type that its annotation gives it."""
        type_ = self._annotated.get(name)
        if type_ is None:
            return column
        return column.cast(pa.dictionary(pa.int32(), type_) if pt.is_dictionary(column.type) else type_)

    def _told(self, name: str, column: pa.Array | None, n_rows: int) -> pa.Array:
        """A column that the path tells. **Raises**: FlowFormatError where the file says otherwise."""
        key = self._keys[name]
        if column is not None and column.null_count < len(column):
            plain = readable(pa.RecordBatch.from_arrays([column], names=[name])).column(0)
            plain = plain.dictionary_decode() if pt.is_dictionary(plain.type) else plain
            said = pc.drop_null(pc.unique(plain))
            others = [value for value in said.to_pylist() if value != key.as_py()]
            if others:
                raise FlowFormatError(
                    f"the path says {name}={key}, a row of the file says {str(others[0])[:100]}",
                    hint="rename the folder, or write the file where it belongs",
                )
        if not key.is_valid or pt.is_integer(key.type):
            return pa.repeat(key, n_rows)
        return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), n_rows), pa.array([key]))

    def _dictionary_columns(self) -> list[str]:
        """Text columns to keep as dictionaries; pyarrow cannot where a chunk is delta-encoded."""
        metadata = self._metadata
        texts = {
            f.name for f in self.schema if f.name in self.columns and is_text(f.type)
        } & self._stored_names
        places = [c for c in range(metadata.num_columns) if metadata.schema.column(c).path in texts]
        for g in range(metadata.num_row_groups):
            group = metadata.row_group(g)
            delta = [c for c in places if any(e.startswith("DELTA_") for e in group.column(c).encodings)]
            places = [c for c in places if c not in delta] if delta else places
        return [metadata.schema.column(c).path for c in places]

    @contextmanager
    def _decoding(self, doing: str) -> Iterator[None]:
        """What goes wrong inside is the file's fault, and named after it."""
        try:
            yield
        except FlowFormatError as error:
            error.where = error.where or self.path
            raise
        except MemoryError:  # Arrow's own is one too; what to do about it is for who handed the rows out
            raise
        except (pa.ArrowException, OSError, UnicodeError, KeyError) as error:
            raise FlowFormatError(f"{doing}: {_first_line(error)}", where=self.path) from error


def _annotated(metadata: pq.FileMetaData) -> dict[str, pa.DataType]:
    """Canonical columns that pyarrow leaves bare though they are annotated: ENUM is text in UTF-8, and whole
    seconds, which Parquet has no word for, are times where Arrow's own schema says so.

    Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
    """
    leaves = [metadata.schema.column(c) for c in range(metadata.num_columns)]
    enums = {
        leaf.path: pa.string() for leaf in leaves if leaf.logical_type.type == "ENUM" and leaf.path in COLUMNS
    }
    bare = {
        leaf.path for leaf in leaves if leaf.physical_type == "INT64" and leaf.logical_type.type == "NONE"
    }
    times = [name for name in ("start_time", "end_time") if name in bare]
    hints = arrow_types(metadata) if times else {}
    return enums | {name: hints[name] for name in times if pt.is_timestamp(hints.get(name, pa.null()))}


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
