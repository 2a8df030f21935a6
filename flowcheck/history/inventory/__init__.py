"""The inventory: every version of every object of a cluster as one Parquet table, written and read.

``docs/inventory.md`` describes the columns. ``cli`` writes it; ``reading`` reads it, from flowcheck or from
any program that knows which pod had which address when. What a row means stands in ``rows``.
"""

from __future__ import annotations

from flowcheck.history.inventory.reading import read_rows
from flowcheck.history.inventory.writing import write_rows

__all__ = ["read_rows", "write_rows"]
