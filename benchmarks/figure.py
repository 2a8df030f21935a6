"""How an audit grows: its time and memory against rows, pods, policies and cores, as docs/speed.svg.

    python -m benchmarks.figure [--runs 2] [--big]
    python -m benchmarks.figure --drawn                 draw docs/speed.json again

Whole commands with every output and nothing cached but kernels; memory in a run of its own. Pods and policies
are measured on a few rows, so that reading and compiling are what grows. What grows worse than linearly is
named.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click

from benchmarks.generate import SEED, ready
from benchmarks.inputs.sizes import SIZES, Size
from benchmarks.measure import measure, session
from benchmarks.programs import HERE, Checkout

Record = dict[str, Any]
SVG, JSON = HERE / "docs" / "speed.svg", HERE / "docs" / "speed.json"
LINEAR = 1.15
"""The steepest slope between the last two points, in logarithms, that passes for linear."""
FEW_ROWS = 1_000
MILLION = 1_000_000
CORES = "worker processes"


class Point(NamedTuple):
    """One audit: ``x`` on its axis, of a world of this size with so many rows."""

    axis: str
    x: int
    size: Size
    n_flows: int
    jobs: int | None = None


def points(big: bool) -> Iterator[Point]:
    medium = SIZES["medium"]
    for millions in (1, 2, 5, 10, 20, *((100, 200) if big else ())):
        yield Point("rows", millions * MILLION, medium, millions * MILLION)
    for n_pods in (100, 1_000, 10_000, *((100_000,) if big else ())):
        n_nodes = max(8, n_pods // 50)
        size = Size(f"pods-{n_pods}", n_pods, 50, 8, n_nodes, FEW_ROWS, 1)
        yield Point("pods", n_pods, size, FEW_ROWS)
    for n_workloads in (50, 250, 1_000, *((2_500,) if big else ())):
        size = Size(f"workloads-{n_workloads}", 10_000, n_workloads, 40, 250, FEW_ROWS, 1)
        yield Point("policies", _policies(size), size, FEW_ROWS)
    cores = len(os.sched_getaffinity(0))
    for jobs in sorted({min(1 << power, cores) for power in range(cores.bit_length() + 1)}):
        yield Point(CORES, jobs, medium, 5 * MILLION, jobs)


def _policies(size: Size) -> int:
    """As ``inputs/policies.py`` writes them."""
    return 3 * (size.n_namespaces - 1) + 2 * (size.n_workloads - 2) + 1


def measured(runs: int, big: bool) -> Record:
    record: Record = {
        **session(),
        "seed": SEED,
        "axes": {},
    }
    ours = Checkout()
    ours.warm()
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as scratch:
        for point in points(big):
            world = ready(point.size, "strings", point.n_flows)

            def audit(memory: bool, world: Path = world, jobs: int | None = point.jobs) -> Any:
                out = Path(scratch) / "out"
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir()
                more = ("--jobs", str(jobs)) if jobs else ()
                cold = ours.with_caches(Path(scratch) / "caches")
                program = cold.audit(world / "flows", world / "cluster", out / "audit", *more)
                return measure(*program, memory=memory)

            found = {
                "x": point.x,
                "seconds": [audit(memory=False).wall_s for _ in range(runs)],
                "peak_bytes": audit(memory=True).peak_bytes,
            }
            record["axes"].setdefault(point.axis, []).append(found)
            click.echo(f"{point.axis} {point.x:,}: {found}", err=True)
    return record


def curves(record: Record) -> dict[tuple[str, str], tuple[list[int], list[float]]]:
    """By what is measured and along what: the points."""
    found = {}
    for axis, at in record["axes"].items():
        xs = [one["x"] for one in at]
        found["seconds", axis] = xs, [statistics.median(one["seconds"]) for one in at]
        found["GiB", axis] = xs, [one["peak_bytes"] / 2**30 for one in at]
    return found


def slope(xs: list[int], ys: list[float]) -> float:
    """Between the last two points, in logarithms: 1 is linear."""
    if len(xs) < 2:
        return 0.0
    (x, more_x), (y, more_y) = list(pairwise(xs))[-1], list(pairwise(ys))[-1]
    return math.log(more_y / y) / math.log(more_x / x)


def worse_than_linear(record: Record) -> list[str]:
    return [
        f"{what} grow with {axis} to the power of {steep:.2f}"
        for (what, axis), points in curves(record).items()
        if axis != CORES and (steep := slope(*points)) > LINEAR
    ]


def draw(record: Record, path: Path) -> None:
    import matplotlib as mpl  # noqa: PLC0415 (of the bench extra; measuring does without)

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415
    from matplotlib import ticker  # noqa: PLC0415

    found = curves(record)
    axes = list(record["axes"])
    plt.rcParams |= {"svg.hashsalt": "flowcheck", "svg.fonttype": "none", "font.size": 9}
    size = (3 * len(axes), 5.4)
    figure, panels = plt.subplots(2, len(axes), figsize=size, sharey="row", layout="constrained")
    for row, what in zip(panels, ("seconds", "GiB"), strict=True):
        every = [y for axis in axes for y in found[what, axis][1]]
        for panel, axis in zip(row, axes, strict=True):
            xs, ys = found[what, axis]
            panel.loglog(xs, ys, "o-", color="#0b5fa5", markersize=4)
            if axis != CORES:
                panel.loglog(xs, [ys[-1] * x / xs[-1] for x in xs], ":", color="#999999", linewidth=1)
                panel.set_title(f"slope at the end {slope(xs, ys):.2f}", fontsize=8)
            panel.set_ylim(min(every) / 1.5, max(every) * 1.5)
            panel.grid(True, color="#e5e5e5")
            panel.set_xlabel(axis)
            panel.set_xticks(xs, [_short(x) for x in xs], fontsize=7)
            panel.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            panel.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
            for each in (panel.xaxis, panel.yaxis):
                each.set_minor_locator(ticker.NullLocator())
        row[0].set_ylabel(f"{what}, whole command")
    figure.suptitle(f"flowcheck audit on {record['machine']['cores']} cores (dotted: linear)", fontsize=10)
    figure.savefig(path, metadata={"Date": None})


def _short(x: int) -> str:
    """200 M, 10 k, 2,114."""
    for unit, name in ((MILLION, " M"), (1_000, " k")):
        if x >= unit and x % unit == 0:
            return f"{x // unit}{name}"
    return f"{x:,}"


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--big", is_flag=True, help="To 200 M rows, 100,000 pods and 5,000 policies: 4 GB of data.")
@click.option("--drawn", is_flag=True, help="Draw again what was measured last.")
def main(runs: int, big: bool, drawn: bool) -> None:
    """Measure, write docs/speed.json, draw docs/speed.svg, and name what grows worse than linearly."""
    record = json.loads(JSON.read_text(encoding="utf-8")) if drawn else measured(runs, big)
    JSON.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for name in worse_than_linear(record) or ["nothing grows worse than linearly"]:
        click.echo(name)
    try:
        draw(record, SVG)
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is not installed: pip install '.[bench]'") from error


if __name__ == "__main__":
    main()
