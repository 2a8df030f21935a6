"""Files that say one thing and hold another: refused, or judged down to the last row that lies in them.

``FLOWCHECK_LIES`` is how many thousands of them; many take long.
"""

from __future__ import annotations

import io
import os
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.api import audit
from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.runners.messages import MEMORY
from tests.flows.accounting.lies import lied
from tests.flows.accounting.parts import Parts, take_apart
from tests.runners.worlds import NOON, US, flows

pytestmark = pytest.mark.usefixtures("forked_workers")

ROWS, GROUP, VARIANTS = 20, 12, 1_000
SEEDS = int(os.environ.get("FLOWCHECK_LIES", "20"))
PAGES: dict[str, Any] = {"row_group_size": GROUP, "data_page_size": 16, "write_batch_size": 5}
TEXTS: dict[str, Any] = {"use_dictionary": ["src_ip", "dst_ip", "protocol"]}
"""Times are none: up to seven numbers of a dictionary's values may be padding, and nobody can tell."""
WAYS: dict[str, dict[str, Any]] = {
    "dictionaries": {},
    "plain": {"use_dictionary": False},
    "second version": {"data_page_version": "2.0"},
    "packed": {"compression": "zstd", "use_dictionary": ["src_ip"]},
    "bare": {"compression": "none", "use_dictionary": False, "write_statistics": False},
    "checked": {"write_page_checksum": True},
    "differences": {"use_dictionary": False, "column_encoding": {"dst_port": "DELTA_BINARY_PACKED"}},
}


def honest() -> list[Parts]:
    table = flows(
        ROWS,
        start_time=pa.array([NOON + row for row in range(ROWS)], US),
        dst_port=pa.array([(22, 5432, None)[row % 3] for row in range(ROWS)], pa.int32()),
    )
    required = pa.schema([field.with_nullable(field.name == "dst_port") for field in table.schema])
    files = []
    for way in WAYS.values():
        for schema in (table.schema, required):
            out = io.BytesIO()
            pq.write_table(table.cast(schema), out, **{**PAGES, **TEXTS, **way})
            files.append(take_apart(out.getvalue()))
    return files


def test_taken_apart_and_put_together_again_they_are_judged(tmp_path: Path, cluster: Path) -> None:
    (tmp_path / "f").mkdir()
    for number, parts in enumerate(honest()):
        assert parts.held() == parts.counted() == [ROWS] * len(parts.held())
        assert len(parts.chunks[0].pages) > 2
        (tmp_path / "f" / f"{number}.parquet").write_bytes(parts.whole())
    entries = audit(tmp_path / "f", cluster, jobs=1).ledger.files
    assert {(entry.status, entry.rows_declared) for entry in entries} == {("judged", ROWS)}


def passes(path: Path) -> bool:
    """Whether the guard lets a file through: nothing of it is decoded."""
    try:
        with FlowFile(str(path)) as file:
            file.account()
    except FlowFormatError:
        return False
    return True


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_file_that_lies_is_refused_or_judged_whole(tmp_path: Path, cluster: Path, seed: int) -> None:
    """What the guard lets through is judged by a worker: there are as many rows as it declares, as the pages
    of each column count, and as have a time."""
    dice, files, told = random.Random(seed), honest(), {}
    (tmp_path / "f").mkdir()
    for number in range(VARIANTS):
        parts = lied(dice, dice.choice(files))
        path = tmp_path / "f" / f"{number:04}.parquet"
        path.write_bytes(parts.whole())
        if passes(path):
            told[path.name] = {parts.held()[0], *parts.counted()}
        else:
            path.unlink()
    entries = {Path(entry.file).name: entry for entry in audit(tmp_path / "f", cluster, jobs=2).ledger.files}
    judged = {name for name, entry in entries.items() if entry.status == "judged"}
    assert {name: told[name] for name in judged if told[name] != {entries[name].rows_declared}} == {}
    assert 0.03 * VARIANTS < len(judged) < 0.5 * VARIANTS
    assert {entries[name].reason for name in entries.keys() - judged} <= {"unreadable", MEMORY}
