"""nfdump: columns by name, old and new, a trailer, local times, and what is made for people."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.account import Account
from tests.flows.logs import read_log, recognised

AT = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)
OLD = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt"
NEW = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows"
BERLIN = "2026-04-01 12:00:00"
"""AT in Berlin, in summer."""


def read(tmp_path: Path, *lines: str, zone: str = "Europe/Berlin") -> tuple[list[dict[str, Any]], Account]:
    file = tmp_path / "flows.csv"
    file.write_text("\n".join(lines) + "\n")
    assert recognised(file) == "nfdump"
    return read_log(file, "nfdump", time_zone=zone)


def test_the_old_columns_and_the_trailer(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        OLD,
        f"{BERLIN},2026-04-01 12:00:05,5.000,10.1.0.1,10.1.0.2,40000,443,TCP,......S.,0,0,2,120,0,0",
        f"{BERLIN},2026-04-01 12:00:05,5.000,10.1.0.2,10.1.0.1,443,40000,TCP,...A.R..,0,0,2,80,0,0",
        f"{BERLIN},2026-04-01 12:00:05,5.000,10.1.0.1,10.1.0.2,0,8.0,ICMP,........,0,0,1,84,0,0",
        "0000-00-00 00:00:00.000,,0.000,10.1.0.1,10.1.0.2,40001,443,TCP,......S.,0,0,1,60,0,0",
        "Summary",
        "flows,bytes,packets,avg_bps,avg_pps,avg_bpp",
        "4,344,6,320,0,50",
        OLD,
        f"{BERLIN},{BERLIN},0.000,10.1.0.1,10.1.0.2,40002,53,UDP,........,0,0,1,70,2,90",
    )
    opened, reset, ping, after = rows
    assert (opened["start_time"], opened["end_time"]) == (AT, AT + dt.timedelta(seconds=5))
    for row in (opened, reset):
        assert (row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) == (
            "10.1.0.1",
            40000,
            "10.1.0.2",
            443,
        )
    assert (opened["initiator"], opened["flow_count"], opened["bytes"], opened["packets"]) == (1, 1, 120, 2)
    assert (reset["initiator"], reset["flow_count"]) == (2, 0)
    assert (reset["bytes_reverse"], reset["packets_reverse"]) == (80, 2)
    assert reset["action"] == 0, "the far end refused, not a policy"
    assert "bytes" not in reset
    assert (ping["icmp_type"], ping["icmp_code"], ping.get("dst_port")) == (8, 0, None)
    assert (after["record"], after["bytes"], after["bytes_reverse"]) == (9, 70, 90)
    assert account.rejected == {"bad_start_time": 1}
    assert account.records == 5


def test_the_new_columns_have_no_flags(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        NEW,
        "2026-04-01 12:00:00.250,5.000,6,10.1.0.1,40000,10.1.0.2,443,2,120,1",
        "2026-04-01 12:00:07.000,0.000,58,2001:db8::1,0,2001:db8::2,1.4,1,84,1",
    )
    assert rows[0]["start_time"] == AT + dt.timedelta(milliseconds=250)
    assert rows[0]["end_time"] == AT + dt.timedelta(milliseconds=5250)
    assert rows[0].get("initiator", 0) == 0
    assert (rows[0]["flow_count"], rows[0]["observation_point"], rows[0]["record_kind"]) == (1, 3, 2)
    assert (rows[1]["icmp_type"], rows[1]["icmp_code"], rows[1]["flow_count"]) == (1, 4, 0)


def test_csv_fast_needs_no_zone_and_packs_icmp_into_a_port() -> None:
    file = Path(__file__).parent / "examples" / "nfdump" / "fast.csv"
    rows, _ = read_log(file, "nfdump")
    assert [row["start_time"] - AT for row in rows] == [
        dt.timedelta(milliseconds=number) for number in (250, 260, 1000)
    ]
    assert [(row["src_ip"], row.get("dst_port")) for row in rows] == [
        ("10.20.0.7", 8443),
        ("10.20.0.7", 8443),
        ("10.20.0.7", None),
    ]
    assert [row["flow_count"] for row in rows] == [1, 0, 1]
    assert (rows[2]["icmp_type"], rows[2]["icmp_code"]) == (8, 0)


def test_json_of_either_kind_and_bytes_that_are_packets(tmp_path: Path) -> None:
    flow = (
        '{"type":"FLOW","first":"2026-04-01T12:00:00.250","last":"2026-04-01T12:00:01.000","in_packets":3,'
        '"in_bytes":%d,"proto":6,"tcp_flags":"......S.","src_port":40000,"dst_port":443,'
        '"src4_addr":"10.1.0.1","dst4_addr":"10.1.0.2"}'
    )
    for text in (f"[\n{flow % 180},\n{flow % 3}]", f"{flow % 180}\n{flow % 3}"):
        rows, _ = read(tmp_path, text)
        assert [(row["start_time"] - AT).microseconds for row in rows] == [250_000, 250_000]
        assert [(row.get("bytes"), row["packets"]) for row in rows] == [(180, 3), (None, 3)]


def test_the_time_zone_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FlowFormatError, match="--time-zone"):
        read(tmp_path, NEW, "2026-04-01 12:00:00.250,5.000,6,10.1.0.1,40000,10.1.0.2,443,2,120,1", zone="")


def test_text_for_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlowFormatError, match=r"rounded.*nfdump -o csv"):
        read(
            tmp_path,
            "Date first seen          Duration Proto  Src IP Addr:Port   Dst IP Addr:Port   Packets    Bytes",
            "2026-04-01 12:00:00.250     5.000 TCP   10.1.0.1:40000 ->    10.1.0.2:443      1.2 M    1.1 G",
        )
