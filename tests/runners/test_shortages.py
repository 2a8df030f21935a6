"""Too few descriptors, processes, too little memory: said as such, with what to do, and never as a bug."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest

from flowcheck.runners import pool
from flowcheck.runners.plan import Plan
from flowcheck.shortages import shortage_of
from tests.cli.run import ROOT, flowcheck
from tests.runners.disturbed import command
from tests.runners.worlds import DENIED, flows, ledger, outputs, write, write_flows


def limited(limit: int, value: int, *words: object) -> subprocess.CompletedProcess[str]:
    """The command where this much may be had of something."""
    return subprocess.run(
        [sys.executable, "-m", "flowcheck", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(limit, (value, value)),
    )


def test_too_few_descriptors(tmp_path: Path, cluster: Path) -> None:
    file = write_flows(tmp_path / "f.parquet", [DENIED])
    done = limited(resource.RLIMIT_NOFILE, 8, "audit", file, "--cluster", cluster)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "too many files are open in this process (allow it more (ulimit -n 1024)" in line


def test_too_little_memory_to_start_with_is_no_finding(tmp_path: Path, cluster: Path) -> None:
    """Where a library ends the process, too, which some do with 1."""
    file = write_flows(tmp_path / "f.parquet", [DENIED])
    for mebibytes in (100, 200, 300):
        done = limited(resource.RLIMIT_AS, mebibytes << 20, "audit", file, "--cluster", cluster)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert "memory" in done.stderr


@pytest.mark.slow
def test_a_batch_that_takes_too_much_memory_is_judged_in_parts(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100,000 texts of 10 kB, of rows that violate, in 1.4 GB; the rest of the run is whole."""
    n_rows = 100_000
    texts = pa.array([os.urandom(5000).hex() for _ in range(50)])
    observers = pa.DictionaryArray.from_arrays(pa.array(np.arange(n_rows) % 50, pa.int32()), texts)
    table = flows(n_rows, observer=observers)
    write(tmp_path / "flows" / "large.parquet", table, use_dictionary=False, compression="zstd")
    write_flows(tmp_path / "flows" / "small.parquet", [DENIED])
    most = (1_400_000_000, 1_400_000_000)
    limit = partial(subprocess.Popen, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, most))
    monkeypatch.setattr(subprocess, "Popen", limit)
    words = ("audit", tmp_path / "flows", "--cluster", cluster, "-o", tmp_path / "out", "--jobs", "1")
    with patch.object(Plan, "short_of_memory", autospec=True, side_effect=Plan.short_of_memory) as met:
        done = flowcheck(*words)
    assert done.returncode == 1, done.stderr
    assert met.call_count == 1
    assert {entry["rows_judged"] for entry in ledger(tmp_path / "out").values()} == {n_rows, 1}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BlockingIOError(errno.EAGAIN, "x"), "there may be no more processes or threads"),
        (OSError(errno.ENOMEM, "x"), "there is not enough memory"),
        (OSError(errno.ENFILE, "x"), "too many files are open on this machine"),
    ],
)
def test_where_no_worker_can_be_started_the_run_says_why(
    world: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    monkeypatch.setattr(pool, "take_or_start", failing(error))
    done = flowcheck("audit", world / "flows", "--cluster", world / "cluster")
    assert done.returncode == 2
    assert f"no worker process can be started: {said} (" in done.stderr


def test_where_only_some_can_be_started_they_do_it(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "start", failing(BlockingIOError(errno.EAGAIN, "x")))
    words = [word for word in command(world, tmp_path / "out")[3:] if word != "-q"]
    done = flowcheck(*words)
    assert done.returncode == 1
    assert "only 1 worker process of 2 started: there may be no more processes or threads" in done.stderr
    assert outputs(tmp_path / "out") == outputs(world / "expected")


def failing(error: OSError) -> Callable[..., object]:
    """What starts no worker."""

    def start(*_: object, cache: bool) -> object:
        raise error

    return start


def test_other_errors_are_no_shortages() -> None:
    assert shortage_of(OSError(errno.EIO, "x")) is None
    assert shortage_of(RuntimeError("x")) is None


def test_files_larger_than_may_be_written_are_4(world: Path, tmp_path: Path) -> None:
    """As of a quota; what was finished is kept, and the next run goes on."""
    done = limited(resource.RLIMIT_FSIZE, 1 << 20, *command(world, tmp_path / "out")[3:])
    assert done.returncode == 4
    assert "File too large (files may not be larger here (ulimit -f)" in done.stderr
    assert flowcheck(*command(world, tmp_path / "out", "--resume")[3:]).returncode == 1
    assert outputs(tmp_path / "out") == outputs(world / "expected")
