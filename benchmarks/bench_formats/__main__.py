"""Records a second and core of each log format: ``python -m benchmarks.bench_formats [--only hubble]``.

Every reader takes its turn in every round, in one process on one core; what counts is processor time: of
the best round, and for ratios the median of the rounds' own. flowcheck is timed twice: up to the batches
that an audit takes over, and up to a Parquet file.
The logs are drawn from a seed, and lie under a temporary folder.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median

import click

from benchmarks.bench_formats import readers
from benchmarks.bench_formats.lines import LINES, Line
from benchmarks.bench_formats.readers import Reader
from benchmarks.bench_formats.world import draw

ROWS, CONVERTED = "flowcheck, batches", "flowcheck, Parquet"


def seconds(read: Reader, path: Path, records: int) -> float:
    began = time.process_time()
    found = read(path)
    taken = time.process_time() - began
    if found != records:
        raise click.ClickException(f"{path.name}: {found} records read of {records}")
    return taken


def measured(line: Line, path: Path, records: int, runs: int) -> list[dict[str, float]]:
    """The seconds of each reader, round by round; the first round, in which caches fill, does not count."""
    taken = {ROWS: readers.rows_of(line.format), CONVERTED: readers.converted_by(line.format), **line.beside}
    return [{name: seconds(read, path, records) for name, read in taken.items()} for _ in range(runs + 1)][1:]


@click.command()
@click.option("--only", type=click.Choice([line.name for line in LINES]), multiple=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--scale", type=float, default=1.0, show_default=True, help="Of the number of records.")
def main(only: tuple[str, ...], runs: int, scale: float) -> None:
    """Print the table: what each reads, and how much of that flowcheck's batches reach."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if not readers.HAS_DUCKDB:
        click.echo("not installed, so left out: duckdb", err=True)
    click.echo(f"{'':14}{'reader':32}{'records/s':>12}{'MB/s':>8}{'flowcheck is':>14}")
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as folder:
        for line in LINES:
            if only and line.name not in only:
                continue
            path, records = Path(folder) / line.name, max(int(line.records * scale), 1)
            line.write(path, draw(records, *line.ends))
            size = path.stat().st_size / 1e6
            rounds = measured(line, path, records, runs)
            for name in rounds[0]:
                best = min(one[name] for one in rounds)
                ratio = median(one[name] / one[ROWS] for one in rounds)
                click.echo(
                    f"{line.name if name == ROWS else '':14}{name:32}{records / best:12,.0f}"
                    f"{size / best:8.0f}{f'{ratio:.2f}x' if name in line.beside else '':>14}"
                )
            path.unlink()


if __name__ == "__main__":
    main()
