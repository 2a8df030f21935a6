"""Executors of their own, two: what they lose, and what is therefore done twice, changes no byte.

Spark begins no second attempt of a slow task (speculation) on the same host, which is all that a test has.
Tasks that end twice are in :func:`test_an_executor_that_dies_with_what_it_had_found`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flowcheck
import flowcheck.spark
from flowcheck.errors import RunError
from flowcheck.runners.spark import driver
from flowcheck.stores.uri import Access, StorePath
from tests.environment import environment
from tests.runners.disturbed import many
from tests.runners.worlds import write, write_cluster
from tests.spark.conftest import session
from tests.spark.worlds import result
from tests.stores.server import KEYS, Answer, Relay, Request

pytestmark = pytest.mark.slow

SMALL = {
    "spark.executor.memory": "512m",
    "spark.task.maxFailures": "3",
    "spark.speculation": "true",
    "spark.speculation.interval": "100ms",
    "spark.speculation.quantile": "0.5",
    "spark.speculation.minTaskRuntime": "2s",
    **{f"spark.executorEnv.{name}": value for name, value in KEYS.items()},
}

HELD_FOR = 60.0
"""Seconds."""


@pytest.fixture(scope="module")
def executors(needs_spark: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with session("local-cluster[2,1,1024]", tmp_path_factory.mktemp("spark"), **SMALL) as found:
        yield found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """flows/ and cluster/, and what this machine's workers make of them in expected/."""
    base = tmp_path_factory.mktemp("world")
    for number in range(6):
        write(base / "flows" / f"{number}.parquet", many(60_000, number), row_group_size=20_000)
    write_cluster(base / "cluster")
    flowcheck.audit(base / "flows", base / "cluster", out=base / "expected", jobs=2)
    return base


@pytest.fixture
def bucket(relay: Relay) -> Iterator[Relay]:
    """A server that the driver has the keys of."""
    with environment(KEYS):
        yield relay


def audited(spark: Any, world: Path, out: Path) -> dict[str, str]:
    flowcheck.spark.audit(spark, world / "flows", world / "cluster", out=out)
    return result(out)


def executor_pids() -> list[int]:
    """The JVMs of executors under this process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            ours = f"FLOWCHECK_TEST_OF={os.getpid()}".encode() in environment
            if ours and b"CoarseGrainedExecutorBackend" in line and b"java" in line.split(b"\0")[0]:
                found.append(int(entry.name))
    return found


def test_the_bytes_are_those_of_the_engine_local(executors: Any, world: Path, tmp_path: Path) -> None:
    assert audited(executors, world, tmp_path / "out") == result(world / "expected")


def test_an_executor_that_dies_while_it_judges(
    executors: Any, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []

    def kill() -> None:
        """Once tasks of judging are under way."""
        tracker = executors.sparkContext.statusTracker()
        while not killed:
            stages = (tracker.getStageInfo(number) for number in tracker.getActiveStageIds())
            if any(stage is not None and stage.numActiveTasks for stage in stages):
                pid = executor_pids()[0]
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            time.sleep(0.01)

    add_up = driver.Executors._add_up

    def disturbed(*arguments: Any) -> Any:
        threading.Thread(target=kill, daemon=True).start()
        return add_up(*arguments)

    monkeypatch.setattr(driver.Executors, "_add_up", disturbed)
    assert audited(executors, world, tmp_path / "out") == result(world / "expected")
    assert killed


def test_an_executor_that_dies_while_it_fetches(
    executors: Any, world: Path, tmp_path: Path, bucket: Relay
) -> None:
    """What it was on is fetched by another."""
    for file in (world / "flows").iterdir():
        bucket.put(f"bucket/flows/{file.name}", file.read_bytes())
    given = StorePath("s3://bucket/flows", Access(bucket.endpoint))
    flowcheck.audit(given, world / "cluster", out=tmp_path / "local")
    killed: list[int] = []

    def kill(request: Request, own: Callable[[], Answer]) -> Answer:
        if request.reads and not killed:
            killed.extend(executor_pids()[:1])
            os.kill(killed[0], signal.SIGKILL)
        return own()

    bucket.meddle = kill
    flowcheck.spark.audit(executors, given, world / "cluster", out=tmp_path / "spark")
    assert killed
    assert result(tmp_path / "spark") == result(tmp_path / "local")


def test_a_task_that_runs_twice(executors: Any, world: Path, tmp_path: Path, bucket: Relay) -> None:
    """Speculation: what one executor waits for, another does meanwhile, and it counts once."""
    for file in (world / "flows").iterdir():
        bucket.put(f"bucket/flows/{file.name}", file.read_bytes())
    given = StorePath("s3://bucket/flows", Access(bucket.endpoint))
    flowcheck.audit(given, world / "cluster", out=tmp_path / "local")
    held: list[Request] = []
    over = threading.Event()

    def hold(request: Request, own: Callable[[], Answer]) -> Answer:
        if request.reads and request.path.endswith("5.parquet"):
            held.append(request)
            if len(held) == 1:
                over.wait(HELD_FOR)
        return own()

    bucket.meddle = hold
    begun = time.monotonic()
    flowcheck.spark.audit(executors, given, world / "cluster", out=tmp_path / "spark")
    assert time.monotonic() - begun < HELD_FOR
    over.set()
    assert len(held) > 1
    assert result(tmp_path / "spark") == result(tmp_path / "local")


def test_executors_that_are_killed_each_time_end_the_run(
    executors: Any, world: Path, tmp_path: Path, bucket: Relay
) -> None:
    """As the kernel does where memory runs out: with SIGKILL, and no word."""
    bucket.put("bucket/flows/0.parquet", (world / "flows" / "0.parquet").read_bytes())

    def kill(request: Request, own: Callable[[], Answer]) -> Answer:
        if request.reads:
            for pid in executor_pids():
                os.kill(pid, signal.SIGKILL)
        return own()

    bucket.meddle = kill
    given = StorePath("s3://bucket/flows", Access(bucket.endpoint))
    with pytest.raises(RunError, match="lost again and again, for want of memory it seems"):
        flowcheck.spark.audit(executors, given, world / "cluster", out=tmp_path / "out")
    assert not (tmp_path / "out" / "summary.json").exists()


def test_an_executor_that_dies_with_what_it_had_found(
    executors: Any, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tasks have ended, and their sums have come, but violations lie on its disk alone: they are done
    again."""
    bring = driver.Executors._bring

    def disturbed(*arguments: Any) -> None:
        for pid in executor_pids():
            os.kill(pid, signal.SIGKILL)
        bring(*arguments)

    monkeypatch.setattr(driver.Executors, "_bring", disturbed)
    assert audited(executors, world, tmp_path / "out") == result(world / "expected")


def test_a_file_that_has_changed_when_it_is_read_again_ends_the_run(
    executors: Any, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its violations are gone, and its sums are added already."""
    file = write(tmp_path / "f.parquet", many(1_000, 1))
    bring = driver.Executors._bring

    def disturbed(*arguments: Any) -> None:
        file.write_bytes(file.read_bytes() + b".")
        for pid in executor_pids():
            os.kill(pid, signal.SIGKILL)
        bring(*arguments)

    monkeypatch.setattr(driver.Executors, "_bring", disturbed)
    with pytest.raises(RunError, match="what it had read has changed since"):
        flowcheck.spark.audit(executors, file, world / "cluster", out=tmp_path / "out")
    assert not (tmp_path / "out" / "summary.json").exists()
