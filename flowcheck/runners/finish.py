"""The end of a run: from merged sums to the result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.tell.result import LoadResult
from flowcheck.balance.tell.services import assess_services
from flowcheck.compile import Program
from flowcheck.counted import counted
from flowcheck.judging.contacts import Met
from flowcheck.model.instants import instant_of, instant_text
from flowcheck.model.timeline import END
from flowcheck.outcome import Nothing
from flowcheck.results import summary as sums
from flowcheck.results.audit import AuditResult
from flowcheck.results.edge_rows import edge_rows
from flowcheck.results.edges import take_apart
from flowcheck.results.finding.gathering import gather_findings
from flowcheck.results.gate.sorting import sort_findings
from flowcheck.results.known_ends import attribution
from flowcheck.results.nothing import nothing_counted, nothing_judged
from flowcheck.results.recorded import compare
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.compared import compared
from flowcheck.results.records.findings import Findings
from flowcheck.results.records.ledger import Ledger, Totals
from flowcheck.results.records.summary import ClusterCounts, Summary, Timings
from flowcheck.results.reported import by_edge, fold_reports
from flowcheck.results.ruling.hits import hits_table, is_never_hit, is_perhaps_hit
from flowcheck.results.ruling.usage import usage_of
from flowcheck.results.tunnels import carried_once
from flowcheck.runners.examples import read_examples
from flowcheck.runners.folder import ResultFolder, stage_result, stage_violations
from flowcheck.runners.merged import Merged
from flowcheck.runners.program.asking_again import asking_again
from flowcheck.runners.program.facts import Facts
from flowcheck.runners.program.source import ClusterSource, LoadedCluster
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.workspace import Workspace
from flowcheck.version import __version__


class Finished(NamedTuple):
    """Everything a run came to. ``clock``: monotonic seconds at start, loaded, compiled, judged."""

    facts: Facts
    program: Program
    catalog: Catalog | None
    source: ClusterSource | LoadedCluster
    request: AuditRequest
    workspace: Workspace
    merged: Merged
    started_at: datetime
    clock: tuple[float, ...]


def finish(run: Finished) -> AuditResult:
    """Put names back, check the sums, write the files."""
    if run.request.out is None:
        return _result(run)
    with ResultFolder(run.request.out, run.workspace) as folder:
        stage_violations(folder, run.workspace, run.merged)
        result = _result(run)
        stage_result(folder, result)
        folder.place()
    return result


def _result(run: Finished) -> AuditResult:
    reported, tunnels = carried_once(by_edge(run.merged.edges.take()))
    attributed = attribution(run.program, reported, run.merged.census, tunnels)
    entries = fold_reports(reported)
    del reported  # of a scan these are most of the memory that there is
    edges = take_apart(run.program, entries)
    told = partial(read_examples, run.workspace, run.merged)
    asked = (edges, run.merged.examples, told, entries[:, :3], run.request.max_findings)
    gathered = gather_findings(_told_by(run), *asked)
    run.merged.examples.clear()
    against = (run.request.baseline, run.request.ignores, run.started_at.date())
    sorted_out, gate = sort_findings(gathered, *against)
    findings = Findings(sorted_out)
    files = compared(run.merged.entries, run.merged.traits)
    totals = sums.total(files)
    hits = hits_table(run.program, edges)
    verdicts = sums.count_verdicts(run.program, edges)
    covered = sums.coverage(totals, verdicts)
    load = _load(run, totals)
    if run.request.purpose == "load":
        nothing = nothing_counted(totals, load)
    else:
        nothing = nothing_judged(totals, verdicts, attributed.outside.records, run.facts.counts.pods)
    causes = tuple(_incomplete(run, totals, covered, nothing))
    load = replace(load, incomplete_because=causes, nothing=nothing)
    timings = timed(run.clock)
    summary = Summary(
        schema=SCHEMA,
        version=__version__,
        started_at=run.started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        program=run.facts.fingerprint,
        options={
            **run.facts.view.answers,
            "skew": f"{run.request.options.skew / 1e6:g}s",
            "policies": _policies_of(run.request.options.policies_at),
            **_assumed(run.request.options.assume_unchanged),
            **chosen_times(run.request),
        },
        engine=run.facts.view.sentence,
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
        violations=sums.count_violations(run.program, edges, gathered),
        load=sums.count_load(load),
        unused_rules=sum(map(is_never_hit, hits.to_pylist())),
        open_rules=sum(map(is_perhaps_hit, hits.to_pylist())),
        cluster=run.facts.counts,
        compiled=sums.count_program(run.program),
        timings=timings,
        rows_per_second=sums.speed(totals, timings),
        versions=sums.versions(),
        nothing=nothing,
        resumed=run.merged.resumed,
        recorded=compare(run.program, run.merged.recorded),
        gate=gate,
        pruned=run.merged.left_unread,
    )
    ledger = Ledger(
        schema=SCHEMA,
        version=__version__,
        program=run.facts.fingerprint,
        cluster_inputs=dict(run.facts.inputs),
        totals=totals,
        files=files,
        pruned=run.merged.left_unread,
    )
    rows = edge_rows(run.program, edges)
    again = asking_again(run.source, run.request, run.program)
    usage = usage_of(run.program, edges) if run.request.purpose == "rules" else None
    met = Met(run.program, run.merged.contacts.rows()) if run.request.contacts else None
    more = (run.request.out, load, again, run.merged.times, usage, met)
    return AuditResult(summary, findings, rows, hits, ledger, *more)


def _told_by(run: Finished) -> Program:
    """Without its cluster where nothing violates: only findings are told by it, which may be yet to read."""
    return run.program if run.merged.examples else replace(run.program, cluster=None)


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


def _assumed(duration: int) -> dict[str, str]:
    return {"assume_unchanged": f"{duration / 1e6:g}s"} if duration else {}


def chosen_times(request: AuditRequest) -> dict[str, str]:
    """The times that were asked for, as instants, however they were said."""
    given = {"since": request.since, "until": request.until}
    return {name: instant_text(instant_of(time)) for name, time in given.items() if time is not None}


def _incomplete(run: Finished, totals: Totals, covered: float, nothing: Nothing | None) -> Iterator[str]:
    """Why this run cannot call itself complete."""
    if nothing is not None:
        yield str(nothing)
    yield from unfinished(run.request, totals)
    yield from too_little(run.request, covered, run.facts.counts)


def timed(clock: tuple[float, ...]) -> Timings:
    """``clock``: monotonic seconds at start, loaded, compiled, judged."""
    begin, loaded, compiled, judged = clock
    write = time.monotonic() - judged
    return Timings(load=loaded - begin, compile=compiled - loaded, judge=judged - compiled, write=write)


def unfinished(request: AuditRequest, totals: Totals) -> Iterator[str]:
    """What of the log was not judged, past what is tolerated."""
    if totals.files_failed:
        yield f"{totals.files_failed} of {counted(totals.files_seen, 'file')} could not be judged"
    percent = request.max_rejected_percent
    by_share = percent is not None and totals.rows_rejected * 100 <= percent * totals.rows_declared
    if totals.rows_rejected > request.max_rejected_rows and not by_share:
        yield f"{counted(totals.rows_rejected, 'row')} rejected"


def too_little(request: AuditRequest, covered: float, cluster: ClusterCounts) -> Iterator[str]:
    """What it was judged by, or what came of that, and is not all that was asked for."""
    if request.min_coverage is not None and covered < request.min_coverage:
        yield f"coverage is {covered:.2f} %, below the asked {request.min_coverage:g} %"
    if request.purpose != "load":
        for policies, sign in cluster.perhaps_in_force.items():
            yield f"{policies}, though they may be in force ({sign})"
    refused = len(cluster.refused)
    if refused:
        yield f"{counted(refused, 'document')} of the cluster left out"
