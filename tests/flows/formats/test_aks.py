"""Rows of the table in which AKS keeps flows of Hubble, and the rows that are right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

Rows = list[dict[str, Any]]


def text(value: Any) -> str:
    return json.dumps(value)


def columns(**more: Any) -> dict[str, Any]:
    """A policy verdict that let a connection through; ``None`` takes a column away."""
    found = {
        "TimeGenerated": "2026-04-01T10:00:00.1234567Z",
        "Verdict": "FORWARDED",
        "IP": text({"source": "192.0.2.5", "destination": "192.0.2.9"}),
        "Layer4": text({"TCP": {"source_port": 40100, "destination_port": 8443, "flags": {"SYN": True}}}),
        "EventType": text({"type": 5}),
        "Reply": False,
        "TrafficDirection": "EGRESS",
        "SourceNamespace": "shop",
        "SourcePodName": "cart-0",
        "SourceWorkloads": text([{"kind": "StatefulSet", "name": "cart"}]),
        "DestinationNamespace": "shop",
        "DestinationPodName": "pay-0",
        "NodeName": "node-1",
        "Type": "ContainerNetworkLogs",
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_table(*rows: dict[str, Any]) -> tuple[Rows, Account]:
        path = tmp_path / "table.json"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert recognised(path) == "aks"
        return read_log(path, "aks")

    return read_table


def test_a_row_is_the_flow_that_it_was_made_of(read: Any) -> None:
    (row,), _ = read(columns())
    assert str(row.pop("start_time")) == "2026-04-01 10:00:00.123456+00:00"
    assert row == {
        **{"record": 0, "record_kind": 1, "observer": "node-1", "observation_point": 1, "initiator": 1},
        **{"src_ip": "192.0.2.5", "src_port": 40100, "dst_ip": "192.0.2.9", "dst_port": 8443, "protocol": 6},
        **{"tcp_flags": 2, "action": 1, "egress_action": 1, "flow_count": 1, "flow_count_here": 1},
        **{"src_namespace": "shop", "src_pod": "cart-0", "src_workload": "cart"},
        **{"dst_namespace": "shop", "dst_pod": "pay-0"},
    }


def test_cells_may_be_opened_empty_or_text(read: Any) -> None:
    """A query opens them, az writes all as text, and early agents wrote what is not there as empty."""
    opened = columns(IP={"source": "192.0.2.5", "destination": "192.0.2.9"}, EventType={"type": 5})
    as_text = columns(Reply="True", IngressFlowCount="", DropReason="", FlowType="", Layer7="", Service="{}")
    rows, account = read(opened, as_text, columns(SourceWorkloads="", Policies="null", EventType="{}"))
    assert not account.rejected
    assert [row["action"] for row in rows] == [1, 1, 0]
    assert [row["initiator"] for row in rows] == [1, 2, 1]


def test_policies_are_text_of_text(read: Any) -> None:
    named = [{"name": "no-pay", "namespace": "shop", "kind": "NetworkPolicy", "revision": "3"}]
    denied = columns(Verdict="DROPPED", DropReason="POLICY_DENY", Reply=None, TrafficDirection="INGRESS")
    rows, _ = read(
        {**denied, "Policies": text({"ingress_denied_by": text(named)})},
        {**denied, "Policies": text({"ingress_denied_by": named, "egress_denied_by": None})},
    )
    assert [row["policy_refs"] for row in rows] == [["NetworkPolicy/shop/no-pay"]] * 2
    assert [(row["action"], row["ingress_action"], row["initiator"]) for row in rows] == [(2, 2, 1)] * 2


def test_services_counts_and_answers(read: Any) -> None:
    service = {"SourceService": "pay", "SourceServiceNamespace": "shop"}
    ports = text({"TCP": {"source_port": 8443, "destination_port": 40100, "flags": {"ACK": True}}})
    trace = columns(Layer4=ports, EventType=text({"type": 4}), Service=text(service), Reply=True)
    rows, _ = read(trace, columns(EgressFlowCount=7, UnknownDirectionFlowCount="1"))
    assert (rows[0]["src_pod"], rows[0]["dst_port"], rows[0]["service_name"]) == ("pay-0", 8443, "shop/pay")
    assert [(row["flow_count"], row["record_kind"]) for row in rows] == [(1, 1), (8, 5)]


def test_a_count_past_all_numbers_says_nothing(read: Any) -> None:
    rows, account = read(columns(EgressFlowCount=10**30), columns(EgressFlowCount=str(-(10**30))))
    assert [(row["flow_count"], row["record_kind"]) for row in rows] == [(1, 1), (0, 1)]
    assert not account.rejected


def test_no_reply_is_trusted_but_of_retina(read: Any) -> None:
    ports = text({"TCP": {"source_port": 40100, "destination_port": 8443, "flags": {"ACK": True}}})
    trace = columns(Layer4=ports, EventType=text({"type": 4}))
    retina = {"Extensions": {"@type": "type.googleapis.com/utils.RetinaMetadata"}}
    (row,), _ = read(trace)
    assert (row["initiator"], row["observation_point"]) == (1, 0)
    (row,), _ = read({**trace, "AdditionalFlowData": text(retina)})
    assert row["initiator"] == 0


def test_rows_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "query_data.csv"
    header = '"TimeGenerated [UTC]",Verdict,IP,Layer4,EventType,Reply,NewColumn\r\n'
    addresses = '"{""source"":""192.0.2.5"",""destination"":""192.0.2.9""}"'
    ports = '"{""UDP"":{""source_port"":40100,""destination_port"":53}}"'
    row = f'2026-04-01T10:00:00Z,FORWARDED,{addresses},{ports},"{{""type"":5}}",false,x\r\n'
    path.write_text(f"\ufeff{header}{row}only,two\r\n\r\n{header}{row}")
    assert recognised(path) == "aks"
    rows, account = read_log(path, "aks")
    assert [(row["record"], row["action"], row["dst_port"]) for row in rows] == [(1, 1, 53), (5, 1, 53)]
    assert (account.records, account.rejected) == (3, {"bad_record": 1})


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("4/1/2026, 9:05:00.250 AM", "2026-04-01 09:05:00.250000+00:00"),
        ("12/31/2026, 12:00:01 AM", "2026-12-31 00:00:01+00:00"),
        ("4/1/2026, 12:30:00.5 PM", "2026-04-01 12:30:00.500000+00:00"),
        ("31/12/2026, 1:00:00 PM", ""),
        ("31.12.2026, 13:00:00", ""),
        ("31/12/2026, 1:00:00 pm", ""),
    ],
)
def test_times_of_the_portal(tmp_path: Path, time: str, expected: str) -> None:
    path = tmp_path / "query_data.csv"
    addresses = '"{""source"":""192.0.2.5"",""destination"":""192.0.2.9""}"'
    row = f'"{time}",FORWARDED,{addresses},"{{""UDP"":{{""destination_port"":53}}}}"'
    path.write_text(f"TimeGenerated [UTC],Verdict,IP,Layer4\n{row}\n")
    rows, account = read_log(path, "aks")
    assert [str(row["start_time"]) for row in rows] == ([expected] if expected else [])
    assert account.rejected == ({} if expected else {"bad_start_time": 1})


def test_a_list_of_rows(tmp_path: Path) -> None:
    path = tmp_path / "query.json"
    path.write_text(json.dumps([columns(), columns(Verdict="AUDIT")], indent=2))
    assert recognised(path) == "aks"
    rows, _ = read_log(path, "aks")
    assert [row["action"] for row in rows] == [1, 3]
