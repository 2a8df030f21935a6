"""A log -> a Parquet file of canonical columns, and the account of its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.recognised import Recognised
from flowcheck.flows.logs.rows import SCHEMA, WITHOUT_MESH
from flowcheck.flows.logs.text.source import Source

GROUP_ROWS = 1 << 17
_RISING = ("record", "start_time", "end_time")
_WRITING = {
    "compression": "zstd",
    "compression_level": 1,
    "column_encoding": dict.fromkeys(_RISING, "DELTA_BINARY_PACKED"),
}
"""What mostly rises is written as differences: a quarter of the bytes, in less time."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Records that became no row for one reason; ``first``: the positions of the first of them."""

    reason: str
    records: int
    first: tuple[int, ...] = ()


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a log's records: records = rows + merged + left out + rejected."""

    format: str
    title: str
    why: str
    silent: tuple[str, ...]
    records: int
    rows: int
    merged: int
    left_out: tuple[Reason, ...]
    rejected: tuple[Reason, ...]
    warnings: tuple[str, ...] = ()
    unfit: str = ""


def convert(
    source: Source, recognised: Recognised, asked: Asked, out: BinaryIO, advance: Callable[[int], None]
) -> Conversion:
    """Write a log's rows to ``out``, as Parquet; ``advance`` hears of every batch.

    **Raises**: FlowFormatError where it cannot be read; OSError of ``out``.
    """
    account, format_ = Account(), recognised.format
    schema = SCHEMA if format_.tells_mesh else WITHOUT_MESH
    named = [
        f"{field.name}.list.element" if pt.is_list(field.type) else field.name
        for field in schema
        if field.name not in _RISING
    ]
    with pq.ParquetWriter(out, schema, use_dictionary=named, **_WRITING) as writer:
        for table in _grouped(_told(format_.read(source, asked, account), schema, account, advance)):
            writer.write_table(table, row_group_size=GROUP_ROWS)
    source.check_unchanged()
    if not account.balanced:
        raise AssertionError(f"{format_.name}: records are not accounted for")
    if not account.records:
        raise FlowFormatError("holds no records", where=source.path)
    return Conversion(
        format=format_.name,
        title=format_.title,
        why=recognised.why,
        silent=format_.silent,
        records=account.records,
        rows=account.rows,
        merged=account.merged,
        left_out=tuple(Reason(reason=reason, records=n) for reason, n in sorted(account.left_out.items())),
        rejected=tuple(
            Reason(reason=reason, records=n, first=tuple(account.first[reason]))
            for reason, n in sorted(account.rejected.items())
        ),
        warnings=tuple(account.warnings),
        unfit=account.unfit,
    )


def whole_schema(batch: pa.RecordBatch, schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    """The batch with every column of a schema, null where it has none."""
    if batch.schema.equals(schema):
        return batch
    held = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns = [
        pa.nulls(batch.num_rows, field.type)
        if (column := held.get(field.name)) is None
        else column
        if column.type == field.type
        else column.cast(field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _told(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, account: Account, advance: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        account.rows += batch.num_rows
        advance(batch.num_rows)
        yield whole_schema(batch, schema)


def _grouped(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Tables of a row group's size, so that a file of small blocks is none of small row groups."""
    waiting: list[pa.RecordBatch] = []
    n_rows = 0
    for batch in batches:
        waiting.append(batch)
        n_rows += batch.num_rows
        if n_rows >= GROUP_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting, n_rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
