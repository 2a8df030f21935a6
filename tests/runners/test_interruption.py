"""Workers and runs that are killed: no loop, no orphan, no lost or doubled row, the same bytes in the end.

How soon is told in processor time: a busy machine may keep anybody waiting.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flowcheck.api import audit
from flowcheck.errors import OutputError, RunError
from flowcheck.runners.workspace import FOLDER, Workspace
from tests.cli.run import ROOT, flowcheck
from tests.cli.worlds import write_cluster
from tests.runners.worlds import NOON, OUTPUTS, US, flows, ledger, outputs, write


def many(n_rows: int, seed: int) -> pa.Table:
    """Rows to random ports, most of them denied."""
    dice = np.random.default_rng(seed)
    return flows(
        n_rows,
        start_time=pa.array(NOON + dice.integers(0, 10**9, n_rows), US),
        dst_port=pa.array(dice.choice([22, 80, 443, 5432], n_rows)),
        bytes=pa.array(dice.integers(0, 10**6, n_rows)),
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """flows/ with six files, cluster/, and the outputs of an audit nobody disturbed in expected/."""
    base = tmp_path_factory.mktemp("world")
    for number in range(6):
        table = many(100_000, number)
        write(base / "flows" / f"{number}.parquet", table, row_group_size=40_000)
    write_cluster(base / "cluster")
    audit(base / "flows", base / "cluster", out=base / "expected", jobs=2)
    return base


def command(world: Path, out: Path, *more: str) -> list[str]:
    place = ["--cluster", str(world / "cluster"), "-o", str(out), "-q", "--jobs", "2"]
    return [sys.executable, "-m", "flowcheck", "audit", str(world / "flows"), *place, *more]


def start(world: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(world, out, *more),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_signals,
    )


def hear_signals() -> None:
    """Whoever started the tests may have had SIGINT ignored, as nohup and a shell's & do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.002)


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
    assert not children(os.getpid())


def test_workers_that_cannot_start_end_the_run(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RunError, match="cannot be started"):
        audit(world / "flows", world / "cluster", jobs=2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
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


@pytest.fixture
def interrupted(world: Path, tmp_path: Path) -> Path:
    """An output folder with some files done."""
    out = tmp_path / "out"
    run = start(world, out)
    wait_for(lambda: bool(list(out.glob(f"{FOLDER}/*.done"))))
    run.kill()
    run.wait()
    return out


def test_only_the_same_run_can_be_resumed_and_what_it_left_stays(world: Path, interrupted: Path) -> None:
    parts = sorted((interrupted / FOLDER).glob("*.done"))
    changed = write_cluster(interrupted.parent / "changed")
    policy = changed / "policy.yaml"
    policy.write_text(policy.read_text().replace("5432", "5433"))
    other = ["audit", str(world / "flows"), "--cluster", str(changed), "-o", str(interrupted), "--resume"]
    done = flowcheck(*other)
    assert done.returncode == 2
    assert "other flows, policies or options" in done.stderr
    policy.write_text("kind: [")
    assert flowcheck(*other).returncode == 2
    assert sorted((interrupted / FOLDER).glob("*.done")) == parts
    assert flowcheck(*command(world, interrupted, "--resume")[3:]).returncode == 1
    assert outputs(interrupted) == outputs(world / "expected")


@pytest.mark.parametrize("torn", [".part", ".violations", ".done"])
def test_a_torn_part_is_made_again(world: Path, interrupted: Path, torn: str) -> None:
    """A power cut can leave a name without its content."""
    for path in (interrupted / FOLDER).glob(f"*{torn}"):
        path.write_bytes(path.read_bytes()[:-1])
    assert flowcheck(*command(world, interrupted, "--resume")[3:]).returncode == 1
    assert outputs(interrupted) == outputs(world / "expected")


def test_one_output_folder_takes_one_run_at_a_time(world: Path, tmp_path: Path) -> None:
    with Workspace(tmp_path / "out"):
        done = flowcheck(*command(world, tmp_path / "out")[3:])
    assert done.returncode == 2
    assert f"locked by pid {os.getpid()}" in done.stderr


def test_a_work_folder_of_somebody_else_is_not_trusted(world: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / FOLDER).mkdir(parents=True)
    (tmp_path / "out" / FOLDER).chmod(0o777)
    with pytest.raises(OutputError, match="others can write"):
        audit(world / "flows", world / "cluster", out=tmp_path / "out")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_the_last_results(small_disk: Path, tmp_path: Path, cluster: Path) -> None:
    """Whichever write it is that fails: a part, its record, a result."""
    file, out = tmp_path / "f.parquet", small_disk / "out"
    write(file, many(4000, 1))
    audit(file, cluster, out=out)
    results = [(out / name).read_bytes() for name in (*OUTPUTS, "summary.json", "ledger.json")]
    before, needed = outputs(out), sum(map(len, results)) >> 10
    failed = 0
    for free_kib in (0, 4, needed // 2, needed, needed + 40, needed + 80, needed + 120):
        write(file, many(4000, free_kib + 2))
        status = os.statvfs(small_disk)
        (small_disk / "fill").write_bytes(bytes(max(0, status.f_bavail * status.f_bsize - (free_kib << 10))))
        with contextlib.suppress(OutputError):
            audit(file, cluster, out=out, jobs=1)
            before = outputs(out)
            failed -= 1
        failed += 1
        assert outputs(out) == before
        (small_disk / "fill").unlink()
    assert failed >= 3
    audit(file, cluster, out=out)


def test_an_output_that_cannot_be_written_is_4(small_disk: Path, tmp_path: Path, cluster: Path) -> None:
    file = write(tmp_path / "f.parquet", many(20_000, 1))
    (small_disk / "fill").write_bytes(bytes(1000 << 10))
    done = flowcheck("audit", file, "--cluster", cluster, "-o", small_disk / "out")
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
