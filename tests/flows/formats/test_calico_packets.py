"""Packets that the kernel logged for Calico: the rows that are right, each computed by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import FlowFormatError
from tests.flows.logs import read_log, recognised

TIME = "2026-03-10T11:00:01.250000+01:00"
AT = datetime(2026, 3, 10, 10, 0, 1, 250000, tzinfo=UTC)
ENDS = "SRC=10.0.1.5 DST=192.0.2.9 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF "
TCP = f"{ENDS}PROTO=TCP SPT=41000 DPT=443 WINDOW=64240 RES=0x00 SYN URGP=0"
OUTWARD = "IN=cali0a1b2c3d4e5 OUT=eth0 MAC=ee:ee:ee:ee:ee:ee:02:42:0a:00:01:05:08:00 "


def rows_of(path: Path, *texts: str) -> list[dict[str, Any]]:
    path.write_text("".join(f"{TIME} n1 kernel: [  12.5] {text}\n" for text in texts))
    rows, account = read_log(path, "calico-packets")
    assert not account.rejected, account.rejected
    return rows


def test_a_log_rule_decides_nothing(log: Path) -> None:
    (row,) = rows_of(log, f"calico-packet: {OUTWARD}{TCP}")
    assert recognised(log) == "calico-packets"
    assert row == {
        "record": 0,
        "start_time": AT,
        "src_ip": "10.0.1.5",
        "dst_ip": "192.0.2.9",
        "src_port": 41000,
        "dst_port": 443,
        "protocol": 6,
        "tcp_flags": 2,
        "initiator": 1,
        "action": 0,
        "observation_point": 1,
        "observer": "n1",
        "record_kind": 1,
        "flow_count": 1,
        "flow_count_here": 1,
    }


@pytest.mark.parametrize(
    ("prefix", "action"),
    [
        ("calico-drop", 2),
        ("calico-drop LOGandDROP", 2),
        ("calico-drop LOGandACCEPT", 3),
        ("calico-packet knp:shop/web", 0),
    ],
)
def test_what_a_prefix_says_was_decided(log: Path, prefix: str, action: int) -> None:
    (row,) = rows_of(log, f"{prefix}: IN=tunl0 OUT=cali0a1b2c3d4e5 MAC= {TCP} MARK=0xa000000")
    assert (row["action"], row["observation_point"]) == (action, 2)
    assert not {"egress_action", "ingress_action"} & row.keys()


@pytest.mark.parametrize(
    ("into", "out", "point"),
    [("cali1", "eth0", 1), ("eth0", "cali1", 2), ("cali1", "cali2", 4), ("eth0", "", 0)],
)
def test_whose_interface_is_a_pods(log: Path, into: str, out: str, point: int) -> None:
    (row,) = rows_of(log, f"calico-packet: IN={into} OUT={out} {TCP}")
    assert row["observation_point"] == point


def test_a_packet_sent_again_is_the_same_connection(log: Path) -> None:
    rows = rows_of(log, *[f"calico-packet: {OUTWARD}{TCP}"] * 3)
    assert [row["flow_count"] for row in rows] == [1, 0, 0]


def test_an_answer_is_turned_round(log: Path) -> None:
    (row,) = rows_of(log, f"calico-packet: {OUTWARD}{TCP.replace('SYN', 'ACK SYN')}")
    assert (row["src_ip"], row["src_port"], row["initiator"]) == ("192.0.2.9", 443, 2)


def test_other_protocols(log: Path) -> None:
    udp, echo, reply, six, other = rows_of(
        log,
        f"calico-packet: {OUTWARD}{ENDS}PROTO=UDP SPT=40000 DPT=53 LEN=76",
        f"calico-packet: {OUTWARD}{ENDS}PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=1",
        f"calico-packet: {OUTWARD}{ENDS}PROTO=ICMP TYPE=3 CODE=1 [SRC=192.0.2.9 PROTO=TCP SPT=1 DPT=2 ]",
        "calico-packet: IN=cali1 OUT=eth0 SRC=2001:db8::5 DST=2001:db8::9 PROTO=ICMPv6 TYPE=128 CODE=0",
        f"calico-packet: {OUTWARD}{ENDS}PROTO=47",
    )
    assert (udp["protocol"], udp["dst_port"], udp["initiator"]) == (17, 53, 1)
    assert (echo["protocol"], echo["icmp_type"], echo["icmp_code"], echo["initiator"]) == (1, 8, 0, 1)
    assert (reply["icmp_type"], reply["icmp_code"], reply["src_ip"]) == (3, 1, "10.0.1.5")
    assert "dst_port" not in reply
    assert (six["protocol"], six["icmp_type"], six["src_ip"]) == (58, 128, "2001:db8::5")
    assert other["protocol"] == 47


def test_other_lines_are_no_flows(log: Path) -> None:
    log.write_text(f"{TIME} n1 systemd[1]: Started.\n{TIME} n1 kernel: calico-packet: {OUTWARD}{TCP[:-60]}\n")
    rows, account = read_log(log, "calico-packets")
    assert not rows
    assert (account.left_out, account.rejected) == ({"no_flow": 1}, {"bad_record": 1})


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-10T11:00:01.250+0100 n1 kernel: ",
        "2026-03-10T10:00:01.25Z n1 kernel: ",
        "<6>1 2026-03-10T10:00:01.25Z n1 kernel - - - ",
    ],
)
def test_times_with_a_year(log: Path, line: str) -> None:
    log.write_text(f"{line}calico-packet: {OUTWARD}{TCP}\n")
    rows, _ = read_log(log, "calico-packets")
    assert [(row["start_time"], row["observer"]) for row in rows] == [(AT, "n1")]


def test_a_journal_in_json(log: Path) -> None:
    message = f"calico-packet: {OUTWARD}{TCP}"
    micro = str(int(AT.timestamp()) * 1_000_000 + 250_000)
    entry = {"MESSAGE": message, "__REALTIME_TIMESTAMP": micro, "_HOSTNAME": "n1", "PRIORITY": "5"}
    log.write_text(json.dumps(entry) + "\n")
    assert recognised(log) == "calico-packets"
    rows, _ = read_log(log, "calico-packets")
    assert [(row["start_time"], row["observer"]) for row in rows] == [(AT, "n1")]


def test_times_without_a_year_are_refused(log: Path) -> None:
    log.write_text(f"Mar 10 10:00:01 n1 kernel: [  12.5] calico-packet: {OUTWARD}{TCP}\n")
    with pytest.raises(FlowFormatError, match="no year"):
        read_log(log, "calico-packets")
