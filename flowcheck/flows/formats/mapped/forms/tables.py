"""Parquet of any columns -> blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.formats.stored import StoredLog, decoding
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.source import Source


def read_table(source: Source, wanted: Sequence[str], account: Account) -> Iterator[Block]:
    """A name of ``wanted`` is a column's as it stands, or leads into structs by its dots.

    **Raises**: FlowFormatError for a file that is not what its footer says, or lacks a page.
    """
    log = StoredLog(source)
    paths = {name: path for name in wanted if (path := _path(log.schema, name)) is not None}
    columns = list(dict.fromkeys(path[0] for path in paths.values())) or log.schema.names[:1]
    for first, batch in log.batches(columns):
        account.read(batch.num_rows)
        with decoding(source):
            batch.validate(full=True)
        found = {name: _inside(batch, path) for name, path in paths.items()}
        yield Block(np.arange(first, first + batch.num_rows), found)


def columns_of(source: Source) -> list[str]:
    """The names at its top. **Raises**: FlowFormatError."""
    return list(StoredLog(source).schema.names)


def _path(schema: pa.Schema, name: str) -> list[str] | None:
    """Where a name stands: as it is, or in structs."""
    if name in schema.names:
        return [name]
    path = name.split(".")
    type_ = schema.field(path[0]).type if schema.names.count(path[0]) == 1 else None
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
