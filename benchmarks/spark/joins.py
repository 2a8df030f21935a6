"""The same verdicts by joins in Spark's SQL: over what the rules allow (``inputs/rules.py``), as Spark plans
it and broadcast; and over tables that have each kind of flow's verdict (``inputs/tables.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.inputs.rules import NOBODY, POD
from benchmarks.peers import VIOLATING

GIVEN = """(SELECT f.*, a.verdict FROM flows f
    JOIN endpoints s ON f.src_ip = s.address
    JOIN endpoints d ON f.dst_ip = d.address
    JOIN allow a ON a.key = s.src_part + d.dst_part + CAST(f.protocol AS BIGINT) * 65536 + f.dst_port)"""
DECIDED = f"""(SELECT {{hint}} f.*, CASE
        WHEN s.kind = {NOBODY} OR d.kind = {NOBODY} THEN 3
        WHEN s.kind <> {POD} AND d.kind <> {POD} THEN 0
        WHEN s.isolated_out AND e.pair IS NULL OR d.isolated_in AND i.pair IS NULL THEN 2
        ELSE 1 END AS verdict
    FROM flows f
    JOIN hosts s ON f.src_ip = s.address
    JOIN hosts d ON f.dst_ip = d.address
    LEFT JOIN egress e ON e.pair = shiftleft(s.id, 32) + d.id AND e.protocol = f.protocol
        AND f.dst_port BETWEEN e.low AND e.high
    LEFT JOIN ingress i ON i.pair = shiftleft(s.id, 32) + d.id AND i.protocol = f.protocol
        AND f.dst_port BETWEEN i.low AND i.high)"""
JOINS = {
    "joins that decide": DECIDED.format(hint=""),
    "the same, broadcast": DECIDED.format(hint="/*+ BROADCAST(e), BROADCAST(i) */"),
    "joins with verdicts": GIVEN,
}
"""The second keeps what the rules allow in every executor and in the driver: Spark does so only when told."""
TABLES = ("endpoints", "allow", "hosts", "egress", "ingress")


def read(spark: Any, tables: Path, flows: Sequence[Path]) -> None:
    """The flows as they are, the tables into memory when they are first used."""
    spark.read.parquet(*map(str, flows)).createTempView("flows")
    for name in TABLES:
        spark.read.parquet(str(tables / f"{name}.parquet")).cache().createTempView(name)


def write(spark: Any, judged: str, out: Path) -> None:
    """The violating rows, and records and bytes of each destination."""
    violations = spark.sql(f"SELECT * FROM {judged} WHERE {VIOLATING}")
    violations.write.mode("overwrite").option("compression", "zstd").parquet(str(out / "violations"))
    load = spark.sql("SELECT dst_ip, count(*) AS records, sum(bytes) AS bytes FROM flows GROUP BY dst_ip")
    load.write.mode("overwrite").parquet(str(out / "load"))


def groups(spark: Any, judged: str) -> list[tuple[int, bool, int, int]]:
    """Rows and bytes of each verdict, violating or not."""
    counted = f"SELECT verdict, {VIOLATING} AS violating, count(*), sum(bytes) FROM {judged}"
    return [tuple(row) for row in spark.sql(f"{counted} GROUP BY verdict, violating").collect()]
