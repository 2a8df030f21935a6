"""What looking addresses up by time costs: ``python -m benchmarks.bench_time [--size medium] [--runs 5]``.

The same flows are audited against one cluster in three forms: without any times; with one address in twenty
passed on during the day, between pods of one workload, so that the verdicts stay as they are; and as a dump
of it is read, with the start of every pod. Audits are run in turn; a ratio is that of whole audits without
loading and compiling, round by round.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import median

import click

import flowcheck
from benchmarks.generate import ready
from benchmarks.inputs.records import DAY
from benchmarks.inputs.sizes import SIZES
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.instants import instant_of
from flowcheck.model.timeline import Lifetime

SHARE = 20
"""One address in so many has had several owners."""
OWNERS = 3
HOUR = 3_600_000_000


def passed_on(cluster: Cluster) -> Cluster:
    """The cluster with every SHARE-th pod replaced by OWNERS pods, one after the other at its address."""
    pods: list[Pod] = []
    began = instant_of(DAY)
    for number, pod in enumerate(cluster.pods):
        if number % SHARE or pod.host_network or pod.template:
            pods.append(pod)
            continue
        edges = [
            began - HOUR,
            *(began + (24 // OWNERS) * HOUR * n for n in range(1, OWNERS)),
            began + 25 * HOUR,
        ]
        pods += (
            replace(
                pod, name=f"{pod.name}-{n}", uid=f"{pod.uid}-{n}", lifetime=Lifetime.exact(*edges[n : n + 2])
            )
            for n in range(OWNERS)
        )
    return replace(cluster, pods=tuple(pods))


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
def main(size: str, runs: int) -> None:
    """Print the median seconds and ratios, and in brackets the least and the greatest."""
    world = ready(SIZES[size], "strings", SIZES[size].n_flows)
    loaded = flowcheck.load_cluster([world / "cluster"])
    plain = loaded.at(instant_of(DAY))
    clusters = {
        "no times": plain,
        "one address in twenty passed on": passed_on(plain),
        "every pod's start known": loaded,
    }
    seconds: dict[str, list[float]] = {name: [] for name in clusters}
    for _ in range(runs):
        for name, cluster in clusters.items():
            seconds[name].append(judge(world / "flows", cluster))
    for name, found in seconds.items():
        ratios = [timed / one for one, timed in zip(seconds["no times"], found, strict=True)]
        click.echo(
            f"{name}: {median(found):.2f} s ({min(found):.2f} to {max(found):.2f}), "
            f"ratio {median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
        )


def judge(flows: Path, cluster: Cluster) -> float:
    """Seconds from the compiled program to the merged result of one audit."""
    timings = flowcheck.audit(flows, cluster).summary.timings
    return timings.judge + timings.write


if __name__ == "__main__":
    main()
