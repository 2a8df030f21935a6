"""The lines of the table. To add a format: what writes such a log, and what else reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench_formats import logs, readers
from benchmarks.bench_formats.readers import Reader
from benchmarks.bench_formats.security_lake import write_ocsf_parquet
from benchmarks.bench_formats.world import CLUSTER, NODE, Drawn


class Line(NamedTuple):
    """``format``: flowcheck's name of it. ``records``: how many take a second or so to read. ``beside``: what
    it is compared with, by name. ``ends``: how many pods, Services and addresses outside it tells of."""

    name: str
    format: str
    records: int
    write: Callable[[Path, Drawn], None]
    beside: dict[str, Reader]
    ends: tuple[int, int, int] = CLUSTER


def _duckdb(function: str, options: str = "") -> dict[str, Reader]:
    """DuckDB's own reader of such a file, all columns; nothing where it is not installed."""
    if not readers.HAS_DUCKDB:
        return {}
    query = f"SELECT * FROM {function}('{{path}}'{options})"
    return {f"DuckDB {function}": readers.duckdb(query)}


HUBBLE = {"json.loads": readers.json_loads, **_duckdb("read_json", ", format='newline_delimited'")}
LINES = (
    Line("hubble", "hubble", 150_000, logs.write_hubble, HUBBLE, NODE),
    Line("hubble-unlike", "hubble", 30_000, logs.write_hubble, HUBBLE),
    Line(
        "aws-text",
        "aws",
        300_000,
        logs.write_aws_text,
        {
            "pyarrow CSV": readers.pyarrow_csv,
            **_duckdb("read_csv", ", delim=' ', header=true, quote='', nullstr='-'"),
        },
    ),
    Line(
        "aws-parquet",
        "aws",
        1_000_000,
        logs.write_aws_parquet,
        {
            "pyarrow Parquet, same columns": readers.pyarrow_parquet_aws,
            **_duckdb("read_parquet"),
        },
    ),
    Line(
        "ocsf-parquet",
        "ocsf",
        1_000_000,
        write_ocsf_parquet,
        {
            "pyarrow Parquet, same leaves": readers.pyarrow_parquet_ocsf,
            **({"DuckDB, same leaves": readers.duckdb_ocsf} if readers.HAS_DUCKDB else {}),
        },
    ),
)
