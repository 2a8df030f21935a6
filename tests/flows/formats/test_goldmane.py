"""Flows of Goldmane and of Whisker: the rows that are right, each computed by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.flows import logs
from tests.flows.logs import read_log, recognised

rows_of = partial(logs.rows_of, "goldmane")

BEGIN = datetime(2026, 3, 10, 10, 3, 30, tzinfo=UTC)
SECONDS = int(BEGIN.timestamp())
KEY: dict[str, Any] = {
    "sourceName": "cart-5d9c7b9f4b-*",
    "sourceNamespace": "shop",
    "sourceType": "WorkloadEndpoint",
    "destName": "ledger-*",
    "destNamespace": "bank",
    "destType": "WorkloadEndpoint",
    "destPort": "6432",
    "destServiceName": "ledger",
    "destServiceNamespace": "bank",
    "destServicePortName": "sql",
    "destServicePort": "5432",
    "proto": "tcp",
    "reporter": "Src",
    "action": "Allow",
}
HIT = {"kind": "NetworkPolicy", "namespace": "shop", "name": "cart", "tier": "default", "action": "Allow"}
NUMBERS: dict[str, Any] = {
    "startTime": str(SECONDS),
    "endTime": str(SECONDS + 15),
    "packetsIn": "7",
    "packetsOut": "4",
    "bytesIn": "700",
    "bytesOut": "400",
    "numConnectionsStarted": "2",
    "numConnectionsLive": "9",
}
GO_KEY = {
    "source_name": "cart-5d9c7b9f4b-*",
    "source_namespace": "shop",
    "source_type": 1,
    "dest_name": "ledger-*",
    "dest_namespace": "bank",
    "dest_type": 1,
    "dest_port": 6432,
    "dest_service_name": "ledger",
    "dest_service_namespace": "bank",
    "dest_service_port_name": "sql",
    "dest_service_port": 5432,
    "proto": "tcp",
    "reporter": 1,
    "action": 1,
    "policies": {"enforced_policies": [{"kind": 6, "namespace": "shop", "name": "cart", "action": 1}]},
}
GO = {
    "Key": GO_KEY,
    "start_time": SECONDS,
    "end_time": SECONDS + 15,
    "packets_in": 7,
    "packets_out": 4,
    "bytes_in": 700,
    "bytes_out": 400,
    "num_connections_started": 2,
}
WHISKER: dict[str, Any] = {
    "start_time": "2026-03-10T10:03:30Z",
    "end_time": "2026-03-10T10:03:45Z",
    "action": "Allow",
    "source_name": "cart-5d9c7b9f4b-*",
    "source_namespace": "shop",
    "source_labels": "app=cart | tier=web",
    "dest_name": "ledger-*",
    "dest_namespace": "bank",
    "dest_labels": "",
    "protocol": "tcp",
    "dest_port": 6432,
    "reporter": "Src",
    "policies": {"enforced": [{**HIT, "policy_index": 0, "rule_index": 0, "trigger": None}], "pending": []},
    "packets_in": 7,
    "packets_out": 4,
    "bytes_in": 700,
    "bytes_out": 400,
}
ROW = {
    "record": 0,
    "start_time": BEGIN,
    "end_time": BEGIN.replace(second=45),
    "dst_port": 6432,
    "protocol": 6,
    "initiator": 1,
    "action": 1,
    "egress_action": 1,
    "policy_refs": ["NetworkPolicy/shop/cart"],
    "observation_point": 1,
    "record_kind": 5,
    "flow_count": 2,
    "flow_count_here": 2,
    "bytes": 400,
    "packets": 4,
    "bytes_reverse": 700,
    "packets_reverse": 7,
    "src_namespace": "shop",
    "src_workload": "cart-5d9c7b9f4b-*",
    "dst_namespace": "bank",
    "dst_workload": "ledger-*",
    "service_name": "bank/ledger",
    "service_port": 5432,
}


def flow(enforced: list[dict[str, Any]] | None = None, **key: Any) -> dict[str, Any]:
    policies = {"enforcedPolicies": [HIT] if enforced is None else enforced}
    return {"Key": {**KEY, "policies": policies, **key}, **NUMBERS}


@pytest.mark.parametrize(
    "record", [flow(), {"id": "4", "flow": flow()}, {"result": {"id": "4", "flow": flow()}}, GO]
)
def test_a_flow_in_each_of_its_spellings(log: Path, record: dict[str, Any]) -> None:
    assert rows_of(log, record) == [ROW]
    assert recognised(log) == "goldmane"


def test_whisker_has_neither_service_nor_connections(log: Path) -> None:
    counted = {"flow_count", "flow_count_here", "service_name", "service_port"}
    assert rows_of(log, WHISKER) == [{name: value for name, value in ROW.items() if name not in counted}]
    assert recognised(log) == "goldmane"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{json.dumps(flow(), indent=2)}\n" for _ in range(2)),
        json.dumps({"meta": {"totalPages": "1"}, "flows": [{"id": "1", "flow": flow()}] * 2}),
        json.dumps({"total": {"totalPages": 1}, "items": [WHISKER] * 2}),
        f"data: {json.dumps(WHISKER)}\n\n" * 2,
    ],
    ids=["printed", "list", "whisker's list", "whisker's stream"],
)
def test_the_layout_of_a_log_does_not_matter(log: Path, text: str) -> None:
    log.write_text(text)
    assert recognised(log) == "goldmane"
    rows, account = read_log(log, "goldmane")
    assert [row["src_workload"] for row in rows] == ["cart-5d9c7b9f4b-*"] * 2
    assert account.records == 2


def test_zeros_are_left_out(log: Path) -> None:
    left = {name: value for name, value in NUMBERS.items() if name.endswith("Time")}
    (row,) = rows_of(log, {"Key": {**KEY, "destPort": "0", "proto": "icmp"}, **left})
    assert (row["flow_count"], row["bytes"], row["packets_reverse"]) == (0, 0, 0)
    assert "dst_port" not in row


@pytest.mark.parametrize(("action", "expected"), [("Deny", 2), ("Pass", 0), ("ActionUnspecified", 0)])
def test_a_pass_is_no_decision(log: Path, action: str, expected: int) -> None:
    (row,) = rows_of(log, flow(action=action, reporter="Dst"))
    assert (row["action"], row.get("ingress_action", 0)) == (expected, expected)
    assert (row["observation_point"], row["bytes"], row["bytes_reverse"]) == (2, 700, 400)


def test_pending_policies_decide_nothing(log: Path) -> None:
    staged = {"kind": "StagedNetworkPolicy", "namespace": "shop", "name": "maybe", "action": "Deny"}
    record = flow()
    record["Key"]["policies"]["pendingPolicies"] = [staged]
    assert rows_of(log, record) == [ROW]


def test_the_end_of_a_tier_is_the_policy_that_led_there(log: Path) -> None:
    end = {"kind": "EndOfTier", "tier": "default", "action": "Deny", "policyIndex": "1", "trigger": HIT}
    first = {"kind": "GlobalNetworkPolicy", "name": "sec.base", "tier": "sec", "action": "Pass"}
    profile = {"kind": "Profile", "name": "kns.shop", "action": "Allow", "policyIndex": "2"}
    (row,) = rows_of(log, flow([profile, end, first]))
    assert row["policy_refs"] == [
        "GlobalNetworkPolicy/sec.base",
        "NetworkPolicy/shop/cart",
        "Profile/kns.shop",
    ]


def test_both_sides_of_a_bucket_are_counted_once(log: Path) -> None:
    rows = rows_of(log, flow(), flow(reporter="Dst"), flow(reporter="Dst", destPort="80"))
    assert [row["flow_count"] for row in rows] == [2, 0, 2]
    assert [(row.get("bytes"), row.get("bytes_here")) for row in rows] == [
        (400, None),
        (None, 700),
        (700, None),
    ]
    rows = rows_of(log, WHISKER, {**WHISKER, "reporter": "Dst"})
    assert [row.get("flow_count") for row in rows] == [None, 0]
    assert [row.get("flow_count_here") for row in rows] == [None, 1]


@pytest.mark.parametrize(
    ("type_", "namespace", "name", "expected"),
    [
        ("Network", "-", "pub", ("-", "pub")),
        ("Network", "-", "pvt", ("-", "pvt")),
        ("NetworkSet", "bank", "partners", ("bank", "NetworkSet/partners")),
        ("HostEndpoint", "-", "n3", ("-", "HostEndpoint/n3")),
    ],
)
def test_what_is_no_pod_has_a_name_that_no_pod_has(
    log: Path, type_: str, namespace: str, name: str, expected: tuple[str, str]
) -> None:
    (row,) = rows_of(log, flow(destType=type_, destNamespace=namespace, destName=name))
    assert (row["dst_namespace"], row["dst_workload"]) == expected
    assert "dst_pod" not in row


@pytest.mark.parametrize(
    ("name", "expected"), [("PUBLIC NETWORK", "pub"), ("PRIVATE NETWORK", "pvt"), ("partners", "partners")]
)
def test_whisker_does_not_say_what_has_no_namespace(log: Path, name: str, expected: str) -> None:
    (row,) = rows_of(log, {**WHISKER, "dest_namespace": "-", "dest_name": name})
    assert (row["dst_namespace"], row["dst_workload"]) == ("-", expected)


def test_a_name_without_a_star_is_one_pod(log: Path) -> None:
    (row,) = rows_of(log, flow(sourceName="alone"))
    assert row["src_pod"] == "alone"
    assert "src_workload" not in row


@pytest.mark.parametrize("service", ["-", "", None])
def test_no_service_was_asked(log: Path, service: str | None) -> None:
    (row,) = rows_of(log, flow(destServiceName=service, destServiceNamespace=service))
    assert not {"service_name", "service_port"} & row.keys()


def test_a_key_that_is_none_is_rejected(log: Path) -> None:
    log.write_text(json.dumps({**flow(), "Key": 5}) + "\n" + json.dumps(flow()))
    rows, account = read_log(log, "goldmane")
    assert len(rows) == 1
    assert account.rejected == {"bad_record": 1}
