"""The sample's day as its logs would have been recorded: a connection of each kind, as each format has it."""

from __future__ import annotations

from pathlib import Path

from flowcheck.demo.logs import goldmane, hubble, vpc
from flowcheck.demo.logs.connections import connections, write_parquet


def write(directory: Path, cluster: Path) -> None:
    """Write ``canonical.parquet`` and the same connections as Hubble, VPC flow logs and Goldmane have them.
    ``cluster``: the sample's manifests, which Goldmane's names come from."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = connections()
    write_parquet(directory / "canonical.parquet", rows)
    records = rows.to_pylist()
    hubble.write(directory / "hubble.jsonl.gz", records)
    vpc.write(directory / "vpc.parquet", records)
    goldmane.write(directory / "goldmane.jsonl.gz", records, cluster)
