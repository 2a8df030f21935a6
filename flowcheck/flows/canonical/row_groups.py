"""Which row groups cannot hold a row of an asked time, by what the footer tells of the column of times."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

_TIME = "start_time"
_PER_MICROSECOND = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
"""What a number is multiplied by, and then divided by, to be one of microseconds."""


def outside(
    metadata: pq.FileMetaData, schema: pa.Schema, since: int | None, until: int | None
) -> frozenset[int]:
    """The numbers of those row groups. ``since``, included, and ``until``, excluded: microseconds since 1970.

    A row group counts as long as its statistics are not whole: without a least and a greatest time, or with
    rows without one, which are to be rejected.
    """
    names = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    if (since is None and until is None) or _TIME not in names or _TIME not in schema.names:
        return frozenset()
    type_ = schema.field(_TIME).type
    if not pt.is_timestamp(type_) or metadata.schema.column(names.index(_TIME)).physical_type != "INT64":
        return frozenset()
    times, per = _PER_MICROSECOND[type_.unit]
    found = set()
    for group in range(metadata.num_row_groups):
        told = metadata.row_group(group).column(names.index(_TIME)).statistics
        if told is None or not told.has_min_max or not told.has_null_count or told.null_count:
            continue
        least, greatest = told.min_raw * times // per, told.max_raw * times // per
        late = until is not None and least >= until
        if least <= greatest and (late or (since is not None and greatest < since)):
            found.add(group)
    return frozenset(found)
