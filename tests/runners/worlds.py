"""Flow files for the runner tests: two pods of one cluster, and tables with one thing or another wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

US = pa.timestamp("us", "UTC")
NOON = int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000
WEB, DB = "10.0.0.1", "10.0.0.2"
ALLOWED, DENIED = 5432, 22
OUTPUTS = (
    *("findings.json", "edges.parquet", "policy_hits.parquet", "violations.parquet"),
    *("services.parquet", "load.parquet"),
)


def flows(n_rows: int = 4, **columns: pa.Array | None) -> pa.Table:
    """TCP from web to db, denied and forwarded; ``columns`` replaces, adds, or (None) leaves out."""
    whole = {
        "start_time": pa.array([NOON] * n_rows, US),
        "src_ip": pa.array([WEB] * n_rows, pa.string()),
        "dst_ip": pa.array([DB] * n_rows, pa.string()),
        "dst_port": pa.array([DENIED] * n_rows, pa.int32()),
        "protocol": pa.array([6] * n_rows, pa.uint8()),
        "action": pa.array([1] * n_rows, pa.int8()),
        **columns,
    }
    return pa.table({name: column for name, column in whole.items() if column is not None})


def write(file: Path, table: pa.Table | None = None, **options: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(flows() if table is None else table, file, **options)
    return file


def ports(numbers: Sequence[int | None], type_: pa.DataType | None = None) -> pa.Table:
    return flows(len(numbers), dst_port=pa.array(numbers, type_ or pa.int64()))


def ledger(out: Path) -> dict[str, Any]:
    """The entries of ledger.json by file name."""
    entries = json.loads((out / "ledger.json").read_text())["files"]
    return {Path(entry["file"]).name: entry for entry in entries}


def outputs(out: Path) -> dict[str, bytes]:
    """What two equal audits must share byte for byte."""
    return {name: (out / name).read_bytes() for name in OUTPUTS}
