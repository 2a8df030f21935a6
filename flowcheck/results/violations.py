"""The violations table: every violating row with its canonical columns and what was found of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import FlowArrays, Int64, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.flows.canonical.addresses import address_texts
from flowcheck.flows.canonical.rows import joined
from flowcheck.flows.canonical.schema import COLUMNS
from flowcheck.flows.canonical.times import microseconds
from flowcheck.flows.canonical.types import FLOW_FIELDS
from flowcheck.flows.initiators import BASES, turn_round
from flowcheck.judging.coded import in_words
from flowcheck.judging.names import name_ends
from flowcheck.kernels.books import number_distinct
from flowcheck.model.verdict import Observed, Verdict, Violation
from flowcheck.results.edges import decisions_of
from flowcheck.results.finding.violating import deciding
from flowcheck.results.records.tables import VIOLATIONS_SCHEMA


class Violating(NamedTuple):
    """Violating rows and what is said of them, each (n,): their numbers in the file int64; ``flows`` with
    replies turned round; of Initiators turned bool and basis uint8. ``batch``: all columns of these rows as
    recorded."""

    batch: pa.RecordBatch
    rows: Int64
    flows: FlowArrays
    judged: Judged
    turned: npt.NDArray[np.bool_]
    basis: UInt8


def joined_violating(found: Sequence[Violating]) -> Violating:
    """Several as one, in their order."""
    batches, rows, flows, judged, turned, basis = zip(*found, strict=True)
    return Violating(
        joined(batches),
        np.concatenate(rows),
        FlowArrays(*map(np.concatenate, zip(*flows, strict=True))),
        Judged(*map(np.concatenate, zip(*judged, strict=True))),
        np.concatenate(turned),
        np.concatenate(basis),
    )


Said = dict[tuple[int, int, int, int], tuple[str, tuple[str, ...]]]
"""What was said before of a kind of violation with its decisions: direction and policies."""


def violations_batch(program: Program, found: Violating, file: str, said: Said) -> pa.RecordBatch:
    """Their rows of the violations table, replies turned round. Columns that are not canonical are kept as
    text, at the end."""
    batch = turn_round(found.batch, found.turned)
    columns = {
        "source_file": pa.repeat(pa.scalar(file, pa.string()), len(found.rows)),
        **_rows_columns(program, batch, found),
        **_findings_columns(program, found, said),
        "initiator_basis": in_words(found.basis, BASES).cast(pa.string()),
    }
    extra = [name for name in batch.schema.names if name not in COLUMNS]
    fields = [*VIOLATIONS_SCHEMA, *(pa.field(name, pa.string()) for name in _free_names(extra))]
    arrays = [columns[field.name] for field in VIOLATIONS_SCHEMA] + [as_text(batch.column(n)) for n in extra]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def rows_batch(program: Program, found: Violating) -> pa.RecordBatch:
    """Of rows what :func:`violations_batch` says of them beside findings: their numbers, canonical columns
    and ends, by the program that they were read by."""
    columns = _rows_columns(program, turn_round(found.batch, found.turned), found)
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _rows_columns(program: Program, batch: pa.RecordBatch, found: Violating) -> dict[str, pa.Array]:
    """``batch``: with replies turned round."""
    return {
        "row": pa.array(found.rows, pa.int64()),
        **{field.name: _flow_column(batch, field) for field in FLOW_FIELDS},
        "src": name_ends(program, batch, found.flows.src, "src").cast(pa.string()),
        "dst": name_ends(program, batch, found.flows.dst, "dst").cast(pa.string()),
    }


def _free_names(extra: list[str]) -> list[str]:
    """A column that is called like one of ours is kept as ``flow_NAME``."""
    taken = {*VIOLATIONS_SCHEMA.names, *extra}
    names = []
    for name in extra:
        if name in VIOLATIONS_SCHEMA.names:
            while name in taken:
                name = f"flow_{name}"
            taken.add(name)
        names.append(name)
    return names


def _findings_columns(program: Program, found: Violating, known: Said) -> dict[str, pa.Array]:
    """The words for each row, made once for each distinct pair of decisions: those settle the kind too."""
    judged = found.judged
    decisions = decisions_of(program, judged)
    first, which = number_distinct(decisions, np.zeros_like(decisions))
    keys = zip(
        *(c[first].tolist() for c in (judged.violation, judged.egress, judged.ingress, judged.mesh)),
        strict=True,
    )
    said = [known.get(key) or known.setdefault(key, deciding(program, *key)[:2]) for key in keys]
    places = pa.array(which)
    return {
        "kind": in_words(judged.violation, Violation).cast(pa.string()),
        "direction": pa.array([direction for direction, _ in said], pa.string()).take(places),
        "verdict": in_words(judged.verdict, Verdict).cast(pa.string()),
        "observed": in_words(found.flows.observed, Observed).cast(pa.string()),
        "policies": pa.array([policies for _, policies in said], pa.list_(pa.string())).take(places),
    }


def _flow_column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    """A canonical column in its canonical type; a value nobody judged by becomes null where it does not
    fit."""
    if field.name not in batch.schema.names or pt.is_null(batch.column(field.name).type):
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(field.name)
    if field.name in ("src_ip", "dst_ip"):
        return address_texts(column)
    if pt.is_timestamp(field.type):
        values, bad = microseconds(column)
        missing = column.is_null().to_numpy(zero_copy_only=False)
        return pa.array(values, mask=missing if bad is None else missing | bad).cast(field.type)
    if pt.is_integer(field.type):
        return _fitting(column, field.type)
    return column.cast(field.type)


def _fitting(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """Integers in another width, null where a value does not fit."""
    if column.type == type_:
        return column
    limits = np.iinfo(type_.to_pandas_dtype())
    missing = column.is_null().to_numpy(zero_copy_only=False)
    values = column.fill_null(0).to_numpy(zero_copy_only=False)
    bad = missing | (values < limits.min) | (values > limits.max)
    return pa.array(np.where(bad, 0, values).astype(limits.dtype), type_, mask=bad)


def as_text(column: pa.Array) -> pa.Array:
    """Any column as text. Files hold values that libraries refuse to write, or write as nonsense, such as
    times past the calendar: they become numbers, or null."""
    with suppress(Exception):
        return _times_as_text(column) if pt.is_timestamp(column.type) else pc.cast(column, pa.string())
    with suppress(Exception):
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())
    with suppress(Exception):
        return pc.cast(pc.cast(column, pa.int64()), pa.string())
    return pa.nulls(len(column), pa.string())


def _times_as_text(column: pa.Array) -> pa.Array:
    _, bad = microseconds(column)
    if bad is None:
        return pc.cast(column, pa.string())
    numbers = pc.cast(pc.cast(column, pa.int64()), pa.string())
    good = pc.if_else(pa.array(bad), pa.scalar(None, column.type), column)
    return pc.coalesce(pc.cast(good, pa.string()), numbers)


def merge_schema(schemas: Iterator[pa.Schema]) -> pa.Schema:
    """The violations schema with every extra column any part has, sorted by name."""
    extra = sorted({name for schema in schemas for name in schema.names} - set(VIOLATIONS_SCHEMA.names))
    return pa.schema([*VIOLATIONS_SCHEMA, *(pa.field(name, pa.string()) for name in extra)])


def without_missing(violations: pa.RecordBatch, recorded: pa.Schema) -> pa.RecordBatch:
    """Rows of the violations table as a part keeps them: without the columns that its file does not have,
    which :func:`fit` puts back."""
    missing = {field.name for field in FLOW_FIELDS} - set(recorded.names)
    return violations.select([name for name in violations.schema.names if name not in missing])


def fit(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A part's batch with the columns of the whole, null where the part has none."""
    arrays = [
        batch.column(f.name) if f.name in batch.schema.names else pa.nulls(batch.num_rows, f.type)
        for f in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
