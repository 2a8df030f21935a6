"""Rows in memory in, rows with words out: ``flowcheck.evaluate`` on the first file of a world, all columns.

python -m benchmarks.bench_evaluate CLUSTER FLOWS [--runs 5]

Prints the rows and the seconds of each run as JSON, reading and compiling left out.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import pyarrow.parquet as pq

import flowcheck


@click.command()
@click.argument("cluster", type=click.Path(exists=True, path_type=Path))
@click.argument("flows", type=click.Path(exists=True, path_type=Path))
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
def main(cluster: Path, flows: Path, runs: int) -> None:
    """Time it, after one run that is not timed."""
    program = flowcheck.compile_program(flowcheck.load_cluster([str(cluster)]))
    table = pq.read_table(min(flows.glob("*.parquet")))
    seconds = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        flowcheck.evaluate(program, table)
        seconds.append(time.perf_counter() - began)
    click.echo(json.dumps({"rows": table.num_rows, "seconds": seconds[1:]}))


if __name__ == "__main__":
    main()
