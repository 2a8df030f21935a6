"""Some distinct flows of a world, and what the reference evaluator says of them."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import duckdb
import pyarrow as pa

from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of
from flowcheck.model.options import Options
from flowcheck.reference import Reference, Tuple5


def distinct_flows(flows: Path, sample: int) -> pa.Table:
    """``sample`` distinct flows, spread over all by a hash, the same ones every time."""
    return duckdb.sql(
        f"""SELECT src_ip, dst_ip, protocol, dst_port, start_time FROM
            (SELECT src_ip, dst_ip, protocol, dst_port, min(start_time) AS start_time
             FROM read_parquet('{flows}/*.parquet') GROUP BY src_ip, dst_ip, protocol, dst_port)
            ORDER BY hash(src_ip, dst_ip, protocol, dst_port), src_ip, dst_ip LIMIT {sample}"""
    ).to_arrow_table()


def judge_by_reference(cluster: Cluster, flows: pa.Table) -> list[str]:
    reference = Reference(cluster, Options())
    return [
        str(
            reference.judge(
                Tuple5(
                    _text(f["src_ip"]),
                    _text(f["dst_ip"]),
                    f["protocol"],
                    f["dst_port"],
                    at=instant_of(f["start_time"]),
                )
            ).verdict
        )
        for f in flows.to_pylist()
    ]


def _text(address: str | int) -> str:
    return str(ipaddress.IPv4Address(address)) if isinstance(address, int) else address
