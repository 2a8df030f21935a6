"""OVN's ACL log: what was decided on which side, by which policy, and what opens a connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

Rows = list[dict[str, Any]]
TCP = "nw_src=10.7.0.4,nw_dst=10.7.1.9,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=43210,tp_dst=8443"
BACK = "nw_src=10.7.1.9,nw_dst=10.7.0.4,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=8443,tp_dst=43210"
ETHERNET = "vlan_tci=0x0000,dl_src=0a:58:0a:07:00:04,dl_dst=0a:58:0a:07:00:01"


def _line(
    kind: str = "tcp",
    packet: str = f"{TCP},tcp_flags=syn",
    name: str = '"NP:shop:db:Ingress:2"',
    verdict: str = "drop",
    direction: str = ", direction=to-lport",
    time: str = "2026-06-01T08:00:00.250Z",
) -> str:
    return (
        f"{time}|00101|acl_log(ovn_pinctrl0)|INFO|name={name}, verdict={verdict}, severity=info{direction}: "
        f"{kind},{ETHERNET},{packet}"
    )


def _read(tmp_path: Path, *lines: str) -> tuple[Rows, Account]:
    file = tmp_path / "acl-audit-log.log"
    file.write_text("".join(line + "\n" for line in lines))
    assert recognised(file) == "ovn"
    return read_log(file, "ovn")


def test_a_line_in_canonical_columns(tmp_path: Path) -> None:
    (row,), account = _read(tmp_path, _line())
    assert row.pop("start_time").isoformat() == "2026-06-01T08:00:00.250000+00:00"
    assert row == {
        **{"record": 0, "src_ip": "10.7.0.4", "src_port": 43210, "dst_ip": "10.7.1.9", "dst_port": 8443},
        **{"protocol": 6, "tcp_flags": 2, "initiator": 1, "action": 2, "ingress_action": 2},
        **{"policy_refs": ["NetworkPolicy/shop/db"], "observation_point": 2, "record_kind": 1},
        **{"flow_count": 1, "flow_count_here": 1, "packets": 1},
    }
    assert account.records == 1


@pytest.mark.parametrize(
    ("verdict", "direction", "expected"),
    [
        ("allow", ", direction=from-lport", {"action": 1, "egress_action": 1, "observation_point": 1}),
        ("reject", ", direction=to-lport", {"action": 2, "ingress_action": 2, "observation_point": 2}),
        ("pass", ", direction=from-lport", {"action": 0, "observation_point": 1}),
        ("drop", "", {"action": 2}),
    ],
)
def test_verdicts_and_sides(tmp_path: Path, verdict: str, direction: str, expected: dict[str, int]) -> None:
    (row,), _ = _read(tmp_path, _line(verdict=verdict, direction=direction))
    names = ("action", "egress_action", "ingress_action", "observation_point")
    assert {name: row[name] for name in names if name in row} == expected


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ('"NP:shop:db.v1:Egress:0"', "NetworkPolicy/shop/db.v1"),
        ('"NP:shop:Ingress"', None),
        ('"ANP:tier-one:Ingress:12"', "AdminNetworkPolicy/tier-one"),
        ('"BANP:default:Egress:0"', "BaselineAdminNetworkPolicy/default"),
        ('"<unnamed>"', None),
        ("shop_allow-web", "NetworkPolicy/shop/allow-web"),
        ('"shop_allow-web_3"', "NetworkPolicy/shop/allow-web"),
        ('"shop_ingressDefaultDeny"', None),
        ('"np/my.policy.shop/IPv4/0"', "NetworkPolicy/shop/my.policy"),
        ('"np/web.shop/ingress/IPv6/1"', "NetworkPolicy/shop/web"),
        ('"anp/outer/egress/IPv4/0"', "AdminNetworkPolicy/outer"),
        ('"banp/default/ingress/IPv4/1"', "BaselineAdminNetworkPolicy/default"),
        ('"neutron-5a0c9b1e-0000-4000-8000-000000000001"', None),
        (f'"NP:shop:{"n" * 55}"', None),
        (f'"shop_{"n" * 58}"', None),
    ],
)
def test_policies_by_the_names_of_acls(tmp_path: Path, name: str, reference: str | None) -> None:
    (row,), _ = _read(tmp_path, _line(name=name))
    assert row.get("policy_refs") == (None if reference is None else [reference])


def test_an_egress_firewall_is_no_network_policy(tmp_path: Path) -> None:
    outside = TCP.replace("10.7.1.9", "203.0.113.8")
    lines = [
        _line(
            name='"EF:shop:1"',
            verdict=verdict,
            packet=f"{outside},tcp_flags=syn",
            direction=", direction=to-lport",
        )
        for verdict in ("drop", "allow")
    ]
    rows, _ = _read(tmp_path, *lines)
    assert [row["action"] for row in rows] == [4, 0]
    assert [row["policy_refs"] for row in rows] == [["EgressFirewall/shop/default"]] * 2
    assert not any("ingress_action" in row for row in rows)


def test_retries_are_one_attempt_and_their_packets_add_up(tmp_path: Path) -> None:
    times = [f"2026-06-01T08:00:{second}.000Z" for second in ("00", "01", "03", "07")]
    rows, _ = _read(tmp_path, *(_line(time=time) for time in times))
    assert [row["flow_count"] for row in rows] == [1, 0, 0, 0]
    assert sum(row["packets"] for row in rows) == 4


def test_both_sides_tell_of_one_attempt(tmp_path: Path) -> None:
    rows, _ = _read(
        tmp_path,
        _line(verdict="allow", direction=", direction=from-lport", name='"NP:web:out:Egress:0"'),
        _line(time="2026-06-01T08:00:00.251Z"),
    )
    assert [(row["flow_count"], row["flow_count_here"], row.get("packets")) for row in rows] == [
        (1, 1, 1),
        (0, 1, None),
    ]
    assert [(row.get("egress_action"), row.get("ingress_action")) for row in rows] == [(1, None), (None, 2)]


def test_the_tier_that_decided_counts_the_attempt(tmp_path: Path) -> None:
    rows, _ = _read(tmp_path, _line(verdict="pass", name='"ANP:t:Ingress:0"'), _line())
    assert [(row["action"], row["flow_count"]) for row in rows] == [(0, 0), (2, 1)]


def test_later_packets_open_nothing(tmp_path: Path) -> None:
    rows, _ = _read(
        tmp_path,
        _line(packet=f"{TCP},tcp_flags=psh|ack"),
        _line(verdict="allow", packet=f"{TCP.replace('43210', '43211')},tcp_flags=syn"),
        _line(verdict="allow", packet=f"{TCP.replace('43210', '43211')},tcp_flags=fin|ack"),
    )
    assert [(row.get("initiator"), row["action"], row["flow_count"]) for row in rows] == [
        (None, 2, 0),
        (1, 1, 1),
        (1, 1, 0),
    ]
    assert [row.get("ingress_action") for row in rows] == [None, 1, 1]


@pytest.mark.parametrize("flags", ["syn|ack", "psh|ack"])
def test_what_an_answer_met_decided_nothing(tmp_path: Path, flags: str) -> None:
    rows, _ = _read(
        tmp_path,
        _line(verdict="allow"),
        _line(packet=f"{BACK},tcp_flags={flags}", direction=", direction=from-lport"),
    )
    assert (rows[1]["src_ip"], rows[1]["initiator"], rows[1]["action"]) == ("10.7.0.4", 2, 4)
    assert (rows[1]["flow_count"], rows[1]["observation_point"]) == (0, 2)
    assert "egress_action" not in rows[1]


def test_other_protocols_and_ipv6(tmp_path: Path) -> None:
    six = "ipv6_src=fd00:7::4,ipv6_dst=fd00:7::9,ipv6_label=0x00000,nw_tos=0,nw_ecn=0,nw_ttl=64"
    back = "ipv6_src=fd00:7::9,ipv6_dst=fd00:7::4,ipv6_label=0x00000,nw_tos=0,nw_ecn=0,nw_ttl=64"
    rows, account = _read(
        tmp_path,
        _line("udp6", f"{six},tp_src=5000,tp_dst=53"),
        _line("udp6", f"{back},tp_src=53,tp_dst=5000"),
        _line("sctp", TCP),
        _line("icmp6", f"{six},icmp_type=128,icmp_code=0"),
        _line("icmp", "nw_src=10.7.1.9,nw_dst=10.7.0.4,icmp_type=0,icmp_code=0"),
        _line("icmp", "nw_src=10.7.1.9,nw_dst=10.7.0.4,icmp_type=3,icmp_code=1"),
        _line("ip", "nw_src=10.7.0.4,nw_dst=10.7.1.9,nw_proto=47,nw_tos=0"),
        _line("arp", "arp_spa=10.7.0.4,arp_tpa=10.7.0.1,arp_op=1"),
    )
    assert [(row["protocol"], row.get("dst_port"), row.get("initiator")) for row in rows] == [
        (17, 53, 1),
        (17, 53, 2),
        (132, 8443, 1),
        (58, None, 1),
        (1, None, 2),
        (1, None, 0),
        (47, None, 1),
    ]
    assert [row["src_ip"] for row in rows][:2] == ["fd00:7::4"] * 2
    assert (rows[4]["icmp_type"], rows[4]["src_ip"]) == (8, "10.7.0.4")
    assert account.left_out == {"not_ip": 1}


def _wrapped() -> list[str]:
    bare = _line(time="2026-06-01T08:00:00.250Z")
    inner = bare.partition("|")[2]
    return [
        f"2026-06-01T08:00:00.300000001Z stderr F {bare}",
        json.dumps({"log": bare + "\n", "stream": "stderr"}),
        json.dumps({"@timestamp": "2026-06-01T08:00:00.250Z", "level": "info", "message": bare}),
        json.dumps({"MESSAGE": f"ovs|{inner}", "__REALTIME_TIMESTAMP": "1780300800250000"}),
        f"<134>1 2026-06-01T08:00:00.250Z host ovn-controller - - - ovs|{inner}",
        f"2026-06-01T08:00:00.250000+0000 host ovn-controller[7]: ovs|{inner}",
    ]


@pytest.mark.parametrize("line", _wrapped(), ids=range(6))
def test_what_carried_a_line_is_taken_off(tmp_path: Path, line: str) -> None:
    (row,), _ = _read(tmp_path, line)
    assert row["start_time"].isoformat() == "2026-06-01T08:00:00.250000+00:00"
    assert (row["dst_port"], row["policy_refs"]) == (8443, ["NetworkPolicy/shop/db"])


def test_other_lines_and_broken_ones(tmp_path: Path) -> None:
    rows, account = _read(
        tmp_path,
        "2026-06-01T07:59:59.000Z|00001|vlog|INFO|opened log file /var/log/ovn/acl-audit-log.log",
        _line(),
        "2026-06-01T08:00:01.000Z|00102|acl_log(ovn_pinctrl0)|WARN|Dropped 12 log messages in last 3 seconds",
        _line().replace(", verdict=drop", ""),
        _line(packet=f"{TCP.replace('43210', 'x')},tcp_flags=syn"),
        "Jun  1 08:00:00 host ovn-controller[7]: ovs" + _line(time=""),
        _line(packet="nw_src=10.7.0.300,nw_dst=10.7.1.9,tp_src=1,tp_dst=2,tcp_flags=syn"),
    )
    assert len(rows) == 1
    assert account.left_out == {"no_acl_log": 1, "lost_lines": 1}
    assert account.rejected == {"bad_record": 1, "bad_src_port": 1, "bad_start_time": 1, "bad_src_ip": 1}
    assert len(account.warnings) == 1
