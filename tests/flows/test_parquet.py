"""One file at a time: what its footer says, what its path tells, and rows by their number."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical import rows
from flowcheck.flows.files import footer
from flowcheck.flows.formats.parquet import FlowFile
from tests.runners.worlds import DB, NOON, WEB, flows, write


def column(file: Path, name: str, keys: tuple[tuple[str, bytes | None], ...] = ()) -> list[object]:
    with FlowFile(str(file), keys=keys) as flow_file:
        values: list[object] = flow_file.read(0, sum(flow_file.row_groups), [name]).column(0).to_pylist()
        return values


def refusal(file: Path, keys: tuple[tuple[str, bytes | None], ...] = ()) -> str:
    with pytest.raises(FlowFormatError) as caught, FlowFile(str(file), keys=keys) as flow_file:
        flow_file.read(0, sum(flow_file.row_groups), flow_file.columns)
    assert caught.value.where == str(file)
    return f"{caught.value.message}; {caught.value.hint}"


def with_footer(file: Path, more: bytes, magic: bytes = b"PAR1") -> Path:
    content = file.read_bytes()
    length = int.from_bytes(content[-8:-4], "little") + len(more)
    file.write_bytes(content[:-8] + more + length.to_bytes(4, "little") + magic)
    return file


def with_arrow_schema(file: Path, table: pa.Table, content: bytes) -> Path:
    with pq.ParquetWriter(file, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"ARROW:schema": content})
    assert b"\x0cARROW:schema" in file.read_bytes()
    return file


def test_encrypted_files_are_refused_by_name(tmp_path: Path) -> None:
    """A signature after the metadata is what tells encrypted columns where the footer is plain."""
    assert refusal(with_footer(write(tmp_path / "a.parquet"), b"", b"PARE")).startswith(
        "encrypted (its footer"
    )
    assert refusal(with_footer(write(tmp_path / "b.parquet"), bytes(28))).startswith(
        "encrypted (some columns"
    )
    assert "decrypt it first" in refusal(tmp_path / "b.parquet")
    assert column(with_footer(write(tmp_path / "c.parquet"), bytes(27)), "protocol") == [6] * 4


def test_a_footer_too_large_says_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.parquet", row_group_size=1)
    monkeypatch.setattr(footer, "MAX_FOOTER", 100)
    assert "larger row groups" in refusal(file)
    monkeypatch.undo()
    monkeypatch.setattr(footer, "MAX_ROW_GROUPS", 3)
    assert "4 row groups; up to 3 are read; rewrite it with larger row groups" in refusal(file)


def test_arrows_own_schema_decides_nothing(tmp_path: Path) -> None:
    """It may hold what pyarrow cannot read, such as Polars' integers of 128 bits."""
    sixteen = pa.array([bytes(16)] * 4, pa.binary(16))
    file = with_arrow_schema(tmp_path / "a.parquet", flows(big=sixteen), b"junk")
    with pytest.raises((pa.ArrowException, OSError)):
        pq.ParquetFile(file)
    assert column(file, "dst_ip") == [DB] * 4
    said = refusal(with_arrow_schema(tmp_path / "b.parquet", flows(bytes=sixteen), b"junk"))
    assert "bytes is fixed_size_binary[16], wanted integer (more than 64 bits: cast it" in said


def test_whole_seconds_are_times_where_arrows_schema_says_so(tmp_path: Path) -> None:
    seconds = NOON // 1_000_000
    said = flows(start_time=pa.array([seconds] * 4, pa.timestamp("s"))).schema.remove_metadata()
    table = flows(start_time=pa.array([seconds] * 4))
    content = base64.b64encode(said.serialize().to_pybytes())
    with FlowFile(str(with_arrow_schema(tmp_path / "a.parquet", table, content))) as flow_file:
        times = flow_file.read(0, 4, ["start_time"]).column(0)
    assert times.type == pa.timestamp("s")
    assert times.cast(pa.int64()).to_pylist() == [seconds] * 4
    assert "start_time is int64" in refusal(with_arrow_schema(tmp_path / "b.parquet", table, b"junk"))


@pytest.mark.parametrize("dictionary", [True, False])
def test_text_annotated_as_an_enum_is_text(tmp_path: Path, dictionary: bool) -> None:
    table = flows(observer=pa.array(["a", None, "b", "a"]))
    file = write(tmp_path / "a.parquet", table, store_schema=False, use_dictionary=dictionary)
    text, enum = b"observer%\x00L\x1c\x00\x00", b"observer%\x08L\x4c\x00\x00"
    assert file.read_bytes().count(text) == 1
    file.write_bytes(file.read_bytes().replace(text, enum))
    assert pq.ParquetFile(file).schema_arrow.field("observer").type == pa.binary()
    assert column(file, "observer") == ["a", None, "b", "a"]


def test_views_are_read_in_needed_kept_and_list_columns(tmp_path: Path) -> None:
    table = flows(
        src_ip=pa.array([WEB] * 4, pa.string_view()),
        policy_refs=pa.array([["a", None], [], None, ["b"]], pa.list_view(pa.string_view())),
        blob=pa.array([b"x"] * 4, pa.binary_view()),
    )
    file = write(tmp_path / "a.parquet", table)
    assert column(file, "src_ip") == [WEB] * 4
    assert column(file, "policy_refs") == [["a", None], [], None, ["b"]]
    assert column(file, "blob") == [b"x"] * 4


def test_a_key_of_the_path_is_a_column_of_every_row(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", flows(protocol=None, action=None), row_group_size=1)
    keys = (("date", b"2026-11-01"), ("protocol", b"6"), ("action", b"2.0"), ("observer", b"a b"))
    assert column(file, "protocol", keys) == [6] * 4
    assert column(file, "action", keys) == [2] * 4
    assert column(file, "observer", keys) == ["a b"] * 4
    assert column(file, "observer", (*keys[:3], ("observer", None))) == [None] * 4
    assert "no column protocol" in refusal(file, keys[2:])
    with FlowFile(str(file), keys=keys) as flow_file:
        assert (
            flow_file.read(1, 3, ["action", "dst_port"], np.array([0, 2])).to_pylist()
            == [{"action": 2, "dst_port": 22}] * 2
        )
        assert "date" not in flow_file.schema.names


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (("protocol", b"tcp"), "wanted an integer from 0 to 255"),
        (("protocol", b"300"), "wanted an integer from 0 to 255"),
        (("protocol", b""), "wanted an integer"),
        (("action", b"1.5"), "wanted an integer from 0 to 4"),
        (("icmp_type", b"9" * 30), "wanted an integer"),
        (("observer", b"\xff"), "not UTF-8"),
        (("end_time", b"2026-11-01"), "write it into the file"),
        (("policy_refs", None), "write it into the file"),
    ],
)
def test_a_key_that_does_not_fit_its_column_refuses_the_file(
    tmp_path: Path, key: tuple[str, bytes | None], said: str
) -> None:
    assert said in refusal(write(tmp_path / "a.parquet", flows(protocol=None)), (key,))


def test_a_key_and_a_column_of_the_file_must_agree(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", flows(action=pa.array([2, 2, None, 2], pa.int8())))
    assert column(file, "action", (("action", b"2"),)) == [2] * 4
    assert "the path says action=1, a row of the file says 2" in refusal(file, (("action", b"1"),))
    assert "says action=None, a row of the file says 2" in refusal(file, (("action", None),))
    assert "action=2 and action=1" in refusal(file, (("action", b"2"), ("action", b"1")))


@pytest.mark.parametrize("group", [1, 7, 30, 64, 1000])
def test_rows_are_found_by_number_however_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 16)
    table = flows(100, bytes=pa.array(range(100)), observer=pa.array([f"o{n % 9}" for n in range(100)]))
    file = write(tmp_path / "a.parquet", table, row_group_size=group)
    dice = np.random.default_rng(group)
    with FlowFile(str(file)) as flow_file:
        for _ in range(30):
            first = int(dice.integers(0, 100))
            n_rows = int(dice.integers(1, 101 - first))
            got = flow_file.read(first, n_rows, ["observer", "bytes"])
            expected = table.slice(first, n_rows).select(["observer", "bytes"]).to_pylist()
            assert got.to_pylist() == expected
            wanted = np.flatnonzero(dice.random(n_rows) < 0.3)
            if len(wanted):
                got = flow_file.read(first, n_rows, ["observer", "bytes"], wanted)
                assert got.to_pylist() == [expected[place] for place in wanted]


def test_rows_that_are_not_there_are_missed(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet")
    with FlowFile(str(file)) as flow_file, pytest.raises(FlowFormatError, match="declared 4 rows, decoded 4"):
        flow_file.read(2, 5, ["dst_port"])


@pytest.mark.parametrize(
    ("first", "end", "row_groups", "expected"),
    [
        (0, 10, [10], [(0, 4), (4, 4), (8, 2)]),
        (0, 12, [6, 6], [(0, 4), (4, 2), (6, 4), (10, 2)]),
        (0, 6, [1, 1, 1, 1, 1, 1], [(0, 4), (4, 2)]),
        (0, 9, [3, 6], [(0, 4), (4, 4), (8, 1)]),
        (4, 8, [10, 10], [(4, 4)]),
        (10, 15, [10, 5, 5], [(10, 4), (14, 1)]),
        (0, 0, [], []),
        (0, 3, [0, 3, 0], [(0, 3)]),
    ],
)
def test_batches_hold_every_row_once_and_end_with_large_row_groups(
    first: int,
    end: int,
    row_groups: list[int],
    expected: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 4)
    found = list(rows.cut_batches(first, end, row_groups))
    assert found == expected
    assert sum(n for _, n in found) == end - first
