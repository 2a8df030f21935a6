"""Connections as VPC flow logs have them, version 5 in Parquet: seen at a node, which knows no policy.

What a network plugin drops has passed the node's interface, or never reached one: all is accepted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.demo.flows import PARQUET
from flowcheck.model.protocols import TCP

SYN, ACK = 2, 16
SCHEMA = pa.schema(
    [
        ("version", pa.int32()),
        ("account_id", pa.string()),
        ("interface_id", pa.string()),
        ("srcaddr", pa.string()),
        ("dstaddr", pa.string()),
        ("srcport", pa.int32()),
        ("dstport", pa.int32()),
        ("protocol", pa.int32()),
        ("packets", pa.int64()),
        ("bytes", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("action", pa.string()),
        ("log_status", pa.string()),
        ("tcp_flags", pa.int32()),
        ("type", pa.string()),
        ("pkt_srcaddr", pa.string()),
        ("pkt_dstaddr", pa.string()),
        ("flow_direction", pa.string()),
    ]
)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist([_record(row) for row in rows], schema=SCHEMA)
    pq.write_table(table, path, compression="gzip", row_group_size=PARQUET["row_group_size"])


def _record(row: dict[str, Any]) -> dict[str, Any]:
    """Ports of what has none are 0. Addresses of pods stand in pkt_srcaddr and pkt_dstaddr."""
    return {
        "version": 5,
        "account_id": "111122223333",
        "interface_id": f"eni-0{row['observation_point']}",
        "srcaddr": row["src_ip"],
        "dstaddr": row["dst_ip"],
        "srcport": row["src_port"] or 0,
        "dstport": row["dst_port"] or 0,
        "protocol": row["protocol"],
        "packets": row["packets"],
        "bytes": row["bytes"],
        "start": int(row["start_time"].timestamp()),
        "end": int(row["end_time"].timestamp()),
        "action": "ACCEPT",
        "log_status": "OK",
        "tcp_flags": 0 if row["protocol"] != TCP else SYN if row["initiator"] == 1 else ACK,
        "type": "IPv6" if ":" in row["src_ip"] else "IPv4",
        "pkt_srcaddr": row["src_ip"],
        "pkt_dstaddr": row["dst_ip"],
        "flow_direction": "egress" if row["observation_point"] == 1 else "ingress",
    }
