"""What flowcheck is compared with, each run as a process of its own by ``run.py``:

python -m benchmarks.peers read FLOWS              a bare pyarrow read of the judged columns
python -m benchmarks.peers duckdb TABLES FLOWS OUT the same answer by SQL from ready-made tables
python -m benchmarks.peers reference CLUSTER FLOWS the plain-Python evaluator on a sample; prints s per flow
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from benchmarks.sql import VIOLATING, judged_sql, load_tables

COLUMNS = ("start_time", "src_ip", "dst_ip", "dst_port", "protocol", "initiator", "action", "bytes")
"""What has to be read of every row: what a verdict, a violation and an edge are made of."""


@click.group()
def main() -> None:
    """The peers."""


@main.command()
@click.argument("flows", type=click.Path(exists=True, path_type=Path))
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


@main.command(name="duckdb")
@click.argument("tables", type=click.Path(exists=True, path_type=Path))
@click.argument("flows", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--threads", type=int, default=os.cpu_count(), show_default=True)
def duckdb_(tables: Path, flows: Path, out: Path, threads: int) -> None:
    """Violating rows to Parquet, and records and bytes for each endpoint (which needs no verdict)."""
    import duckdb  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"threads": threads})
    connection.execute("SET preserve_insertion_order = false")
    load_tables(connection, tables)
    connection.execute(
        f"COPY (SELECT * FROM {judged_sql(flows)} WHERE {VIOLATING}) "
        f"TO '{out}/violations.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.execute(
        f"COPY (SELECT dst_ip, count(*) AS records, sum(bytes) AS bytes "
        f"FROM read_parquet('{flows}/*.parquet') GROUP BY dst_ip) TO '{out}/load.parquet' (FORMAT parquet)"
    )


@main.command()
@click.argument("cluster", type=click.Path(exists=True, path_type=Path))
@click.argument("flows", type=click.Path(exists=True, path_type=Path))
@click.option("--sample", type=int, default=2_000, show_default=True)
def reference(cluster: Path, flows: Path, sample: int) -> None:
    """Seconds per flow of the reference evaluator, loading left out."""
    from benchmarks.sample import distinct_flows, judge_by_reference  # noqa: PLC0415
    from flowcheck.reading import load_cluster  # noqa: PLC0415

    loaded = load_cluster([cluster])
    distinct = distinct_flows(flows, sample)
    began = time.perf_counter()
    judge_by_reference(loaded, distinct)
    click.echo((time.perf_counter() - began) / distinct.num_rows)


if __name__ == "__main__":
    main()
