"""What counting the load adds to an audit: ``python -m benchmarks.bench_load [--size medium] [--runs 5]``.

The same flows are audited with and without it, in turn, every output file written. Ratios are taken round by
round: of judging alone, which is what grows with the rows, and of everything from the loaded cluster to the
last file. Processor seconds are those of all processes; they differ less from run to run than the clock's.
"""

from __future__ import annotations

import gc
import resource
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click

import flowcheck
from benchmarks.generate import ready
from benchmarks.sizes import SIZES
from flowcheck.cli.main import ALLOCATIONS
from flowcheck.model.cluster import Cluster
from flowcheck.runners.local import run_audit
from flowcheck.runners.request import AuditRequest


class Seconds(NamedTuple):
    judging: float
    whole: float
    processor: float


def audit(flows: Path, cluster: Cluster, load: bool) -> Seconds:
    """One audit, from the loaded cluster on."""
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as out:
        before, began = _processor(), time.perf_counter()
        result = run_audit([flows], lambda: cluster, AuditRequest(out=Path(out), load=load))
        whole = time.perf_counter() - began
        return Seconds(result.summary.timings.judge, whole, _processor() - before)


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
def main(size: str, runs: int) -> None:
    """Print the median seconds without and with the load, and of the ratios also the least and greatest."""
    gc.set_threshold(ALLOCATIONS)
    world = ready(SIZES[size], "strings", SIZES[size].n_flows)
    cluster = flowcheck.load_cluster([world / "cluster"])
    audit(world / "flows", cluster, load=True)
    pairs = [
        (audit(world / "flows", cluster, load=False), audit(world / "flows", cluster, load=True))
        for _ in range(runs)
    ]
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
