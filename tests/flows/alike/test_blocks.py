"""Blocks of lines: all of a log, each line once, however they lie in blocks."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.alike import blocks as module
from flowcheck.flows.logs.alike.blocks import blocks
from flowcheck.flows.logs.text.source import TOO_LONG, Source


def lines_of(path: Path) -> list[bytes]:
    found: list[bytes] = []
    with Source(str(path)) as source:
        for block in blocks(source):
            assert block.first == len(found)
            found += [block.text(line) for line in range(len(block.starts))]
    return found


@pytest.mark.parametrize("packed", [False, True])
def test_lines_lie_anywhere_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 256)
    path = tmp_path / "log"
    for seed in range(60):
        dice = random.Random(seed)
        expected = [
            b"x" * dice.choice([0, 1, 7, 8, 9, 100, 247, 248, 249, 700]) for _ in range(dice.randrange(1, 40))
        ]
        data = b"\n".join(expected) + (b"\n" if dice.random() < 0.5 or not expected[-1] else b"")
        path.write_bytes(gzip.compress(data) if packed else data)
        assert lines_of(path) == expected


def test_ends_of_lines_of_windows_belong_to_them(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\r\n\r\ntwo\r")
    assert lines_of(path) == [b"one", b"", b"two"]


def test_a_line_past_all_measure_begins_with_what_is_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 256)
    monkeypatch.setattr(module, "MOST_LINE", 1024)
    path = tmp_path / "log"
    path.write_bytes(b"one\n" + b"y" * 5000 + b"\ntwo\n" + b"z" * 5000)
    first, long, second, last = lines_of(path)
    assert (first, second) == (b"one", b"two")
    assert long.startswith(TOO_LONG)
    assert last.startswith(TOO_LONG)


def test_what_is_packed_and_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(random.Random(1).randbytes(5000))[:3000])
    with pytest.raises(FlowFormatError, match="damaged or cut off"):
        lines_of(path)


def test_an_empty_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"")
    with pytest.raises(FlowFormatError, match="is empty"):
        lines_of(path)
