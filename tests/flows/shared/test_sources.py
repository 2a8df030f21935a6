"""Lines of a log, whatever it is packed in and whatever was put around them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.text import source as module
from flowcheck.flows.logs.text.source import TOO_LONG, Lines, Source
from flowcheck.flows.logs.text.wrapped import Unwrapper


def lines_of(path: Path) -> list[bytes]:
    with Source(str(path)) as source:
        blocks = list(source.lines())
    assert [block.first for block in blocks] == [
        sum(len(block.texts) for block in blocks[:place]) for place in range(len(blocks))
    ]
    return [text for block in blocks for text in block.texts]


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_lines_come_out_whatever_a_file_is_packed_in(tmp_path: Path, packed) -> None:  # type: ignore[no-untyped-def]
    text = b"one\r\n\ntwo\nthree"
    (tmp_path / "x").write_bytes(packed(text))
    assert lines_of(tmp_path / "x") == [b"one", b"", b"two", b"three"]


def test_packed_parts_one_after_the_other_are_one_log(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert lines_of(tmp_path / "x.gz") == [b"one", b"two"]


def test_lines_are_whole_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 7)
    texts = [b"x" * n for n in (1, 6, 7, 8, 30, 0, 3)]
    (tmp_path / "x").write_bytes(b"\n".join(texts) + b"\n")
    assert lines_of(tmp_path / "x") == texts


def test_a_line_past_the_limit_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 8)
    monkeypatch.setattr(module, "MOST_LINE", 20)
    (tmp_path / "x").write_bytes(b"one\n" + b"y" * 21 + b"\n" + b"z" * 100 + b"\ntwo\n" + b"w" * 90)
    assert lines_of(tmp_path / "x") == [b"one", TOO_LONG, TOO_LONG, b"two", TOO_LONG]


def test_what_is_packed_and_cut_off_is_an_error_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b"some words\n" * 100)[:40])
    with pytest.raises(FlowFormatError, match="damaged or cut off"):
        lines_of(tmp_path / "x")


def test_a_file_that_changes_while_it_is_read_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\n")
    with Source(str(path)) as source:
        list(source.lines())
        path.write_bytes(b"one and more\n")
        with pytest.raises(FlowFormatError, match="changed while read"):
            source.check_unchanged()


RECORD = b'{"a":"b \\" c","n":1}'


@pytest.mark.parametrize(
    "line",
    [
        RECORD,
        b'  {"a":"b \\" c","n":1} ',
        b"2026-03-10T09:00:00.000000000Z stdout F " + RECORD,
        b'{"log":"{\\"a\\":\\"b \\\\\\" c\\",\\"n\\":1}\\n","stream":"stdout"}',
        b'level=info msg="{\\"a\\":\\"b \\\\\\" c\\",\\"n\\":1}" subsys=x',
        b'2026-03-10T09:00:00Z stderr F level=info msg="{\\"a\\":\\"b \\\\\\" c\\",\\"n\\":1}"',
        b"Mar 10 09:00:00 n1 agent[7]: " + RECORD,
    ],
)
def test_what_was_put_around_a_record_is_taken_off(line: bytes) -> None:
    assert list(Unwrapper().unwrap(Lines(4, [b"", line]))) == [(5, RECORD)]


def test_parts_of_a_line_are_put_together() -> None:
    unwrapper = Unwrapper()
    head = b"2026-03-10T09:00:00.0Z stdout "
    lines = [head + b"P " + RECORD[:5], b"2026-03-10T09:00:00.0Z stderr F {}", head + b"F " + RECORD[5:]]
    assert list(unwrapper.unwrap(Lines(0, lines))) == [(1, b"{}"), (2, RECORD)]
    assert unwrapper.rest() == 0
    assert list(unwrapper.unwrap(Lines(3, [head + b"P {"]))) == []
    assert unwrapper.rest() == 1
