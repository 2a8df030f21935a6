"""GKE's policy log and the rows that are right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows.logs import read_log, recognised

EXAMPLES = Path(__file__).parent / "examples" / "gke"


def record(**changes: Any) -> dict[str, Any]:
    connection = {
        "src_ip": "10.60.1.4",
        "dest_ip": "10.60.2.9",
        "src_port": 40100,
        "dest_port": 5432,
        "protocol": "tcp",
        "direction": "ingress",
        **changes.pop("connection", {}),
    }
    whole = {"connection": connection, "disposition": "deny", "timestamp": "2026-04-03T08:00:00Z", **changes}
    return {key: value for key, value in whole.items() if value is not ...}


def rows_of(tmp_path: Path, *records: object) -> tuple[list[dict[str, Any]], Any]:
    path = tmp_path / "policy_action.log"
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    assert recognised(path) == "gke"
    return read_log(path, "gke")


def test_a_connection_that_both_nodes_allowed_is_one() -> None:
    rows, _ = read_log(EXAMPLES / "policy_action.log", "gke")
    assert rows[0] == {
        "record": 0,
        "start_time": datetime(2026, 4, 3, 8, 0, tzinfo=UTC),
        "src_ip": "10.60.1.4",
        "dst_ip": "10.60.2.9",
        "src_port": 40100,
        "dst_port": 5432,
        "protocol": 6,
        "initiator": 1,
        "action": 1,
        "egress_action": 1,
        "policy_refs": ["NetworkPolicy/shop/cart-out"],
        "observation_point": 1,
        "record_kind": 1,
        "flow_count": 1,
        "flow_count_here": 1,
        "src_namespace": "shop",
        "src_pod": "cart-6c9d-x1",
        "src_workload": "cart",
        "dst_namespace": "books",
        "dst_pod": "ledger-0",
        "dst_workload": "ledger",
    }
    assert (rows[1]["ingress_action"], rows[1]["observation_point"]) == (1, 2)
    assert (rows[1]["flow_count"], rows[1]["flow_count_here"]) == (0, 1)


def test_attempts_that_were_counted_together_are_that_many() -> None:
    rows, _ = read_log(EXAMPLES / "policy_action.log", "gke")
    assert (rows[2]["action"], rows[2]["ingress_action"]) == (2, 2)
    assert (rows[2]["flow_count"], rows[2]["flow_count_here"], rows[2]["record_kind"]) == (3, 3, 5)


def test_an_end_that_is_no_pod_has_no_names() -> None:
    rows, _ = read_log(EXAMPLES / "policy_action.log", "gke")
    assert not {"dst_namespace", "dst_pod", "dst_workload"} & rows[3].keys()
    assert rows[3]["policy_refs"] == ["FQDNNetworkPolicy/shop/dns"]


def test_entries_of_cloud_logging_have_the_time_and_the_node_outside() -> None:
    rows, account = read_log(EXAMPLES / "entries.json", "gke")
    assert account.records == 2
    assert [row["observer"] for row in rows] == ["node-2", "node-2"]
    assert rows[1]["start_time"] == datetime(2026, 4, 3, 8, 0, 0, 400, tzinfo=UTC)


def test_fields_in_one_level(tmp_path: Path) -> None:
    flat = {
        **{"src_ip": "10.60.1.4", "dest_ip": "10.60.2.9", "src_port": "40100", "dest_port": 80.0},
        **{"protocol": "TCP", "direction": "egress", "disposition": "deny", "src_pod_name": "cart-6c9d-x1"},
        **{"src_pod_namespace": "shop", "node_name": "node-1", "timestamp": "2026-04-03T08:00:00Z"},
    }
    rows, _ = rows_of(tmp_path, {"jsonPayload": flat})
    row = rows[0]
    assert (row["src_port"], row["dst_port"], row["protocol"]) == (40100, 80, 6)
    assert (row["src_namespace"], row["src_pod"], row["observer"]) == ("shop", "cart-6c9d-x1", "node-1")
    assert (row["egress_action"], row["observation_point"]) == (2, 1)


@pytest.mark.parametrize(("protocol", "number"), [(6, 6), (6.0, 6), ("17", 17), ("UDP", 17), ("icmp", 1)])
def test_protocols_by_name_or_number(tmp_path: Path, protocol: float | str, number: int) -> None:
    row = rows_of(tmp_path, record(connection={"protocol": protocol}))[0][0]
    assert row["protocol"] == number
    assert ("dst_port" in row) == (number != 1)


def test_what_is_no_record_of_a_policy_is_left_out_and_what_is_broken_rejected(tmp_path: Path) -> None:
    rows, account = rows_of(
        tmp_path,
        record(),
        {"jsonPayload": {"message": "started"}},
        record(timestamp=...),
        record(connection={"protocol": "?"}),
        record(connection={"dest_port": 65536}),
        {**record(), "src": "cart"},
    )
    assert [row["record"] for row in rows] == [0]
    assert account.left_out == {"other_log": 1}
    assert account.rejected == {"bad_start_time": 1, "bad_protocol": 1, "bad_dst_port": 1, "bad_record": 1}


def test_the_same_attempt_tried_again_is_one(tmp_path: Path) -> None:
    rows, _ = rows_of(tmp_path, record(count=1), record(count=1, timestamp="2026-04-03T08:00:03Z"))
    assert [row["flow_count"] for row in rows] == [1, 0]


def test_a_firewalls_log_is_not_taken_for_it(tmp_path: Path) -> None:
    path = tmp_path / "firewall.jsonl"
    path.write_text(json.dumps({"jsonPayload": record(disposition="DENIED")}) + "\n")
    assert recognised(path) == ""
