"""The question as SQL, over the tables of ``inputs/tables.py``; importing it costs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

VIOLATING = "(verdict = 2 AND action <> 2 AND action <> 4) OR (verdict = 1 AND action = 2)"
"""Verdicts by their number in ``tables.VERDICTS``."""


def judged_sql(flows: Path) -> str:
    """The flows with their verdict, as a table expression over what ``load_tables`` loaded."""
    return f"""(SELECT f.*, a.verdict
        FROM read_parquet('{flows}/*.parquet') f
        JOIN endpoints s ON f.src_ip = s.address
        JOIN endpoints d ON f.dst_ip = d.address
        JOIN allow a ON a.key = s.src_part + d.dst_part + f.protocol::BIGINT * 65536 + f.dst_port)"""


def load_tables(connection: duckdb.DuckDBPyConnection, tables: Path) -> None:
    """The tables of ``tables.export_tables``, in memory: joined from their files they cost twice as much."""
    for name in ("endpoints", "allow"):
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{tables}/{name}.parquet'")
