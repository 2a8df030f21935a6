"""Workers and runs that are killed: no loop, no orphan, no lost or doubled row, the same bytes in the end.

How soon is told in processor time: a busy machine may keep anybody waiting.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcheck.api import audit
from flowcheck.errors import RunError
from flowcheck.runners.workspace import FOLDER
from tests.cli.run import flowcheck
from tests.runners.disturbed import command, many, start, wait_for
from tests.runners.worlds import ledger, outputs, write, write_cluster


def used_seconds(pid: int) -> float:
    """Processor time of a process and of its ended children so far."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def reaped_seconds() -> float:
    """Processor time of all ended children of this process."""
    times = os.times()
    return times.children_user + times.children_system


def children(pid: int) -> list[int]:
    """The processes that have this parent."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(path.parent.name))
    return found


def opened(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    return []


@contextlib.contextmanager
def killing_readers_of(name: str, times: int) -> Iterator[list[int]]:
    """Kill whichever child of this process has the file open, so many times; yields whom it killed."""
    killed: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.0005) and len(killed) < times:
            for pid in children(os.getpid()):
                if pid not in killed and any(path.endswith(name) for path in opened(pid)):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


@pytest.fixture
def slow_world(tmp_path: Path) -> Path:
    """One file that takes a while to read, between two that do not."""
    for name, n_rows in (("a", 100), ("b", 1_500_000), ("c", 100)):
        write(tmp_path / "flows" / f"{name}.parquet", many(n_rows, 1))
    write_cluster(tmp_path / "cluster")
    return tmp_path


def test_a_reader_that_dies_is_tried_once_more(slow_world: Path) -> None:
    with killing_readers_of("b.parquet", times=1) as killed:
        result = audit(slow_world / "flows", slow_world / "cluster", out=slow_world / "out", jobs=1)
    assert len(killed) == 1
    assert result.summary.complete
    assert result.ledger.totals.rows_declared == 1_500_200


def test_a_reader_that_dies_twice_fails_its_file_and_no_other(slow_world: Path) -> None:
    before = children(os.getpid())
    with killing_readers_of("b.parquet", times=9) as killed:
        result = audit(slow_world / "flows", slow_world / "cluster", out=slow_world / "out", jobs=1)
    assert len(killed) >= 2  # one that is killed between two orders was on no file
    entries = ledger(slow_world / "out")
    assert {name: entry["status"] for name, entry in entries.items()} == {
        "a.parquet": "judged",
        "b.parquet": "failed",
        "c.parquet": "judged",
    }
    assert entries["b.parquet"]["reason"] == "reader_died"
    assert "SIGKILL" in entries["b.parquet"]["detail"]
    assert len(entries["b.parquet"]["sha256"]) == 64
    assert not result.summary.complete
    assert children(os.getpid()) == before


def test_workers_that_cannot_start_end_the_run(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RunError, match="cannot be started"):
        audit(world / "flows", world / "cluster", jobs=2)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
)
def test_a_signal_ends_the_run_soon_and_it_can_be_resumed(
    world: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    run = start(world, out)
    wait_for(lambda: bool(list(out.glob(f"{FOLDER}/*.done"))))
    workers = children(run.pid)
    before = reaped_seconds() + sum(map(used_seconds, (run.pid, *workers)))
    run.send_signal(number)
    assert run.wait(60) == code
    assert reaped_seconds() - before < len(workers) + 1, "more than a second of work each"
    assert workers
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 60)
    assert list(out.glob(f"{FOLDER}/*.done"))
    assert not (out / "findings.json").exists()
    done = flowcheck(*command(world, out, "--resume")[3:])
    assert done.returncode == 1, done.stderr
    assert outputs(out) == outputs(world / "expected")
    assert not (out / FOLDER).exists()


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_the_same_bytes(world: Path, tmp_path: Path) -> None:
    out, dice = tmp_path / "out", random.Random(3)
    for _ in range(10):
        run = start(world, out, "--resume")
        workers = set()
        end = time.monotonic() + dice.uniform(0.3, 3)
        while time.monotonic() < end and run.poll() is None:
            workers.update(children(run.pid))
            time.sleep(0.02)
        run.kill()
        run.wait()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 5)  # noqa: B023
    assert flowcheck(*command(world, out, "--resume")[3:]).returncode == 1
    assert outputs(out) == outputs(world / "expected")
    assert json.loads((out / "ledger.json").read_text())["totals"]["rows_declared"] == 600_000
