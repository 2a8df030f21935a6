"""What may truly not be read, or written to: by a process that may do no more than modes say."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.runners.worlds import ledger, write

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def _as_anybody() -> None:
    """What is started next goes by modes, as root else does not. Nobody else has that right to lose."""
    libc = ctypes.CDLL(None)
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def flowcheck(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """By a process that goes by modes."""
    command = [sys.executable, "-m", "flowcheck", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=_as_anybody, check=False)


@contextmanager
def closed(path: Path, mode: int = 0) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        os.chmod(path, before)


@pytest.mark.parametrize("what", ["b.parquet", "closed"])
def test_flows_that_may_not_be_read_are_named_and_the_others_judged(
    tmp_path: Path, cluster: Path, what: str
) -> None:
    write(tmp_path / "f" / "a.parquet")
    write(tmp_path / "f" / "b.parquet")
    write(tmp_path / "f" / "closed" / "c.parquet")
    with closed(tmp_path / "f" / what):
        words = ("audit", tmp_path / "f", "--cluster", cluster, "-o", tmp_path / "out")
        done = flowcheck(*words)
    assert done.returncode == 3, done.stderr
    entries = ledger(tmp_path / "out")
    failed = entries.pop(what)
    assert failed["status"] == "failed"
    assert "Permission denied" in failed["detail"]
    assert entries
    assert {entry["status"] for entry in entries.values()} == {"judged"}


def test_a_cluster_that_may_not_be_read_is_named(tmp_path: Path, cluster: Path) -> None:
    write(tmp_path / "f" / "a.parquet")
    with closed(cluster):
        done = flowcheck("audit", tmp_path / "f", "--cluster", cluster)
    assert done.returncode == 2
    assert str(cluster) in done.stderr
    assert "Permission denied" in done.stderr
    assert not done.stdout


def test_results_that_may_not_be_written_are_named(tmp_path: Path, cluster: Path) -> None:
    write(tmp_path / "f" / "a.parquet")
    (tmp_path / "out").mkdir()
    with closed(tmp_path / "out", 0o500):
        words = ("audit", tmp_path / "f", "--cluster", cluster, "-o", tmp_path / "out")
        done = flowcheck(*words)
    assert done.returncode == 4
    assert str(tmp_path / "out") in done.stderr
    assert "Permission denied" in done.stderr
    assert not [*(tmp_path / "out").iterdir()]
