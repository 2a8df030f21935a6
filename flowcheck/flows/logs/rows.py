"""Rows as readers of records make them, one a record, and what becomes of them: a batch of canonical columns.

Values are as the record has them, in the column's unit; what does not fit a column rejects its row, and the
row alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from flowcheck.flows.canonical.numbers import LIMITS
from flowcheck.flows.canonical.schema import MESH_TOLD
from flowcheck.flows.canonical.types import FLOW_FIELDS, TIME
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.values.addresses import canonical_address
from flowcheck.flows.logs.values.times import microseconds_of

RECORD = "record"
"""The column that says which record a row is of: its position, from 0."""
SCHEMA = pa.schema([pa.field(RECORD, pa.int64()), *FLOW_FIELDS])
WITHOUT_MESH = pa.schema([field for field in SCHEMA if field.name not in MESH_TOLD])
"""What logs that are no mesh's have."""
ROWS_AT_ONCE = 1 << 14


class Meshed(msgspec.Struct, kw_only=True):
    """What a mesh's proxy tells beside a record: the columns :data:`MESH_TOLD`."""

    src_principal: str | None = None
    http_method: str | None = None
    http_path: str | None = None
    http_host: str | None = None
    tls_server_name: str | None = None
    outer_port: int | None = None
    mesh_action: int | None = None
    mesh_policy_refs: list[str] | None = None


_NOT_MESHED = Meshed()


class Row(msgspec.Struct, kw_only=True):
    """One record: the canonical columns, None where it does not say. Times are microseconds since 1970 UTC,
    or RFC 3339 text; addresses text. Where ``initiator`` is 2 the ends are those of the connection already,
    no longer those of the record.
    """

    record: int
    start_time: int | str | None = None
    end_time: int | str | None = None
    src_ip: str | None = None
    dst_ip: str | None = None
    src_port: int | None = None
    dst_port: int | None = None
    protocol: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    tcp_flags: int | None = None
    initiator: int | None = None
    action: int | None = None
    egress_action: int | None = None
    ingress_action: int | None = None
    cloud_action: int | None = None
    policy_refs: list[str] | None = None
    observation_point: int | None = None
    record_kind: int | None = None
    flow_count: int | None = None
    flow_count_here: int | None = None
    sampling_rate: int | None = None
    observer: str | None = None
    bytes: int | None = None
    packets: int | None = None
    bytes_here: int | None = None
    packets_here: int | None = None
    bytes_reverse: int | None = None
    packets_reverse: int | None = None
    src_namespace: str | None = None
    src_pod: str | None = None
    src_pod_uid: str | None = None
    src_workload: str | None = None
    dst_namespace: str | None = None
    dst_pod: str | None = None
    dst_pod_uid: str | None = None
    dst_workload: str | None = None
    service_ip: str | None = None
    service_name: str | None = None
    service_port: int | None = None
    nat_src_ip: str | None = None
    mesh: Meshed | None = None


_NEEDED = ("start_time", "protocol")
_ADDRESSES = ("src_ip", "dst_ip", "service_ip", "nat_src_ip")


def batch_of(rows: Sequence[Row], account: Account) -> pa.RecordBatch:
    """The rows in canonical types, :data:`SCHEMA`; those with a value that does not fit are rejected.
    Columns of a mesh are left out where no row has any.

    A row needs a time, a protocol, and of either end an address or a name; a port that is missing may be.
    """
    bad: dict[int, str] = {}
    columns: dict[str, pa.Array] = {}
    meshed: list[Meshed] = []
    if any(row.mesh is not None for row in rows):
        meshed = [row.mesh or _NOT_MESHED for row in rows]
    schema = SCHEMA if meshed else WITHOUT_MESH
    for field in schema:
        if field.name == RECORD:
            columns[RECORD] = pa.array([row.record for row in rows], pa.int64())
            continue
        values = list(map(attrgetter(field.name), meshed if field.name in MESH_TOLD else rows))
        if values.count(None) == len(values):
            columns[field.name] = pa.nulls(len(rows), field.type)
            continue
        columns[field.name] = _READ.get(field.name, _column(field.type))(values, field, bad)
    for name in _NEEDED:
        if columns[name].null_count:
            for place in np.flatnonzero(columns[name].is_null().to_numpy(zero_copy_only=False)).tolist():
                bad.setdefault(place, f"bad_{name}")
    for name, names in (("src_ip", "src"), ("dst_ip", "dst")):
        if columns[name].null_count:
            for place in np.flatnonzero(columns[name].is_null().to_numpy(zero_copy_only=False)).tolist():
                if not _is_named(rows[place], names):
                    bad.setdefault(place, f"bad_{name}")
    batch = pa.RecordBatch.from_arrays(list(columns.values()), schema=schema)
    if bad:
        for place in sorted(bad):
            account.reject(bad[place], rows[place].record)
        kept = np.ones(len(rows), dtype=np.bool_)
        kept[list(bad)] = False
        batch = batch.filter(pa.array(kept))
    return batch


def _is_named(row: Row, end: str) -> bool:
    namespace, pod, workload, uid = (
        getattr(row, f"{end}_{what}") for what in ("namespace", "pod", "workload", "pod_uid")
    )
    return bool(uid or (namespace and (pod or workload)))


Reader = Callable[[list[Any], pa.Field, dict[int, str]], pa.Array]


def _column(type_: pa.DataType) -> Reader:
    return _integers if pt.is_integer(type_) else _plain


def _plain(values: list[Any], field: pa.Field, bad: dict[int, str]) -> pa.Array:
    return pa.array(values, field.type)


def _integers(values: list[Any], field: pa.Field, bad: dict[int, str]) -> pa.Array:
    low, high = LIMITS.get(field.name, (0, np.iinfo(field.type.to_pandas_dtype()).max))
    high = min(high, (1 << 63) - 1)
    try:
        wide = pa.array(values, pa.int64())
    except (OverflowError, pa.ArrowException):
        values = [value if value is None or low <= value <= high else low - 1 for value in values]
        wide = pa.array(values, pa.int64())
    numbers = wide.fill_null(low).to_numpy(zero_copy_only=False)
    wrong = (numbers < low) | (numbers > high)
    if not wrong.any():
        return wide.cast(field.type)
    for place in np.flatnonzero(wrong).tolist():
        bad.setdefault(place, f"bad_{field.name}")
    numbers = np.where(wrong, low, numbers)
    return pa.array(numbers, mask=wide.is_null().to_numpy(zero_copy_only=False) | wrong).cast(field.type)


def _times(values: list[Any], field: pa.Field, bad: dict[int, str]) -> pa.Array:
    numbers, wrong = microseconds_of(values)
    for place in wrong:
        bad.setdefault(place, f"bad_{field.name}")
    return pa.array(numbers, pa.int64()).cast(TIME)


def _addresses(values: list[Any], field: pa.Field, bad: dict[int, str]) -> pa.Array:
    known = {value: None if value is None else canonical_address(value) for value in set(values)}
    for place, value in enumerate(values):
        if value is not None and known[value] is None:
            bad.setdefault(place, f"bad_{field.name}")
    return pa.array([known[value] for value in values], pa.string())


_READ: dict[str, Reader] = {
    **dict.fromkeys(("start_time", "end_time"), _times),
    **dict.fromkeys(_ADDRESSES, _addresses),
}
