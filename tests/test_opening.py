"""Only regular files are opened, whoever names them, and nobody waits for one that is none."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcheck.errors import RunError
from flowcheck.flows.files.inputs import list_inputs, sha256_of
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.flows.logs.text.source import Source
from flowcheck.opening import open_file, read_file, read_text
from tests.cli.run import flowcheck
from tests.runners.worlds import ALLOWED, write_cluster, write_flows

SECONDS = 20
"""After which whoever waits is told so."""


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)


@pytest.fixture(params=["pipe", "socket", "device", "folder", "proc"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """What is no regular file, and what it is called."""
    place = tmp_path / "odd.yaml"
    match request.param:
        case "pipe":
            os.mkfifo(place)
            yield place, "it is a pipe, not a regular file"
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(place))
                yield place, "it is a socket, not a regular file"
        case "device":
            place.symlink_to("/dev/zero")
            yield place, "it is a device, not a regular file"
        case "folder":
            place.mkdir()
            yield place, "it is a folder, not a regular file"
        case _:
            place.symlink_to("/proc/self/status")
            yield place, "it lies in /proc or /sys, not on a disk: copy it to a file first"


def test_what_is_no_regular_file_is_not_opened(odd: tuple[Path, str]) -> None:
    path, why = odd
    for way in (open_file, FlowFile, Source):
        with pytest.raises(OSError, match=why):
            way(str(path))
    assert sha256_of(str(path)) is None


def test_as_flows_it_is_told_what_it_is(odd: tuple[Path, str]) -> None:
    path, why = odd
    if path.is_dir():
        return
    with pytest.raises(RunError, match=why):
        list_inputs([path])


@pytest.mark.parametrize("option", ["--cluster", "--policies", "--config", "--dns-map", "--mapping"])
def test_every_option_that_names_a_file_says_so(odd: tuple[Path, str], tmp_path: Path, option: str) -> None:
    path, why = odd
    if path.is_dir() and option in ("--cluster", "--policies"):
        return
    flows = write_flows(tmp_path / "f.parquet", [ALLOWED])
    cluster = write_cluster(tmp_path / "cluster")
    done = flowcheck("audit", flows, "--cluster", cluster, option, path)
    assert done.returncode == 2
    said = "is a directory" if path.is_dir() else why
    assert said in done.stderr, done.stderr


def test_no_more_is_read_than_a_file_says_to_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of files that a daemon makes up, whose size is 0."""
    (tmp_path / "a").write_text("abc")
    assert read_text(tmp_path / "a", 3) == "abc"
    with pytest.raises(OSError, match="it is larger than"):
        read_file(tmp_path / "a", 2)
    (tmp_path / "b").touch()
    assert read_file(tmp_path / "b", 10) == b""
    (tmp_path / "c").write_bytes(b"\xff")
    with pytest.raises(OSError, match="it is no text in UTF-8"):
        read_text(tmp_path / "c", 10)
