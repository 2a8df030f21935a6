"""Connection tracking: both tuples, what was dialled, and connections that are told more than once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

Rows = list[dict[str, Any]]
THERE = "src=10.6.0.2 dst=10.96.0.7 sport=33000 dport=443 packets=12 bytes=1500"
BACK = "src=10.6.4.4 dst=10.6.0.2 sport=8443 dport=33000 packets=9 bytes=4000"
PRINTED = f"tcp      6 86390 ESTABLISHED {THERE} {BACK} [ASSURED] mark=0 use=1"
STARTED = " delta-time=31 [start=Mon Jun  1 10:00:00 2026]"


def _dumped(zone: int, service: str = "10.96.0.7", port: int = 443, packets: int = 12) -> str:
    """An entry of Open vSwitch."""
    return (
        f"tcp,orig=(src=10.6.0.2,dst={service},sport=33000,dport={port},packets={packets},bytes=1500),"
        "reply=(src=10.6.4.4,dst=10.6.0.2,sport=8443,dport=33000,packets=9,bytes=4000),"
        f"start=2026-06-01T10:00:00.250,id=77,zone={zone},status=SEEN_REPLY|ASSURED|CONFIRMED|DST_NAT,"
        "timeout=86399,protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED)"
    )


def _read(tmp_path: Path, *lines: str, zone: str = "Europe/Berlin") -> tuple[Rows, Account]:
    file = tmp_path / "conntrack.txt"
    file.write_text("".join(line + "\n" for line in lines))
    assert recognised(file) == "conntrack"
    return read_log(file, "conntrack", time_zone=zone)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (PRINTED + STARTED, "00"),
        ("ipv4     2 " + PRINTED + " zone=5" + STARTED, "00"),
        (_dumped(5), "00.250000"),
    ],
    ids=["printed", "extended", "dumped"],
)
def test_an_entry_in_canonical_columns(tmp_path: Path, line: str, part: str) -> None:
    (row,), account = _read(tmp_path, line)
    assert row.pop("start_time").isoformat() == f"2026-06-01T08:00:{part}+00:00"
    assert row == {
        **{"record": 0, "src_ip": "10.6.0.2", "src_port": 33000, "dst_ip": "10.6.4.4", "dst_port": 8443},
        **{"protocol": 6, "initiator": 1, "record_kind": 3, "flow_count": 1, "flow_count_here": 1},
        **{"service_ip": "10.96.0.7", "service_port": 443},
        **{"packets": 12, "bytes": 1500, "packets_reverse": 9, "bytes_reverse": 4000},
    }
    assert account.warnings == []


def test_a_translated_source_and_ipv6_and_icmp(tmp_path: Path) -> None:
    rows, _ = _read(
        tmp_path,
        "udp      17 29 src=10.6.0.2 dst=203.0.113.5 sport=5000 dport=53 [UNREPLIED] "
        "src=203.0.113.5 dst=198.51.100.1 sport=53 dport=5000 use=1" + STARTED,
        "icmpv6   58 29 src=fd00:6::2 dst=fd00:6::3 type=128 code=0 id=9 "
        "src=fd00:6::3 dst=fd00:6::2 type=129 code=0 id=9 use=1" + STARTED,
        "icmp,orig=(src=10.6.0.2,dst=10.6.0.3,id=3,type=8,code=0),"
        "reply=(src=10.6.0.3,dst=10.6.0.2,id=3,type=0,code=0),start=2026-06-01T10:00:00.000,zone=1",
        "unknown  47 500 src=10.6.0.2 dst=10.6.0.3 src=10.6.0.3 dst=10.6.0.2 use=1" + STARTED,
    )
    assert [(row["protocol"], row.get("dst_port"), row.get("icmp_type")) for row in rows] == [
        (17, 53, None),
        (58, None, 128),
        (1, None, 8),
        (47, None, None),
    ]
    assert [row.get("nat_src_ip") for row in rows] == ["198.51.100.1", None, None, None]
    assert not any("service_ip" in row for row in rows)


def test_zones_of_a_node_tell_of_one_connection(tmp_path: Path) -> None:
    rows, _ = _read(tmp_path, _dumped(5), _dumped(6, "10.6.4.4", 8443))
    assert [(row["flow_count"], row.get("packets")) for row in rows] == [(1, 12), (0, None)]


def test_dump_after_dump_only_what_was_added_counts(tmp_path: Path) -> None:
    rows, _ = _read(tmp_path, _dumped(5), _dumped(5, packets=30))
    assert [(row["flow_count"], row["packets"]) for row in rows] == [(1, 12), (0, 18)]


def test_events_of_one_connection(tmp_path: Path) -> None:
    """Seconds since 1970, and a start of its own where the kernel keeps it."""
    asked = "src=10.6.0.2 dst=10.6.4.4 sport=33001 dport=80"
    new = f"{asked} [UNREPLIED] src=10.6.4.4 dst=10.6.0.2 sport=80 dport=33001"
    end = THERE.replace("10.96.0.7", "10.6.4.4").replace("33000", "33001").replace("443", "80")
    answers = BACK.replace("33000", "33001").replace("8443", "80")
    rows, _ = _read(
        tmp_path,
        f"[1780300800.500000]\t    [NEW] tcp      6 120 SYN_SENT {new}",
        f"[1780300801.500000]\t [UPDATE] tcp      6 60 SYN_RECV {new.replace('[UNREPLIED] ', '')}",
        f"[1780301400.000000]\t[DESTROY] tcp      6 {end} {answers} [ASSURED]",
        f"[1780301500.000000]\t[DESTROY] tcp      6 {THERE} {BACK} [ASSURED] delta-time=60",
        zone="",
    )
    assert [row["start_time"].isoformat()[11:-6] for row in rows] == [
        "08:00:00.500000",
        "08:00:01.500000",
        "08:00:00.500000",
        "08:10:40",
    ]
    assert [(row["record_kind"], row["flow_count"], row.get("packets")) for row in rows] == [
        (4, 1, None),
        (4, 0, None),
        (3, 0, 12),
        (3, 1, 12),
    ]


def test_what_cannot_be_placed_in_time(tmp_path: Path) -> None:
    rows, account = _read(
        tmp_path,
        "conntrack v1.4.8 (conntrack-tools): 3 flow entries have been shown.",
        PRINTED,
        PRINTED.replace("33000", "70000") + STARTED,
        "tcp      6 86390 ESTABLISHED src=10.6.0.2 dst=10.9",
        PRINTED + " [start=some day]",
        PRINTED + STARTED,
    )
    assert [row["record"] for row in rows] == [5]
    assert account.left_out == {"no_entry": 1}
    assert account.rejected == {"bad_start_time": 2, "bad_src_port": 1, "bad_record": 1}
    assert len(account.warnings) == 1


def test_a_local_time_needs_a_zone(tmp_path: Path) -> None:
    with pytest.raises(FlowFormatError, match="without a time zone"):
        _read(tmp_path, PRINTED + STARTED, zone="")
