"""The audit: list inputs, load and compile, have all rows judged, write.

Who judges starts before the cluster is loaded, so that the one does not wait for the other. A file's
results are merged when all of its tasks are done; a file that failed contributes nothing but its entry.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from flowcheck.balance.count.tally import tally_for
from flowcheck.flows.files.inputs import Given, find_inputs
from flowcheck.model.instants import instant_of
from flowcheck.results.audit import AuditResult
from flowcheck.runners.finish import Finished, finish
from flowcheck.runners.judges.interface import Engine, Report, Work
from flowcheck.runners.judges.workers import is_small, workers
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import Setup
from flowcheck.runners.plan import Plan
from flowcheck.runners.program.empty import check_cluster, enforced
from flowcheck.runners.program.kept import cache_path
from flowcheck.runners.program.prepared import Prepared, compiled, known
from flowcheck.runners.program.source import ClusterSource, Identity, LoadedCluster
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.trouble.faults import disk_as_asked
from flowcheck.runners.workspace import Workspace
from flowcheck.writing import output_errors

WORTH_KEEPING = 0.5
"""Seconds that it took to load and compile a cluster, from which its program is kept for the next audit."""


def run_audit(
    flows: Sequence[Given],
    source: ClusterSource | LoadedCluster,
    request: AuditRequest,
    progress: Report | None = None,
    engine: Engine = workers,
) -> AuditResult:
    """Judge every flow in the given files against a cluster.

    **Raises**: RunError, ManifestError, CompileError before anything was judged; OutputError.
    """
    report = progress or (lambda _: None)
    started_at = datetime.now(UTC)
    clock = [time.monotonic()]
    inputs, pruned = find_inputs(flows, request.asked.format, request.window)
    with ExitStack() as stack:
        stack.enter_context(disk_as_asked())
        workspace = stack.enter_context(Workspace(request.out, resume=request.resume))
        judges = stack.enter_context(engine(request, inputs))
        report(Progress("loading the cluster"))
        prepared = prepare(source, request, clock, report)
        workspace.begin(prepared.facts.identity, request, inputs)
        with output_errors(tempfile.gettempdir(), temporary=True):
            prepared.place(judges.program)
        clock.append(time.monotonic())
        meanwhile: list[Callable[[], object]] = [lambda: prepared.told_by]
        if not is_small(inputs):
            meanwhile.insert(0, lambda: prepared.cluster)  # which findings are told by, where there are any
        if clock[2] - clock[0] > WORTH_KEEPING:
            meanwhile.append(prepared.keep)
        plan, merged = Plan(inputs, workspace.folder), Merged(tally_for(prepared.services), pruned)
        hashed = inputs if request.out else ()
        setup = setup_of(workspace, request)
        rows = judges.judge(Work(plan, setup, merged, workspace, hashed, report, meanwhile))
        clock.append(time.monotonic())
        report(Progress("writing results", rows, plan.rows_known, len(inputs), len(inputs)))
        inputs_of = (prepared.facts, *prepared.told_by, source, request, workspace)
        result = finish(Finished(*inputs_of, merged, started_at, tuple(clock)))
        workspace.succeeded()
        return result


def prepare(
    source: ClusterSource | LoadedCluster, request: AuditRequest, clock: list[float], report: Report
) -> Prepared:
    """What is judged by; ``clock`` gains the time when the cluster was there. A program that is kept with
    what the load is counted by serves without, too."""
    identity = source.identity() if request.cache else None
    kept_at = _kept_at(identity, request, load=request.load)
    prepared = known(kept_at) or (None if request.load else known(_kept_at(identity, request, load=True)))
    if prepared is not None:
        facts = prepared.facts
        check_cluster(
            facts.pods, facts.policies, facts.judged, facts.view, needs_policies=request.needs_policies
        )
        if source.inspect is not None:
            source.inspect(prepared.cluster)
        clock.append(time.monotonic())
        return prepared
    cluster = source.load()
    judged = enforced(cluster, request)
    if source.inspect is not None:
        source.inspect(cluster)
    clock.append(time.monotonic())
    report(Progress("compiling policies"))
    if identity and identity.inputs != cluster.inputs:
        kept_at = None  # a file was written to meanwhile: what was read is not what has that name
    return compiled(cluster, judged, request, kept_at)


def _kept_at(identity: Identity | None, request: AuditRequest, *, load: bool) -> Path | None:
    return cache_path(identity.digest, request.judged_by, load=load) if identity else None


def setup_of(workspace: Workspace, request: AuditRequest) -> Setup:
    return Setup(
        program=True,
        folder=str(workspace.folder),
        since_us=None if request.since is None else instant_of(request.since),
        until_us=None if request.until is None else instant_of(request.until),
        namespaces=request.namespaces,
        keep_columns=request.keep_columns,
        asked=request.asked,
        patience=request.patience,
        contacts=request.contacts,
    )
