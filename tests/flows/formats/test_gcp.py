"""VPC flow logs of Google Cloud and the rows that are right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.flows.logs import read_log, recognised

EXAMPLES = Path(__file__).parent / "examples" / "gcp"


def test_both_reporters_tell_of_one_connection_whose_bytes_are_added_once() -> None:
    rows, account = read_log(EXAMPLES / "entries.jsonl", "gcp")
    assert account.records == 4
    assert rows[0] == {
        "record": 0,
        "start_time": datetime(2026, 4, 3, 8, 0, 0, 500_000, tzinfo=UTC),
        "end_time": datetime(2026, 4, 3, 8, 0, 0, 500_000, tzinfo=UTC),
        "src_ip": "10.60.1.4",
        "dst_ip": "10.60.2.9",
        "src_port": 40100,
        "dst_port": 5432,
        "protocol": 6,
        "initiator": 0,
        "action": 0,
        "observation_point": 1,
        "observer": "node-1",
        "record_kind": 2,
        "flow_count": 1,
        "flow_count_here": 1,
        "bytes": 1200,
        "packets": 8,
        "dst_namespace": "books",
        "dst_pod": "ledger-0",
        "dst_workload": "ledger",
    }
    assert (rows[1]["observation_point"], rows[1]["observer"]) == (2, "node-2")
    assert (rows[1]["flow_count"], rows[1]["flow_count_here"]) == (0, 1)
    assert ("bytes" in rows[1], rows[1]["bytes_here"], rows[1]["packets_here"]) == (False, 1200, 8)


def test_an_answer_is_of_the_same_connection_and_has_bytes_of_its_own() -> None:
    answer = read_log(EXAMPLES / "entries.jsonl", "gcp")[0][2]
    assert (answer["src_port"], answer["dst_port"], answer["initiator"]) == (5432, 40100, 0)
    assert (answer["flow_count"], answer["bytes"], answer["packets"]) == (0, 0, 1)


def test_a_drop_is_the_firewalls_and_of_no_known_number_of_connections() -> None:
    drop = read_log(EXAMPLES / "entries.jsonl", "gcp")[0][3]
    assert (drop["action"], drop["cloud_action"], drop["observation_point"]) == (0, 2, 2)
    assert not {"flow_count", "flow_count_here", "bytes", "packets"} & drop.keys()


def rows_of(tmp_path: Path, *records: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    path = tmp_path / "flows.json"
    path.write_text(json.dumps(list(records), indent=2))
    assert recognised(path) == "gcp"
    return read_log(path, "gcp")


def payload(**changes: Any) -> dict[str, Any]:
    connection = {"src_ip": "10.60.1.4", "dest_ip": "10.60.2.9", "src_port": 1, "dest_port": 2, "protocol": 6}
    return {
        "connection": connection | changes.pop("connection", {}),
        "reporter": "SRC",
        "start_time": "2026-04-03T08:00:00Z",
        **changes,
    }


def test_gateways_are_neither_end_and_icmp_has_no_ports(tmp_path: Path) -> None:
    rows, _ = rows_of(
        tmp_path,
        payload(reporter="DEST_GATEWAY"),
        payload(connection={"protocol": 1, "src_port": 0, "dest_port": 0}),
        payload(connection={"protocol": "17", "dest_port": "53"}, bytes_sent=7, rtt_msec="x", service=[1]),
    )
    assert rows[0]["observation_point"] == 3
    assert not {"src_port", "dst_port"} & rows[1].keys()
    assert (rows[2]["protocol"], rows[2]["dst_port"], rows[2]["bytes"]) == (17, 53, 7)


def test_a_service_may_be_one_or_several_and_what_was_translated_is_passed_over(tmp_path: Path) -> None:
    pod = {"pod_name": "ledger-0", "pod_namespace": "books"}
    rows, account = rows_of(
        tmp_path,
        payload(src_gke_details={"pod": pod, "service": [{"service_name": "ledger"}]}, bytes_sent="0"),
        payload(
            connection={"nat_src_ip": "192.0.2.7", "nat_src_port": 9},
            dest_gke_details={"pod": pod, "service": {"service_name": "ledger"}},
            round_trip_time="0.01s",
        ),
    )
    assert not account.rejected
    assert [(row.get("src_pod"), row.get("dst_pod"), row["src_ip"]) for row in rows] == [
        ("ledger-0", None, "10.60.1.4"),
        (None, "ledger-0", "10.60.1.4"),
    ]
    assert (rows[0]["bytes"], rows[0]["initiator"]) == (0, 0)


def test_what_is_no_flow_is_left_out_and_what_is_broken_rejected(tmp_path: Path) -> None:
    rows, account = rows_of(
        tmp_path,
        payload(),
        {"jsonPayload": {"message": "x"}, "logName": "projects/demo/logs/other"},
        payload(start_time="yesterday"),
        payload(connection={"dest_ip": "ledger"}),
        payload(bytes_sent="many"),
    )
    assert [row["record"] for row in rows] == [0]
    assert account.left_out == {"other_log": 1}
    assert account.rejected == {"bad_start_time": 1, "bad_dst_ip": 1, "bad_record": 1}
