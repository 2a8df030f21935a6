"""The engine spark against the engine local, and against the same verdicts by joins in Spark's SQL, in turn:

    python -m benchmarks.spark [--size medium] [--flows 20000000] [--runs 3] [--no-joins]

One session, ``local[2]``, warm: each has run before the clock starts. Both engines write all outputs, from
Python, with a program that is known. The joins (``joins.py``) write the violating rows and the rows of each
destination, as the peers do; their tables are ready and in memory. Answers are compared first. Memory is that
of the driver's Python process, over a quarter, a half and all of the files.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
import psutil

import flowcheck
import flowcheck.spark
from benchmarks.answers import agree, by_engine, by_flowcheck
from benchmarks.generate import ready
from benchmarks.inputs.rules import export_rules
from benchmarks.inputs.sizes import SIZES
from benchmarks.inputs.tables import export_tables
from benchmarks.spark.joins import JOINS, groups, read, write


def begin(cores: int) -> Any:
    """A session as a person has it, but for the memory that two cores and joins need."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 (a peer of its own)

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(f"local[{cores}]").config("spark.driver.memory", "6g")
    for name in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):
        builder = builder.config(name, "false")
    spark = builder.config("spark.sql.shuffle.partitions", str(4 * cores)).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def export(spark: Any, world: Path, tables: Path) -> None:
    """The tables of all joins, made and read."""
    cluster, flows = world / "cluster", world / "flows"
    loaded = flowcheck.load_cluster([cluster])
    export_tables(flowcheck.compile_program(loaded), loaded, flows, tables)
    export_rules(cluster, flows, tables)
    read(spark, tables, sorted(flows.glob("*.parquet")))


def peak_of(work: Callable[[], object]) -> int:
    """Bytes of this process alone at most, meanwhile."""
    me, most, done = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            most[0] = max(most[0], me.memory_full_info().uss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return most[0]


def cpu_times() -> dict[int, float]:
    """Processor seconds so far of this process and all under it."""
    found = {}
    for process in (me := psutil.Process(), *me.children(recursive=True)):
        with suppress(psutil.Error):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
    return found


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processors: sampled, but for a process's last tenth of a second."""
    before, last, done = cpu_times(), dict[int, float](), threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            last.update(cpu_times())

    thread = threading.Thread(target=watch)
    thread.start()
    began = time.perf_counter()
    try:
        work()
        wall = time.perf_counter() - began
    finally:
        done.set()
        thread.join()
    last.update(cpu_times())
    return wall, sum(last.values()) - sum(before.get(pid, 0.0) for pid in last)


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--flows", "n_flows", type=click.IntRange(min=1), default=20_000_000, show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--cores", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--joins/--no-joins", default=True, show_default=True)
def main(size: str, n_flows: int, runs: int, cores: int, joins: bool) -> None:
    """Answers first, then the clock, then memory."""
    world = ready(SIZES[size], "strings", n_flows)
    cluster, files = world / "cluster", sorted((world / "flows").glob("*.parquet"))
    spark = begin(cores)
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as scratch:
        out = Path(scratch)
        ways: dict[str, Callable[[], object]] = {
            "local": lambda: flowcheck.audit(files, cluster, out=out / "local", jobs=cores),
            "spark": lambda: flowcheck.spark.audit(spark, files, cluster, out=out / "spark"),
        }
        for work in ways.values():
            work()
        for name in ("violations.parquet", "edges.parquet", "findings.json", "ledger.json", "load.parquet"):
            same = (out / "local" / name).read_bytes() == (out / "spark" / name).read_bytes()
            agree(name, "the same bytes", "the same bytes" if same else "others")
        if joins:
            export(spark, world, out / "tables")
            for name, judged in JOINS.items():
                agree(f"verdicts of {name}", by_flowcheck(out / "spark"), by_engine(groups(spark, judged)))
                ways[name] = partial(write, spark, judged, out / name)
                ways[name]()
        ways["spark"]()  # by now all of Spark's Python processes have their workers
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        # Joins last: Spark ends Python processes that idle for a minute.
        for together in (("local", "spark"), tuple(JOINS)):
            for _ in range(runs):
                for name in together:
                    if name in ways:
                        taken[name].append(timed(ways[name]))
        click.echo(f"{n_flows:,} rows, local[{cores}], load average {os.getloadavg()[0]:.1f}")
        for at, unit in enumerate(("s", "processor s")):
            for name in ways:
                own, locals_ = ([pair[at] for pair in taken[each]] for each in (name, "local"))
                ratios = [one / other for one, other in zip(own, locals_, strict=True)]
                spread = f"{min(own):.2f} to {max(own):.2f}"
                ratio = f"{statistics.median(ratios):.2f} of local ({min(ratios):.2f} to {max(ratios):.2f})"
                click.echo(f"  {name}: {statistics.median(own):.2f} {unit} ({spread}), {ratio}")
        for share in (4, 2, 1):
            some = files[: max(1, len(files) // share)]
            peak = peak_of(lambda some=some: flowcheck.spark.audit(spark, some, cluster))
            click.echo(f"  driver: {peak / 1e6:.0f} MB over {len(some)} of {len(files)} files")
    spark.stop()


if __name__ == "__main__":
    main()
