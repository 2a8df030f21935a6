"""One connection of each kind that the sample's day has."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.demo.flows import PARQUET, table
from flowcheck.writing import json_text

KIND = ("src_ip", "dst_ip", "dst_port", "protocol", "action")


def connections() -> pa.Table:
    """Canonical rows: of each source, destination, port, protocol and action the first that is no reply."""
    flows = table()
    flows = flows.filter(pa.array(flows["initiator"].to_numpy() != 2))
    rows = pa.array(np.arange(len(flows)))
    first = flows.append_column("at", rows).group_by(KIND).aggregate([("at", "min")])["at_min"]
    return flows.take(pa.array(np.sort(first.to_numpy())))


def write_parquet(path: Path, rows: pa.Table) -> None:
    pq.write_table(rows, path, **PARQUET)


def write_lines(path: Path, records: list[Any]) -> None:
    """JSON lines in gzip, the same bytes whenever they are written."""
    text = "".join(f"{json_text(record)}\n" for record in records)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
