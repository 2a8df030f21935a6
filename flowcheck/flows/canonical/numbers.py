"""One batch of canonical columns -> numbers, and which rows have a value that cannot be used.

No value is wrapped or guessed: a port of 70000 or a missing time rejects its row, with a reason.
The first reason found for a row is the one it is counted under.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import OBSERVED_DENIED, Int32, Int64, UInt8, writable
from flowcheck.flows.canonical.schema import ICMP_NUMBER, MESH_MARK
from flowcheck.flows.canonical.times import microseconds

REJECTIONS = (
    *("", "bad_start_time", "bad_src_ip", "bad_dst_ip", "bad_protocol", "bad_dst_port"),
    *("bad_initiator", "bad_action", "bad_flow_count", "bad_bytes", "bad_src_port", "bad_tcp_flags"),
    *("bad_observation_point", "bad_packets", "bad_outer_port"),
)
"""Why a row was rejected; the index is its code."""

_MOST_BYTES = 1 << 50


LIMITS: dict[str, tuple[int, int]] = {
    "protocol": (0, 255),
    **dict.fromkeys(("dst_port", "src_port", "outer_port", "tcp_flags"), (0, 0xFFFF)),
    **dict.fromkeys(("initiator", "mesh_action"), (0, 2)),
    **dict.fromkeys(("action", "egress_action", "ingress_action", "observation_point"), (0, 4)),
    **dict.fromkeys(("flow_count", "flow_count_here"), (0, (1 << 32) - 1)),
    **dict.fromkeys(("bytes", "packets", "bytes_here", "packets_here"), (0, _MOST_BYTES)),
}
"""The least and the greatest value of each column that is judged by, or compared."""


Number = TypeVar("Number", np.uint8, np.int32, np.int64)


class Numbers(NamedTuple):
    """Everything of a batch but its addresses, each (flows,). rejected: 0, or an index of REJECTIONS.

    src_port, port int32, flags int32: -1 where not recorded. initiator, point: the canonical columns' codes;
    of a mesh's proxies those of OF_A_PROXY. told bool: the log tells the records of a connection apart.
    refused bool: by the cloud's own firewall.
    """

    rejected: UInt8
    protocol: UInt8
    src_port: Int32
    port: Int32
    flags: Int32
    initiator: UInt8
    observed: UInt8
    refused: npt.NDArray[np.bool_]
    point: UInt8
    flow_count: Int64
    told: npt.NDArray[np.bool_]
    bytes_: Int64
    packets: Int64
    seen_at: Int64


def read_numbers(batch: pa.RecordBatch) -> Numbers:
    """Read and check the number columns of one batch."""
    rejected = np.zeros(batch.num_rows, dtype=np.uint8)
    seen_at = _times(batch, rejected)

    def read(type_: type[Number], name: str, null: int | None, absent: int = 0) -> npt.NDArray[Number]:
        return _integers(batch, name, null, f"bad_{name}", rejected, absent, type_)

    counts, told = _counts(batch, rejected)
    return Numbers(
        protocol=read(np.uint8, "protocol", None),
        port=read(np.int32, "dst_port", -1),
        src_port=read(np.int32, "src_port", -1, absent=-1),
        flags=read(np.int32, "tcp_flags", -1, absent=-1),
        initiator=read(np.uint8, "initiator", 0, absent=1),
        point=_points(batch, read(np.uint8, "observation_point", 0)),
        flow_count=counts,
        told=told,
        bytes_=_reported(batch, "bytes", rejected),
        packets=_reported(batch, "packets", rejected),
        observed=_observed(batch, rejected),
        refused=_refused(batch),
        seen_at=seen_at,
        rejected=rejected,
    )


def outer_ports(batch: pa.RecordBatch, rejected: UInt8) -> Int32:
    """(flows,) int32: the port on the wire where ``dst_port`` is the one inside a tunnel; -1 elsewhere."""
    return _integers(batch, "outer_port", -1, "bad_outer_port", rejected, -1, np.int32)


def icmp_numbers(batch: pa.RecordBatch) -> Int32:
    """(flows,) int32: type * 256 + code of ICMP and ICMPv6 messages, -1 where either is not recorded or is no
    byte."""
    found = np.zeros(batch.num_rows, dtype=np.int32)
    lacking = np.zeros(batch.num_rows, dtype=np.bool_)
    for name, worth in zip(ICMP_NUMBER, (256, 1), strict=True):
        if name not in batch.schema.names:
            return np.full(batch.num_rows, -1, dtype=np.int32)
        column = pc.fill_null(_typed(batch.column(name), pa.int64()).cast(pa.int64()), -1)
        values = column.to_numpy(zero_copy_only=False)
        lacking |= (values < 0) | (values > 255)
        found += np.where(lacking, 0, values).astype(np.int32) * np.int32(worth)
    found[lacking] = -1
    return found


def reject(rejected: UInt8, bad: npt.NDArray[np.bool_], reason: str) -> None:
    """Mark rows as rejected unless they already are."""
    rejected[bad & (rejected == 0)] = REJECTIONS.index(reason)


def _integers(
    batch: pa.RecordBatch,
    name: str,
    null: int | None,
    reason: str,
    rejected: UInt8,
    absent: int,
    type_: type[Number],
) -> npt.NDArray[Number]:
    """A column as (flows,), copied once, into the type that its limits fit. ``null`` stands for a missing
    value (None: it rejects the row), ``absent`` for those of a column that is not there."""
    low, high = LIMITS[name]
    if name not in batch.schema.names:
        return np.full(batch.num_rows, absent, dtype=type_)
    column = _typed(batch.column(name), pa.int64())
    missing = None
    if column.null_count:
        missing = column.is_null().to_numpy(zero_copy_only=False)
        column = pc.fill_null(column, pa.scalar(0, column.type))
    values = column.to_numpy(zero_copy_only=False)
    if values.size and (values.min() < low or values.max() > high):
        bad = (values < low) | (values > high)
        reject(rejected, bad, reason)
        values = np.where(bad, low, values)
    numbers: npt.NDArray[Number] = values.astype(type_)
    if missing is not None:
        if null is None:
            reject(rejected, missing, reason)
        else:
            numbers[missing] = null
    return numbers


def _counts(batch: pa.RecordBatch, rejected: UInt8) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """(connections of each row, as its observation point counts them; whether the log told that)."""
    counts = _integers(batch, "flow_count", 1, "bad_flow_count", rejected, 1, np.int64)
    if "flow_count_here" not in batch.schema.names or pt.is_null(batch.column("flow_count_here").type):
        return counts, np.zeros(batch.num_rows, dtype=np.bool_)
    here = _integers(batch, "flow_count_here", -1, "bad_flow_count", rejected, -1, np.int64)
    return np.where(here >= 0, here, counts), here >= 0


OF_A_PROXY = np.array([7, 5, 6, 7, 7], dtype=np.uint8)
FIRST_OF_A_PROXY = 5
"""Observation points of a mesh's proxies, by those of the column: beside its pod stands whoever else reports
the same connections, and each has to be counted by itself."""


def _points(batch: pa.RecordBatch, points: UInt8) -> UInt8:
    """(flows,) where each row was observed. What says anything of mesh_action, be it 0, is a mesh's."""
    if MESH_MARK not in batch.schema.names or batch.column(MESH_MARK).null_count == batch.num_rows:
        return points
    by_mesh = batch.column(MESH_MARK).is_valid().to_numpy(zero_copy_only=False)
    return np.where(by_mesh, OF_A_PROXY[points], points)


def _reported(batch: pa.RecordBatch, name: str, rejected: UInt8) -> Int64:
    """Bytes or packets (flows,), as the observation point of each row reports them."""
    reason, here = f"bad_{name}", f"{name}_here"
    counts = _integers(batch, name, 0, reason, rejected, 0, np.int64)
    if here not in batch.schema.names or batch.column(here).null_count == batch.num_rows:
        return counts
    told = _integers(batch, here, -1, reason, rejected, -1, np.int64)
    return np.where(told >= 0, told, counts)


def _times(batch: pa.RecordBatch, rejected: UInt8) -> Int64:
    """start_time as microseconds since 1970 UTC; a time without a zone is read as UTC."""
    column = _typed(batch.column("start_time"), pa.timestamp("us"))
    if column.null_count:
        reject(rejected, column.is_null().to_numpy(zero_copy_only=False), "bad_start_time")
    values, bad = microseconds(column)
    if bad is not None:
        reject(rejected, bad, "bad_start_time")
    return writable(values)


def _typed(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """A column that no value gave a type is one of missing values."""
    return pa.nulls(len(column), type_) if pt.is_null(column.type) else column


def _observed(batch: pa.RecordBatch, rejected: UInt8) -> UInt8:
    """What the log says happened: ``action``, or else the graver of what it says of the two sides.

    Codes are the canonical column's: 0 unknown, 1 allowed, 2 denied, 3 audit, 4 dropped for another cause. A
    mesh's proxy sees what became of a connection, so of its records mesh_action tells.
    """
    network = _by_network(batch, rejected)
    if MESH_MARK not in batch.schema.names or batch.column(MESH_MARK).null_count == batch.num_rows:
        return network
    by_mesh = _integers(batch, MESH_MARK, 0, "bad_action", rejected, 0, np.uint8)
    return np.where(network != 0, network, by_mesh).astype(np.uint8)


def _refused(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    if "cloud_action" not in batch.schema.names:
        return np.zeros(batch.num_rows, dtype=np.bool_)
    cloud = pc.fill_null(_typed(batch.column("cloud_action"), pa.int64()), 0)
    refused: npt.NDArray[np.bool_] = cloud.to_numpy(zero_copy_only=False) == OBSERVED_DENIED
    return refused


def _by_network(batch: pa.RecordBatch, rejected: UInt8) -> UInt8:
    gravity = np.array([0, 1, 4, 2, 3], dtype=np.uint8)
    columns = [
        _integers(batch, name, 0, "bad_action", rejected, 0, np.uint8)
        for name in ("action", "egress_action", "ingress_action")
        if name in batch.schema.names
    ]
    if not columns:
        return np.zeros(batch.num_rows, dtype=np.uint8)
    if len(columns) == 1:
        return columns[0]
    whole = columns[0] if "action" in batch.schema.names else np.zeros_like(columns[0])
    sides = columns[1:] if "action" in batch.schema.names else columns
    graver = sides[0]
    for side in sides[1:]:
        graver = np.where(gravity[side] > gravity[graver], side, graver)
    return np.where(whole != 0, whole, graver).astype(np.uint8)
