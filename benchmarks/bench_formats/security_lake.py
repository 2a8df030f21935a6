"""VPC flow logs as Amazon Security Lake keeps them: OCSF 1.1, Parquet with zstd, every column of its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.bench_formats.logs import EMPTY_EVERY, hash_of
from benchmarks.bench_formats.world import Drawn

Mask = np.ndarray
_LASTS = 55_000
"""Milliseconds of a window."""


def write_ocsf_parquet(path: Path, drawn: Drawn) -> None:
    """The interface of the end that opened the connection reports it, so an answer comes in."""
    n = len(drawn.src)
    empty, answer = np.arange(n) % EMPTY_EVERY == 7, np.array(drawn.answer)
    at = np.array(drawn.at) * 1000
    way = np.where(answer, 1, 2)
    columns = {
        "metadata": _struct(
            product=_struct(
                version=_same("5", n),
                name=_same("Amazon VPC", n),
                feature=_struct(name=_same("Flowlogs", n)),
                vendor_name=_same("AWS", n),
            ),
            profiles=_same(["cloud", "security_control", "datetime"], n, pa.list_(pa.string())),
            version=_same("1.1.0", n),
        ),
        "cloud": _struct(
            account=_struct(uid=_same("111122223333", n)),
            region=_same("eu-west-1", n),
            zone=_same("euw1-az1", n),
            provider=_same("AWS", n),
        ),
        "src_endpoint": _end(drawn.src, drawn.src_port, empty, ~answer),
        "dst_endpoint": _end(drawn.dst, drawn.dst_port, empty, answer),
        "connection_info": _struct(
            protocol_num=_numbers(np.full(n, 6), empty),
            tcp_flags=_numbers(np.where(answer, 18, 2), empty),
            protocol_ver=_said("IPv4", empty),
            boundary_id=_numbers(np.full(n, 99)),
            boundary=_same("-", n),
            direction_id=_numbers(way, empty),
            direction=pa.array(np.where(answer, "Inbound", "Outbound"), mask=empty),
        ),
        "traffic": _struct(
            packets=pa.array(np.array(drawn.packets), mask=empty),
            bytes=pa.array(np.array(drawn.bytes_), mask=empty),
        ),
        "time": pa.array(at),
        "time_dt": _dated(at),
        "start_time_dt": _dated(at),
        "end_time_dt": _dated(at + _LASTS),
        "start_time": pa.array(at),
        "end_time": pa.array(at + _LASTS),
        "status_code": pa.array(np.where(empty, "NODATA", "OK")),
        "severity_id": _numbers(np.ones(n)),
        "severity": _same("Informational", n),
        "class_name": _same("Network Activity", n),
        "class_uid": _numbers(np.full(n, 4001)),
        "category_name": _same("Network Activity", n),
        "category_uid": _numbers(np.full(n, 4)),
        "activity_name": _same("Traffic", n),
        "activity_id": _numbers(np.full(n, 6)),
        "action": _said("Allowed", empty),
        "action_id": _numbers(np.where(empty, 0, 1)),
        "disposition": _said("Allowed", empty),
        "type_uid": _numbers(np.full(n, 400106)),
        "type_name": _same("Network Activity: Traffic", n),
        "unmapped": _same(
            [("sublocation_id", "-"), ("sublocation_type", "-")], n, pa.map_(pa.string(), pa.string())
        ),
        "accountid": _same("111122223333", n),
        "region": _same("eu-west-1", n),
        "asl_version": _same("2.0", n),
    }
    pq.write_table(pa.table(columns), path, compression="zstd")


def _end(addresses: list[str], ports: list[int], empty: Mask, reports: Mask) -> pa.StructArray:
    """One end; the interface, and what it is of, is told of the end that reports."""
    seen = reports & ~empty
    names = [f"eni-0{hash_of(address) % 200:016x}" for address in addresses]
    return _struct(
        port=_numbers(np.array(ports), empty),
        svc_name=_same("-", len(ports)),
        ip=pa.array(np.where(empty, "-", np.array(addresses))),
        intermediate_ips=pa.nulls(len(ports), pa.list_(pa.string())),
        interface_uid=pa.array(names, mask=~seen),
        vpc_uid=_said("vpc-0a1b2c3d4e5f60718", ~seen),
        instance_uid=_said("i-0a1b2c3d4e5f60718", ~seen),
        subnet_uid=_said("subnet-0a1b2c3d4e5f60718", ~seen),
    )


def _struct(**fields: pa.Array) -> pa.StructArray:
    return pa.StructArray.from_arrays(list(fields.values()), names=list(fields))


def _same(value: Any, n: int, type_: pa.DataType | None = None) -> pa.Array:
    return pa.repeat(pa.scalar(value, type_ or pa.string()), n)


def _said(value: str, missing: Mask) -> pa.Array:
    return pa.array(np.where(missing, None, value), pa.string())


def _numbers(values: np.ndarray, missing: Mask | None = None) -> pa.Array:
    return pa.array(values.astype(np.int32), mask=missing)


def _dated(milliseconds: np.ndarray) -> pa.Array:
    return pa.array(milliseconds * 1000).cast(pa.timestamp("us", tz="UTC"))
