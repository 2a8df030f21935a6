"""Columns as readers of tables make them -> a batch of canonical columns, and what becomes of rows with a
value that does not fit: they are rejected, and they alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.flows.canonical.numbers import EARLIEST, LATEST, LIMITS
from flowcheck.flows.canonical.types import FLOW_FIELDS, TIME
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.rows import RECORD
from flowcheck.flows.logs.values.addresses import PLAIN_IPV4, canonical_address

_MOST = (1 << 63) - 1
_NEEDED = ("start_time", "protocol", "src_ip", "dst_ip")
Mask = npt.NDArray[np.bool_]


def batch_of_columns(
    columns: Mapping[str, pa.Array], bad: dict[str, Mask], account: Account
) -> pa.RecordBatch:
    """``columns``: canonical ones by name, and RECORD: whole numbers in any signed type (those in their own
    are not looked at), times as microseconds in int64, addresses as :func:`addresses` gives them, text also
    as a dictionary. ``bad``: rows that are known to be unfit, by reason.

    A row needs a time, a protocol and both addresses.
    """
    names = [field.name for field in FLOW_FIELDS if field.name in columns]
    found = [
        columns[RECORD],
        *(_fitting(columns[field.name], field, bad) for field in FLOW_FIELDS if field.name in columns),
    ]
    for name in _NEEDED:
        if name not in columns or columns[name].null_count:
            missing = columns[name].is_null() if name in columns else pa.repeat(True, len(found[0]))
            _mark(bad, f"bad_{name}", missing.to_numpy(zero_copy_only=False))
    return _kept(pa.RecordBatch.from_arrays(found, names=[RECORD, *names]), bad, account)


def _kept(batch: pa.RecordBatch, bad: dict[str, Mask], account: Account) -> pa.RecordBatch:
    """Without the rows that are unfit, each told under the first of its reasons."""
    kept: Mask | None = None
    records = batch.column(RECORD)
    for reason, rows in bad.items():
        here = rows if kept is None else rows & kept
        for place in np.flatnonzero(here).tolist():
            account.reject(reason, records[place].as_py())
        kept = ~rows if kept is None else kept & ~rows
    return batch if kept is None else batch.filter(pa.array(kept))


def _fitting(column: pa.Array, field: pa.Field, bad: dict[str, Mask]) -> pa.Array:
    """A column in its canonical type, what does not fit it left out."""
    if column.type == field.type or not (pt.is_integer(field.type) or pt.is_timestamp(field.type)):
        return column
    if pt.is_timestamp(field.type):
        low, high = EARLIEST, LATEST
    else:
        low, high = LIMITS.get(field.name, (0, np.iinfo(field.type.to_pandas_dtype()).max))
    high = min(high, _MOST)
    ends = pc.min_max(column)
    if ends["min"].is_valid and (ends["min"].as_py() < low or ends["max"].as_py() > high):
        wrong = pc.fill_null(
            pc.or_(pc.less(column, low), pc.greater(column, pa.scalar(high, column.type))), False
        )
        _mark(bad, f"bad_{field.name}", wrong.to_numpy(zero_copy_only=False))
        column = pc.if_else(wrong, pa.scalar(None, column.type), column)
    return column.cast(TIME) if pt.is_timestamp(field.type) else column.cast(field.type)


def _mark(bad: dict[str, Mask], reason: str, rows: Mask) -> None:
    if rows.any():
        bad[reason] = bad[reason] | rows if reason in bad else rows


def addresses(values: pa.Array) -> pa.Array:
    """Texts in the one form of an address each, null for what is none. Nearly all are in it already."""
    values = values.cast(pa.string())
    plain = pc.match_substring_regex(values, PLAIN_IPV4)
    if pc.all(plain).as_py():
        return values
    told = pc.fill_null(plain, True).to_pylist()
    texts = values.to_pylist()
    return pa.array(
        [text if is_plain else canonical_address(text) for text, is_plain in zip(texts, told, strict=True)],
        pa.string(),
    )
