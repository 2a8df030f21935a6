"""From manifests to a program: loading and compiling a generated cluster, without any flow.

    python -m benchmarks.bench_compile [--size medium] [--runs 5]
    python -m benchmarks.bench_compile --pods 50000 --policies 5000 [--rules 5] [--language cilium]

The first run is told apart: it is the one that may have to fill the cache of kernels. With ``--pods`` the
cluster is one of ``inputs/wide.py``, in one run, told in processor time and memory and not kept; a million
flows drawn from a seed are judged, of which as many are denied in any language.
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

N_FLOWS = 1_000_000


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--pods", type=click.IntRange(min=10), help="Pods of a wide cluster instead.")
@click.option("--policies", type=click.IntRange(min=1), default=5000, show_default=True)
@click.option("--rules", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--language", type=click.Choice(list(wide.LANGUAGES)), default="kubernetes", show_default=True)
def main(size: str, runs: int, pods: int | None, policies: int, rules: int, language: str) -> None:
    """Time loading and compiling in one process."""
    if pods is not None:
        tell_wide(wide.Wide(pods, policies, rules, language))
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


def tell_wide(size: wide.Wide) -> str:
    """Processor time and the most memory so far of one run, as the command line runs it. Returns the verdicts
    of the flows."""
    path = GENERATED / f"wide-{size}-{SEED}"
    if not path.exists():
        wide.write(size, path, SEED)
    gc.set_threshold(*COLLECTIONS)
    began = time.process_time()
    cluster = flowcheck.load_cluster([str(path)])
    loaded = time.process_time()
    click.echo(f"load: {loaded - began:.1f} s, {_peak():.2f} GiB")
    program = flowcheck.compile_program(cluster)
    compiled = time.process_time()
    click.echo(f"compile: {compiled - loaded:.1f} s, {_peak():.2f} GiB, {program!r}")
    flows = wide.flows(size, N_FLOWS, SEED)
    flowcheck.evaluate(program, flows.slice(0, 1000))  # loads the kernels
    began = time.process_time()
    counts = flowcheck.evaluate(program, flows).column("verdict").value_counts().to_pylist()
    verdicts = ", ".join(sorted(f"{one['counts']:,} {one['values']}" for one in counts))
    click.echo(f"evaluate: {N_FLOWS / (time.process_time() - began) / 1e6:.1f} M rows/s: {verdicts}")
    return verdicts


def _peak() -> float:
    """The most memory so far, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


if __name__ == "__main__":
    main()
