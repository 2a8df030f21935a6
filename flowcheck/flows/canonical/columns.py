"""Canonical columns in the types that are read further on, whatever type they came in.

What has exactly one reading is brought into it: whole numbers in a double or a decimal, 16 bytes where a uid
is wanted, text and lists in any layout of Arrow's. A number that is not whole becomes one that no column
takes, so that its row is rejected where values are checked.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.flows.canonical.schema import COLUMNS, stored_type

NOT_WHOLE = -(1 << 63)
"""Stands for a number that is not whole, or past 64 bits: below the limits of every column."""


def readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with its canonical columns as int64 or another integer, string, list<string> or as they were.

    Its schema must have passed :func:`flowcheck.flows.canonical.schema.check_schema`. Other columns
    stay as they are.
    """
    columns = [
        _READ[COLUMNS[name].kind](_stored(column)) if name in COLUMNS else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    if all(new is old for new, old in zip(columns, batch.columns, strict=True)):
        return batch
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _stored(column: pa.Array) -> pa.Array:
    """What an extension type such as ``arrow.uuid`` is made of."""
    return column if stored_type(column.type) == column.type else column.storage


def _integers(column: pa.Array) -> pa.Array:
    if pt.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pt.is_floating(column.type):
        return _of_doubles(column)
    return _of_decimals(column) if pt.is_decimal(column.type) else column


def _of_doubles(column: pa.Array) -> pa.Array:
    """NaN is a missing value: so pandas writes one among integers."""
    values = column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    whole = (np.abs(values) < 2.0**63) & (values == np.floor(values))
    numbers = np.where(whole, values, 0).astype(np.int64)
    numbers[~whole] = NOT_WHOLE
    return pa.array(numbers, mask=np.isnan(values))


def _of_decimals(column: pa.Array) -> pa.Array:
    wide = column.cast(pa.decimal256(76, 0))
    fits = np.abs(wide.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)) < 2.0**63
    if fits.all():
        return wide.cast(pa.int64())
    kept = pc.if_else(pa.array(fits), wide, pa.scalar(0, wide.type)).cast(pa.int64())
    return pc.if_else(pa.array(fits), kept, pa.scalar(NOT_WHOLE, pa.int64()))


def _texts(column: pa.Array) -> pa.Array:
    if pt.is_dictionary(column.type):
        values = _texts(column.dictionary)
        return (
            column if values is column.dictionary else pa.DictionaryArray.from_arrays(column.indices, values)
        )
    return column.cast(pa.string()) if pt.is_string_view(column.type) else column


def _uids(column: pa.Array) -> pa.Array:
    """Sixteen bytes as Kubernetes prints uids: 8-4-4-4-12 in lower case."""
    if not pt.is_fixed_size_binary(column.type):
        return _texts(column)
    codes = column.dictionary_encode()
    values = [str(uuid.UUID(bytes=value)) for value in codes.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(codes.indices, pa.array(values, pa.string()))


def _lists(column: pa.Array) -> pa.Array:
    """Put together from lengths and values: pyarrow's cast of a list_view leaves its offsets short."""
    if pt.is_null(column.type) or column.type == pa.list_(pa.string()):
        return column
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate(([0], np.cumsum(lengths))), pa.int32())
    return pa.ListArray.from_arrays(offsets, column.flatten().cast(pa.string()), mask=column.is_null())


def _same(column: pa.Array) -> pa.Array:
    return column


_READ: dict[str, Callable[[pa.Array], pa.Array]] = {
    "time": _same,
    "address": _texts,
    "integer": _integers,
    "text": _texts,
    "uid": _uids,
    "texts": _lists,
}
