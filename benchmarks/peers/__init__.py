"""What flowcheck is compared with. One engine a file, and all of them do the same work.

``work(tables, flows, out)`` joins every flow with its ready-made verdict (the tables of ``inputs/tables.py``:
no engine thinks about policies), writes the violating rows with all their columns to violations.parquet, and
the records and bytes of each destination, which need no verdict, to load.parquet. ``groups(tables, flows)``
says how many rows and bytes there are of each verdict, violating or not: that answer is compared before any
clock starts. Each engine uses all cores.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

ENGINES = {"DuckDB": "duckdb", "Polars": "polars", "ClickHouse": "chdb"}
"""Name -> the distribution it comes in."""

VIOLATING = "(verdict = 2 AND action NOT IN (2, 4)) OR (verdict = 1 AND action = 2)"
"""In SQL: verdicts by their number in ``tables.VERDICTS``, actions by theirs in the canonical columns."""
Groups = list[tuple[int, bool, int, int]]
"""(verdict as its number in ``tables.VERDICTS``, violating, rows, bytes), in any order."""


def installed() -> list[str]:
    return [name for name, distribution in ENGINES.items() if find_spec(distribution)]


def engine(name: str) -> ModuleType:
    """The module of one engine; no other is imported, so that each pays for its own."""
    return import_module(f"benchmarks.peers.by_{ENGINES[name]}")
