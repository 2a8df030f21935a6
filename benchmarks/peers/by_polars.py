"""Polars: the streaming engine. Text addresses are categories, so that they are joined by number; both
results in one plan took half as long again."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.peers import Groups

ALLOW, DENY = 1, 2
"""Verdicts by their number in ``tables.VERDICTS``."""
DENIED, DROPPED = 2, 4
"""Actions by their number in the canonical columns."""


def work(tables: Path, flows: Path, out: Path) -> None:
    violations = _judged(tables, flows).filter("violating").drop("violating")
    violations.sink_parquet(out / "violations.parquet", compression="zstd", maintain_order=False)
    load = pl.scan_parquet(flows / "*.parquet").group_by("dst_ip").agg(pl.len(), pl.col("bytes").sum())
    load.sink_parquet(out / "load.parquet", maintain_order=False)


def groups(tables: Path, flows: Path) -> Groups:
    counted = _judged(tables, flows).group_by("verdict", "violating").agg(pl.len(), pl.col("bytes").sum())
    return counted.collect(engine="streaming").rows()


def _judged(tables: Path, flows: Path) -> pl.LazyFrame:
    rows = pl.scan_parquet(flows / "*.parquet")
    address = pl.col("address").cast(rows.collect_schema()["src_ip"])
    endpoints = pl.read_parquet(tables / "endpoints.parquet").with_columns(address).lazy()
    key = pl.col("src_part") + pl.col("dst_part") + pl.col("protocol").cast(pl.Int64) * 65536
    forwarded_denied = (pl.col("verdict") == DENY) & ~pl.col("action").is_in([DENIED, DROPPED])
    dropped_allowed = (pl.col("verdict") == ALLOW) & (pl.col("action") == DENIED)
    return (
        rows.join(endpoints.select("address", "src_part"), left_on="src_ip", right_on="address")
        .join(endpoints.select("address", "dst_part"), left_on="dst_ip", right_on="address")
        .with_columns(key=key + pl.col("dst_port"))
        .join(pl.read_parquet(tables / "allow.parquet").lazy(), on="key")
        .drop("src_part", "dst_part", "key")
        .with_columns(violating=forwarded_denied | dropped_allowed)
    )
