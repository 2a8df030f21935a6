"""Integers that others hold in doubles and decimals: pandas does where a value is missing, SQL where it sums.

Called for every batch before its numbers are read.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from flowcheck.flows.schema import COLUMNS, is_number

NOT_WHOLE = -(1 << 63)
"""Stands for a value that is no whole number of 64 bits. No column allows it: it rejects its row where
the value is needed, and is missing where it is only kept."""


def readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with its canonical columns of numbers as integers.

    NaN is missing, 27.5 becomes :data:`NOT_WHOLE`.
    """
    for place, field in enumerate(batch.schema):
        if field.name in COLUMNS and COLUMNS[field.name].accepts is is_number:
            column = batch.column(place)
            if pt.is_floating(field.type):
                batch = batch.set_column(place, field.name, _of_reals(column))
            elif pt.is_decimal(field.type):
                batch = batch.set_column(place, field.name, _of_decimals(column))
    return batch


def _of_reals(column: pa.Array) -> pa.Array:
    values = column.to_numpy(zero_copy_only=False).astype(np.float64)
    missing = np.isnan(values)
    whole = (values == np.floor(values)) & (np.abs(values) < 2.0**63)
    integers = np.where(whole, values, 0).astype(np.int64)
    return pa.array(np.where(whole, integers, NOT_WHOLE), mask=missing)


def _of_decimals(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        values = (None if value is None else int(value) for value in column.to_pylist())
        fitting = [v if v is None or abs(v) < 1 << 63 else NOT_WHOLE for v in values]
        return pa.array(fitting, pa.int64())
