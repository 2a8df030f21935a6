"""Zeek's conn.log: ICMP in its ports, protocols without a name, sides it guessed, and its spellings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from flowcheck.flows.logs.account import Account
from tests.flows.logs import TAPPED, read_log, recognised

AT = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)
SECONDS = int(AT.timestamp())
EXAMPLES = Path(__file__).parent / "examples" / "zeek"


def read(tmp_path: Path, *lines: str) -> tuple[list[dict[str, Any]], Account]:
    file = tmp_path / "conn.log"
    file.write_text("\n".join(lines) + "\n")
    assert recognised(file) == "zeek"
    return read_log(file, "zeek")


def record(src: str, src_port: int, dst: str, dst_port: int, proto: str, more: str = "") -> str:
    """One as JSON, a request of 84 bytes and its answer of 70."""
    return (
        f'{{"ts":{SECONDS}.5,"uid":"C1","id.orig_h":"{src}","id.orig_p":{src_port},"id.resp_h":"{dst}",'
        f'"id.resp_p":{dst_port},"proto":"{proto}","conn_state":"OTH","orig_pkts":1,"orig_ip_bytes":84,'
        f'"resp_pkts":2,"resp_ip_bytes":70{more}}}'
    )


def test_a_connection_both_its_ways() -> None:
    rows, account = read_log(EXAMPLES / "conn.log", "zeek")
    assert rows[0] == TAPPED | {
        "record": 8,
        "start_time": AT + dt.timedelta(milliseconds=250),
        "end_time": AT + dt.timedelta(milliseconds=1750),
        **{"src_port": 50210, "dst_port": 8443},
    }
    assert rows[1]["start_time"] == AT + dt.timedelta(seconds=1, microseconds=1)
    assert "end_time" not in rows[1]
    assert account.records == 3


def test_names_with_underscores_iso_times_and_other_logs_in_one_file() -> None:
    rows, account = read_log(EXAMPLES / "conn.json", "zeek")
    first, second = rows
    assert (first["start_time"], first["dst_port"], first["protocol"]) == (
        AT + dt.timedelta(milliseconds=250),
        53,
        17,
    )
    assert first["observer"] == "tap-1"
    assert (second["src_ip"], second["dst_port"], second["bytes"]) == ("10.20.0.8", 50212, 10)
    assert second["initiator"] == 0, "^: Zeek turned it round itself"
    assert account.left_out == {"no_flow": 1}


def test_pings_have_the_type_of_the_answer_where_others_have_a_code(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        record("10.1.0.1", 8, "10.1.0.2", 0, "icmp"),
        record("2001:db8::1", 128, "2001:db8::2", 129, "icmp"),
        record("10.1.0.1", 3, "10.1.0.2", 13, "icmp"),
        record("2001:db8::1", 1, "2001:db8::2", 4, "icmp"),
        record("fe80::1", 134, "ff02::1", 133, "icmp"),
    )
    assert [(row["protocol"], row["icmp_type"], row["icmp_code"]) for row in rows] == [
        (1, 8, 0),
        (58, 128, 0),
        (1, 3, 13),
        (58, 1, 4),
        (58, 134, 0),
    ]
    assert all("src_port" not in row and "dst_port" not in row for row in rows)
    assert [row["flow_count"] for row in rows] == [1, 1, 0, 0, 1], "an error tells of another connection"
    assert [row["initiator"] for row in rows] == [1, 1, 0, 0, 1]
    assert rows[4]["src_ip"] == "fe80::1", "what goes to a group answers nobody"


def test_an_answer_that_came_first_was_asked_for_by_the_other_end(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        record("10.1.0.2", 0, "10.1.0.1", 8, "icmp"),
        record("2001:db8::2", 129, "2001:db8::1", 128, "icmp"),
    )
    assert [(row["src_ip"], row["dst_ip"], row["icmp_type"], row["initiator"]) for row in rows] == [
        ("10.1.0.1", "10.1.0.2", 8, 2),
        ("2001:db8::1", "2001:db8::2", 128, 2),
    ]
    assert [(rows[0][name]) for name in ("bytes", "bytes_reverse", "packets", "packets_reverse")] == [
        70,
        84,
        2,
        1,
    ]


def test_protocols_without_a_name_are_numbers_or_unknown(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        record("10.1.0.1", 0, "10.1.0.2", 0, "unknown_transport", ',"ip_proto":132'),
        record("10.1.0.1", 0, "10.1.0.2", 0, "unknown_transport"),
    )
    assert [(row["protocol"], row.get("dst_port"), row["initiator"]) for row in rows] == [(132, None, 0)]
    assert account.rejected == {"bad_protocol": 1}


def test_who_opened_is_unknown_where_zeek_did_not_see_it(tmp_path: Path) -> None:
    seen = [
        ("tcp", "SF", "ShADadFf", 1),
        ("tcp", "S0", "S", 1),
        ("tcp", "OTH", "Dd", 0),
        ("tcp", "SF", "^hADad", 0),
        ("tcp", "SF", "HADad", 0),
        ("udp", "SF", "Dd", 1),
        ("udp", "SF", "^Dd", 0),
    ]
    lines = [
        record("10.1.0.1", 9, "10.1.0.2", 80, proto, f',"history":"{history}"').replace("OTH", state)
        for proto, state, history, _ in seen
    ]
    rows, _ = read(tmp_path, *lines)
    assert [row["initiator"] for row in rows] == [initiator for *_, initiator in seen]


def test_a_connection_that_was_refused_is_no_denial(tmp_path: Path) -> None:
    lines = [
        record("10.1.0.1", port, "10.1.0.2", 80, "tcp", f',"history":"{history}"').replace("OTH", state)
        for port, state, history in ((9, "REJ", "Sr"), (10, "S0", "S"), (11, "RSTO", "ShR"))
    ]
    rows, _ = read(tmp_path, *lines)
    assert [(row["action"], row["initiator"], row["flow_count"]) for row in rows] == [(0, 1, 1)] * 3


def test_columns_may_change_within_a_file_and_a_broken_line_costs_itself(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        "#separator \\x09",
        "#path\tconn",
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state",
        f"{SECONDS}.0\tC1\t10.1.0.1\t9\t10.1.0.2\t80\ttcp\tSF",
        f"{SECONDS}.0\tC1\t10.1.0.1\t9",
        "#close\t2026-04-01-11-00-00",
        "#fields\tproto\tts\tuid\tid.orig_h\tid.resp_h\tid.orig_p\tid.resp_p\tnew",
        f"udp\t{SECONDS}.0\tC2\t10.1.0.1\t10.1.0.2\t9\t53\t(empty)",
    )
    assert [(row["record"], row["protocol"], row["dst_port"]) for row in rows] == [(3, 6, 80), (7, 17, 53)]
    assert account.rejected == {"bad_record": 1}
    assert account.first == {"bad_record": [4]}


def test_values_may_be_separated_by_something_else(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        "#separator \\x7c",
        "#path|conn",
        "#fields|ts|uid|id.orig_h|id.orig_p|id.resp_h|id.resp_p|proto|conn_state",
        f"{SECONDS}.0|C1|10.1.0.1|9|10.1.0.2|80|tcp|SF",
    )
    assert [row["dst_port"] for row in rows] == [80]


def test_a_record_over_several_lines(tmp_path: Path) -> None:
    text = record("10.1.0.1", 9, "10.1.0.2", 53, "udp").replace(",", ",\n  ").replace("{", "{\n")
    rows, _ = read(tmp_path, text)
    assert [row["dst_port"] for row in rows] == [53]
