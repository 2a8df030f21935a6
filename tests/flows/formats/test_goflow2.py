"""GoFlow2: sampled packets, times that are off, and one connection in several records."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log

AT = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)
NANOSECONDS = int(AT.timestamp()) * 10**9


def read(tmp_path: Path, *records: dict[str, Any], **asked: Any) -> tuple[list[dict[str, Any]], Account]:
    file = tmp_path / "flows.json"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return read_log(file, "goflow2", **asked)


def flow(**said: Any) -> dict[str, Any]:
    return {
        "type": "IPFIX",
        "time_received_ns": NANOSECONDS + 10**9,
        "sampling_rate": 1,
        "sampler_address": "192.0.2.1",
        "time_flow_start_ns": NANOSECONDS,
        "time_flow_end_ns": NANOSECONDS + 10**8,
        "bytes": 180,
        "packets": 3,
        "src_addr": "10.1.0.1",
        "dst_addr": "10.1.0.2",
        "proto": "TCP",
        "src_port": 40000,
        "dst_port": 443,
        "tcp_flags": 2,
        **said,
    }


def test_protocols_by_name_and_number_and_a_connection_once(tmp_path: Path) -> None:
    back = {"src_addr": "10.1.0.2", "dst_addr": "10.1.0.1", "src_port": 443, "dst_port": 40000}
    rows, _ = read(tmp_path, flow(), flow(proto=6, tcp_flags=24, **back))
    assert [(row["src_ip"], row["dst_port"], row["initiator"]) for row in rows] == [
        ("10.1.0.1", 443, 1),
        ("10.1.0.1", 443, 2),
    ]
    assert [row["flow_count"] for row in rows] == [1, 0]
    assert (rows[0]["start_time"], rows[0]["end_time"]) == (AT, AT + dt.timedelta(milliseconds=100))
    assert (rows[0]["observer"], rows[0]["observation_point"], rows[0]["record_kind"]) == ("192.0.2.1", 3, 2)
    assert (rows[1]["bytes_reverse"], rows[1]["packets_reverse"]) == (180, 3)


def test_counts_stay_as_sampled_and_count_no_connection(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        flow(type="SFLOW_5", sampling_rate=512, bytes=70, packets=1, tcp_flags=16),
        flow(type="NETFLOW_V9", sampling_rate=0, src_port=40001),
    )
    assert (rows[0]["bytes"], rows[0]["packets"], rows[0]["sampling_rate"]) == (70, 1, 512)
    assert (rows[0]["record_kind"], rows[0].get("initiator", 0), "flow_count" in rows[0]) == (1, 0, False)
    assert "sampling_rate" not in rows[1], "0 says nothing, not that nothing was left out"
    assert rows[1]["flow_count"] == 1


def test_a_start_weeks_before_it_was_received_is_implausible_unless_told_otherwise(tmp_path: Path) -> None:
    early = flow(time_flow_start_ns=NANOSECONDS - 20 * 86400 * 10**9)
    rows, account = read(tmp_path, flow(), early)
    assert len(rows) == 1
    assert account.rejected == {"implausible_time": 1}
    assert account.first == {"implausible_time": [1]}
    assert len(read(tmp_path, flow(), early, most_late=None)[0]) == 2
    assert len(read(tmp_path, flow(), early, most_late=30 * 86400)[0]) == 2


def test_zeros_that_stand_for_nothing(tmp_path: Path) -> None:
    zeros = {"icmp_type": 0, "icmp_code": 0}
    rows, _ = read(
        tmp_path,
        flow(**zeros),
        flow(proto="ICMP", src_port=0, dst_port=0, tcp_flags=0, **zeros),
        flow(proto="GRE", src_port=0, dst_port=0, tcp_flags=0, **zeros),
        flow(proto="UDP", src_port=0, dst_port=0, tcp_flags=0),
    )
    assert "icmp_type" not in rows[0]
    assert (rows[1]["icmp_type"], rows[1]["initiator"], rows[1]["src_ip"]) == (8, 2, "10.1.0.2")
    assert (rows[2]["protocol"], rows[2].get("dst_port"), rows[2].get("icmp_type")) == (47, None, None)
    assert (rows[3]["protocol"], rows[3].get("dst_port")) == (17, None), "a fragment has no ports"
