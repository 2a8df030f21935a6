"""Check the answers, then time flowcheck and its peers in turn, and write down everything.

    python -m benchmarks.run [--size small|medium] [--addresses strings|ints] [--runs 5] [--times 5]
    python -m benchmarks.run --smoke                  tiny, answers only, no clock

``--times 5`` times five times the rows as well, so that start-up is told apart. Data is made under
data/generated/ when missing. Raw numbers go to benchmarks/results/, RESULTS.md is made from them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks import answers, report
from benchmarks.generate import SEED, ready
from benchmarks.inputs.records import Addresses
from benchmarks.inputs.sizes import SIZES, Size
from benchmarks.measure import Measurement, machine, measure

Record = dict[str, Any]


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="small", show_default=True)
@click.option("--addresses", type=click.Choice(["strings", "ints"]), default="strings", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--times", type=click.IntRange(min=1), default=1, help="Time this many times the rows as well.")
@click.option("--smoke", is_flag=True, help="Tiny, answers only.")
@click.option("--reference/--no-reference", default=True, help="Time the reference evaluator on a sample.")
def main(size: str, addresses: Addresses, runs: int, times: int, smoke: bool, reference: bool) -> None:
    """Answers first, then the clock."""
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as scratch:
        if smoke:
            for kind in ("strings", "ints"):
                _check(ready(SIZES["tiny"], kind, SIZES["tiny"].n_flows), Path(scratch) / kind)
            return
        record = _benchmark(SIZES[size], addresses, runs, times, Path(scratch))
        if reference:
            world = ready(SIZES[size], addresses, SIZES[size].n_flows)
            record["reference_s_per_flow"] = float(measure(_reference(world)).output)
    path = report.save(record)
    report.write()
    click.echo(f"{path}\n{report.PAGE}", err=True)


def _check(world: Path, scratch: Path) -> Record:
    counts = answers.check(world, scratch)
    click.echo(f"{world.name}: answers agree: {counts}", err=True)
    return counts


def _benchmark(size: Size, addresses: Addresses, runs: int, times: int, scratch: Path) -> Record:
    worlds = {size.n_flows * factor: ready(size, addresses, size.n_flows * factor) for factor in {1, times}}
    record: Record = {
        "benchmark": "audit",
        "size": size.name,
        "addresses": addresses,
        "seed": SEED,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }
    checked = {n_flows: _check(world, scratch / str(n_flows)) for n_flows, world in sorted(worlds.items())}
    record["answers"] = checked[min(checked)]
    record["runs"] = {str(n_flows): {} for n_flows in sorted(worlds)}
    for i in range(runs):
        for n_flows, world in sorted(worlds.items()):
            for name, command in _programs(world, scratch / str(n_flows)).items():
                done = measure(command)
                record["runs"][str(n_flows)].setdefault(name, []).append(_figures(done))
                click.echo(f"round {i + 1}: {n_flows:,} {name} {done.wall_s:.2f} s", err=True)
    return record


def _programs(world: Path, scratch: Path) -> dict[str, list[str]]:
    """What is run in turn. Outputs of the round before are removed first."""
    out = scratch / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    peers = [sys.executable, "-m", "benchmarks.peers"]
    flows = str(world / "flows")
    return {
        "flowcheck": answers.audit_command(world, out / "audit"),
        "bare read": [*peers, "read", flows],
        "DuckDB": [*peers, "duckdb", str(scratch / "tables"), flows, str(out / "duckdb")],
    }


def _reference(world: Path) -> list[str]:
    peers = [sys.executable, "-m", "benchmarks.peers"]
    return [*peers, "reference", str(world / "cluster"), str(world / "flows")]


def _figures(done: Measurement) -> Record:
    return {"wall_s": done.wall_s, "cpu_s": done.cpu_s, "peak_bytes": done.peak_bytes}


if __name__ == "__main__":
    main()
