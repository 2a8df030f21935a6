"""Are the answers right? Asked before any clock starts.

flowcheck's verdict counts and violating rows against those of every engine there is, on all rows, and its
verdicts against the reference evaluator's on a sample of distinct flows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import flowcheck
from benchmarks.inputs.tables import VERDICTS, export_tables
from benchmarks.measure import measure
from benchmarks.peers import Groups, installed
from benchmarks.peers.sample import distinct_flows, judge_by_reference
from benchmarks.programs import Checkout

Counts = dict[str, int]


class WrongAnswerError(Exception):
    """flowcheck and a witness disagree; nothing is timed."""


class Checker:
    """Compares answers about worlds of one cluster, which is read and compiled once."""

    def __init__(self, checkout: Checkout, paths: Path) -> None:
        self.checkout = checkout
        self.cluster = flowcheck.load_cluster([str(paths)])
        self.program = flowcheck.compile_program(self.cluster)

    def check(self, world: Path, scratch: Path, sample: int = 2_000) -> dict[str, Any]:
        """Compare all answers; returns the counts that everybody agrees on. Leaves the ready-made tables in
        ``scratch``/tables.

        Raises: WrongAnswerError with both answers.
        """
        scratch.mkdir(parents=True, exist_ok=True)
        agree("verdicts of distinct flows", *self._sampled(world / "flows", sample))
        audit = self.checkout.audit(world / "flows", world / "cluster", scratch / "audit")
        measure(audit.command, audit.environment, memory=False)
        ours = by_flowcheck(scratch / "audit")
        export_tables(self.program, self.cluster, world / "flows", scratch / "tables")
        for name in installed():
            asked = self.checkout.peer("groups", name, scratch / "tables", world / "flows")
            told = json.loads(measure(asked.command, asked.environment, memory=False).output)
            agree(f"verdicts and violations of all rows ({name})", ours, by_engine(told))
        return {"sampled_flows": sample, **ours}

    def _sampled(self, flows: Path, sample: int) -> tuple[list[str], list[str]]:
        distinct = distinct_flows(flows, sample)
        times = distinct["start_time"].cast(pa.timestamp("us", tz="UTC"))
        distinct = distinct.set_column(distinct.schema.get_field_index("start_time"), "start_time", times)
        ours = flowcheck.evaluate(self.program, distinct)["verdict"].to_pylist()
        return ours, judge_by_reference(self.cluster, distinct)


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


def by_engine(groups: Groups) -> Counts:
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
