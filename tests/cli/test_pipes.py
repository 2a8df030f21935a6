"""A reader that has had enough, as ``head`` has: quietly, with the code of what SIGPIPE ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import ROOT, in_a_process
from tests.runners.worlds import ALLOWED, DENIED, write_cluster, write_flows


def run_unread(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command with a standard output whose reader is gone from the start, as with ``| true``."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return in_a_process(*arguments, stdout=writer)
    finally:
        os.close(writer)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipes")
    write_cluster(folder / "cluster")
    write_flows(folder / "f.parquet", [ALLOWED, DENIED])
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "--version",
        "audit --help",
        "completion bash",
        "doctor",
        "audit f.parquet --cluster cluster",
        "audit f.parquet --cluster cluster -f json",
        "audit f.parquet --cluster cluster -f csv",
        "explain --cluster cluster --from shop/web --to shop/db --port 22",
        "explain --cluster cluster --from shop/web --to shop/db --port 22 -f json",
    ],
)
def test_a_closed_pipe_ends_quietly(world: Path, words: str) -> None:
    arguments = [world / word if word in ("f.parquet", "cluster") else word for word in words.split()]
    done = run_unread(*arguments)
    assert (done.returncode, done.stderr) == (141, "")


def test_messages_that_nobody_reads_do_not_change_the_code() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "flowcheck", "audit"]
    assert subprocess.run(command, stderr=writer, cwd=ROOT, check=False).returncode == 2
    os.close(writer)


def test_files_are_whole_when_the_pipe_is_closed(world: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    arguments = ["audit", world / "f.parquet", "--cluster", world / "cluster"]
    done = run_unread(*arguments, "-o", tmp_path / "out", "-f", f"json={report}", "-f", "terminal")
    assert done.returncode == 141
    assert report.read_text().endswith("}\n")
    assert (tmp_path / "out" / "findings.json").is_file()
