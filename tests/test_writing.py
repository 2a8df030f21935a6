"""A file is complete or absent, for its owner alone, and never written through a link."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from flowcheck.errors import OutputError
from flowcheck.writing import atomic_write


def hello(stream: BinaryIO) -> None:
    stream.write(b"hello")


def full(stream: BinaryIO) -> None:
    stream.write(b"torn")
    raise OSError(28, "No space left on device")


def broken(stream: BinaryIO) -> None:
    stream.write(b"torn")
    raise ValueError


def test_the_file_is_whole_and_private(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a", hello)
    assert (tmp_path / "a").read_bytes() == b"hello"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(("write", "error"), [(full, OutputError), (broken, ValueError)])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, write: object, error: type[Exception]
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(error):
        atomic_write(tmp_path / "a", write)  # type: ignore[arg-type]
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_symbolic_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError, match="symbolic link"):
        atomic_write(tmp_path / "link", hello)
    assert (tmp_path / "victim").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["missing/a", ".", "file/a"])
def test_a_place_that_cannot_hold_a_file_is_an_output_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        atomic_write(tmp_path / name, hello)


def test_a_long_name_is_no_obstacle(tmp_path: Path) -> None:
    atomic_write(tmp_path / ("n" * 250), hello)
    assert (tmp_path / ("n" * 250)).read_bytes() == b"hello"
