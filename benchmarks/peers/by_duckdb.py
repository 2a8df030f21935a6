"""DuckDB: rows need not keep their order, and the ready-made tables are in memory (joined from their files
they cost twice as much)."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.peers import VIOLATING, Groups


def work(tables: Path, flows: Path, out: Path) -> None:
    connection = _connect(tables)
    connection.execute(
        f"COPY (SELECT * FROM {_judged(flows)} WHERE {VIOLATING}) "
        f"TO '{out}/violations.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.execute(
        f"COPY (SELECT dst_ip, count(*) AS records, sum(bytes) AS bytes "
        f"FROM read_parquet('{flows}/*.parquet') GROUP BY dst_ip) TO '{out}/load.parquet' (FORMAT parquet)"
    )


def groups(tables: Path, flows: Path) -> Groups:
    counted = f"SELECT verdict, {VIOLATING} AS violating, count(*), sum(bytes)::BIGINT FROM {_judged(flows)}"
    return _connect(tables).execute(f"{counted} GROUP BY ALL").fetchall()


def _connect(tables: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    for name in ("endpoints", "allow"):
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{tables}/{name}.parquet'")
    return connection


def _judged(flows: Path) -> str:
    """The flows with their verdict, as a table expression."""
    return f"""(SELECT f.*, a.verdict
        FROM read_parquet('{flows}/*.parquet') f
        JOIN endpoints s ON f.src_ip = s.address
        JOIN endpoints d ON f.dst_ip = d.address
        JOIN allow a ON a.key = s.src_part + d.dst_part + f.protocol::BIGINT * 65536 + f.dst_port)"""
