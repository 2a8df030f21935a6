"""Parquet of any columns -> blocks. Its footer is checked before anything of it is decoded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.footer import MAX_FOOTER, read_footer
from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.source import Source

_ROWS = 1 << 16


def read_table(source: Source, wanted: Sequence[str], account: Account) -> Iterator[Block]:
    """**Raises**: FlowFormatError for a file that is not what its footer says, or lacks a page."""
    try:
        for block in _blocks(source, wanted):
            account.read(len(block.positions))
            yield block
    except FlowFormatError as error:
        error.where = error.where or source.path
        raise
    except (pa.ArrowException, OSError, UnicodeError, MemoryError) as error:
        message = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise FlowFormatError(f"cannot be decoded: {message}", where=source.path) from error


def columns_of(source: Source) -> list[str]:
    """The names at its top."""
    return [field.name for field in _opened(source).schema_arrow]


def _opened(source: Source) -> pq.ParquetFile:
    metadata = read_footer(source.descriptor, os.fstat(source.descriptor).st_size)
    return pq.ParquetFile(
        source.file(),
        metadata=metadata,
        page_checksum_verification=True,
        thrift_string_size_limit=MAX_FOOTER,
        arrow_extensions_enabled=False,
    )


def _blocks(source: Source, wanted: Sequence[str]) -> Iterator[Block]:
    file = _opened(source)
    schema = file.schema_arrow
    paths = {name: path for name in wanted if (path := _path(schema, name)) is not None}
    tops = list(dict.fromkeys(path[0] for path in paths.values()))
    first = 0
    for batch in file.iter_batches(_ROWS, columns=tops):
        columns = {name: _inside(batch, path) for name, path in paths.items()}
        yield Block(np.arange(first, first + batch.num_rows), columns)
        first += batch.num_rows


def _path(schema: pa.Schema, name: str) -> list[str] | None:
    """Where a name stands: as it is, or in structs."""
    if name in schema.names:
        return [name]
    path = name.split(".")
    type_ = schema.field(path[0]).type if path[0] in schema.names else None
    for part in path[1:]:
        if type_ is None or not pt.is_struct(type_) or type_.get_field_index(part) < 0:
            return None
        type_ = type_.field(type_.get_field_index(part)).type
    return path if type_ is not None else None


def _inside(batch: pa.RecordBatch, path: Sequence[str]) -> pa.Array:
    column = batch.column(path[0])
    for part in path[1:]:
        column = pc.struct_field(column, part)
    return column
