"""NetObserv: whose report counts, who opened, what translation and drops say, and Loki's answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

Rows = list[dict[str, Any]]
START = 1_780_000_000_000
"""Milliseconds: 2026-05-28T20:26:40Z."""


def _flow(**fields: Any) -> dict[str, Any]:
    """A record of a client's SYN, as the client's node sees it; None takes a field out."""
    whole = {
        **{"SrcAddr": "10.4.0.7", "DstAddr": "10.4.1.8", "SrcPort": 50100, "DstPort": 9000, "Proto": 6},
        **{"Flags": 2, "Bytes": 600, "Packets": 6, "FlowDirection": 1, "AgentIP": "172.16.0.1"},
        **{"TimeFlowStartMs": START, "TimeFlowEndMs": START + 4000, "TimeReceived": START // 1000 + 5},
        **{"Etype": 2048, "Sampling": 1},
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _read(tmp_path: Path, *flows: dict[str, Any]) -> tuple[Rows, Account]:
    file = tmp_path / "flows.jsonl"
    file.write_text("".join(json.dumps(flow) + "\n" for flow in flows))
    assert recognised(file) == "netobserv"
    return read_log(file, "netobserv")


def test_a_record_in_canonical_columns(tmp_path: Path) -> None:
    (row,), account = _read(
        tmp_path,
        _flow(
            **{"SrcK8S_Type": "Pod", "SrcK8S_Name": "web-1", "SrcK8S_Namespace": "shop"},
            **{"SrcK8S_OwnerName": "web", "SrcK8S_OwnerType": "Deployment", "DstK8S_Type": "Node"},
            **{"DstK8S_Name": "n2", "DstK8S_OwnerName": "n2", "DnsLatencyMs": 4, "SomethingNew": [1]},
        ),
    )
    assert (row["start_time"].isoformat(), row["end_time"].isoformat()) == (
        "2026-05-28T20:26:40+00:00",
        "2026-05-28T20:26:44+00:00",
    )
    del row["start_time"], row["end_time"]
    assert row == {
        **{"record": 0, "src_ip": "10.4.0.7", "src_port": 50100, "dst_ip": "10.4.1.8", "dst_port": 9000},
        **{"protocol": 6, "tcp_flags": 2, "initiator": 1, "action": 0, "observation_point": 1},
        **{"observer": "172.16.0.1", "record_kind": 2, "flow_count": 1, "flow_count_here": 1},
        **{"bytes": 600, "packets": 6, "sampling_rate": 1},
        **{"src_namespace": "shop", "src_pod": "web-1", "src_workload": "web"},
    }
    assert account.warnings == []


def test_of_both_nodes_reports_one_counts_and_a_duplicate_is_merged(tmp_path: Path) -> None:
    rows, account = _read(
        tmp_path,
        _flow(),
        _flow(FlowDirection=0, AgentIP="172.16.0.2", TimeFlowStartMs=START + 1),
        _flow(Duplicate=True, Interface="br-ex"),
        _flow(TimeFlowStartMs=START + 5000, Flags=16, Bytes=100, Packets=1, Duplicate=False),
    )
    assert [(r["observation_point"], r["flow_count"], r["flow_count_here"]) for r in rows] == [
        (1, 1, 1),
        (2, 0, 1),
        (1, 0, 0),
    ]
    assert [(r.get("bytes"), r.get("packets")) for r in rows] == [(600, 6), (None, None), (100, 1)]
    assert [(r.get("bytes_here"), r.get("packets_here")) for r in rows] == [
        (None, None),
        (600, 6),
        (None, None),
    ]
    assert [r["initiator"] for r in rows] == [1, 1, 1]
    assert account.merged == 1


def test_of_two_reporters_at_one_end_the_first_counts_there_too(tmp_path: Path) -> None:
    """When the one that counts falls silent, another takes over; what its end told already is not added."""
    later = {"TimeFlowStartMs": START + 61_000, "Flags": 16}
    rows, _ = _read(
        tmp_path,
        _flow(),
        _flow(FlowDirection=0, AgentIP="172.16.0.2"),
        _flow(FlowDirection=0, AgentIP="172.16.0.3"),
        _flow(**later | {"TimeFlowStartMs": START + 50_000}, FlowDirection=0, AgentIP="172.16.0.2"),
        _flow(**later, FlowDirection=0, AgentIP="172.16.0.3"),
    )
    assert [(row.get("bytes"), row.get("bytes_here")) for row in rows] == [
        *((600, None), (None, 600), (None, None), (None, 600)),
        (600, 0),
    ]


def test_one_interface_or_several_are_one_record(tmp_path: Path) -> None:
    """Until 1.5 a record has one; since then all of them, each with its direction."""
    rows, _ = _read(
        tmp_path,
        _flow(Interface="eth0", IfDirection=1),
        _flow(SrcPort=50101, Interfaces=["eth0", "br-ex"], IfDirections=[1, 0], Udns=["", ""]),
    )
    assert [(row["observation_point"], row["flow_count"], row["bytes"]) for row in rows] == [(1, 1, 600)] * 2


def test_the_other_node_counts_where_the_first_fell_silent(tmp_path: Path) -> None:
    rows, _ = _read(
        tmp_path,
        _flow(),
        _flow(FlowDirection=0, AgentIP="172.16.0.2", TimeFlowStartMs=START + 61_000),
    )
    assert [r["bytes"] for r in rows] == [600, 600]


@pytest.mark.parametrize(
    ("flags", "initiator"),
    [
        (0x02, 1),
        (0x12, 1),
        (["SYN", "ACK"], 1),
        (0x100, 2),
        (0x110, 2),
        (["SYN_ACK", "ACK"], 2),
        (0x10, None),
    ],
)
def test_syn_and_ack_of_several_packets_are_not_a_syn_ack(tmp_path: Path, flags: Any, initiator: Any) -> None:
    (row,), _ = _read(tmp_path, _flow(Flags=flags))
    assert row.get("initiator") == initiator
    if initiator == 2:
        assert (row["dst_ip"], row["bytes_reverse"], row["observation_point"]) == ("10.4.0.7", 600, 2)


def test_an_answer_is_of_its_connection(tmp_path: Path) -> None:
    answer = {"SrcAddr": "10.4.1.8", "DstAddr": "10.4.0.7", "SrcPort": 9000, "DstPort": 50100, "Flags": 0x10}
    rows, _ = _read(
        tmp_path, _flow(), _flow(**answer, FlowDirection=1, AgentIP="172.16.0.2", Bytes=900, Packets=9)
    )
    assert [(r["src_ip"], r["initiator"], r["flow_count"], r["observation_point"]) for r in rows] == [
        ("10.4.0.7", 1, 1, 1),
        ("10.4.0.7", 2, 0, 2),
    ]
    assert (rows[1]["bytes_reverse"], rows[1]["packets_reverse"]) == (900, 9)


def test_both_directions_are_one_connection_where_no_record_tells_the_opener(tmp_path: Path) -> None:
    udp = {"Proto": 17, "Flags": None}
    rows, _ = _read(
        tmp_path,
        _flow(**udp),
        _flow(**udp, SrcAddr="10.4.1.8", DstAddr="10.4.0.7", SrcPort=9000, DstPort=50100, FlowDirection=0),
    )
    assert [(r["src_ip"], r.get("initiator")) for r in rows] == [("10.4.0.7", None), ("10.4.1.8", None)]
    assert [(r["flow_count"], r["flow_count_here"]) for r in rows] == [(1, 1), (0, 0)]


def test_inner_is_seen_at_both_ends(tmp_path: Path) -> None:
    (row,), _ = _read(tmp_path, _flow(FlowDirection=2))
    assert row["observation_point"] == 4


@pytest.mark.parametrize(
    ("dropped", "packets", "action"), [(6, 6, 4), (2, 6, 0), (6, None, 4), (0, 6, 0), (None, 6, 0)]
)
def test_a_drop_counts_where_nothing_came_through(
    tmp_path: Path, dropped: int | None, packets: int | None, action: int
) -> None:
    (row,), _ = _read(
        tmp_path,
        _flow(PktDropPackets=dropped, PktDropLatestDropCause="SKB_DROP_REASON_NO_SOCKET", Packets=packets),
    )
    assert row["action"] == action


def test_a_drop_whose_cause_is_a_policy_is_a_denial(tmp_path: Path) -> None:
    (row,), _ = _read(tmp_path, _flow(PktDropPackets=6, PktDropLatestDropCause="NetworkPolicy"))
    assert row["action"] == 2


def _acl(kind: str, action: str, direction: str, name: str = "", namespace: str = "") -> dict[str, str]:
    return {
        **{"Feature": "acl", "Type": kind, "Action": action, "Direction": direction},
        **{"Name": name, "Namespace": namespace},
    }


def test_acl_events_decide_by_side(tmp_path: Path) -> None:
    events = [
        _acl("AdminNetworkPolicy", "pass", "Egress", "tier"),
        _acl("NetworkPolicy", "allow-related", "Egress", "out", "shop"),
        _acl("NetworkPolicy", "drop", "Ingress", "in", "bank"),
        {"Message": "something"},
    ]
    (row,), _ = _read(tmp_path, _flow(NetworkEvents=events))
    assert (row["action"], row["egress_action"], row["ingress_action"]) == (2, 1, 2)
    assert row["policy_refs"] == [
        "NetworkPolicy/bank/in",
        "AdminNetworkPolicy/tier",
        "NetworkPolicy/shop/out",
    ]


@pytest.mark.parametrize(
    ("event", "action", "side", "refs"),
    [
        (_acl("NetpolNode", "allow", "Ingress"), 1, {"ingress_action": 1}, None),
        (_acl("NetpolNamespace", "drop", "Egress", namespace="shop"), 2, {"egress_action": 2}, None),
        (_acl("AdminNetworkPolicy", "pass", "Egress", "t"), 0, {}, ["AdminNetworkPolicy/t"]),
        (_acl("EgressFirewall", "drop", "Egress", namespace="shop"), 4, {}, ["EgressFirewall/shop/default"]),
        (_acl("UDNIsolation", "drop", "", "Secondary"), 4, {}, ["UDNIsolation/Secondary"]),
        (_acl("EgressFirewall", "allow", "Egress", namespace="shop"), 0, {}, ["EgressFirewall/shop/default"]),
    ],
)
def test_what_an_acl_is_of(
    tmp_path: Path, event: dict[str, str], action: int, side: dict[str, int], refs: list[str] | None
) -> None:
    (row,), _ = _read(tmp_path, _flow(NetworkEvents=[event]))
    assert row["action"] == action
    assert {name: row[name] for name in ("egress_action", "ingress_action") if name in row} == side
    assert row.get("policy_refs") == refs


def test_a_translated_end_is_the_backend_and_the_service_what_was_dialled(tmp_path: Path) -> None:
    service = {"DstAddr": "10.96.0.9", "DstPort": 80, "DstK8S_Type": "Service", "DstK8S_Name": "api"}
    led = {"XlatSrcAddr": "10.4.0.7", "XlatDstAddr": "10.4.1.8", "XlatDstPort": 8080, "XlatSrcPort": 50100}
    pod = {"XlatDstK8S_Type": "Pod", "XlatDstK8S_Name": "api-1", "XlatDstK8S_Namespace": "shop"}
    rows, _ = _read(
        tmp_path,
        _flow(**service, DstK8S_Namespace="shop", **led, **pod, Flags=0x10),
        _flow(FlowDirection=0, AgentIP="172.16.0.2", DstPort=8080),
        _flow(
            **{"SrcAddr": "10.96.0.9", "SrcPort": 80, "DstAddr": "10.4.0.7", "DstPort": 50100},
            **{"SrcK8S_Type": "Service", "SrcK8S_Name": "api", "SrcK8S_Namespace": "shop"},
            **{"Flags": 0x10, "FlowDirection": 0, "Bytes": 50, "Packets": 1},
        ),
    )
    ends = [(r["src_ip"], r["src_port"], r["dst_ip"], r["dst_port"], r["initiator"]) for r in rows]
    assert ends == [("10.4.0.7", 50100, "10.4.1.8", 8080, i) for i in (1, 1, 2)]
    assert [(r.get("service_ip"), r.get("service_port"), r.get("service_name")) for r in rows] == [
        ("10.96.0.9", 80, "shop/api"),
        (None, None, None),
        ("10.96.0.9", 80, "shop/api"),
    ]
    assert [r.get("dst_pod") for r in rows] == ["api-1", None, "api-1"]
    assert [r["flow_count"] for r in rows] == [1, 0, 0]
    assert [(r.get("bytes"), r.get("bytes_reverse")) for r in rows] == [(600, None), (None, None), (None, 50)]


def test_a_source_that_was_translated_stays_the_end(tmp_path: Path) -> None:
    (row,), _ = _read(
        tmp_path,
        _flow(DstAddr="198.51.100.4", XlatSrcAddr="172.16.0.1", XlatDstAddr="198.51.100.4", XlatDstPort=9000),
    )
    assert (row["src_ip"], row["dst_ip"], row["nat_src_ip"]) == ("10.4.0.7", "198.51.100.4", "172.16.0.1")
    assert "service_ip" not in row


def test_echoes_are_told_apart(tmp_path: Path) -> None:
    icmp = {"Proto": 1, "SrcPort": None, "DstPort": None, "Flags": None, "IcmpCode": 0}
    rows, _ = _read(
        tmp_path,
        _flow(**icmp, IcmpType=8),
        _flow(**icmp, IcmpType=0, SrcAddr="10.4.1.8", DstAddr="10.4.0.7", FlowDirection=0),
        _flow(**icmp | {"IcmpCode": 1}, IcmpType=3),
    )
    assert [(r["src_ip"], r["icmp_type"], r.get("initiator"), r["flow_count"]) for r in rows] == [
        ("10.4.0.7", 8, 1, 1),
        ("10.4.0.7", 8, 2, 0),
        ("10.4.0.7", 3, None, 1),
    ]


def test_what_is_no_ip_and_what_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "flows.jsonl"
    arp = _flow(Etype=2054, SrcAddr=None, DstAddr=None, Proto=None, Flags=None)
    lldp = arp | {"Etype": 35020}
    lines = [json.dumps(flow) for flow in (_flow(), arp, lldp, {"hello": 1}, _flow(SrcPort=70000))]
    file.write_text("\n".join([*lines, '{"SrcAddr":"10.4.0.7","Ds', json.dumps(_flow(SrcAddr=None)), ""]))
    rows, account = read_log(file, "netobserv")
    assert len(rows) == 1
    assert account.left_out == {"arp": 1, "not_ip": 1, "no_flow": 1}
    assert account.rejected == {"bad_src_port": 1, "bad_record": 1, "bad_src_ip": 1}
    assert account.first == {"bad_src_port": [4], "bad_record": [5], "bad_src_ip": [6]}


@pytest.mark.parametrize(("sampling", "rate"), [(50, 50), (0, None), (None, None)])
def test_no_sampling_rate_is_an_unknown_one(tmp_path: Path, sampling: int | None, rate: int | None) -> None:
    (row,), account = _read(tmp_path, _flow(Sampling=sampling))
    assert row.get("sampling_rate") == rate
    assert bool(account.warnings) == (rate is None)


def test_a_record_without_a_start_has_the_time_it_was_received(tmp_path: Path) -> None:
    """Names and times as in 2021, ports of SCTP, and an address of IPv6 in capitals."""
    (row,), account = _read(
        tmp_path,
        _flow(
            **{
                "TimeFlowStartMs": None,
                "TimeFlowEndMs": None,
                "TimeFlowStart": 0,
                "TimeReceived": 1_780_000_000,
            },
            **{
                "Proto": 132,
                "Flags": None,
                "TCPFlags": 0,
                "SrcAddr": "2001:DB8::A",
                "DstAddr": "2001:db8::b",
            },
            **{"SrcPod": "old-1", "SrcNamespace": "past", "SrcWorkload": "old", "Etype": 34525},
        ),
    )
    assert (row["start_time"].isoformat(), row["src_ip"]) == ("2026-05-28T20:26:40+00:00", "2001:db8::a")
    assert (row["src_namespace"], row["src_pod"], row["src_workload"]) == ("past", "old-1", "old")
    assert (row["protocol"], row["dst_port"]) == (132, 9000)
    assert account.warnings == ["records without a start have the time at which they were received"]


LABELS = {
    **{"FlowDirection": "0", "SrcK8S_Namespace": "shop", "SrcK8S_Type": "Pod", "SrcK8S_OwnerName": "web"},
    **{"app": "netobserv-flowcollector"},
}


def _inside() -> str:
    """A line as Loki keeps it: what its labels say is not in it."""
    return json.dumps(_flow(FlowDirection=None, SrcK8S_Name="web-1"))


def _answer() -> str:
    stream = {"stream": LABELS, "values": [["1780000005000000000", _inside()], ["1780000005000000000", "{"]]}
    return json.dumps({"status": "success", "data": {"resultType": "streams", "result": [stream]}}, indent=1)


def _printed() -> str:
    return json.dumps({"labels": LABELS, "line": _inside(), "timestamp": "2026-05-28T20:26:45Z"}) + "\n"


@pytest.mark.parametrize(("text", "broken"), [(_answer(), 1), (_printed(), 0)])
def test_labels_of_loki_are_of_the_record(tmp_path: Path, text: str, broken: int) -> None:
    file = tmp_path / "loki.json"
    file.write_text(text)
    assert recognised(file) == "netobserv"
    (row,), account = read_log(file, "netobserv")
    assert account.rejected.total() == broken
    assert (row["src_namespace"], row["src_pod"], row["src_workload"]) == ("shop", "web-1", "web")
    assert row["observation_point"] == 2


def test_the_newest_first_is_one_connection_still(tmp_path: Path) -> None:
    flows = [_flow(TimeFlowStartMs=START + 50_000 * n, Flags=2 if n == 0 else 16) for n in (3, 2, 1, 0)]
    rows, _ = _read(tmp_path, *flows)
    assert [(row["record"], row["flow_count"], row["initiator"]) for row in rows] == [
        (0, 0, 1),
        (1, 0, 1),
        (2, 0, 1),
        (3, 1, 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([_flow(), _flow(SrcPort=50101)]),
        json.dumps([_flow(), _flow(SrcPort=50101)], indent=2),
        f"[{json.dumps(_flow())},\n{json.dumps(_flow(SrcPort=50101))}\n]\n",
        f"[{json.dumps(_flow())},\n{json.dumps(_flow(SrcPort=50101))},\n",
    ],
    ids=["one line", "many lines", "a line each", "cut off"],
)
def test_an_array(tmp_path: Path, text: str) -> None:
    file = tmp_path / "capture.json"
    file.write_text(text)
    assert recognised(file) == "netobserv"
    rows, account = read_log(file, "netobserv")
    assert [r["src_port"] for r in rows] == [50100, 50101]
    assert account.records == 2


def test_what_the_console_exports(tmp_path: Path) -> None:
    """Numbers, lists and events as Go prints them."""
    file = tmp_path / "export.csv"
    file.write_text(
        "Timestamp,FlowDirection,SrcAddr,DstAddr,SrcPort,DstPort,Proto,TimeFlowStartMs,Bytes,Flags,"
        "NetworkEvents,Sampling,SrcK8S_Name,SrcK8S_Type\n"
        "2026-05-28 20:26:45 +0000 UTC,1,10.4.0.7,10.4.1.8,50100,9000,6,1.78e+12,1.5e+06,[SYN ACK],"
        '"[map[Action:drop Direction:Ingress Feature:acl Name: Namespace:shop Type:NetpolNamespace]]",50,'
        "<nil>,<nil>\n"
        "2026-05-28 20:26:45 +0000 UTC,1,10.4.0.7\n"
    )
    assert recognised(file) == "netobserv"
    (row,), account = read_log(file, "netobserv")
    assert row["start_time"].isoformat() == "2026-05-28T20:26:40+00:00"
    assert (row["bytes"], row["initiator"], row["sampling_rate"]) == (1_500_000, 1, 50)
    assert (row["action"], row["ingress_action"], row["observation_point"]) == (2, 2, 1)
    assert account.left_out == {"header": 1}
    assert account.rejected == {"bad_record": 1}


def test_a_conversation_counts_once_and_its_counters_grow(tmp_path: Path) -> None:
    both = {"_HashId": "c1", "Flags": 0x112, "Bytes": None, "Packets": None}
    rows, _ = _read(
        tmp_path,
        _flow(**both, _RecordType="newConnection", Bytes_AB=100, Bytes_BA=0, Packets_AB=1, Packets_BA=0),
        _flow(**both, _RecordType="heartbeat", Bytes_AB=300, Bytes_BA=50, Packets_AB=3, Packets_BA=1),
        _flow(_HashId="c1", _RecordType="flowLog"),
        _flow(**both, _RecordType="endConnection", Bytes_AB=350, Bytes_BA=60, Packets_AB=4, Packets_BA=2),
    )
    assert [(r["record_kind"], r["flow_count"]) for r in rows] == [(3, 1), (3, 0), (2, 0), (3, 0)]
    assert [(r.get("bytes"), r.get("bytes_reverse")) for r in rows] == [
        (100, 0),
        (200, 50),
        (None, None),
        (50, 10),
    ]
