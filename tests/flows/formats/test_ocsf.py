"""OCSF events and the rows that are right: worked out by hand from the schema's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.errors import FlowFormatError
from tests.flows.logs import read_log, recognised

AT = 1775203200000
START = datetime(2026, 4, 3, 8, 0, tzinfo=UTC)
AWS = {"product": {"name": "Amazon VPC", "vendor_name": "AWS"}}


def event(**changes: Any) -> dict[str, Any]:
    """A flow of TCP that nothing else is known of."""
    whole = {
        "class_uid": 4001,
        "activity_id": 6,
        "type_uid": 400106,
        "time": AT,
        "src_endpoint": {"ip": "10.2.0.4", "port": 41500},
        "dst_endpoint": {"ip": "10.2.1.8", "port": 8443},
        "connection_info": {"protocol_num": 6},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def rows_of(tmp_path: Path, *events: dict[str, Any], **asked: Any) -> tuple[list[dict[str, Any]], Any]:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    assert recognised(path) == "ocsf"
    return read_log(path, "ocsf", **asked)


def only(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    rows, account = rows_of(tmp_path, event(**changes))
    assert not account.rejected
    return rows[0]


def test_a_plain_event(tmp_path: Path) -> None:
    assert only(tmp_path) == {
        "record": 0,
        "start_time": START,
        "src_ip": "10.2.0.4",
        "dst_ip": "10.2.1.8",
        "src_port": 41500,
        "dst_port": 8443,
        "protocol": 6,
        "initiator": 0,
        "action": 0,
        "observation_point": 0,
        "record_kind": 1,
        "flow_count": 1,
        "flow_count_here": 1,
    }


@pytest.mark.parametrize(
    "times",
    [
        {"time": AT},
        {"time": AT // 1000},
        {"time": AT * 1000},
        {"time": AT / 1000},
        {"time": str(AT)},
        {"time": AT + 5000, "start_time": AT},
        {"time": AT + 5000, "start_time": 0, "start_time_dt": "2026-04-03 08:00:00+00:00"},
        {"time": ..., "start_time_dt": "2026-04-03T10:00:00.000+02:00"},
        {"time": ..., "time_dt": "2026-04-03T08:00:00Z"},
        {"time": "2026-04-03T08:00:00Z"},
    ],
)
def test_times_however_they_are_written(tmp_path: Path, times: dict[str, Any]) -> None:
    assert only(tmp_path, **times)["start_time"] == START


def test_a_time_whose_unit_cannot_be_told_is_rejected_unless_it_is_said(tmp_path: Path) -> None:
    rows, account = rows_of(tmp_path, event(time=86_400_000), event())
    assert account.rejected == {"bad_start_time": 1}
    assert account.first == {"bad_start_time": [0]}
    assert "--time-unit" in account.warnings[0]
    assert [row["record"] for row in rows] == [1]
    rows, account = rows_of(tmp_path, event(time=86_400_000), time_unit="ms")
    assert rows[0]["start_time"] == datetime(1970, 1, 2, tzinfo=UTC)


def test_what_is_no_flow_is_left_out(tmp_path: Path) -> None:
    dash = {"ip": "-"}
    rows, account = rows_of(
        tmp_path,
        event(status_code="NODATA", src_endpoint=dash, dst_endpoint=dash),
        event(status_code="SKIPDATA", src_endpoint=dash, dst_endpoint=dash),
        event(class_uid=4003, type_uid=400302),
        event(class_uid=..., type_uid=400201),
        event(activity_id=7),
        event(status_code="OK"),
    )
    assert account.left_out == {"no_data": 1, "skip_data": 1, "other_class": 2, "listening": 1}
    assert [row["record"] for row in rows] == [5]
    assert any("SKIPDATA" in warning for warning in account.warnings)


@pytest.mark.parametrize(
    ("verdict", "cloud_action"),
    [
        ({"action_id": 1}, 1),
        ({"action_id": 2, "disposition_id": 1}, 2),
        ({"action_id": 0, "disposition_id": 6}, 2),
        ({"action_id": 99, "disposition": "Blocked"}, 2),
        ({"action_id": 3}, None),
        ({"disposition": "Allowed"}, 1),
        ({"disposition": "-"}, None),
        ({"unmapped": {"action": "REJECT", "sublocation_id": "-"}}, 2),
        ({"unmapped": {"action": ["x"]}}, None),
        ({"action": "ACCEPT"}, 1),
    ],
)
def test_the_verdict_of_a_cloud(tmp_path: Path, verdict: dict[str, Any], cloud_action: int | None) -> None:
    row = only(tmp_path, metadata=AWS, **verdict)
    assert (row["action"], row.get("cloud_action")) == (0, cloud_action)


def test_the_verdict_of_a_cni_is_a_policys(tmp_path: Path) -> None:
    row = only(tmp_path, metadata={"product": {"name": "Hubble", "vendor_name": "Isovalent"}}, action_id=2)
    assert row["action"] == 2
    assert "cloud_action" not in row


@pytest.mark.parametrize(
    ("told", "initiator"),
    [
        ({"initiator_id": 1}, 1),
        ({"initiator_id": 2}, 2),
        ({"is_src_dst_assignment_known": True}, 1),
        ({"is_src_dst_assignment_known": False, "traffic": {"bytes_in": 1, "bytes_out": 1}}, 0),
        ({"connection_info": {"protocol_num": 6, "tcp_flags": 2}}, 1),
        ({"connection_info": {"protocol_num": 6, "tcp_flags": 18}}, 2),
        ({"connection_info": {"protocol_num": 6, "tcp_flags": 27}}, 0),
        ({"connection_info": {"protocol_num": 6, "tcp_flags": 19}, "metadata": AWS}, 2),
        ({"connection_info": {"protocol_num": 6, "tcp_flags": 16}}, 0),
        ({"traffic": {"bytes_in": 1, "bytes_out": 1}}, 1),
        ({"traffic": {"bytes": 2}}, 0),
    ],
)
def test_who_opened_the_connection(tmp_path: Path, told: dict[str, Any], initiator: int) -> None:
    row = only(tmp_path, **told)
    assert row["initiator"] == initiator
    assert row["dst_port"] == (41500 if initiator == 2 else 8443)


def test_an_answer_is_turned_round_with_all_that_is_its_ends(tmp_path: Path) -> None:
    row = only(
        tmp_path,
        metadata=AWS,
        src_endpoint={"ip": "10.2.1.8", "port": 8443, "interface_uid": "eni-b"},
        dst_endpoint={"ip": "10.2.0.4", "port": 41500, "container": {"pod_uuid": "u-4"}},
        connection_info={"protocol_num": 6, "tcp_flags": 18, "direction_id": 2},
        traffic={"bytes": 4000, "packets": 5},
        end_time=AT + 1000,
    )
    assert (row["src_ip"], row["src_port"], row["src_pod_uid"]) == ("10.2.0.4", 41500, "u-4")
    assert (row["dst_ip"], row["dst_port"]) == ("10.2.1.8", 8443)
    assert (row["bytes_reverse"], row["packets_reverse"]) == (4000, 5)
    assert (row["observation_point"], row["observer"], row["record_kind"]) == (2, "eni-b", 2)
    assert "bytes" not in row


@pytest.mark.parametrize(
    ("told", "point"),
    [
        ({"observation_point_id": 3}, 3),
        ({"observation_point_id": 99}, 0),
        ({"connection_info": {"protocol_num": 17, "direction_id": 1}}, 0),
        ({"connection_info": {"protocol_num": 17, "direction_id": 1}, "metadata": AWS}, 2),
        ({"connection_info": {"protocol_num": 17, "direction_id": 2}, "metadata": AWS}, 1),
        ({"src_endpoint": {"ip": "10.2.0.4", "interface_uid": "eni-a"}}, 1),
        ({"src_endpoint": {"ip": "10.2.0.4", "interface_uid": "-"}}, 0),
    ],
)
def test_who_saw_it(tmp_path: Path, told: dict[str, Any], point: int) -> None:
    assert only(tmp_path, **told)["observation_point"] == point


def test_both_ends_report_one_connection_and_its_bytes_are_added_once(tmp_path: Path) -> None:
    window = {"metadata": AWS, "traffic": {"bytes": 900, "packets": 6}}
    flags = {"protocol_num": 6, "tcp_flags": 2}
    rows, _ = rows_of(
        tmp_path,
        event(connection_info={**flags, "direction_id": 2}, **window),
        event(connection_info={**flags, "direction_id": 1}, **window),
        event(connection_info={"protocol_num": 6, "direction_id": 2}, **{**window, "time": AT + 50_000}),
    )
    assert [row["observation_point"] for row in rows] == [1, 2, 1]
    assert [row["initiator"] for row in rows] == [1, 1, 1]
    assert [row["flow_count"] for row in rows] == [1, 0, 0]
    assert [row["flow_count_here"] for row in rows] == [1, 1, 0]
    assert [(row.get("bytes"), row.get("bytes_here")) for row in rows] == [
        *((900, None), (None, 900)),
        (900, None),
    ]


def test_counters_of_both_directions_are_told_apart_and_totals_since_the_start_are_not_added(
    tmp_path: Path,
) -> None:
    row = only(
        tmp_path,
        traffic={"bytes": 300, "bytes_in": 200, "packets": 4, "packets_out": 1, "packets_in": 3},
        cumulative_traffic={"bytes": 9000, "bytes_in": 5000, "bytes_out": 4000},
    )
    assert (row["bytes"], row["bytes_reverse"]) == (100, 200)
    assert (row["packets"], row["packets_reverse"]) == (1, 3)
    assert "bytes" not in only(tmp_path, cumulative_traffic={"bytes": 9000})


def test_protocols_and_ports(tmp_path: Path) -> None:
    zero = {"src_endpoint": {"ip": "10.2.0.4", "port": 0}, "dst_endpoint": {"ip": "10.2.1.8", "port": 0}}
    ping = only(tmp_path, connection_info={"protocol_num": 1}, **zero)
    assert "src_port" not in ping
    assert "dst_port" not in ping
    assert only(tmp_path, connection_info={"protocol_name": "SCTP"})["protocol"] == 132
    assert only(tmp_path, connection_info={"protocol_num": -1, "protocol_name": "udp"})["protocol"] == 17
    assert only(tmp_path, src_endpoint={"ip": "::ffff:10.2.0.4", "port": "41500"})["src_ip"] == "10.2.0.4"


def test_what_is_a_dash_or_another_says_nothing(tmp_path: Path) -> None:
    """The interface's own address stands between the ends; activity and type may be of two minds."""
    row = only(
        tmp_path,
        metadata=AWS,
        activity_id=6,
        type_uid=400101,
        src_endpoint={"ip": "10.2.0.4", "port": 41500, "intermediate_ips": ["10.2.0.200"], "svc_name": "-"},
        connection_info={"protocol_num": 6, "direction": "-", "direction_id": 99, "boundary": "-"},
    )
    assert (row["src_ip"], row["observation_point"], row["flow_count"]) == ("10.2.0.4", 0, 1)
    assert not {"service_name", "observer", "cloud_action"} & row.keys()


def test_a_count_of_events_is_one_of_connections(tmp_path: Path) -> None:
    row = only(tmp_path, count=7)
    assert (row["flow_count"], row["flow_count_here"]) == (7, 7)


def test_what_does_not_fit_costs_its_record_only(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    broken = [
        json.dumps(event(src_endpoint={"ip": "10.2.0.4", "port": 70000})),
        json.dumps(event(dst_endpoint={"ip": "db.example"})),
        json.dumps(event(src_endpoint={"ip": "-"})),
        json.dumps(event(connection_info={})),
        json.dumps(event(connection_info={"protocol_num": 6.5})),
        json.dumps(event(traffic={"bytes": 1 << 63})),
        json.dumps(event(traffic={"packets": 1 << 90})),
        '{"class_uid":4001,"src_endpoint":[]}',
        '{"class_uid":',
        json.dumps(event()),
    ]
    path.write_text("\n".join(broken))
    rows, account = read_log(path, "ocsf")
    assert [row["record"] for row in rows] == [9]
    assert account.rejected == {
        "bad_src_port": 1,
        "bad_dst_ip": 1,
        "bad_src_ip": 1,
        "bad_protocol": 2,
        "bad_bytes": 1,
        "bad_packets": 1,
        "bad_record": 2,
    }


def test_lists_and_several_lines(tmp_path: Path) -> None:
    events = [event(count=n) for n in range(2, 6)]
    for text in (
        json.dumps(events),
        json.dumps(events, indent=2),
        json.dumps({"records": events}),
        "\n".join(json.dumps(one, indent=1) for one in events),
    ):
        path = tmp_path / "events.json"
        path.write_text(text)
        assert recognised(path) == "ocsf"
        rows, _ = read_log(path, "ocsf")
        assert [(row["record"], row["flow_count"]) for row in rows] == [(0, 2), (1, 3), (2, 4), (3, 5)]


def test_a_record_larger_than_a_line_may_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text('[{"class_uid": 4001, "message": "' + "x" * (17 << 20))
    with pytest.raises(FlowFormatError, match="larger than 16 MiB"):
        read_log(path, "ocsf")


def parquet(tmp_path: Path, events: list[dict[str, Any]], schema: pa.Schema | None = None) -> Path:
    path = tmp_path / "part.gz.parquet"
    table = pa.Table.from_pylist(events, schema)
    pq.write_table(table, path, compression="gzip", row_group_size=2, use_compliant_nested_type=False)
    assert recognised(path) == "ocsf"
    return path


def test_a_table_has_the_rows_of_its_events(tmp_path: Path) -> None:
    lines = Path(__file__).parent / "examples" / "ocsf" / "events.jsonl"
    events = [json.loads(line) for line in lines.read_text().splitlines()]
    table, account = read_log(parquet(tmp_path, events), "ocsf")
    told, expected = read_log(lines, "ocsf")
    assert table == told
    assert vars(account) == vars(expected)


def test_what_a_column_does_not_say_another_does(tmp_path: Path) -> None:
    plain = {"action_id": 1, "disposition": "-", "connection_info": {"protocol_num": 6, "protocol_name": "-"}}
    other = {"action_id": 0, "disposition": "Blocked", "connection_info": {"protocol_name": "udp"}}
    events = [event(**plain), event(**other)]
    rows, account = read_log(parquet(tmp_path, events), "ocsf")
    assert not account.rejected
    assert [row["protocol"] for row in rows] == [6, 17]
    assert [row["cloud_action"] for row in rows] == [1, 2]


def test_bytes_that_are_no_text_are_a_fault_of_the_file(tmp_path: Path) -> None:
    end = pa.struct([("ip", pa.binary()), ("port", pa.int32())])
    schema = pa.schema([("class_uid", pa.int32()), ("time", pa.int64()), ("src_endpoint", end)])
    one = {"class_uid": 4001, "time": AT, "src_endpoint": {"ip": b"\xff\xfe", "port": 1}}
    with pytest.raises(FlowFormatError, match="cannot be decoded"):
        read_log(parquet(tmp_path, [one], schema), "ocsf")


def test_columns_of_other_types_cost_nothing(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("class_uid", pa.float64()),
            ("time", pa.timestamp("ms")),
            ("time_dt", pa.timestamp("us", tz="UTC")),
            ("src_endpoint", pa.struct([("ip", pa.large_string()), ("port", pa.float64())])),
            (
                "dst_endpoint",
                pa.struct([("ip", pa.dictionary(pa.int8(), pa.string())), ("port", pa.int16())]),
            ),
            ("connection_info", pa.struct([("protocol_num", pa.int8()), ("tcp_flags", pa.string())])),
            ("unmapped", pa.map_(pa.string(), pa.string())),
            ("observables", pa.list_(pa.struct([("name", pa.string())]))),
        ]
    )
    one = event(
        time=START.replace(tzinfo=None),
        unmapped=[("action", "REJECT")],
        connection_info={"protocol_num": 6, "tcp_flags": "2"},
    )
    rows, account = read_log(parquet(tmp_path, [one, {**one, "src_endpoint": None}, one], schema), "ocsf")
    assert account.rejected == {"bad_src_ip": 1}
    assert [row["record"] for row in rows] == [0, 2]
    assert (rows[0]["start_time"], rows[0]["dst_port"], rows[0]["cloud_action"]) == (START, 8443, 2)
    assert (rows[0]["tcp_flags"], rows[0]["initiator"]) == (2, 1)
