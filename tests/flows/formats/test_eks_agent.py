"""The EKS network-policy agent: every row here was worked out by hand from its line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

A, B = ("10.30.1.8", 43210), ("10.30.2.9", 8080)


def line(
    src: tuple[str, int] = A,
    dst: tuple[str, int] = B,
    *,
    second: float = 0,
    protocol: str = "TCP",
    verdict: str = "ACCEPT",
    way: str = "egress",
) -> str:
    text = (
        f"Flow Info: Src IP: {src[0]} Src Port: {src[1]} Dest IP: {dst[0]} Dest Port: {dst[1]} "
        f"Proto {protocol} Verdict {verdict} Direction {way}, Tier NETWORK_POLICY"
    )
    return logged(text, second)


def logged(text: str, second: float = 0, **more: Any) -> str:
    minute, rest = divmod(second, 60)
    time = f"2026-03-11T08:{int(minute):02}:{rest:06.3f}Z"
    return json.dumps({"level": "debug", "ts": time, "msg": text, **more})


def read(tmp_path: Path, *lines: str) -> tuple[list[dict[str, Any]], Account]:
    path = tmp_path / "network-policy-agent.log"
    path.write_text("".join(f"{text}\n" for text in lines))
    return read_log(path, "eks-agent")


def test_a_line_is_the_first_packet_of_a_connection(tmp_path: Path) -> None:
    rows, account = read(tmp_path, line(second=1.25))
    assert rows == [
        {
            "record": 0,
            "start_time": datetime(2026, 3, 11, 8, 0, 1, 250000, UTC),
            "src_ip": "10.30.1.8",
            "src_port": 43210,
            "dst_ip": "10.30.2.9",
            "dst_port": 8080,
            "protocol": 6,
            "initiator": 1,
            "action": 1,
            "egress_action": 1,
            "observation_point": 1,
            "record_kind": 1,
            "flow_count": 1,
            "flow_count_here": 1,
        }
    ]
    assert account.warnings == []


def test_both_sides_of_a_node_report_one_connection(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, line(), line(way="ingress", verdict="DENY"))
    assert [(row["observation_point"], row["flow_count"], row["flow_count_here"]) for row in rows] == [
        (1, 1, 1),
        (2, 0, 1),
    ]
    assert (rows[1]["ingress_action"], "egress_action" in rows[1]) == (2, False)


def test_a_denied_packet_that_is_sent_again_is_one_connection(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, *(line(verdict="DENY", second=s) for s in (0, 1, 3)))
    assert [row["flow_count"] for row in rows] == [1, 0, 0]
    assert {row["action"] for row in rows} == {2}


def test_a_denied_answer_decides_nothing_however_late(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        line(),
        logged("Conntrack cleanup Delete - Conntrack Key : Source IP - 10.30.1.8 Source port - 43210", 500),
        line(B, A, verdict="DENY", way="ingress", second=501),
    )
    (asked, answered) = rows
    ends = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol", "observation_point")
    assert [asked[name] for name in ends] == [answered[name] for name in ends]
    assert (answered["initiator"], answered["action"], answered["flow_count"]) == (2, 4, 0)
    assert not {"egress_action", "ingress_action"} & answered.keys()
    assert account.left_out == {"not_a_flow": 1}
    assert account.warnings == [
        "denials of answers within connections that were accepted, which decide nothing: 1"
    ]


def test_an_accepted_answer_is_no_connection_of_its_own(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, line(), line(B, A, second=400))
    assert [(row["src_ip"], row["initiator"], row["action"], row["flow_count"]) for row in rows] == [
        ("10.30.1.8", 1, 1, 1),
        ("10.30.1.8", 2, 0, 0),
    ]
    assert rows[1]["observation_point"] == 2


def test_a_denial_towards_a_clients_port_is_not_taken_for_a_decision(tmp_path: Path) -> None:
    (row,), account = read(tmp_path, line(B, A, verdict="DENY", way="ingress"))
    assert (row["action"], row["initiator"], "ingress_action" in row) == (4, 0, False)
    assert "denials towards a client's port" in account.warnings[0]
    (row,), account = read(tmp_path, line(A, ("10.30.2.9", 50051), verdict="DENY"))
    assert (row["action"], row["initiator"], account.warnings) == (2, 1, [])


def test_ping_has_no_ports_and_no_answers(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        line(("10.30.1.8", 0), ("10.30.2.9", 0), protocol="ICMP"),
        line(("10.30.2.9", 0), ("10.30.1.8", 0), protocol="ICMP", verdict="DENY"),
    )
    assert [(row["src_ip"], row["action"], row["protocol"]) for row in rows] == [
        ("10.30.1.8", 1, 1),
        ("10.30.2.9", 2, 1),
    ]
    assert not {"src_port", "dst_port"} & rows[0].keys()


@pytest.mark.parametrize(
    ("protocol", "number"),
    [("TCP", 6), ("UDP", 17), ("SCTP", 132), ("ICMP", 1), ("ANY PROTOCOL", 254), ("RESERVED", 255)],
)
def test_protocols_have_names(tmp_path: Path, protocol: str, number: int) -> None:
    (row,), _ = read(tmp_path, line(protocol=protocol))
    assert row["protocol"] == number


def test_what_cannot_be_used_costs_its_line_only(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        line(),
        line(protocol="UNKNOWN"),
        logged("Flow Info: Src IP: 10.30.1.8"),
        line()[:60],
        line(verdict="MAYBE"),
        line(("10.30.1", 43210)),
        line((A[0], 70000)),
        line(second=90),
    )
    assert [row["record"] for row in rows] == [0, 7]
    assert account.rejected == {
        "bad_protocol": 1,
        "bad_record": 2,
        "bad_action": 1,
        "bad_src_ip": 1,
        "bad_src_port": 1,
    }
    assert account.first["bad_record"] == [2, 3]


def test_lines_of_something_else_are_left_out(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        logged("Setting up shared filter"),
        "I0311 08:00:00.000000       1 leaderelection.go:250] attempting",
        line(verdict="EXPIRED/DELETED"),
        line(),
    )
    assert len(rows) == 1
    assert account.left_out == {"not_a_flow": 2, "expired": 1}


@pytest.mark.parametrize("name", ["ts", "timestamp"])
@pytest.mark.parametrize("gap", ["", " ", "  "])
def test_older_lines_are_json_and_do_not_say_the_side(tmp_path: Path, name: str, gap: str) -> None:
    flow = {"Src IP": A[0], "Src Port": A[1], "Dest IP": B[0], "Dest Port": B[1], "Proto": "TCP"}
    old = {name: "2026-03-11T08:00:01.5Z", "logger": "ebpf-client", "msg": f"Flow Info:{gap}", **flow}
    (row,), _ = read(tmp_path, json.dumps({**old, "Verdict": "DENY"}))
    assert (row["action"], row["observation_point"], row["dst_port"]) == (2, 0, 8080)
    assert row["start_time"] == datetime(2026, 3, 11, 8, 0, 1, 500000, UTC)
    assert not {"egress_action", "ingress_action"} & row.keys()


@pytest.mark.parametrize("way", ["Direction: ingress", "Direction: ingress Tier: ADMIN"])
def test_ipv6_lines_have_colons(tmp_path: Path, way: str) -> None:
    text = "Src IP: 2001:db8:30:0::8 Src Port: 43210 Dest IP: 2001:db8:30::9 Dest Port: 8080"
    (row,), _ = read(tmp_path, logged(f"Flow Info: {text} Proto: TCP Verdict: DENY {way}"))
    assert (row["src_ip"], row["dst_ip"]) == ("2001:db8:30::8", "2001:db8:30::9")
    assert (row["action"], row["ingress_action"], row["observation_point"]) == (2, 2, 2)


EVENT = (
    "Node: ip-10-30-0-4.ec2.internal;SIP: 2001:db8:30::8;SPORT: 43210;DIP: 2001:db8:30::9;DPORT: 8080;"
    "PROTOCOL: TCP;PolicyVerdict: ACCEPT"
)


@pytest.mark.parametrize("more", ["", ";Tier: DEFAULT"])
def test_a_line_in_cloudwatch_has_the_time_of_its_event(tmp_path: Path, more: str) -> None:
    subscription = {
        "messageType": "DATA_MESSAGE",
        "logEvents": [{"timestamp": 1773216001250, "message": EVENT + more}],
    }
    exported = f"2026-03-11T08:00:01.250Z {EVENT}{more}"
    for log in (json.dumps(subscription), exported):
        path = tmp_path / "events.log"
        path.write_text(f"{log}\n")
        assert recognised(path) == "eks-agent"
        (row,), _ = read_log(path, "eks-agent")
        assert row["start_time"] == datetime(2026, 3, 11, 8, 0, 1, 250000, UTC)
        assert (row["observer"], row["observation_point"]) == ("ip-10-30-0-4.ec2.internal", 0)
        assert (row["src_ip"], row["src_port"], row["action"]) == ("2001:db8:30::8", 43210, 1)


def test_a_line_in_cloudwatch_without_its_event_has_no_time(tmp_path: Path) -> None:
    rows, account = read(tmp_path, EVENT, EVENT.replace("SPORT: 43210", "SPORT: x"))
    assert (rows, account.rejected) == ([], {"bad_start_time": 1, "bad_record": 1})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Starting network policy agent with log level: info", "eks-agent"),
        ("Conntrack cleanup Delete - Conntrack Key : Source IP - 10.30.1.8", "eks-agent"),
        ("Starting workers", ""),
    ],
)
def test_the_start_of_a_log_is_recognised_without_flows(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "agent.log"
    path.write_text(logged(text) + "\n")
    assert recognised(path) == name
