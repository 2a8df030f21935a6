"""One thing that flowcheck is compared with, as a process of its own:

python -m benchmarks.peers read FLOWS                      a bare pyarrow read of the judged columns
python -m benchmarks.peers work ENGINE TABLES FLOWS OUT    the work of an SQL or data-frame engine
python -m benchmarks.peers groups ENGINE TABLES FLOWS      its answer, as JSON
python -m benchmarks.peers reference CLUSTER FLOWS         the plain-Python evaluator; prints s per flow
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from benchmarks.peers import ENGINES, engine

COLUMNS = ("start_time", "src_ip", "dst_ip", "dst_port", "protocol", "initiator", "action", "bytes")
"""What has to be read of every row: what a verdict, a violation and an edge are made of."""
FOLDER = click.Path(exists=True, path_type=Path)


@click.group()
def main() -> None:
    """The peers."""


@main.command()
@click.argument("flows", type=FOLDER)
@click.option("--threads", type=int, default=2, show_default=True)
def read(flows: Path, threads: int) -> None:
    """Decode the judged columns, each thread one row group at a time, and drop them."""
    click.echo(bare_read(flows, threads))


def bare_read(flows: Path, threads: int) -> int:
    """The number of rows read. Addresses stay dictionaries where they are strings."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (each peer pays for its own imports only)

    local = threading.local()

    def open_file(path: Path) -> pq.ParquetFile:
        files = local.__dict__.setdefault("files", {})
        if path not in files:
            files[path] = pq.ParquetFile(path, memory_map=True, read_dictionary=["src_ip", "dst_ip"])
        return files[path]

    def read_group(task: tuple[Path, int]) -> int:
        path, group = task
        return int(open_file(path).read_row_group(group, columns=list(COLUMNS), use_threads=False).num_rows)

    paths = sorted(flows.glob("*.parquet"))
    tasks = [(path, group) for path in paths for group in range(pq.ParquetFile(path).num_row_groups)]
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(read_group, tasks))


@main.command()
@click.argument("name", type=click.Choice(list(ENGINES)))
@click.argument("tables", type=FOLDER)
@click.argument("flows", type=FOLDER)
@click.argument("out", type=click.Path(path_type=Path))
def work(name: str, tables: Path, flows: Path, out: Path) -> None:
    """Violating rows to Parquet, and records and bytes for each destination."""
    out.mkdir(parents=True, exist_ok=True)
    engine(name).work(tables, flows, out)


@main.command()
@click.argument("name", type=click.Choice(list(ENGINES)))
@click.argument("tables", type=FOLDER)
@click.argument("flows", type=FOLDER)
def groups(name: str, tables: Path, flows: Path) -> None:
    """Rows and bytes of each verdict, violating or not."""
    click.echo(json.dumps(sorted(engine(name).groups(tables, flows))))


@main.command()
@click.argument("cluster", type=FOLDER)
@click.argument("flows", type=FOLDER)
@click.option("--sample", type=int, default=2_000, show_default=True)
def reference(cluster: Path, flows: Path, sample: int) -> None:
    """Seconds per flow of the reference evaluator, loading left out."""
    from benchmarks.peers.sample import distinct_flows, judge_by_reference  # noqa: PLC0415
    from flowcheck.reading import load_cluster  # noqa: PLC0415

    loaded = load_cluster([cluster])
    distinct = distinct_flows(flows, sample)
    began = time.perf_counter()
    judge_by_reference(loaded, distinct)
    click.echo((time.perf_counter() - began) / distinct.num_rows)


if __name__ == "__main__":
    main()
