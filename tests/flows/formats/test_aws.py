"""AWS VPC flow logs: every row here was worked out by hand from its record."""

from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.hive import keys_of
from flowcheck.flows.formats import stored as stored_module
from flowcheck.flows.formats.aws.layout import Layout
from flowcheck.flows.formats.aws.records import Converter
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.converted import whole_schema
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.text import source as source_module
from flowcheck.flows.logs.text.source import Source
from tests.flows.logs import BY_NAME, damaged, read_log, recognised

ENI = "eni-0aa11bb22cc33dd44"
V5 = (
    "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status "
    "tcp-flags pkt-srcaddr pkt-dstaddr flow-direction"
)


def v5(
    *,
    ends: str = "10.20.1.10 10.20.2.10",
    ports: str = "40100 8443",
    protocol: str = "6",
    flags: str = "2",
    packet: str = "10.20.1.14 10.20.2.30",
    way: str = "egress",
    action: str = "ACCEPT",
    counts: str = "12 5200",
    start: str = "1773200000",
) -> str:
    return f"5 {ENI} {ends} {ports} {protocol} {counts} {start} 1773200055 {action} OK {flags} {packet} {way}"


NODATA = f"5 {ENI} - - - - - - - 1773200000 1773200059 - NODATA - - - -"


ODD = (
    v5(packet="- 10.20.2.30"),
    v5(packet="10.20.1.14 -", ends="x y"),
    v5(protocol="-"),
    v5(start="-"),
    v5(counts="- x"),
    v5(ports="0 70000", protocol="1"),
    v5(flags="18", way="-"),
    NODATA.replace("NODATA", "-"),
)


def read(tmp_path: Path, *lines: str, **asked: Any) -> tuple[list[dict[str, Any]], Account]:
    path = tmp_path / "flows.log"
    path.write_text("".join(f"{line}\n" for line in lines))
    return read_log(path, "aws", **asked)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_record_is_a_window_between_pods(tmp_path: Path) -> None:
    rows, account = read(tmp_path, V5, v5())
    assert rows == [
        {
            "record": 1,
            "start_time": at(1773200000),
            "end_time": at(1773200055),
            "src_ip": "10.20.1.14",
            "dst_ip": "10.20.2.30",
            "src_port": 40100,
            "dst_port": 8443,
            "protocol": 6,
            "tcp_flags": 2,
            "initiator": 1,
            "action": 0,
            "cloud_action": 1,
            "observation_point": 1,
            "record_kind": 2,
            "observer": ENI,
            "bytes": 5200,
            "packets": 12,
        }
    ]
    assert (account.records, account.rows, account.warnings, account.unfit) == (1, 1, [], "")


def test_a_syn_with_an_ack_answers_and_is_turned_round(tmp_path: Path) -> None:
    answer = v5(
        ends="10.20.2.10 10.20.1.10",
        packet="10.20.2.30 10.20.1.14",
        ports="8443 40100",
        flags="19",
        way="ingress",
    )
    rows, _ = read(tmp_path, V5, v5(), answer)
    assert len({(row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) for row in rows}) == 1
    assert [row["initiator"] for row in rows] == [1, 2]
    assert [row["observation_point"] for row in rows] == [1, 1]  # the interface of the client saw both
    assert (rows[1]["bytes_reverse"], rows[1]["packets_reverse"]) == (5200, 12)
    assert "bytes" not in rows[1]
    assert "flow_count" not in rows[1]


@pytest.mark.parametrize(
    ("flags", "initiator"), [("0", 0), ("1", 0), ("3", 1), ("4", 0), ("18", 2), ("-", 0)]
)
def test_flags_of_a_window_tell_who_opened_it(tmp_path: Path, flags: str, initiator: int) -> None:
    (row,), _ = read(tmp_path, V5, v5(flags=flags))
    assert row["initiator"] == initiator


def test_flags_of_what_is_not_tcp_tell_nothing(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, V5, v5(protocol="17", flags="2"))
    assert row["initiator"] == 0


def test_an_interface_stands_in_only_where_the_packet_does_not_say(tmp_path: Path) -> None:
    rows, account = read(tmp_path, V5, v5(packet="- 10.20.2.30"), v5())
    assert [row["src_ip"] for row in rows] == ["10.20.1.10", "10.20.1.14"]
    assert account.unfit == ""


def test_ports_of_icmp_are_none(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, V5, v5(protocol="1", ports="0 0", flags="0"))
    assert not {"src_port", "dst_port", "icmp_type", "icmp_code"} & row.keys()
    (row,), _ = read(tmp_path, V5, v5(ports="0 8443", flags="0"))
    assert row["src_port"] == 0


def test_an_ipv6_address_has_one_form(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, V5, v5(packet="2001:DB8:0::5 ::ffff:10.20.2.30"))
    assert (row["src_ip"], row["dst_ip"]) == ("2001:db8::5", "10.20.2.30")


@pytest.mark.parametrize(("action", "code"), [("ACCEPT", 1), ("REJECT", 2), ("-", None)])
def test_what_was_done_is_the_clouds_doing(tmp_path: Path, action: str, code: int | None) -> None:
    (row,), _ = read(tmp_path, V5, v5(action=action))
    assert row.get("cloud_action") == code
    assert row["action"] == 0
    assert not {"egress_action", "ingress_action"} & row.keys()


def test_what_stands_for_nobody_and_a_reason_for_no_refusal(tmp_path: Path) -> None:
    """A regional NAT gateway has no account and no interface; BPA's column says Accepted of what passed."""
    header = f"account-id {V5} reject-reason"
    (row,), account = read(tmp_path, header, f"unknown {v5().replace(ENI, '-')} Accepted")
    assert (row["src_ip"], row["cloud_action"], "observer" in row) == ("10.20.1.14", 1, False)
    assert not account.rejected


def test_the_default_format_converts_and_is_not_fit_to_be_judged(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        f"2 111122223333 {ENI} 10.20.1.10 10.20.2.10 40101 53 17 1 72 1773200000 1773200030 REJECT OK",
    )
    assert [(row["src_ip"], row["dst_ip"], row["cloud_action"], row["record"]) for row in rows] == [
        ("10.20.1.10", "10.20.2.10", 2, 0)
    ]
    assert "primary address" in account.unfit
    assert rows[0]["observation_point"] == 0


def test_windows_without_records_are_left_out_and_told(tmp_path: Path) -> None:
    rows, account = read(tmp_path, V5, NODATA, NODATA.replace("NODATA", "SKIPDATA"), v5(), NODATA)
    assert [row["record"] for row in rows] == [3]
    assert account.left_out == {"no_data": 2, "skip_data": 1}
    assert [(text[:6], text[-3:]) for text in account.warnings] == [("NODATA", ": 2"), ("SKIPDA", ": 1")]


def test_a_window_without_anything_needs_no_status(tmp_path: Path) -> None:
    header = "pkt-srcaddr pkt-dstaddr dstport protocol start"
    rows, account = read(tmp_path, header, "- - - - 1773200000", "10.20.1.14 10.20.2.30 53 17 1773200000")
    assert (len(rows), account.left_out, account.rejected) == (1, {"no_data": 1}, {})


def test_fields_come_in_any_order_and_new_ones_cost_nothing(tmp_path: Path) -> None:
    rows, account = read(
        tmp_path,
        "end instance-tag start protocol dstport pkt-dstaddr srcport pkt-srcaddr interface-type",
        "1773200055 blue 1773200000 17 53 10.20.2.30 40100 10.20.1.14 ec2",
    )
    assert [(row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) for row in rows] == [
        ("10.20.1.14", 40100, "10.20.2.30", 53)
    ]
    assert not account.rejected


def test_a_name_that_cannot_be_read_is_a_field_that_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_bytes(V5.encode().replace(b"packets", b"pack\xffts") + f"\n{v5()}\n".encode())
    (row,), account = read_log(path, "aws")
    assert (row["bytes"], "packets" in row, account.rejected) == (5200, False, {})


def test_a_header_may_come_again_and_may_be_another(tmp_path: Path) -> None:
    other = "protocol start pkt-srcaddr pkt-dstaddr dstport log-status"
    rows, account = read(
        tmp_path, V5, v5(), V5, v5(), other, "17 1773200001 10.20.1.15 10.20.2.31 53 OK", V5, v5()
    )
    assert [(row["record"], row["dst_port"]) for row in rows] == [(1, 8443), (3, 8443), (5, 53), (7, 8443)]
    assert account.records == 4


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (v5() + " more", "bad_record"),
        ("5 eni-0aa", "bad_record"),
        (v5(ports="40100.5 8443"), "bad_src_port"),
        (v5(ports="40100 70000"), "bad_dst_port"),
        (v5(ports="40100 -1"), "bad_dst_port"),
        (v5(ports="40100 https"), "bad_dst_port"),
        (v5(protocol="-"), "bad_protocol"),
        (v5(protocol="300"), "bad_protocol"),
        (v5(packet="10.20.1.300 10.20.2.30"), "bad_src_ip"),
        (v5(packet="10.20.1.14 010.20.2.30"), "bad_dst_ip"),
        (v5(start="-"), "bad_start_time"),
        (v5(start="999999999999999"), "bad_start_time"),
        (v5(start="never"), "bad_start_time"),
        (v5(counts="12 99999999999999999999"), "bad_bytes"),
        (v5(counts="x 5200"), "bad_packets"),
    ],
)
def test_a_broken_line_costs_that_line_only(tmp_path: Path, line: str, reason: str) -> None:
    rows, account = read(tmp_path, V5, v5(), v5(), line, v5())
    assert [row["record"] for row in rows] == [1, 2, 4]
    assert account.rejected == {reason: 1}
    assert account.first == {reason: [3]}


def test_bytes_that_are_no_text_spoil_their_field(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    bad = [v5().encode().replace(b"ACCEPT", b"ACC\xff\xfeT"), v5().encode().replace(b".14", b".1\xff")]
    path.write_bytes(b"\n".join([V5.encode(), v5().encode(), *bad, b"", v5().encode()]))
    rows, account = read_log(path, "aws")
    assert [(row["record"], row.get("cloud_action")) for row in rows] == [(1, 1), (2, None), (5, 1)]
    assert account.first == {"bad_src_ip": [3]}


def test_a_carriage_return_within_a_line_breaks_it(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_bytes("\n".join([V5, v5(), v5().replace(" egress", "\regress"), v5()]).encode())
    rows, account = read_log(path, "aws")
    assert [row["record"] for row in rows] == [1, 3]
    assert account.first == {"bad_record": [2]}


def test_positions_hold_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "BLOCKS", 1000)
    lines = ["broken" if i % 37 == 5 else NODATA if i % 11 == 3 else v5(ports=f"{i} 443") for i in range(200)]
    rows, account = read(tmp_path, V5, *lines)
    assert all(row["record"] == row["src_port"] + 1 for row in rows)
    assert account.records == 200
    assert account.first["bad_record"] == [6, 43, 80, 117, 154, 191]
    assert account.left_out["no_data"] == sum(i % 11 == 3 and i % 37 != 5 for i in range(200))


@pytest.mark.parametrize("seed", range(30))
def test_a_block_means_what_its_lines_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Taken apart as a whole or line by line, in small blocks or one."""
    dice = random.Random(seed)
    lines = [dice.choice((v5(), v5(), NODATA, V5, "", *ODD)) for _ in range(dice.randint(1, 40))]
    path = tmp_path / "flows.log"
    text = "\n".join([V5, *lines]).encode()
    path.write_bytes(damaged(text, seed) if seed % 2 else text)
    found = []
    for size, whole in ((1 << 20, True), (300, True), (1 << 20, False)):
        monkeypatch.setattr(source_module, "BLOCKS", size)
        if not whole:
            monkeypatch.setattr(Layout, "alike", lambda self, lines: {})
        try:
            rows, account = read_log(path, "aws")
            found.append((rows, vars(account)))
        except FlowFormatError as error:
            found.append(([], {"error": str(error)}))
    assert found[1:] == found[:1] * 2


def test_carriage_returns_and_a_byte_order_mark_are_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_bytes(b"\xef\xbb\xbf" + f"{V5}\r\n{v5()}\r\n{v5()}".encode())
    rows, account = read_log(path, "aws")
    assert [row["record"] for row in rows] == [1, 2]
    assert recognised(path) == "aws"
    assert not account.rejected


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "flows.log.gz"
    path.write_bytes(gzip.compress(f"{V5}\n{v5()}\n".encode()))
    assert recognised(path) == "aws"
    assert len(read_log(path, "aws")[0]) == 1


def test_without_a_header_the_fields_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_text(f"{v5()}\n{v5()}\n")
    assert recognised(path) == "aws"
    with pytest.raises(FlowFormatError, match="no header") as raised:
        read_log(path, "aws")
    assert "--fields" in raised.value.hint
    rows, _ = read_log(path, "aws", fields=tuple(V5.split()))
    assert [row["record"] for row in rows] == [0, 1]
    assert read_log(path, "aws", fields=tuple(f"${{{name}}}" for name in V5.split()))[0] == rows


def test_lines_before_a_header_cost_nothing_else(tmp_path: Path) -> None:
    rows, account = read(tmp_path, "# exported", V5, v5())
    assert [row["record"] for row in rows] == [2]
    assert account.first == {"bad_record": [0]}


@pytest.mark.parametrize(
    "log",
    [
        "version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr srcport dstport\n",
        "6 TransitGateway 111122223333 tgw-0aa11 tgw-attach-0aa 10.20.1.14 10.20.2.30 1 2 6 7 8 9\n",
    ],
)
def test_a_log_of_a_transit_gateway_is_refused_by_name(tmp_path: Path, log: str) -> None:
    path = tmp_path / "flows.log"
    path.write_text(log)
    assert recognised(path) == "aws"
    with pytest.raises(FlowFormatError, match="transit gateway"):
        read_log(path, "aws")


def test_a_line_that_only_names_an_interface_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "some.log"
    path.write_text(f"attached {ENI} to i-0a1b2c3d4e5f60718 OK\n")
    assert recognised(path) == ""


def test_a_log_without_times_says_so(tmp_path: Path) -> None:
    rows, account = read(tmp_path, "pkt-srcaddr pkt-dstaddr dstport protocol", "10.20.1.14 10.20.2.30 53 17")
    assert (rows, account.rejected) == ([], {"bad_start_time": 1})
    assert account.warnings == ["its records have no field start: they cannot be used"]


# -- CloudWatch ---------------------------------------------------------------------------------------

RECORD = f"2 111122223333 {ENI} 10.20.1.10 10.20.2.10 40103 443 6 9 1200 1773200000 1773200030 ACCEPT OK"


@pytest.mark.parametrize(
    "log",
    [
        f'{{"message":"{RECORD}"}}\n{{"message":"{RECORD}","timestamp":1773200000000}}\n',
        f'{{"@timestamp":"2026-03-11 03:33:20.000","@message":"{RECORD}"}}\n{{"@message":"{RECORD}"}}\n',
        f'{{"messageType":"DATA_MESSAGE","logEvents":[{{"timestamp":1,"message":"{RECORD}"}}]}}' * 2,
        '{\n  "events": [\n'
        + ",\n".join([f'    {{"timestamp": 5, "message": "{RECORD}"}}'] * 2)
        + "\n  ]\n}\n",
        f"2026-03-11T03:33:20.000Z {RECORD}\n2026-03-11T03:33:21.000Z {RECORD}\n",
    ],
)
def test_records_come_in_whatever_cloudwatch_puts_round_them(tmp_path: Path, log: str) -> None:
    path = tmp_path / "flows.log"
    path.write_text(log)
    assert recognised(path) == "aws"
    rows, account = read_log(path, "aws")
    assert [(row["record"], row["start_time"], row["dst_port"]) for row in rows] == [
        (0, at(1773200000), 443),
        (1, at(1773200000), 443),
    ]
    assert not account.rejected


def test_an_event_lends_its_time_to_a_record_without_one(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    event = f'{{"timestamp":1773200001500,"message":"10.20.1.14 10.20.2.30 443 6 {ENI} OK"}}'
    path.write_text(f'{{"messageType":"DATA_MESSAGE","logEvents":[{event}]}}\n')
    fields = ("pkt-srcaddr", "pkt-dstaddr", "dstport", "protocol", "interface-id", "log-status")
    (row,), _ = read_log(path, "aws", fields=fields)
    assert row["start_time"] == datetime(2026, 3, 11, 3, 33, 21, 500000, UTC)


@pytest.mark.parametrize(
    "timestamp", ["1e300", "12345678901234567890123", '"soon"', "null", "1773200000000.5"]
)
def test_a_time_of_an_event_may_be_none(tmp_path: Path, timestamp: str) -> None:
    path = tmp_path / "flows.log"
    path.write_text(f'{{"timestamp":{timestamp},"message":"10.20.1.14 10.20.2.30 443 6 {ENI} OK"}}\n')
    fields = ("pkt-srcaddr", "pkt-dstaddr", "dstport", "protocol", "interface-id", "log-status")
    rows, account = read_log(path, "aws", fields=fields)
    assert len(rows) + account.rejected["bad_start_time"] + account.rejected["bad_record"] == 1


def test_what_cloudwatch_says_of_itself_is_no_flow(tmp_path: Path) -> None:
    path = Path(__file__).parent / "examples/aws/subscription.json"
    rows, account = read_log(path, "aws")
    assert [row["record"] for row in rows] == [1]
    assert account.left_out == {"control_message": 1, "no_data": 1}


# -- Parquet ------------------------------------------------------------------------------------------

COLUMNS: dict[str, Any] = {
    "srcaddr": ["10.20.1.10"],
    "dstaddr": ["10.20.2.10"],
    "pkt_srcaddr": ["10.20.1.14"],
    "pkt_dstaddr": ["10.20.2.30"],
    "srcport": pa.array([40104], pa.int32()),
    "dstport": pa.array([443], pa.int32()),
    "protocol": pa.array([6], pa.int32()),
    "packets": pa.array([3], pa.int64()),
    "bytes": pa.array([180], pa.int64()),
    "start": pa.array([1773200000], pa.int64()),
    "end": pa.array([1773200059], pa.int64()),
    "action": ["ACCEPT"],
    "log_status": ["OK"],
    "flow_direction": ["egress"],
    "tcp_flags": pa.array([2], pa.int32()),
    "traffic_path": ["-"],
}
WHOLE = ("srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp_flags")


def stored(tmp_path: Path, columns: dict[str, Any]) -> tuple[list[dict[str, Any]], Account]:
    path = tmp_path / "flows.parquet"
    pq.write_table(pa.table(columns), path)
    assert recognised(path) == "aws"
    return read_log(path, "aws")


@pytest.mark.parametrize(
    "type_", [pa.int32(), pa.int64(), pa.uint64(), pa.float64(), pa.float32(), pa.decimal128(20), pa.string()]
)
def test_columns_may_have_any_type_that_holds_whole_numbers(tmp_path: Path, type_: pa.DataType) -> None:
    wanted, _ = stored(tmp_path, COLUMNS)
    kept = ("start", "end") if type_ == pa.float32() else ()
    cast = {name: pa.array(COLUMNS[name]).cast(type_) for name in WHOLE if name not in kept}
    assert stored(tmp_path, {**COLUMNS, **cast})[0] == wanted
    assert wanted[0]["start_time"] == at(1773200000)
    assert (wanted[0]["initiator"], wanted[0]["observation_point"], wanted[0]["bytes"]) == (1, 1, 180)


def test_a_number_that_is_not_whole_rejects_its_row(tmp_path: Path) -> None:
    rows, account = stored(tmp_path, {**COLUMNS, "srcport": [40104.5]})
    assert (rows, account.rejected) == ([], {"bad_src_port": 1})


@pytest.mark.parametrize("value", [pa.array([None], pa.float64()), pa.array([float("nan")]), pa.array(["-"])])
def test_a_number_may_be_missing(tmp_path: Path, value: pa.Array) -> None:
    (row,), _ = stored(tmp_path, {**COLUMNS, "tcp_flags": value, "packets": value})
    assert not {"tcp_flags", "packets"} & row.keys()


def test_names_may_have_hyphens_and_times_be_times(tmp_path: Path) -> None:
    wanted, _ = stored(tmp_path, COLUMNS)
    renamed = {name.replace("_", "-"): column for name, column in COLUMNS.items()}
    for name in ("start", "end"):
        renamed[name] = renamed[name].cast(pa.timestamp("s")).cast(pa.timestamp("ms"))
    assert stored(tmp_path, renamed)[0] == wanted


def test_text_may_be_bytes_or_a_dictionary(tmp_path: Path) -> None:
    wanted, _ = stored(tmp_path, COLUMNS)
    texts = [name for name, column in COLUMNS.items() if isinstance(column, list)]
    plain = {name: pa.array(COLUMNS[name]) for name in texts}
    assert stored(tmp_path, {**COLUMNS, **{n: c.cast(pa.binary()) for n, c in plain.items()}})[0] == wanted
    assert stored(tmp_path, {**COLUMNS, **{n: c.dictionary_encode() for n, c in plain.items()}})[0] == wanted


def test_folders_tell_columns_that_the_file_has_not(tmp_path: Path) -> None:
    folder = (
        tmp_path / "aws-account-id=111122223333/aws-service=vpcflowlogs/action=REJECT/flow-direction=ingress"
    )
    folder.mkdir(parents=True)
    path = folder / "flows.parquet"
    pq.write_table(
        pa.table({n: c for n, c in COLUMNS.items() if n not in ("action", "flow_direction")}), path
    )
    with Source(str(path), keys=keys_of(str(path))) as source:
        (batch,) = BY_NAME["aws"].read(source, Asked(), Account())
    (row,) = whole_schema(batch).to_pylist()
    assert (row["cloud_action"], row["observation_point"]) == (2, 2)


def test_addresses_of_interfaces_are_read_from_where_they_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_module, "ROWS_AT_ONCE", 10)
    packets = ["-" if i in (37, 38, 71) else "10.20.1.14" for i in range(80)]
    many = {name: pa.concat_arrays([pa.array(column)] * 80) for name, column in COLUMNS.items()}
    path = tmp_path / "flows.parquet"
    pq.write_table(pa.table({**many, "pkt_srcaddr": packets}), path, row_group_size=25)
    rows, _ = read_log(path, "aws")
    assert [row["record"] for row in rows] == list(range(80))
    assert [row["record"] for row in rows if row["src_ip"] == "10.20.1.10"] == [37, 38, 71]


def test_parquet_of_the_default_format_and_of_a_transit_gateway(tmp_path: Path) -> None:
    default = {name: column for name, column in COLUMNS.items() if not name.startswith("pkt_")}
    (row,), account = stored(tmp_path, default)
    assert row["src_ip"] == "10.20.1.10"
    assert "primary address" in account.unfit
    gateway = {name: column for name, column in default.items() if name != "action"}
    with pytest.raises(FlowFormatError, match="transit gateway"):
        stored(tmp_path, gateway | {"resource_type": ["TransitGateway"], "tgw_id": ["tgw-0aa11"]})


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "flows.parquet"
    pq.write_table(pa.table(COLUMNS), path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FlowFormatError, match=r"flows\.parquet"):
        read_log(path, "aws")


def test_text_and_parquet_of_the_same_records_are_the_same_rows(tmp_path: Path) -> None:
    values = {name: (c if isinstance(c, list) else c.to_pylist())[0] for name, c in COLUMNS.items()}
    text, _ = read(tmp_path, " ".join(values).replace("_", "-"), " ".join(map(str, values.values())))
    (row,), _ = stored(tmp_path, COLUMNS)
    assert text == [{**row, "record": 1}]


def test_the_converter_says_nothing_of_a_log_without_gaps() -> None:
    account = Account()
    Converter(account, "s").tell()
    assert account.warnings == []


def test_a_table_that_was_exported_has_commas(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "version,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log_status,"
        "pkt_srcaddr,pkt_dstaddr\n"
        "5,10.30.0.1,10.30.0.2,43210,443,6,3,180,1773134000,1773134060,ACCEPT,OK,10.30.1.8,10.30.2.9\n"
        "5,10.30.0.1,10.30.0.2,43210,443,6,3\n"
    )
    assert recognised(path) == "aws"
    (row,), account = read_log(path, "aws")
    assert (row["src_ip"], row["dst_ip"], row["dst_port"], row["cloud_action"]) == (
        "10.30.1.8",
        "10.30.2.9",
        443,
        1,
    )
    assert account.rejected == {"bad_record": 1}
