"""From manifests to a program: loading and compiling a generated cluster, without any flow.

    python -m benchmarks.bench_compile [--size medium] [--runs 5]

The first run is told apart: it is the one that may have to fill the cache of kernels.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

import flowcheck
from benchmarks import report
from benchmarks.generate import SEED, ready
from benchmarks.inputs.sizes import SIZES
from benchmarks.measure import machine


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
def main(size: str, runs: int) -> None:
    """Time loading and compiling in one process."""
    cluster = ready(SIZES[size], "strings", SIZES[size].n_flows) / "cluster"
    record = {
        "benchmark": "compile",
        "size": size,
        "seed": SEED,
        "unit": "s",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "runs": {"load": [], "compile": []},
    }
    first = _once(cluster)
    for _ in range(runs):
        for name, seconds in _once(cluster).items():
            record["runs"][name].append(seconds)
    record["runs"] |= {f"{name}, first in its process": [seconds] for name, seconds in first.items()}
    report.save(record)
    report.write()
    for name, values in record["runs"].items():
        click.echo(f"{name}: {report.spread(values, 3)} s")


def _once(path: Path) -> dict[str, float]:
    began = time.perf_counter()
    cluster = flowcheck.load_cluster([str(path)])
    loaded = time.perf_counter()
    flowcheck.compile_program(cluster)
    return {"load": loaded - began, "compile": time.perf_counter() - loaded}


if __name__ == "__main__":
    main()
