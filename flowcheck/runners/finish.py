"""The end of a run: from merged sums to the result, and to the files of the output folder.

All files are written beside their places first and take them together at the end, so that a full disk leaves
the previous results as they were.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.tell.result import LoadResult
from flowcheck.balance.tell.services import assess_services
from flowcheck.balance.tell.tables import load_table, services_table
from flowcheck.compile import Program
from flowcheck.counted import counted
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_text
from flowcheck.model.timeline import END
from flowcheck.outcome import Nothing
from flowcheck.results import summary as sums
from flowcheck.results.attribution import attribution
from flowcheck.results.audit import AuditResult
from flowcheck.results.edges import edges_table, fold_reports, take_apart
from flowcheck.results.findings import gather_findings
from flowcheck.results.hits import hits_table
from flowcheck.results.nothing import nothing_counted, nothing_judged
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.findings import Findings
from flowcheck.results.records.ledger import Ledger, Totals
from flowcheck.results.records.summary import Summary, Timings
from flowcheck.results.violations import fit, merge_schema
from flowcheck.runners.merged import Merged
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.workspace import Workspace
from flowcheck.version import __version__
from flowcheck.writing import json_text, output_errors, refuse_unwritable, sync_folder

ROW_GROUP, MOST_IN_ROW_GROUP = 1 << 16, 1 << 20
"""Rows of violations.parquet that are gathered before they are written."""


class Finished(NamedTuple):
    """Everything a run came to. ``clock``: monotonic seconds at start, loaded, compiled, judged."""

    cluster: Cluster
    program: Program
    catalog: Catalog | None
    request: AuditRequest
    workspace: Workspace
    merged: Merged
    started_at: datetime
    clock: tuple[float, ...]


def finish(run: Finished) -> AuditResult:
    """Put names back, check the sums, write the files."""
    reported = run.merged.edges.entries()
    entries = fold_reports(reported)
    edges = take_apart(entries)
    findings = Findings(gather_findings(run.program, edges, run.merged.examples, entries[:, :3]))
    files = tuple(run.merged.entries[number] for number in sorted(run.merged.entries))
    totals = sums.total(files)
    hits = hits_table(run.program, edges)
    verdicts = sums.count_verdicts(run.program, edges)
    attributed = attribution(run.program, reported, run.merged.census)
    covered = sums.coverage(totals, verdicts)
    load = _load(run, totals)
    if run.request.purpose == "load":
        nothing = nothing_counted(totals, load)
    else:
        nothing = nothing_judged(totals, verdicts, attributed.outside.records)
    causes = tuple(_incomplete(run, totals, covered, nothing))
    load = replace(load, incomplete_because=causes, nothing=nothing)
    judge_seconds = run.clock[3] - run.clock[2]
    summary = Summary(
        schema=SCHEMA,
        version=__version__,
        started_at=run.started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        program=run.program.fingerprint,
        options={
            "ipblock_matches_pods": run.request.options.ipblock_matches_pods,
            "icmp": run.request.options.icmp,
            "skew": f"{run.request.options.skew / 1e6:g}s",
            "policies": _policies_of(run.request.options.policies_at),
            **_assumed(run.request.options.assume_unchanged),
        },
        complete=not causes,
        incomplete_because=causes,
        coverage=round(covered, 4),
        attribution=attributed,
        totals=totals,
        verdicts=verdicts,
        observed=sums.count_observed(edges),
        flows=int(edges.flows.sum()),
        bytes=int(edges.bytes_.sum()) or None,
        first_seen=instant_text(int(edges.first_seen.min())) if len(entries) else None,
        last_seen=instant_text(int(edges.last_seen.max())) if len(entries) else None,
        violations=sums.count_violations(run.program, edges, len(findings)),
        load=sums.count_load(load),
        unused_rules=sum(n == 0 for n in hits.column("records").to_pylist()),
        cluster=sums.count_cluster(_as_judged(run), run.request.options.cluster_ranges),
        compiled=sums.count_program(run.program),
        timings=Timings(
            load=run.clock[1] - run.clock[0],
            compile=run.clock[2] - run.clock[1],
            judge=judge_seconds,
            write=time.monotonic() - run.clock[3],
        ),
        rows_per_second=(totals.rows_declared - totals.rows_in_failed_files) / max(judge_seconds, 1e-9),
        versions=sums.versions(),
        nothing=nothing,
        resumed=run.merged.resumed,
    )
    ledger = Ledger(
        schema=SCHEMA,
        version=__version__,
        program=run.program.fingerprint,
        cluster_inputs=dict(run.cluster.inputs),
        totals=totals,
        files=files,
    )
    table = edges_table(run.program, edges)
    result = AuditResult(summary, findings, table, hits, ledger, run.request.out, load)
    if run.request.out is not None:
        _write_all(run, result)
    return result


def _load(run: Finished, totals: Totals) -> LoadResult:
    if run.catalog is None:
        return LoadResult()
    request = run.request
    entries = run.merged.load.entries()
    load = assess_services(run.catalog, entries, request.thresholds, proportional=request.proportional)
    sums.check_load(totals, load)
    return load


def _policies_of(at: int | None) -> str:
    if at is None:
        return "in force when each flow began"
    return "current" if at >= END else f"as of {instant_text(at)}"


def _as_judged(run: Finished) -> Cluster:
    """The cluster, its policies known for as long as they are taken to be."""
    options = run.request.options
    known = run.cluster.unchanged_for(options.assume_unchanged)
    return known if options.policies_at is None else replace(known, known_until=END)


def _assumed(duration: int) -> dict[str, str]:
    return {"assume_unchanged": f"{duration / 1e6:g}s"} if duration else {}


def _incomplete(run: Finished, totals: Totals, covered: float, nothing: Nothing | None) -> Iterator[str]:
    """Why this run cannot call itself complete."""
    request = run.request
    if nothing is not None:
        yield str(nothing)
    if totals.files_failed:
        yield f"{totals.files_failed} of {counted(totals.files_seen, 'file')} could not be judged"
    percent = request.max_rejected_percent
    by_share = percent is not None and totals.rows_rejected * 100 <= percent * totals.rows_declared
    if totals.rows_rejected > request.max_rejected_rows and not by_share:
        yield f"{counted(totals.rows_rejected, 'row')} rejected"
    if request.min_coverage is not None and covered < request.min_coverage:
        yield f"coverage is {covered:.2f} %, below the asked {request.min_coverage:g} %"
    refused = len(run.cluster.refused)
    if refused:
        yield f"{counted(refused, 'document')} of the cluster left out"


def _write_all(run: Finished, result: AuditResult) -> None:
    out = run.request.out
    assert out is not None
    writers: dict[str, Callable[[Path], None]] = {
        "violations.parquet": lambda path: _write_violations(run, path),
        "edges.parquet": lambda path: pq.write_table(result.edges, path, compression="zstd"),
        "policy_hits.parquet": lambda path: pq.write_table(result.policy_hits, path, compression="zstd"),
        "services.parquet": lambda path: pq.write_table(
            services_table(result.load.services), path, compression="zstd"
        ),
        "load.parquet": lambda path: pq.write_table(
            load_table(result.load.services), path, compression="zstd"
        ),
        "findings.json": lambda path: _write_json(
            path, {"schema": SCHEMA, "version": __version__, "findings": result.findings}
        ),
        "ledger.json": lambda path: _write_json(path, result.ledger),
        "summary.json": lambda path: _write_json(path, result.summary),
    }
    staged: dict[Path, Path] = {}
    for name, write in writers.items():
        target, temporary = out / name, run.workspace.folder / f"{name}.new"
        with output_errors(target):
            refuse_unwritable(target)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            try:
                write(temporary)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        staged[temporary] = target
    for temporary, target in staged.items():
        with output_errors(target):
            os.replace(temporary, target)
    with output_errors(out):
        sync_folder(out)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json_text(msgspec.to_builtins(value), indent=1) + "\n", encoding="ascii")


def _write_violations(run: Finished, path: Path) -> None:
    """All parts in the order of the input, gathered into row groups of some size."""
    merged = run.merged
    names = [name for number in sorted(merged.violations) for name in merged.violations[number]]
    parts = [part for part in (run.workspace.violations(name) for name in names) if part.exists()]
    schema = merge_schema(_schema_of(part) for part in parts)
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in (fit(batch, schema) for part in parts for batch in _batches(part)):
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting), row_group_size=MOST_IN_ROW_GROUP)
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=MOST_IN_ROW_GROUP)


def _batches(part: Path) -> Iterator[pa.RecordBatch]:
    with pa.ipc.open_stream(part) as stream:
        yield from stream


def _schema_of(part: Path) -> pa.Schema:
    with pa.ipc.open_stream(part) as stream:
        return stream.schema
