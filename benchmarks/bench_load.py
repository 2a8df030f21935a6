"""What counting the load adds to an audit: ``python -m benchmarks.bench_load [--size medium] [--runs 5]``.

The same flows are audited with and without it, in turn, every output file written. Ratios are taken round by
round: of judging alone, which is what grows with the rows; of the whole audit as its command does it, a
process of its own from its start to its end; and of what that takes from the loaded cluster on. Processor
seconds are those of all processes; they differ less from run to run than the clock's.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click

from benchmarks.generate import ready
from benchmarks.inputs.sizes import SIZES
from flowcheck.cli.main import COLLECTIONS
from flowcheck.reading import load_cluster
from flowcheck.runners.local import run_audit
from flowcheck.runners.program.source import ClusterSource
from flowcheck.runners.request import AuditRequest


class Seconds(NamedTuple):
    judging: float
    command: float
    processor: float
    from_cluster: float


def audit(world: Path, load: bool) -> Seconds:
    """One audit in a process of its own."""
    before, began = _processor(), time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-c", f"from benchmarks.bench_load import child; child({str(world)!r}, {load})"],
        stdout=subprocess.PIPE,
        check=True,
    )
    command = time.perf_counter() - began
    judging, from_cluster = map(float, told.stdout.split())
    return Seconds(judging, command, _processor() - before, from_cluster)


def child(world: str, load: bool) -> None:
    """The audit, and the seconds of judging and of everything from the loaded cluster on."""
    gc.set_threshold(*COLLECTIONS)
    flows, cluster, began = Path(world) / "flows", Path(world) / "cluster", time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as out:
        request = AuditRequest(out=Path(out), load=load)
        result = run_audit([flows], ClusterSource((cluster,), load_cluster), request)
        seconds = result.summary.timings
        click.echo(f"{seconds.judge} {time.perf_counter() - began - seconds.load}")


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
def main(size: str, runs: int) -> None:
    """Print the median seconds without and with the load, and of the ratios also the least and greatest."""
    world = ready(SIZES[size], "strings", SIZES[size].n_flows)
    audit(world, load=True)
    pairs = [(audit(world, load=False), audit(world, load=True)) for _ in range(runs)]
    for name in Seconds._fields:
        without, with_load = zip(
            *((getattr(one, name), getattr(two, name)) for one, two in pairs), strict=True
        )
        ratios = [two / one for one, two in zip(without, with_load, strict=True)]
        click.echo(
            f"{name}: {median(without):.2f} s, with the load {median(with_load):.2f} s, "
            f"ratio {median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
        )


if __name__ == "__main__":
    main()
