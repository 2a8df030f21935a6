"""Row groups outside the asked time are not read, and no row of it is left out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.flows.canonical.rows import cut_batches
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.runners.plan import task_spans
from tests.runners.worlds import US, flows, write

TIMES = st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=12), min_size=1, max_size=8)
"""Seconds of the rows of row groups."""


def written(folder: str, groups: list[list[int | None]], unit: str, **options: object) -> Path:
    """Ports number the rows."""
    path = Path(folder) / "f.parquet"
    tables, at = [], 0
    per = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    for times in groups:
        scaled = [None if one is None else one * per for one in times]
        tables.append(
            flows(
                len(times),
                start_time=pa.array(scaled, pa.timestamp(unit, "UTC")),
                dst_port=pa.array(range(at, at + len(times)), pa.int32()),
            )
        )
        at += len(times)
    with pq.ParquetWriter(path, tables[0].schema, **options) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=1 << 20)
    return path


@settings(deadline=None)
@given(
    groups=TIMES,
    unit=st.sampled_from(["ms", "us", "ns"]),
    since=st.none() | st.integers(0, 40),
    length=st.none() | st.integers(1, 20),
)
def test_what_is_left_out_has_no_row_of_the_time(
    groups: list[list[int]], unit: str, since: int | None, length: int | None
) -> None:
    until = None if length is None else (since or 0) + length
    asked = tuple(None if one is None else one * 1_000_000 for one in (since, until))
    with TemporaryDirectory() as folder:
        path = written(folder, list(map(list, groups)), unit)
        with FlowFile(str(path), asked=(asked[0], asked[1])) as file:
            outside = {
                number
                for number, times in enumerate(groups)
                if (since is not None and max(times) < since) or (until is not None and min(times) >= until)
            }
            assert file.left_out == outside
            file.account()
            read: list[int] = []
            for first, rows in task_spans(file.row_groups, file.left_out):
                for begin, n_rows in cut_batches(first, first + rows, file.row_groups):
                    read += file.read(begin, n_rows, ["dst_port"]).column(0).to_pylist()
    starts = [sum(map(len, groups[:number])) for number in range(len(groups) + 1)]
    kept = [
        row
        for number in range(len(groups))
        if number not in outside
        for row in range(starts[number], starts[number + 1])
    ]
    assert read == kept


def test_bytes_of_what_is_left_out_are_not_looked_at(tmp_path: Path) -> None:
    """They may be anything: in a store they are not even fetched."""
    path = written(str(tmp_path), [[1] * 500, [20] * 500, [40] * 500], "us", compression="none")
    asked = (15_000_000, 30_000_000)
    with FlowFile(str(path), asked=asked) as file:
        spans = file.unread()
        whole = file.account()
    assert spans
    data = bytearray(path.read_bytes())
    for begin, end in spans:
        data[begin:end] = b"\xff" * (end - begin)
    assert sum(end - begin for begin, end in spans) > len(data) / 3
    path.write_bytes(data)
    with FlowFile(str(path), asked=asked) as file:
        assert file.account()[:3] == whole[:3]
        assert file.read(500, 500, ["start_time"]).num_rows == 500


@pytest.mark.parametrize("how", ["no statistics", "a row without a time", "no time is asked for"])
def test_what_is_not_surely_outside_is_read(tmp_path: Path, how: str) -> None:
    options = {"write_statistics": how != "no statistics"}
    groups: list[list[int | None]] = [[1, None if how == "a row without a time" else 2], [30, 31]]
    path = written(str(tmp_path), groups, "us", **options)
    asked = (None, None) if how == "no time is asked for" else (20_000_000, None)
    with FlowFile(str(path), asked=asked) as file:
        assert file.left_out == frozenset()


def test_times_of_a_zone_or_none_and_before_1970(tmp_path: Path) -> None:
    table = flows(2, start_time=pa.array([-5_000_000, -4_000_000], US))
    path = write(tmp_path / "f.parquet", table)
    for asked, left_out in (((-4_000_000, None), 0), ((-3_999_999, None), 1), ((None, -5_000_000), 1)):
        with FlowFile(str(path), asked=asked) as file:
            assert len(file.left_out) == left_out
