"""Logs that a mapping tells how to read: what it may say, what may be wrong with it, and what comes of it."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.hive import keys_of
from flowcheck.flows.formats import all_formats
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.recognised import named
from flowcheck.flows.logs.text.head import head_of
from flowcheck.flows.logs.text.source import Source
from tests.flows.logs import BY_NAME, damaged, read_log, recognised

MAPPING = """
records: connection
columns:
  start_time: {from: when, unit: s}
  src_ip: client
  dst_ip: server
  dst_port: port
  protocol: proto
"""
HEAD = "when,client,server,port,proto"
ROW = {"src_ip": "10.1.0.1", "dst_ip": "10.1.0.2", "dst_port": 443, "protocol": 6}
AT = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)
SECONDS = int(AT.timestamp())


def write(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "log"
    file.write_text("\n".join(lines) + "\n")
    return file


Read = tuple[list[dict[str, Any]], Account]


def read(tmp_path: Path, *lines: str, mapping: str = MAPPING, **asked: Any) -> Read:
    return read_log(write(tmp_path, *lines), "mapped", mapping=mapping, **asked)


def refusal(tmp_path: Path, *lines: str, mapping: str = MAPPING, **asked: Any) -> str:
    with pytest.raises(FlowFormatError) as caught:
        read(tmp_path, *lines, mapping=mapping, **asked)
    return str(caught.value)


def test_nothing_is_ever_taken_for_a_log_with_a_mapping(tmp_path: Path) -> None:
    assert recognised(write(tmp_path, HEAD, f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp")) == ""


def test_with_a_mapping_even_a_known_log_is_read_as_it_says(tmp_path: Path) -> None:
    zeek = Path(__file__).parent / "examples" / "zeek" / "conn.log"
    with Source(str(zeek)) as source:
        assert named("mapped", head_of(source), all_formats()).format is BY_NAME["mapped"]


def test_csv_tsv_and_json_lines_and_parquet_give_the_same_row(tmp_path: Path) -> None:
    values = (SECONDS, "10.1.0.1", "10.1.0.2", 443, "tcp")
    want = ROW | {"record_kind": 3, "flow_count": 1, "flow_count_here": 1, "start_time": AT}
    for separator in (",", "\t", ";", "|"):
        lines = (HEAD.replace(",", separator), separator.join(map(str, values)))
        rows, _ = read(tmp_path, *lines)
        assert rows == [want | {"record": 1}]
    rows, _ = read(
        tmp_path, f'{{"when":{SECONDS},"client":"10.1.0.1","server":"10.1.0.2","port":"443","proto":6}}'
    )
    assert rows == [want | {"record": 0}]
    table = pa.table({name: [value] for name, value in zip(HEAD.split(","), values, strict=True)})
    pq.write_table(table, tmp_path / "x.parquet")
    rows, _ = read_log(tmp_path / "x.parquet", "mapped", mapping=MAPPING)
    assert rows == [want | {"record": 0}]


def test_a_broken_line_and_a_bad_value_cost_their_own_rows(tmp_path: Path) -> None:
    good = f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp"
    rows, account = read(
        tmp_path,
        HEAD,
        good,
        "too,few",
        f"{good},too,many",
        good.replace("443", "70000"),
        good.replace("443", "x"),
        good.replace("10.1.0.1", "10.1.0.1x"),
        good.replace("tcp", "teecp"),
        good.replace(str(SECONDS), "yesterday"),
        HEAD,
        "",
        f'{SECONDS},"10.1.0.1","10.1.0.2",443,"tcp"',
    )
    assert [row["record"] for row in rows] == [1, 11]
    assert account.records == 9
    assert account.rejected == {
        "bad_record": 2,
        "bad_dst_port": 2,
        "bad_src_ip": 1,
        "bad_protocol": 1,
        "bad_start_time": 1,
    }
    assert account.first["bad_dst_port"] == [4, 5]


def test_many_lines_are_read_as_each_of_them_alone(tmp_path: Path) -> None:
    """Blocks of lines that have nothing odd in them are taken apart at once, others line by line."""
    n = 40_000
    lines = [f"{SECONDS + i},10.1.{i % 7}.{i % 250},10.1.0.2,{i % 60_000},udp" for i in range(n)]
    lines[30_000] = "broken"
    rows, account = read(tmp_path, HEAD, *lines)
    assert [row["record"] for row in rows] == [i + 1 for i in range(n) if i != 30_000]
    assert [row["dst_port"] for row in rows] == [i % 60_000 for i in range(n) if i != 30_000]
    assert account.rejected == {"bad_record": 1}
    assert account.first == {"bad_record": [30_001]}


def test_a_log_without_a_header_has_the_fields_that_are_asked_for(tmp_path: Path) -> None:
    line = f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp"
    rows, _ = read(tmp_path, line, fields=tuple(HEAD.split(",")))
    assert [row["dst_port"] for row in rows] == [443]


def test_packed_logs_are_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "log.gz"
    file.write_bytes(gzip.compress(f"{HEAD}\n{SECONDS},10.1.0.1,10.1.0.2,443,tcp\n".encode()))
    rows, _ = read_log(file, "mapped", mapping=MAPPING)
    assert len(rows) == 1


NESTED = """
records: connection
null_words: ["-", "none"]
where: {kind: [flow, null]}
columns:
  start_time: {from: [at, time]}
  end_time: {from: took, unit: ms, after: start_time}
  src_ip: {from: from.peer, split: "address:port", part: 0}
  src_port: {from: from.peer, split: "address:port", part: 1}
  dst_ip: to.ip
  dst_port: to.port
  protocol: {from: proto, values: {web: tcp, name: 17}}
  icmp_type: {from: icmp, split: ".", part: 0}
  icmp_code: {from: icmp, split: ".", part: -1}
  tcp_flags: {from: flags, base: 16}
  action: {from: verdict, values: {PASS: 1, BLOCK: 2, other: null}}
  observation_point: {constant: 3}
  observer: {constant: tap-7}
  policy_refs: policy
"""


def test_what_a_rule_may_say(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        '{"at":"2026-04-01T12:00:00.5+02:00","took":1500,"from":{"peer":"[2001:DB8::1]:4000"},'
        '"to":{"ip":"::ffff:10.1.0.2","port":443},"proto":"web","flags":"1a","verdict":"BLOCK","policy":"p/a"}',
        '{"kind":"flow","at":"-","time":"2026-04-01T10:00:00Z","from":{"peer":"10.1.0.1:9"},"to.ip":"10.1.0.2",'
        '"proto":1,"icmp":"3.13","verdict":"other","policy":["p/a","p/b"],"took":null}',
        '{"kind":"alert","at":"2026-04-01T10:00:00Z"}',
        mapping=NESTED,
    )
    first, second = rows
    assert first["start_time"] == AT + dt.timedelta(milliseconds=500)
    assert first["end_time"] == AT + dt.timedelta(seconds=2)
    assert (first["src_ip"], first["src_port"]) == ("2001:db8::1", 4000)
    assert (first["dst_ip"], first["dst_port"], first["protocol"]) == ("10.1.0.2", 443, 6)
    assert (first["tcp_flags"], first["action"], first["policy_refs"]) == (0x1A, 2, ["p/a"])
    assert (first["observation_point"], first["observer"]) == (3, "tap-7")
    assert (second["start_time"], second["dst_ip"], second["protocol"]) == (AT, "10.1.0.2", 1)
    assert (second["icmp_type"], second["icmp_code"]) == (3, 13)
    assert "action" not in second
    assert "end_time" not in second
    assert account.left_out == {"no_flow": 1}


def test_times_come_in_every_unit_and_form(tmp_path: Path) -> None:
    for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        mapping = MAPPING.replace("unit: s", f"unit: {unit}")
        rows, _ = read(tmp_path, HEAD, f"{SECONDS * factor},10.1.0.1,10.1.0.2,443,tcp", mapping=mapping)
        assert rows[0]["start_time"] == AT
    bare = MAPPING.replace(", unit: s", "")
    line = "{},10.1.0.1,10.1.0.2,443,tcp"
    for text in ("2026-04-01T10:00:00Z", "2026-04-01 05:00:00-0500", "2026-04-01T12:00:00.000000000+02:00"):
        rows, _ = read(tmp_path, HEAD, line.format(text), mapping=bare)
        assert rows[0]["start_time"] == AT
    rows, _ = read(tmp_path, HEAD, line.format(f"{SECONDS}.25"), mapping=bare, time_unit="s")
    assert rows[0]["start_time"] == AT + dt.timedelta(milliseconds=250)
    local = line.format("2026-04-01 12:00:00")
    rows, _ = read(tmp_path, HEAD, local, mapping=bare, time_zone="Europe/Berlin")
    assert rows[0]["start_time"] == AT
    zoned = MAPPING.replace("unit: s", "zone: Europe/Berlin")
    assert read(tmp_path, HEAD, local, mapping=zoned)[0][0]["start_time"] == AT


def test_an_hour_that_clocks_had_twice_is_told(tmp_path: Path) -> None:
    zoned = MAPPING.replace("unit: s", "zone: Europe/Berlin")
    rows, account = read(tmp_path, HEAD, "2026-10-25 02:30:00,10.1.0.1,10.1.0.2,443,tcp", mapping=zoned)
    assert rows[0]["start_time"] == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert "have twice" in account.warnings[0]


def test_units_and_zones_are_never_guessed(tmp_path: Path) -> None:
    bare = MAPPING.replace(", unit: s", "")
    assert "--time-unit" in refusal(tmp_path, HEAD, f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp", mapping=bare)
    local = "2026-04-01 12:00:00,10.1.0.1,10.1.0.2,443,tcp"
    assert "--time-zone" in refusal(tmp_path, HEAD, local)
    assert "'Mars' is no time zone" in refusal(tmp_path, HEAD, local, time_zone="Mars")


def test_records_of_one_direction_are_found_to_be_of_one_connection(tmp_path: Path) -> None:
    """SYN and ACK in one record of several packets tell nothing: both ends send both."""
    mapping = MAPPING.replace("connection", "window")
    mapping += "  src_port: sport\n  tcp_flags: flags\n  bytes: bytes\n  packets: packets\n"
    rows, _ = read(
        tmp_path,
        "when,client,sport,server,port,proto,flags,bytes,packets",
        f"{SECONDS},10.1.0.1,40000,10.1.0.2,443,tcp,......S.,10,1",
        f"{SECONDS},10.1.0.2,443,10.1.0.1,40000,tcp,ACK|PSH,30,3",
        f"{SECONDS},10.1.0.2,443,10.1.0.1,40001,tcp,SYN|ACK,30,1",
        f"{SECONDS},10.1.0.1,40002,10.1.0.2,443,tcp,...APS.F,50,5",
        f"{SECONDS},10.1.0.1,40003,10.1.0.2,443,tcp,SYN_ACK,50,2",
        mapping=mapping,
    )
    ends = [(row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) for row in rows]
    assert ends == [("10.1.0.1", port, "10.1.0.2", 443) for port in (40000, 40000, 40001, 40002, 40003)]
    assert [row.get("initiator", 0) for row in rows] == [1, 2, 2, 0, 0]
    assert [row["flow_count"] for row in rows] == [1, 0, 1, 1, 1]
    assert [(row.get("bytes"), row.get("bytes_reverse")) for row in rows[:2]] == [(10, None), (None, 30)]
    assert [row.get("tcp_flags") for row in rows] == [2, 0x18, 0x12, 0x1B, None]


def test_a_sampled_packet_counts_no_connection_and_a_rate_of_0_says_nothing(tmp_path: Path) -> None:
    mapping = MAPPING.replace("connection", "event") + "  src_port: sport\n  sampling_rate: rate\n"
    line = f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp,40000"
    rows, _ = read(tmp_path, f"{HEAD},sport,rate", f"{line},100", f"{line},0", mapping=mapping)
    assert rows[0]["sampling_rate"] == 100
    assert "flow_count" not in rows[0]
    assert "sampling_rate" not in rows[1]


def test_a_start_far_from_when_it_was_received_is_implausible(tmp_path: Path) -> None:
    mapping = MAPPING + "  received: {from: got, unit: s}\n"
    line = f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp"
    lines = (f"{HEAD},got", f"{line},{SECONDS + 3600}", f"{line},{SECONDS + 3601}")
    rows, account = read(tmp_path, *lines, mapping=mapping)
    assert len(rows) == 1
    assert account.rejected == {"implausible_time": 1}
    rows, _ = read(tmp_path, *lines, mapping=mapping, most_late=None)
    assert len(rows) == 2


def test_types_that_other_programs_write_into_parquet(tmp_path: Path) -> None:
    """ClickHouse: uint32 and 16 bytes for addresses, seconds as uint32; pandas: doubles with NaN; DuckDB:
    decimals; Polars: large strings and dictionaries."""
    mapped = bytes(10) + b"\xff\xff" + bytes([10, 1, 0, 1])
    table = pa.table(
        {
            "when": pa.array([SECONDS, SECONDS], pa.uint32()),
            "client": pa.array([mapped, mapped], pa.binary(16)),
            "server": pa.array([(10 << 24) + (1 << 16) + 2] * 2, pa.uint32()),
            "port": pa.array([443.0, float("nan")], pa.float64()),
            "proto": pa.array(["TCP", "icmp"], pa.large_string()).dictionary_encode(),
            "size": pa.array([5, None], pa.decimal128(38, 0)),
            "count": pa.array([7, 1 << 63], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    mapping = MAPPING + "  bytes: size\n  packets: count\n"
    rows, account = read_log(tmp_path / "x.parquet", "mapped", mapping=mapping)
    assert [{key: row[key] for key in ROW} for row in rows] == [ROW]
    assert (rows[0]["bytes"], rows[0]["packets"], rows[0]["start_time"]) == (5, 7, AT)
    assert account.rejected == {"bad_packets": 1}
    naive = table.set_column(0, "when", pa.array([AT.replace(tzinfo=None)] * 2, pa.timestamp("ns")))
    pq.write_table(naive, tmp_path / "y.parquet")
    rows, account = read_log(tmp_path / "y.parquet", "mapped", mapping=MAPPING)
    assert [row["start_time"] for row in rows] == [AT, AT]
    assert [row.get("dst_port") for row in rows] == [443, None]
    assert account.warnings == ["start_time has no time zone; read as UTC"]


def test_nested_columns_of_parquet_and_names_with_dots(tmp_path: Path) -> None:
    table = pa.table(
        {
            "when": [SECONDS],
            "a.b": ["10.1.0.1"],
            "server": [{"net": {"ip": "10.1.0.2", "port": 443}}],
            "proto": [6],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    mapping = MAPPING.replace("client", "a.b").replace(": server", ": server.net.ip")
    mapping = mapping.replace(": port", ": server.net.port")
    rows, _ = read_log(tmp_path / "x.parquet", "mapped", mapping=mapping)
    assert [{key: row[key] for key in ROW} for row in rows] == [ROW]


def test_bytes_that_are_no_text_are_a_fault_of_the_file(tmp_path: Path) -> None:
    for name in ("client", "proto"):
        values = dict(zip(HEAD.split(","), (SECONDS, "10.1.0.1", "10.1.0.2", 443, "tcp"), strict=True))
        columns = {key: pa.array([value]) for key, value in values.items()}
        columns[name] = pa.array([b"10.\xff.0.1"]).view(pa.string())
        pq.write_table(pa.table(columns), tmp_path / "x.parquet")
        with pytest.raises(FlowFormatError, match="cannot be decoded"):
            read_log(tmp_path / "x.parquet", "mapped", mapping=MAPPING)


def test_columns_that_stand_in_the_path(tmp_path: Path) -> None:
    file = tmp_path / "proto=tcp" / "x.csv"
    file.parent.mkdir()
    file.write_text(f"when,client,server,port\n{SECONDS},10.1.0.1,10.1.0.2,443\n")
    account = Account()
    with Source(str(file), keys=keys_of(str(file))) as source:
        batches = list(BY_NAME["mapped"].read(source, Asked(mapping=MAPPING), account))
    assert batches[0].column("protocol").to_pylist() == [6]


def test_everything_wrong_with_a_mapping_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    wrong = """records: flows
columns:
  start_tme: {from: ts}
  end_time: {from: ts, unit: minutes}
  src_port: {from: sp, unit: s}
  dst_port: {constant: 70000}
  protocol: {form: pr}
  tcp_flags: {from: x, base: 8}
  src_ip: {from: sip, split: 5, zone: Mars/Base}
  bytes: 5
  packets: {from: x, constant: 1}
  action: {from: x, values: {a: 1, b: 9}}
  cloud_action: {constant: 200}
"""
    said = refusal(tmp_path, HEAD, mapping=wrong)
    for part in (
        "line 1: records: 'flows' is none of event, window, connection, state, aggregate",
        "line 2: columns: no rule for start_time (add start_time: {from: NAME})",
        "line 2: columns: no rule for dst_ip",
        "line 3: there is no column 'start_tme' (did you mean start_time?)",
        "line 4: end_time.unit: 'minutes' is none of s, ms, us, ns",
        "line 5: src_port.unit: only times have a unit",
        "line 6: dst_port.constant: '70000' is no number from 0 to 65535",
        "line 7: protocol: there is no key 'form' (did you mean from?)",
        "line 8: tcp_flags.base: '8' is no base",
        "line 9: src_ip.zone: 'Mars/Base' is no time zone",
        "line 10: bytes: is no rule",
        "line 11: packets: needs either from or constant",
        "line 12: action.values: '9' is no number from 0 to 4",
        "line 13: cloud_action.constant: '200' is no number from 0 to 127",
    ):
        assert part in said


NO_MAPPINGS = ("", "  \n", "- a", "a: [", "columns: {}", "columns: 5", "x", "columns: {a: {b: }}")


@pytest.mark.parametrize("mapping", NO_MAPPINGS)
def test_what_is_no_mapping_is_refused(tmp_path: Path, mapping: str) -> None:
    assert "mapping" in refusal(tmp_path, HEAD, mapping=mapping)


FORMS = {
    "log.csv": "".join(f"{line}\n" for line in (HEAD, *[f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp"] * 5)),
    "log.tsv": "".join(f"{line}\n" for line in (HEAD, f"{SECONDS},10.1.0.1,10.1.0.2,,1")).replace(",", "\t"),
    "log.jsonl": f'{{"when":{SECONDS},"client":"10.1.0.1","server":"10.1.0.2","port":"443","proto":6}}\n' * 4,
    "log.json": f'[{{"when":{SECONDS},\n"client":"10.1.0.1","server":"10.1.0.2","port":443,"proto":"6"}}]',
}


@pytest.mark.parametrize("name", FORMS)
def test_whatever_is_in_a_file_every_record_is_accounted_for(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    for seed in range(200):
        file.write_bytes(damaged(FORMS[name].encode(), seed))
        try:
            read_log(file, "mapped", mapping=MAPPING)
        except FlowFormatError:
            continue


@pytest.mark.parametrize("mapping", [MAPPING, NESTED], ids=["plain", "nested"])
def test_whatever_is_in_a_mapping_it_is_read_or_refused(tmp_path: Path, mapping: str) -> None:
    file = write(tmp_path, *FORMS["log.csv"].split())
    for seed in range(200):
        try:
            read_log(file, "mapped", mapping=damaged(mapping.encode(), seed).decode(errors="replace"))
        except FlowFormatError:
            continue


def test_a_mapping_for_another_log_is_refused_with_what_the_log_has(tmp_path: Path) -> None:
    mapping = "where: {kind: flow}\n" + MAPPING.replace("client", '"cl\\u0007t"')
    said = refusal(tmp_path, HEAD, f"{SECONDS},10.1.0.1,10.1.0.2,443,tcp", mapping=mapping)
    assert "src_ip: the log has no column" in said
    assert "where: the log has no column 'kind'" in said
    assert "it has when, client, server, port, proto" in said
    assert "\x07" not in said


def test_a_name_that_no_record_of_json_has_is_told(tmp_path: Path) -> None:
    record = f'{{"when":{SECONDS},"client":"10.1.0.1","server":"10.1.0.2","port":443,"proto":6}}'
    _, account = read(tmp_path, record, mapping=MAPPING + "  bytes: size\n")
    assert account.warnings == ["no record has 'size', which the mapping names for bytes"]


def test_of_the_other_end_of_an_answer_nothing_is_told_that_a_column_has_of_one_alone(tmp_path: Path) -> None:
    rules = "  src_port: sport\n  initiator: {from: opened}\n  src_principal: who\n"
    head, mapping = f"{HEAD},sport,opened,who", MAPPING.replace("connection", "event") + rules
    asks = f"{SECONDS},10.1.0.1,10.1.0.2,443,6,40001,1,spiffe://a/ns/b/sa/c"
    answers = f"{SECONDS},10.1.0.2,10.1.0.1,40001,6,443,,spiffe://a/ns/b/sa/d"
    rows, _ = read(tmp_path, head, asks, answers, mapping=mapping)
    assert [(row["src_ip"], row["initiator"]) for row in rows] == [("10.1.0.1", 1), ("10.1.0.1", 2)]
    assert [row.get("src_principal") for row in rows] == ["spiffe://a/ns/b/sa/c", None]
