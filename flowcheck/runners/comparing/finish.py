"""The end of a comparison: from merged sums to the result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from flowcheck.compile import Program
from flowcheck.model.change import ChangeKind
from flowcheck.model.instants import instant_text
from flowcheck.results import summary as sums
from flowcheck.results.diff.gathering import Changes, gather_changes
from flowcheck.results.diff.kinds import KINDS
from flowcheck.results.diff.policies import compare_policies
from flowcheck.results.diff.result import DiffResult
from flowcheck.results.diff.twice import Twice, count_kind, judged_twice, transitions
from flowcheck.results.edges import Edges
from flowcheck.results.known_ends import is_outside
from flowcheck.results.nothing import nothing_judged
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.compared import compared
from flowcheck.results.records.diff import DiffSummary, KindCount, Side
from flowcheck.results.records.ledger import Ledger, Totals
from flowcheck.results.reported import by_edge, fold_reports
from flowcheck.results.tunnels import carried_once
from flowcheck.runners.comparing.folder import stage_diff
from flowcheck.runners.examples import read_examples
from flowcheck.runners.finish import timed, too_little, unfinished
from flowcheck.runners.folder import ResultFolder
from flowcheck.runners.merged import Merged
from flowcheck.runners.program.prepared import Prepared
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.workspace import Workspace
from flowcheck.version import __version__


class Compared(NamedTuple):
    """Everything a comparison came to. ``clock``: monotonic seconds at start, loaded, compiled, judged."""

    before: Prepared
    after: Prepared
    request: AuditRequest
    workspace: Workspace
    merged: Merged
    started_at: datetime
    clock: tuple[float, ...]

    @property
    def programs(self) -> tuple[Program, Program]:
        return self.before.told_by.program, self.after.told_by.program


def finish(run: Compared) -> DiffResult:
    """Put names back, check the sums, write the files."""
    result = _result(run)
    if run.request.out is not None:
        with ResultFolder(run.request.out, run.workspace) as folder:
            stage_diff(folder, result)
            folder.place()
    return result


def _result(run: Compared) -> DiffResult:
    reported, _ = carried_once(by_edge(run.merged.edges.take()))
    entries = fold_reports(reported)
    del reported
    found = judged_twice(*run.programs, entries, run.merged.pairs.rows())
    told = partial(read_examples, run.workspace, run.merged)
    gathered = gather_changes(found, run.merged.examples, told, run.request.max_findings)
    files = compared(run.merged.entries, run.merged.traits)
    totals = sums.total(files)
    kinds, unchanged = _kinds(found, gathered), count_kind(found, ChangeKind.NONE)
    _check(totals, kinds, unchanged)
    sides = [
        _side(prepared, run.request, program, edges, totals)
        for prepared, program, edges in zip((run.before, run.after), found.programs, found.edges, strict=True)
    ]
    causes = tuple(dict.fromkeys(_incomplete(run, totals, sides)))
    edges = found.edges[0]
    timings = timed(run.clock)
    summary = DiffSummary(
        schema=SCHEMA,
        version=__version__,
        started_at=run.started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        complete=not causes,
        incomplete_because=causes,
        totals=totals,
        pruned=run.merged.left_unread,
        before=sides[0],
        after=sides[1],
        policies=compare_policies(run.before.cluster, run.after.cluster),
        kinds=kinds,
        unchanged=unchanged,
        other_rule=int(edges.records[(found.kind == 0) & found.other_rule].sum()),
        transitions=tuple(transitions(found)),
        first_seen=instant_text(int(edges.first_seen.min())) if len(entries) else None,
        last_seen=instant_text(int(edges.last_seen.max())) if len(entries) else None,
        timings=timings,
        rows_per_second=sums.speed(totals, timings),
        versions=sums.versions(),
        changes_not_listed=gathered.more,
        records_not_listed=gathered.more_records,
        resumed=run.merged.resumed,
    )
    ledger = Ledger(
        schema=SCHEMA,
        version=__version__,
        program=run.before.facts.fingerprint,
        cluster_inputs={**run.before.facts.inputs, **run.after.facts.inputs},
        totals=totals,
        files=files,
        pruned=run.merged.left_unread,
    )
    return DiffResult(summary, gathered.listed, ledger, run.request.out)


def _kinds(found: Twice, gathered: Changes) -> dict[str, KindCount]:
    return {
        str(kind): count_kind(found, kind, gathered.by_kind[code]) for code, kind in enumerate(KINDS) if code
    }


def _check(totals: Totals, kinds: dict[str, KindCount], unchanged: KindCount) -> None:
    """Every row that was judged by both is of one kind, or unchanged."""
    counted_once = unchanged.records + sum(kind.records for kind in kinds.values())
    judged = totals.rows_judged + totals.rows_unknown
    if counted_once != judged:
        raise sums.LedgerMismatchError(f"{judged} rows judged, {counted_once} compared")


def _side(prepared: Prepared, request: AuditRequest, program: Program, edges: Edges, totals: Totals) -> Side:
    verdicts, facts = sums.count_verdicts(program, edges), prepared.facts
    outside = is_outside(program)
    n_outside = int(edges.records[outside[edges.source] & outside[edges.destination]].sum())
    return Side(
        program=facts.fingerprint,
        engine=facts.view.sentence,
        options=dict(facts.view.answers),
        cluster=facts.counts,
        inputs=dict(facts.inputs),
        verdicts=verdicts,
        coverage=round(sums.coverage(totals, verdicts), 4),
        nothing=nothing_judged(totals, verdicts, n_outside, facts.counts.pods),
    )


def _incomplete(run: Compared, totals: Totals, sides: list[Side]) -> Iterator[str]:
    """Why this run cannot call itself complete."""
    yield from unfinished(run.request, totals)
    for name, side in zip(("before", "after"), sides, strict=True):
        if side.nothing is not None:
            yield f"{name}: {side.nothing}"
        why = too_little(run.request, side.coverage, side.cluster)
        yield from (f"{name}: {one}" for one in why)
