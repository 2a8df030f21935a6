"""Are the answers right? Asked before any clock starts.

flowcheck's verdict counts and violating rows against DuckDB's on all rows, and its verdicts against the
reference evaluator's on a sample of distinct flows.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import flowcheck
from benchmarks.inputs.tables import VERDICTS, export_tables
from benchmarks.sample import distinct_flows, judge_by_reference
from benchmarks.sql import VIOLATING, judged_sql, load_tables
from flowcheck.model.cluster import Cluster

Counts = dict[str, int]

AUDIT_TIMEOUT_S = 900
"""So that an audit that hangs is a failure here and not a job that never ends."""


class WrongAnswerError(Exception):
    """flowcheck and a witness disagree; nothing is timed."""


def audit_command(world: Path, out: Path) -> list[str]:
    """``flowcheck audit`` over a generated world, as a process of its own."""
    command = [sys.executable, "-m", "flowcheck", "audit", str(world / "flows")]
    return [
        *command,
        "--cluster",
        str(world / "cluster"),
        "-o",
        str(out),
        "-f",
        f"json={out}.json",
        "-q",
        "--exit-zero",
    ]


def check(world: Path, scratch: Path, sample: int = 2_000) -> dict[str, Any]:
    """Compare all answers; returns the counts that everybody agrees on.

    Raises: WrongAnswerError with both answers.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    cluster = flowcheck.load_cluster([str(world / "cluster")])
    program = flowcheck.compile_program(cluster)
    agree("verdicts of distinct flows", *_sampled(world, cluster, program, sample))
    subprocess.run(audit_command(world, scratch / "audit"), check=True, timeout=AUDIT_TIMEOUT_S)
    export_tables(program, cluster, world / "flows", scratch / "tables")
    ours = by_flowcheck(scratch / "audit")
    agree("verdicts and violations of all rows", ours, by_duckdb(scratch / "tables", world / "flows"))
    return {"sampled_flows": sample, **ours}


def agree(what: str, ours: Any, theirs: Any) -> None:
    if ours != theirs:
        raise WrongAnswerError(f"{what}: flowcheck {ours}, witness {theirs}")


def by_flowcheck(out: Path) -> Counts:
    """What the run wrote of itself, and the violating rows it wrote."""
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    rows, sent = duckdb.sql(
        f"SELECT count(*), coalesce(sum(bytes), 0)::BIGINT FROM '{out}/violations.parquet'"
    ).fetchall()[0]
    verdicts = {name: summary["verdicts"][name] for name in ("allow", "deny", "unknown", "not_applicable")}
    kinds = {name: summary["violations"][name] for name in ("forwarded_denied", "dropped_allowed")}
    return {**verdicts, **kinds, "violating_rows": rows, "violating_bytes": sent}


def by_duckdb(tables: Path, flows: Path) -> Counts:
    connection = duckdb.connect()
    load_tables(connection, tables)
    groups = connection.execute(
        f"""SELECT verdict, {VIOLATING} AS violating, count(*), sum(bytes)::BIGINT
            FROM {judged_sql(flows)} GROUP BY ALL"""
    ).fetchall()
    verdicts: Counts = dict.fromkeys(("allow", "deny", "unknown", "not_applicable"), 0)
    violating: Counts = dict.fromkeys(VERDICTS, 0)
    sent_by_violating = 0
    for verdict, is_violating, rows, sent in groups:
        verdicts[VERDICTS[verdict]] += rows
        if is_violating:
            violating[VERDICTS[verdict]] += rows
            sent_by_violating += sent
    return {
        **verdicts,
        "forwarded_denied": violating["deny"],
        "dropped_allowed": violating["allow"],
        "violating_rows": sum(violating.values()),
        "violating_bytes": sent_by_violating,
    }


def _sampled(world: Path, cluster: Cluster, program: Any, sample: int) -> tuple[list[str], list[str]]:
    flows = distinct_flows(world / "flows", sample)
    times = flows["start_time"].cast(pa.timestamp("us", tz="UTC"))
    flows = flows.set_column(flows.schema.get_field_index("start_time"), "start_time", times)
    ours = flowcheck.evaluate(program, flows)["verdict"].to_pylist()
    return ours, judge_by_reference(cluster, flows)
