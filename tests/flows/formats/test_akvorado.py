"""Akvorado: rows of its ClickHouse table, in each of the forms that ClickHouse writes."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.errors import FlowFormatError
from tests.flows.logs import read_log, recognised

AT = dt.datetime(2026, 4, 1, 10, 0, 5, tzinfo=dt.UTC)
EXAMPLE = Path(__file__).parent / "examples" / "akvorado" / "flows.jsonl"


def test_mapped_addresses_numbers_in_quotes_and_zeros_that_say_nothing() -> None:
    rows, _ = read_log(EXAMPLE, "akvorado")
    assert rows[0] == {
        "record": 0,
        "start_time": AT,
        "src_ip": "10.20.0.7",
        "src_port": 50250,
        "dst_ip": "10.20.1.9",
        "dst_port": 8443,
        "protocol": 6,
        "tcp_flags": 2,
        "initiator": 1,
        "action": 0,
        "observation_point": 3,
        "observer": "edge-1",
        "record_kind": 2,
        "flow_count": 1,
        "flow_count_here": 1,
        "sampling_rate": 1,
        "bytes": 180,
        "packets": 3,
    }
    ping = rows[1]
    assert (ping["protocol"], ping["icmp_type"], ping["icmp_code"]) == (58, 128, 0)
    assert "dst_port" not in ping
    assert (ping["sampling_rate"], "flow_count" in ping) == (1000, False)


def test_parquet_and_csv_of_clickhouse(tmp_path: Path) -> None:
    def six(text: str) -> bytes:
        return ipaddress.IPv6Address(f"::ffff:{text}").packed

    table = pa.table(
        {
            "TimeReceived": pa.array([int(AT.timestamp())], pa.uint32()),
            "ExporterAddress": pa.array([six("192.0.2.1")], pa.binary(16)),
            "SrcAddr": pa.array([six("10.1.0.1")], pa.binary(16)),
            "DstAddr": pa.array([six("10.1.0.2")], pa.binary(16)),
            "SrcAddrNAT": pa.array([six("198.51.100.9")], pa.binary(16)),
            "Proto": pa.array([17], pa.uint32()),
            "SrcPort": pa.array([40000], pa.uint16()),
            "DstPort": pa.array([53], pa.uint16()),
        }
    )
    pq.write_table(table, tmp_path / "flows.parquet")
    assert recognised(tmp_path / "flows.parquet") == "akvorado"
    rows, _ = read_log(tmp_path / "flows.parquet", "akvorado")
    assert [(row["start_time"], row["src_ip"], row["dst_port"], row["nat_src_ip"]) for row in rows] == [
        (AT, "10.1.0.1", 53, "198.51.100.9")
    ]
    file = tmp_path / "flows.csv"
    file.write_text(
        '"TimeReceived","ExporterName","SrcAddr","DstAddr","Proto","SrcPort","DstPort"\n'
        '"2026-04-01 12:00:05","edge, 1","::ffff:10.1.0.1","2001:db8::2",17,40000,53\n'
    )
    assert recognised(file) == "akvorado"
    rows, _ = read_log(file, "akvorado", time_zone="Europe/Berlin")
    assert [(row["start_time"], row["dst_ip"]) for row in rows] == [(AT, "2001:db8::2")]
    with pytest.raises(FlowFormatError, match="--time-zone"):
        read_log(file, "akvorado")


def test_a_consolidated_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "flows.jsonl"
    file.write_text('{"TimeReceived":"2026-04-01T10:00:00Z","ExporterName":"e","Proto":6,"Bytes":5}\n')
    with pytest.raises(FlowFormatError, match="consolidated"):
        read_log(file, "akvorado")
