"""The violations table: every violating row with its canonical columns and what was found of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.compile import Program
from flowcheck.evaluate import JudgedBatch, name_ends
from flowcheck.flows.addresses import address_texts
from flowcheck.flows.schema import COLUMNS
from flowcheck.model.verdict import Observed, Verdict, Violation
from flowcheck.results.findings import deciding

_TIME = pa.timestamp("us", tz="UTC")
_TYPES = {
    **dict.fromkeys(("start_time", "end_time"), _TIME),
    **dict.fromkeys(("src_port", "dst_port", "service_port"), pa.uint16()),
    **dict.fromkeys(("protocol", "icmp_type", "icmp_code"), pa.uint8()),
    **dict.fromkeys(
        [
            "initiator",
            "action",
            "egress_action",
            "ingress_action",
            "cloud_action",
            "observation_point",
            "record_kind",
        ],
        pa.int8(),
    ),
    **dict.fromkeys(("flow_count", "sampling_rate"), pa.uint32()),
    **dict.fromkeys(("bytes", "packets", "bytes_reverse", "packets_reverse"), pa.uint64()),
    "policy_refs": pa.list_(pa.string()),
}
FLOW_FIELDS = [pa.field(name, _TYPES.get(name, pa.string())) for name in COLUMNS]
VIOLATIONS_SCHEMA = pa.schema(
    [
        pa.field("source_file", pa.string()),
        pa.field("row", pa.int64()),
        *FLOW_FIELDS,
        pa.field("src", pa.string()),
        pa.field("dst", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("direction", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("observed", pa.string()),
        pa.field("policies", pa.list_(pa.string())),
    ]
)


def violating_rows(result: JudgedBatch) -> np.ndarray:
    """(n,) int64: the rows of a batch that are violations and were not left out."""
    return np.flatnonzero((result.judged.violation != 0) & (result.flows.judge != 0))


def violations_batch(
    program: Program, batch: pa.RecordBatch, result: JudgedBatch, rows: np.ndarray, place: tuple[str, int]
) -> pa.RecordBatch:
    """The violations of one batch. ``batch`` holds all columns of these ``rows`` alone; ``place`` is the
    file and the number of the judged batch's first row in it. Columns that are not canonical are kept as
    text, at the end.
    """
    file, first_row = place
    columns = {
        "source_file": pa.array([file] * len(rows), pa.string()),
        "row": pa.array(rows + first_row, pa.int64()),
        **{field.name: _flow_column(batch, field) for field in FLOW_FIELDS},
        "src": name_ends(program, batch, result.flows.src[rows], "src").cast(pa.string()),
        "dst": name_ends(program, batch, result.flows.dst[rows], "dst").cast(pa.string()),
        **_findings_columns(program, result, rows),
    }
    extra = [name for name in batch.schema.names if name not in COLUMNS]
    fields = [*VIOLATIONS_SCHEMA, *(pa.field(name, pa.string()) for name in extra)]
    arrays = [columns[field.name] for field in VIOLATIONS_SCHEMA] + [_as_text(batch.column(n)) for n in extra]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _findings_columns(program: Program, result: JudgedBatch, rows: np.ndarray) -> dict[str, pa.Array]:
    judged = result.judged
    kinds, verdicts, observed = tuple(Violation), tuple(Verdict), tuple(Observed)
    known: dict[tuple[int, int, int], tuple[str, tuple[str, ...]]] = {}
    said: list[tuple[str, tuple[str, ...]]] = []
    for key in zip(
        *(c[rows].tolist() for c in (judged.violation, judged.egress, judged.ingress)), strict=True
    ):
        if key not in known:
            known[key] = deciding(program, *key)[:2]
        said.append(known[key])
    return {
        "kind": pa.array([str(kinds[k]) for k in judged.violation[rows]], pa.string()),
        "direction": pa.array([direction for direction, _ in said], pa.string()),
        "verdict": pa.array([str(verdicts[v]) for v in judged.verdict[rows]], pa.string()),
        "observed": pa.array([str(observed[o]) for o in result.flows.observed[rows]], pa.string()),
        "policies": pa.array([policies for _, policies in said], pa.list_(pa.string())),
    }


def _flow_column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    """A canonical column in its canonical type; a value nobody judged by becomes null where it does not
    fit."""
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(field.name)
    if field.name in ("src_ip", "dst_ip"):
        return pa.array(address_texts(column), pa.string())
    if pt.is_timestamp(field.type):
        return column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).cast(field.type)
    if pt.is_integer(field.type):
        low, high = np.iinfo(field.type.to_pandas_dtype()).min, np.iinfo(field.type.to_pandas_dtype()).max
        values = [v if v is not None and low <= v <= high else None for v in column.to_pylist()]
        return pa.array(values, field.type)
    return column.cast(field.type)


def _as_text(column: pa.Array) -> pa.Array:
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())


def merge_schema(schemas: Iterator[pa.Schema]) -> pa.Schema:
    """The violations schema with every extra column any part has, sorted by name."""
    extra = sorted({name for schema in schemas for name in schema.names} - set(VIOLATIONS_SCHEMA.names))
    return pa.schema([*VIOLATIONS_SCHEMA, *(pa.field(name, pa.string()) for name in extra)])


def fit(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A part's batch with the columns of the whole, null where the part has none."""
    if batch.schema.equals(schema):
        return batch
    arrays = [
        batch.column(f.name) if f.name in batch.schema.names else pa.nulls(batch.num_rows, f.type)
        for f in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
