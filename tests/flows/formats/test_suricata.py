"""Suricata's EVE log: flows among other events, and whose beginning was seen."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from tests.flows.logs import TAPPED, read_log

AT = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)
EXAMPLE = Path(__file__).parent / "examples" / "suricata" / "eve.json"


def test_a_connection_begins_when_its_flow_says_not_when_the_line_was_written() -> None:
    rows, account = read_log(EXAMPLE, "suricata")
    assert rows[0] == TAPPED | {
        "record": 0,
        "start_time": AT + dt.timedelta(milliseconds=250),
        "end_time": AT + dt.timedelta(seconds=2),
        **{"src_port": 50220, "dst_port": 443, "tcp_flags": 0x1B, "observer": "ids-1"},
    }
    assert account.left_out == {"no_flow": 1}, "an alert has a flow too"


def test_without_a_syn_nobody_is_known_to_have_opened_it() -> None:
    rows, _ = read_log(EXAMPLE, "suricata")
    assert (rows[1]["src_port"], rows[1]["initiator"]) == (443, 0)


def test_icmp_has_no_ports_and_answers_are_turned_round(tmp_path: Path) -> None:
    def ping(type_: int, code: int = 0, **more: Any) -> str:
        flow = {"start": "2026-04-01T10:00:00.000000+0000", "bytes_toserver": 98, "bytes_toclient": 0}
        ends = {"src_ip": "10.1.0.2", "dest_ip": "10.1.0.1", "proto": "ICMP"}
        return json.dumps(
            {
                "event_type": "flow",
                "flow_id": 1,
                **ends,
                "icmp_type": type_,
                "icmp_code": code,
                "flow": flow,
                **more,
            }
        )

    file = tmp_path / "eve.json"
    file.write_text("\n".join([ping(0), ping(8), ping(3, 1, src_port=0, dest_port=0)]) + "\n")
    rows, _ = read_log(file, "suricata")
    assert [(row["src_ip"], row["icmp_type"], row["icmp_code"], row["initiator"]) for row in rows] == [
        ("10.1.0.1", 8, 0, 2),
        ("10.1.0.2", 8, 0, 1),
        ("10.1.0.2", 3, 1, 0),
    ]
    assert [row["flow_count"] for row in rows] == [1, 1, 0]
    assert all("dst_port" not in row for row in rows)
    assert rows[0]["bytes_reverse"] == 98


def test_what_was_bypassed_is_within_the_totals_and_a_line_may_be_older_than_its_flow(tmp_path: Path) -> None:
    flow = {
        **{"start": "2026-04-01T10:00:00.250000+0000", "end": "2026-04-01T10:00:09.000000+0000"},
        **{"bytes_toserver": 900, "bytes_toclient": 700, "pkts_toserver": 9, "pkts_toclient": 7},
        "bypassed": {"bytes_toserver": 500, "bytes_toclient": 400, "pkts_toserver": 5, "pkts_toclient": 4},
    }
    record = {
        **{"timestamp": "2026-04-01T09:59:58.000000+0000", "event_type": "flow", "flow_id": 2, "flow": flow},
        **{"src_ip": "10.1.0.1", "src_port": 40000, "dest_ip": "10.1.0.2", "dest_port": 53, "proto": "UDP"},
    }
    file = tmp_path / "eve.json"
    file.write_text(json.dumps(record) + "\n")
    (row,), _ = read_log(file, "suricata")
    assert (row["start_time"], row["initiator"]) == (AT + dt.timedelta(milliseconds=250), 1)
    counted = ("bytes", "packets", "bytes_reverse", "packets_reverse")
    assert [row[name] for name in counted] == [900, 9, 700, 7]
