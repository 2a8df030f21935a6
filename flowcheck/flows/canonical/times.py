"""Timestamps of whatever unit -> microseconds since 1970 UTC."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.arrays import Int64

EARLIEST, LATEST = -62135596800_000_000, 253402300799_999_999
"""Years 1 to 9999, in microseconds: what a date can be written as."""
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


def microseconds(column: pa.Array) -> tuple[Int64, npt.NDArray[np.bool_] | None]:
    """Timestamps since 1970 UTC, 0 for null; and which of them lie outside the years 1 to 9999 (and are 0
    too), None where none do."""
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(0, pa.int64()).cast(column.type))
    values = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    if column.type.unit == "ns":
        values = values // 1000
    elif column.type.unit != "us":
        factor = 1_000_000 // _PER_SECOND[column.type.unit]
        values = np.clip(values, EARLIEST // factor - 1, LATEST // factor + 1) * factor
    bad = None
    if values.size and (values.min() < EARLIEST or values.max() > LATEST):
        bad = (values < EARLIEST) | (values > LATEST)
        values = np.where(bad, 0, values)
    return np.ascontiguousarray(values, dtype=np.int64), bad
