"""Flow logs of Azure and the rows that are right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows.logs import read_log, recognised

EXAMPLES = Path(__file__).parent / "examples" / "azure"


def rows_of(tmp_path: Path, *tuples: str, **asked: Any) -> tuple[list[dict[str, Any]], Any]:
    path = tmp_path / "tuples.txt"
    path.write_text("\n".join(tuples))
    return read_log(path, "azure", **asked)


def counters(row: dict[str, Any]) -> tuple[int | None, ...]:
    return tuple(row.get(name) for name in ("bytes", "packets", "bytes_reverse", "packets_reverse"))


def test_a_document_of_two_interfaces_tells_a_connection_once_with_its_bytes() -> None:
    rows, account = read_log(EXAMPLES / "PT1H.json", "azure")
    assert account.records == 5
    assert rows[0] == {
        "record": 0,
        "start_time": datetime(2026, 4, 3, 8, 0, 0, 100_000, tzinfo=UTC),
        "src_ip": "10.70.0.4",
        "dst_ip": "10.70.1.9",
        "src_port": 40200,
        "dst_port": 8443,
        "protocol": 6,
        "initiator": 1,
        "action": 0,
        "cloud_action": 1,
        "observation_point": 1,
        "observer": "000D3A000001",
        "record_kind": 4,
        "flow_count": 1,
        "flow_count_here": 1,
        "bytes": 0,
        "packets": 0,
        "bytes_reverse": 0,
        "packets_reverse": 0,
    }
    assert [row["flow_count"] for row in rows] == [1, 0, 0, 0, 1]
    assert [row["flow_count_here"] for row in rows] == [1, 0, 1, 0, 1]
    assert [row["observation_point"] for row in rows] == [1, 1, 2, 2, 2]
    assert counters(rows[1]) == (1800, 12, 5200, 9)
    assert counters(rows[3]) == (None, None, None, None)
    assert (rows[4]["cloud_action"], rows[4]["observer"]) == (2, "000D3A000002")


def test_records_one_a_line_and_documents_among_them() -> None:
    rows, account = read_log(EXAMPLES / "event_hub.jsonl", "azure")
    assert [row["record"] for row in rows] == [0, 1, 2]
    assert account.records == 3
    assert rows[0]["start_time"] == datetime(2026, 4, 3, 8, 0, tzinfo=UTC)
    assert [row["flow_count"] for row in rows] == [1, 0, 1]
    assert [row["cloud_action"] for row in rows] == [1, 1, 2]
    assert [row["protocol"] for row in rows] == [17, 17, 6]
    assert counters(rows[0]) == (None, None, None, None)
    assert counters(rows[1]) == (140, 2, 300, 2)


def test_tuples_alone_and_what_has_no_ports() -> None:
    rows, account = read_log(EXAMPLES / "tuples.txt", "azure")
    assert account.records == 2
    assert (rows[0]["flow_count"], rows[0]["cloud_action"], rows[0]["record"]) == (1, 1, 1)
    assert rows[1]["start_time"] == datetime(2026, 4, 3, 8, 0, 1, tzinfo=UTC)
    assert not {"src_port", "dst_port"} & rows[1].keys()


@pytest.mark.parametrize(
    ("time", "unit", "start"),
    [
        ("1775203200", "", datetime(2026, 4, 3, 8, 0, tzinfo=UTC)),
        ("1775203200000", "", datetime(2026, 4, 3, 8, 0, tzinfo=UTC)),
        ("86400000", "", datetime(1970, 1, 2, tzinfo=UTC)),
        ("86400000", "s", datetime(1972, 9, 27, tzinfo=UTC)),
    ],
)
def test_a_virtual_networks_time_may_be_in_seconds_too(
    tmp_path: Path, time: str, unit: str, start: datetime
) -> None:
    rows, _ = rows_of(tmp_path, f"{time},10.70.0.4,10.70.1.9,1,2,6,O,B,NX,0,0,0,0", time_unit=unit)
    assert rows[0]["start_time"] == start


def test_what_only_goes_on_or_ends_counts_no_connection_but_its_bytes(tmp_path: Path) -> None:
    ends = "10.70.0.4,10.70.1.9,40600,8443,6,O"
    rows, _ = rows_of(
        tmp_path, f"1775203200000,{ends},C,NX,3,300,2,200", f"1775203260000,{ends},E,NX,1,66,0,0"
    )
    assert [(row["flow_count"], *counters(row)) for row in rows] == [(0, 300, 3, 200, 2), (0, 66, 1, 0, 0)]


def test_an_attempt_tried_again_is_one_and_a_new_port_another(tmp_path: Path) -> None:
    rows, _ = rows_of(
        tmp_path,
        "1775203200,10.70.0.4,10.70.1.9,40500,22,T,I,D",
        "1775203203,10.70.0.4,10.70.1.9,40500,22,T,I,D",
        "1775203203,10.70.0.4,10.70.1.9,40501,22,T,I,D",
    )
    assert [row["flow_count"] for row in rows] == [1, 0, 1]


def test_what_is_broken_costs_its_tuple_only(tmp_path: Path) -> None:
    rows, account = rows_of(
        tmp_path,
        "1775203200,10.70.0.4,10.70.1.9,40500,22,T,I,D",
        "1775203200,10.70.0.4,10.70.1,40500,22,T,I,D",
        "1775203200,10.70.0.4,10.70.1.9,40500,99999,T,I,D",
        "1775203200,10.70.0.4,10.70.1.9,40500,22,T,I",
        "1775203200,10.70.0.4,10.70.1.9,40500,22,300,I,B,NX,0,0,0,0",
        "99999999999999999999,10.70.0.4,10.70.1.9,40500,22,T,I,D",
    )
    assert [row["record"] for row in rows] == [0]
    assert account.rejected == {
        "bad_dst_ip": 1,
        "bad_dst_port": 1,
        "bad_record": 1,
        "bad_protocol": 1,
        "bad_start_time": 1,
    }


def test_records_of_other_logs_are_left_out_and_broken_ones_rejected(tmp_path: Path) -> None:
    path = tmp_path / "PT1H.json"
    other = {"time": "2026-04-03T08:00:00Z", "category": "NetworkSecurityGroupEvent", "properties": {"x": 1}}
    whole = json.loads((EXAMPLES / "PT1H.json").read_text())["records"]
    path.write_text(
        json.dumps({"records": [other, whole[0], {"flowRecords": {"flows": [7]}}, whole[1]]}, indent=1)
    )
    assert recognised(path) == "azure"
    rows, account = read_log(path, "azure")
    assert account.left_out == {"no_flow": 1}
    assert account.rejected == {"bad_record": 1}
    assert [row["record"] for row in rows] == [1, 2, 4, 5, 6]
