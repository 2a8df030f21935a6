"""Records of waypoints among those of a mesh: which they are, and which port of a Service was dialled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import Int32
from flowcheck.flows.canonical.numbers import LIMITS
from flowcheck.flows.canonical.schema import MESH_MARK
from flowcheck.model.protocols import TCP

NEITHER = 3
"""The code of observation_point of who stands neither at the source nor at the destination."""

WAYPOINT_COLUMNS = (MESH_MARK, "observation_point", "protocol")
"""What tells a waypoint's rows."""


def of_waypoints(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """(flows,) which rows a waypoint wrote: a mesh's of TCP, that stands neither at the source nor at the
    destination."""
    if MESH_MARK not in batch.schema.names or "observation_point" not in batch.schema.names:
        return np.zeros(batch.num_rows, dtype=np.bool_)
    marked = batch.column(MESH_MARK).is_valid().to_numpy(zero_copy_only=False)
    between, tcp = _numbers(batch, "observation_point") == NEITHER, _numbers(batch, "protocol") == TCP
    found: npt.NDArray[np.bool_] = between & tcp & marked
    return found


def service_ports(batch: pa.RecordBatch) -> Int32:
    """(flows,) int32: the port of the Service that was dialled, -1 where it is not told or cannot be."""
    numbers, (low, high) = _numbers(batch, "service_port"), LIMITS["dst_port"]
    return np.where((numbers >= low) & (numbers <= high), numbers, -1).astype(np.int32)


def _numbers(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    """A column (flows,), -1 where there is no value."""
    if name not in batch.schema.names or pt.is_null(batch.column(name).type):
        return np.full(batch.num_rows, -1, dtype=np.int64)
    column = pc.fill_null(batch.column(name).cast(pa.int64(), safe=False), -1)
    numbers: npt.NDArray[np.int64] = column.to_numpy(zero_copy_only=False)
    return numbers
