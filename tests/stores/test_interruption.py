"""A store that does not answer keeps nobody waiting, and nothing of objects stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runners.worlds import write, write_cluster
from tests.stores.fixtures import ROOT, Store
from tests.stores.server import KEYS, Answer, Request


def started(store: Store, *words: str | Path, **env: str) -> subprocess.Popen[str]:
    found = {**os.environ, **KEYS, "PYTHONPATH": str(ROOT), "FLOWCHECK_ENDPOINT": store.relay.endpoint}
    return subprocess.Popen(
        [sys.executable, "-m", "flowcheck", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**found, **env},
    )


@pytest.mark.parametrize("stuck", ["listing", "reading"])
def test_ctrl_c_ends_a_run_whose_store_does_not_answer(store: Store, tmp_path: Path, stuck: str) -> None:
    write(tmp_path / "f.parquet")
    for number in range(3):
        store.relay.put(f"bucket/f/{number}.parquet", (tmp_path / "f.parquet").read_bytes())
    waiting: list[Request] = []

    def hang(request: Request, own: Callable[[], Answer]) -> Answer:
        if request.reads if stuck == "reading" else request.lists:
            waiting.append(request)
            time.sleep(8)
        return own()

    store.relay.meddle = hang
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = ["audit", "s3://bucket/f", "--cluster", write_cluster(tmp_path / "c")]
    process = started(store, *words, TMPDIR=str(temporary))
    until = time.monotonic() + 60
    while not waiting and time.monotonic() < until and process.poll() is None:
        time.sleep(0.05)
    assert waiting
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert time.monotonic() - begun < 5
    assert list(temporary.iterdir()) == []


def test_a_disk_that_is_full_is_4(store: Store, tmp_path: Path) -> None:
    """Objects are larger than what a process may write here: no room for them."""
    body = write(tmp_path / "f.parquet").read_bytes()
    store.relay.put("bucket/f/a.parquet", body + bytes(1 << 20))
    write_cluster(tmp_path / "c")
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, 1 << 19));"
        "import sys; from flowcheck.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    found = {**os.environ, **KEYS, "PYTHONPATH": str(ROOT), "FLOWCHECK_ENDPOINT": store.relay.endpoint}
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            limited,
            "audit",
            "s3://bucket/f",
            "--cluster",
            str(tmp_path / "c"),
            "--no-cache",
        ],
        capture_output=True,
        text=True,
        env=found,
        check=False,
    )
    assert run.returncode == 4, run.stderr
    assert "cannot write" in run.stderr
