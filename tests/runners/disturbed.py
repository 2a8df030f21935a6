"""Audits in a process of their own, long enough to be disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.cli.run import ROOT
from tests.runners.worlds import NOON, US, flows


def many(n_rows: int, seed: int) -> pa.Table:
    """Rows to random ports, most of them denied."""
    dice = np.random.default_rng(seed)
    return flows(
        n_rows,
        start_time=pa.array(NOON + dice.integers(0, 10**9, n_rows), US),
        dst_port=pa.array(dice.choice([22, 80, 443, 5432], n_rows)),
        bytes=pa.array(dice.integers(0, 10**6, n_rows)),
    )


def command(world: Path, out: Path, *more: str) -> list[str]:
    place = ["--cluster", str(world / "cluster"), "-o", str(out), "-q", "--jobs", "2"]
    return [sys.executable, "-m", "flowcheck", "audit", str(world / "flows"), *place, *more]


def start(world: Path, out: Path, *more: str, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(world, out, *more),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        preexec_fn=hear_signals,
    )


def hear_signals() -> None:
    """Whoever started the tests may have had these ignored, as nohup and a shell's & do."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.002)
