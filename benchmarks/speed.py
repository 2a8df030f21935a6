"""The speed of flowcheck, as one table: answers first, then the clock.

    python -m benchmarks.speed [--size medium] [--times 5] [--runs 5] [--beside PATH]
    python -m benchmarks.speed --smoke                  tiny, answers only, no clock

``--beside`` names another checkout of flowcheck, which is timed in turn. Every clocked audit writes all
outputs and finds nothing cached but kernels, unless its line says otherwise; what it found is compared with
the checked answer. Memory is taken in runs of its own, for to sample it costs time. Data is made under
data/generated/ when missing (100 million rows: 1.3 GB). Raw numbers go to benchmarks/results/, RESULTS.md is
made from them.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from benchmarks import report
from benchmarks.answers import Checker
from benchmarks.bars import Record
from benchmarks.generate import SEED, ready
from benchmarks.inputs.records import Addresses
from benchmarks.inputs.sizes import GENERATED, SIZES, Size
from benchmarks.measure import commit, session
from benchmarks.peers import ENGINES, installed
from benchmarks.programs import Checkout
from benchmarks.rounds import Rounds, compile_big

FREE = 6 << 30
"""Bytes of disk that must be free: for the rows, and for what the programs write of them."""


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--addresses", type=click.Choice(["strings", "ints"]), default="strings", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--times", type=click.IntRange(min=1), default=5, show_default=True, help="As many rows too.")
@click.option("--beside", type=click.Path(exists=True, path_type=Path), help="Another checkout to time.")
@click.option("--big/--no-big", default=True, show_default=True, help="Read and compile the huge cluster.")
@click.option("--smoke", is_flag=True, help="Tiny, answers only.")
def main(
    size: str, addresses: Addresses, runs: int, times: int, beside: Path | None, big: bool, smoke: bool
) -> None:
    """Answers first, then the clock."""
    if missing := [name for name in ENGINES if name not in installed()]:
        click.echo(f"not installed, so left out: {', '.join(missing)}", err=True)
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as scratch:
        if smoke:
            for kind in ("strings", "ints"):
                world = ready(SIZES["tiny"], kind, SIZES["tiny"].n_flows)
                _say(world, Checker(Checkout(), world / "cluster").check(world, Path(scratch) / kind))
            return
        Checkout().warm()
        ours = Checkout().with_caches(Path(scratch) / "ours")
        found = {"compile": compile_big(ours, runs)} if big else {}
        record = _record(ours, SIZES[size], addresses, times, beside, runs, Path(scratch)) | found
    path = report.save(record)
    report.write()
    click.echo(f"\n{report.plain(record)}\n")
    click.echo(f"{path}\n{report.PAGE}", err=True)


def _record(
    ours: Checkout,
    size: Size,
    addresses: Addresses,
    times: int,
    beside: Path | None,
    runs: int,
    scratch: Path,
) -> Record:
    GENERATED.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(GENERATED).free < FREE:
        raise click.ClickException(f"less than {FREE >> 30} GiB free in {GENERATED}")
    record: Record = {
        "benchmark": "speed",
        "size": size.name,
        "addresses": addresses,
        "seed": SEED,
        **session(),
        "engines": installed(),
        "beside": commit(beside) if beside else None,
    }
    counts = sorted({size.n_flows, size.n_flows * times})
    worlds = {n_flows: ready(size, addresses, n_flows) for n_flows in counts}
    checker = Checker(ours, worlds[size.n_flows] / "cluster")
    answers = {}
    for n_flows, world in worlds.items():
        answers[n_flows] = checker.check(world, scratch / str(n_flows))
        _say(world, answers[n_flows])
    record["answers"] = answers[size.n_flows]
    record["cluster"] = {"pods": len(checker.cluster.pods), "policies": len(checker.cluster.policies)}
    del checker
    return record | Rounds(ours, worlds, answers, scratch, beside).all(runs)


def _say(world: Path, counts: Record) -> None:
    click.echo(f"{world.name}: answers agree: {counts}", err=True)


if __name__ == "__main__":
    main()
