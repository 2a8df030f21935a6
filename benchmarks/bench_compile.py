"""From manifests to a program: loading and compiling a generated cluster, without any flow.

    python -m benchmarks.bench_compile [--size medium] [--runs 5]
    python -m benchmarks.bench_compile --pods 50000 --policies 5000 [--rules 5]

The first run is told apart: it is the one that may have to fill the cache of kernels. With ``--pods`` the
cluster is one of ``inputs/wide.py``, in one run, told in processor time and memory and not kept.
"""

from __future__ import annotations

import gc
import resource
import time
from pathlib import Path

import click

import flowcheck
from benchmarks import report
from benchmarks.generate import SEED, ready
from benchmarks.inputs import wide
from benchmarks.inputs.sizes import GENERATED, SIZES
from benchmarks.measure import session
from flowcheck.cli.main import COLLECTIONS


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--pods", type=click.IntRange(min=10), help="Pods of a wide cluster instead.")
@click.option("--policies", type=click.IntRange(min=1), default=5000, show_default=True)
@click.option("--rules", type=click.IntRange(min=1), default=5, show_default=True)
def main(size: str, runs: int, pods: int | None, policies: int, rules: int) -> None:
    """Time loading and compiling in one process."""
    if pods is not None:
        _tell_wide(wide.Wide(pods, policies, rules))
        return
    cluster = ready(SIZES[size], "strings", SIZES[size].n_flows) / "cluster"
    record = {
        "benchmark": "compile",
        "size": size,
        "seed": SEED,
        "unit": "s",
        **session(),
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


def _tell_wide(size: wide.Wide) -> None:
    """Processor time and the most memory so far of one run, as the command line runs it."""
    path = GENERATED / f"wide-{size}-{SEED}"
    if not path.exists():
        wide.write(size, path, SEED)
    gc.set_threshold(*COLLECTIONS)
    began = time.process_time()
    cluster = flowcheck.load_cluster([str(path)])
    loaded = time.process_time()
    click.echo(f"load: {loaded - began:.1f} s, {_peak():.2f} GiB")
    program = flowcheck.compile_program(cluster)
    click.echo(f"compile: {time.process_time() - loaded:.1f} s, {_peak():.2f} GiB, {program!r}")


def _peak() -> float:
    """The most memory so far, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


if __name__ == "__main__":
    main()
