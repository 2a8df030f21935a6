"""docs/formats.md says what readers make of the examples, today, and its mapping works."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.flows.logs import read_log
from tests.tools.formats_page import MAPPING, PAGE, formats_part


def test_the_page_of_formats_is_current() -> None:
    """python -m tests.tools.formats_page makes it."""
    assert PAGE.read_text(encoding="utf-8").startswith(formats_part())


def test_the_mapping_of_the_page_reads_a_log(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", MAPPING, re.S)
    assert found
    record = {
        "when": 1_773_144_000_000,
        "took": 2,
        "client": {"address": "10.0.0.1"},
        "server": {"host_ip": "10.0.0.2", "endpoint": "10.0.0.2:443"},
        "proto": "T",
        "outcome": "block",
        "sent": 60,
    }
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (record, {**record, "type": "dns"})))
    (row,), account = read_log(path, "mapped", mapping=found[1])
    said = ("src_ip", "dst_ip", "dst_port", "protocol", "action", "observation_point", "record_kind", "bytes")
    assert [row[name] for name in said] == ["10.0.0.1", "10.0.0.2", 443, 6, 2, 2, 3, 60]
    assert (row["end_time"] - row["start_time"]).total_seconds() == 2
    assert account.left_out.total() == 1
