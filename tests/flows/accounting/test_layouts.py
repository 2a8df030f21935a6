"""Honest files of many layouts are accounted for to the last byte, and what hides beside them is found."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files import accounting
from flowcheck.flows.files.accounting import Accounted
from flowcheck.flows.formats.parquet import FlowFile
from tests.flows.accounting.parts import DICTIONARY, HEADERS, Chunk, Parts, as_index, take_apart
from tests.flows.accounting.thrift import I32, STRUCT, Field, get, put, write_struct
from tests.runners.worlds import NOON, US, flows

N = 3_000
TABLE = flows(
    N,
    start_time=pa.array([NOON + row for row in range(N)], US),
    dst_port=pa.array([row % 7 or None for row in range(N)], pa.int32()),
    observer=pa.array([f"node-{row % 9}" for row in range(N)]),
    policy_refs=pa.array([["a", "b"][: row % 3] for row in range(N)]),
    bytes=pa.array([row * 3 for row in range(N)]),
    nothing=pa.nulls(N),
)
BY_ARROW: dict[str, dict[str, Any]] = {
    "plain": {},
    "first version": {"version": "1.0"},
    "second pages": {"data_page_version": "2.0"},
    "small groups": {"row_group_size": 50},
    "small pages": {"data_page_size": 100, "write_batch_size": 10},
    "no dictionaries": {"use_dictionary": False, "compression": "none"},
    "gzip": {"compression": "gzip", "data_page_version": "2.0"},
    "page index": {"write_page_index": True, "row_group_size": 700},
    "filters": {"bloom_filter_options": {"observer": True, "bytes": {"ndv": 100}}, "row_group_size": 700},
    "checksums": {"write_page_checksum": True},
    "differences": {"use_dictionary": False, "column_encoding": {"start_time": "DELTA_BINARY_PACKED"}},
    "split bytes": {"use_dictionary": False, "column_encoding": {"start_time": "BYTE_STREAM_SPLIT"}},
}


def written(**options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(TABLE, out, **options)
    return out.getvalue()


def accounted(folder: Path, data: bytes) -> Accounted:
    path = folder / "a.parquet"
    path.write_bytes(data)
    with FlowFile(str(path)) as file:
        return file.account()


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(FlowFormatError) as caught:
        accounted(folder, data)
    return caught.value.message


@pytest.mark.parametrize("way", BY_ARROW)
def test_what_arrow_writes(tmp_path: Path, way: str) -> None:
    found = accounted(tmp_path, written(**BY_ARROW[way]))
    assert found.pages >= TABLE.num_columns
    assert found.checked == (found.pages if way == "checksums" else 0)
    assert found.padding == 0


def test_row_groups_without_a_row(tmp_path: Path) -> None:
    out = io.BytesIO()
    with pq.ParquetWriter(out, TABLE.schema) as writer:
        for table in (TABLE[:0], TABLE, TABLE[:0]):
            writer.write_table(table)
    assert accounted(tmp_path, out.getvalue()).padding == 0


@pytest.mark.parametrize("options", ["", ", parquet_version v2", ", row_group_size 2048, compression zstd"])
def test_what_duckdb_writes(tmp_path: Path, options: str) -> None:
    given = TABLE.drop_columns("nothing")
    path = tmp_path / "d.parquet"
    with duckdb.connect() as base:
        base.register("given", given)
        base.execute(f"copy given to '{path}' (format parquet{options})")
    assert accounted(tmp_path, path.read_bytes()).padding == 0


@pytest.mark.parametrize("options", [{}, {"data_page_size": 100}, {"row_group_size": 100}])
def test_what_polars_writes(tmp_path: Path, options: dict[str, Any]) -> None:
    out = io.BytesIO()
    pl.from_arrow(TABLE).write_parquet(out, **options)  # type: ignore[union-attr]
    assert accounted(tmp_path, out.getvalue()).padding == 0


def test_zeros_are_padding(tmp_path: Path) -> None:
    """Row groups are aligned with blocks of HDFS by parquet-mr; others leave room at the end."""
    parts = take_apart(written(row_group_size=1_000))
    parts.chunks[10].before, parts.chunks[20].inside = bytes(100), bytes(7)
    parts.tail, parts.trailing = bytes(30), bytes(5)
    assert accounted(tmp_path, parts.whole()).padding == 142
    for place in ("tail", "trailing"):
        setattr(parts, place, getattr(parts, place) + b"\x15")
        assert "nothing in the file names" in refusal(tmp_path, parts.whole())
        setattr(parts, place, b"")


@pytest.mark.parametrize("of_the_chunk", [True, False])
def test_copies_of_what_the_footer_says(tmp_path: Path, of_the_chunk: bool) -> None:
    """Behind each chunk: its ColumnChunk (Arrow up to 17, Impala, fastparquet) or its ColumnMetaData
    (arrow-rs up to 52); nothing else there, and no copy twice."""
    parts = take_apart(written(row_group_size=1_000))
    parts.whole()
    for _ in range(3):  # a copy has the places of its chunk, which follow from the copies before it
        for chunk in parts.chunks:
            chunk.behind = write_struct(chunk.said if of_the_chunk else chunk.metadata)
        data = parts.whole()
    assert accounted(tmp_path, data).padding == 0
    again = parts.copy()
    again.chunks[-1].behind *= 2
    assert "nothing in the file names" in refusal(tmp_path, again.whole())
    again = parts.copy()
    again.chunks[-1].behind += again.chunks[-1].pages[-1].bytes()
    assert "nothing in the file names" in refusal(tmp_path, again.whole())


def test_a_filter_whose_length_is_left_out(tmp_path: Path) -> None:
    """Writers before parquet-format 2.10 do not say it."""
    parts = take_apart(written())
    empty = [Field(1, STRUCT, [])]
    filter_ = [Field(1, I32, 32), *(Field(number, STRUCT, empty) for number in (2, 3, 4))]
    parts.tail = write_struct(filter_) + b"\x15" * 32
    begin = len(parts.whole())
    begin -= int.from_bytes(parts.whole()[-8:-4], "little") + 8 + len(parts.tail)
    put(parts.chunks[0].metadata, 14, begin)
    assert accounted(tmp_path, parts.whole()).padding == 0
    parts.tail += b"\x15"
    assert "1 byte from byte" in refusal(tmp_path, parts.whole())


def pages_named_as_an_index(parts: Parts) -> None:
    page = parts.chunks[0].pages[-1].bytes()
    begin = parts.whole().rindex(page) + len(page)
    parts.tail = page
    as_index(parts, parts.chunks[0], begin, len(page))


def page_twice(parts: Parts) -> None:
    parts.chunks[0].pages.append(parts.chunks[0].pages[-1])


def group_left_out(parts: Parts) -> None:
    put(parts.footer, 3, get(parts.footer, 3) - get(parts.groups.pop(), 3))


def group_of_no_rows(parts: Parts) -> None:
    group = parts.groups[0]
    put(parts.footer, 3, get(parts.footer, 3) - get(group, 3))
    put(group, 3, 0)
    for said in get(group, 1)[1]:
        put(get(said, 3), 5, 0)


def count_twice(parts: Parts) -> None:
    group = parts.groups[0]
    group.insert(2, Field(2, 6, 7))


def header_twice(parts: Parts) -> None:
    own = parts.chunks[0].pages[-1].own_header
    own.insert(0, Field(1, I32, 0))


def rows_in_the_last_page(parts: Parts) -> None:
    """Everything counts one row less than lies in the pages."""
    for chunk in parts.chunks[-len(get(parts.groups[0], 1)[1]) :]:
        put(chunk.metadata, 5, get(chunk.metadata, 5) - 1)
        own = chunk.pages[-1].own_header
        put(own, 1, get(own, 1) - 1, I32)
    put(parts.groups[-1], 3, get(parts.groups[-1], 3) - 1)
    put(parts.footer, 3, get(parts.footer, 3) - 1)


def strange_page(parts: Parts) -> None:
    put(parts.chunks[0].pages[-1].header, 1, 1, I32)


def dictionary_last(parts: Parts) -> None:
    chunk = next(chunk for chunk in parts.chunks if get(chunk.pages[0].header, 1) == DICTIONARY)
    chunk.pages.append(chunk.pages.pop(0))


LIES: dict[Callable[[Parts], None], str] = {
    pages_named_as_an_index: "nothing in the file names",
    page_twice: "its pages hold",
    group_left_out: "nothing in the file names",
    group_of_no_rows: "its pages hold",
    count_twice: "says something twice",
    header_twice: "a page's header cannot be read",
    rows_in_the_last_page: "a page counts",
    strange_page: "neither data nor a dictionary",
    dictionary_last: "a dictionary does not come first",
}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_each_lie_is_named(tmp_path: Path, lie: Callable[[Parts], None]) -> None:
    table = TABLE.drop_columns(["policy_refs", "nothing"])
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=2_000)
    parts = take_apart(out.getvalue())
    assert accounted(tmp_path, parts.whole()).padding == 0
    lie(parts)
    assert LIES[lie] in refusal(tmp_path, parts.whole())


@pytest.mark.parametrize("window", [1, 3, 16, 1 << 20])
def test_what_is_read_at_once_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    data = written(write_page_index=True, row_group_size=700, data_page_size=500)
    expected = accounted(tmp_path, data)[:3]
    monkeypatch.setattr(accounting, "WINDOW", window)
    assert accounted(tmp_path, data)[:3] == expected


def test_a_header_past_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written()
    monkeypatch.setattr(accounting, "WINDOW", 8)
    monkeypatch.setattr(accounting, "MAX_HEADER", 16)
    assert "a page's header cannot be read" in refusal(tmp_path, data)


def test_structs_past_the_depth_are_not_read(tmp_path: Path) -> None:
    """In the footer, and in a page's header: 32 structs inside one another are too many, 20 are not."""
    for levels, message in ((20, ""), (32, "says something twice")):
        deep: list[Field] = []
        for _ in range(levels):
            deep = [Field(1, STRUCT, deep)]
        parts = take_apart(written())
        parts.footer.append(Field(90, STRUCT, deep))
        if message:
            assert message in refusal(tmp_path, parts.whole())
        else:
            assert accounted(tmp_path, parts.whole()).padding == 0
        parts = take_apart(written())
        page = parts.chunks[0].pages[-1]
        page.header.append(Field(90, STRUCT, deep))
        if message:
            assert "a page's header cannot be read" in refusal(tmp_path, parts.whole())
        else:
            assert accounted(tmp_path, parts.whole()).padding == 0


def test_parts_are_put_together_as_they_were() -> None:
    data = written(row_group_size=900, store_schema=False)
    assert take_apart(data).whole() == data
    assert set(HEADERS) == {0, 2, 3}
    assert isinstance(take_apart(data).chunks[0], Chunk)
