"""The audit on one machine: list inputs, load and compile, judge in workers, merge, write.

Workers start before the cluster is loaded, so that the one does not wait for the other. A file's
results are merged when all of its tasks are done; a file that failed contributes nothing but its entry.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import msgspec

from flowcheck.balance.count.tally import tally_for
from flowcheck.engines.profiles import left_out
from flowcheck.flows.files.hashes import InputHashes
from flowcheck.flows.files.inputs import Given, InputFile, find_inputs
from flowcheck.model.instants import instant_of
from flowcheck.results.audit import AuditResult
from flowcheck.runners.fetching.ahead import Ahead
from flowcheck.runners.finish import Finished, finish
from flowcheck.runners.judging import Judging, Report
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import Setup
from flowcheck.runners.plan import Plan
from flowcheck.runners.pool import Pool
from flowcheck.runners.program.empty import check_cluster
from flowcheck.runners.program.kept import cache_path
from flowcheck.runners.program.prepared import Prepared, compiled, known
from flowcheck.runners.program.source import ClusterSource, LoadedCluster
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.trouble.faults import disk_as_asked
from flowcheck.runners.workspace import Workspace
from flowcheck.writing import output_errors

SMALL_INPUT = 4 << 20
"""Bytes below which a second worker would cost more than it does, and judging takes no time to speak of."""
WORTH_KEEPING = 0.5
"""Seconds that it took to load and compile a cluster, from which its program is kept for the next audit."""


def run_audit(
    flows: Sequence[Given],
    source: ClusterSource | LoadedCluster,
    request: AuditRequest,
    progress: Report | None = None,
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
        pool = stack.enter_context(Pool(n_workers(request, inputs), request.cache))
        report(Progress("loading the cluster"))
        prepared = prepare(source, request, clock, report)
        workspace.begin(prepared.facts.identity, request, inputs)
        hashes = stack.enter_context(InputHashes(inputs if request.out else ()))
        with output_errors(tempfile.gettempdir(), temporary=True):
            prepared.place(pool.program)
        clock.append(time.monotonic())
        ahead = stack.enter_context(fetching(inputs, workspace, request))
        merged = Merged(tally_for(prepared.services), pruned)
        work = Judging(Plan(inputs, workspace.folder), merged, pool, workspace, report, ahead)
        meanwhile: list[Callable[[], object]] = [lambda: prepared.told_by]
        if not is_small(inputs):
            meanwhile.insert(0, lambda: prepared.cluster)  # which findings are told by, where there are any
        if clock[2] - clock[0] > WORTH_KEEPING:
            meanwhile.append(prepared.keep)
        work.judge(setup_of(workspace, request), meanwhile)
        pool.dismiss()
        add_hashes(merged, hashes)
        clock.append(time.monotonic())
        report(Progress("writing results", work.rows_done, work.plan.rows_known, len(inputs), len(inputs)))
        inputs_of = (prepared.facts, *prepared.told_by, source, request, workspace)
        result = finish(Finished(*inputs_of, work.merged, started_at, tuple(clock)))
        workspace.succeeded()
        return result


def prepare(
    source: ClusterSource | LoadedCluster, request: AuditRequest, clock: list[float], report: Report
) -> Prepared:
    """What is judged by; ``clock`` gains the time when the cluster was there."""
    identity = source.identity() if request.cache else None
    kept_at = cache_path(identity.digest, request.judged_by, load=request.load) if identity else None
    prepared = known(kept_at)
    if prepared is not None:
        facts = prepared.facts
        check_cluster(facts.pods, facts.policies, facts.view.left_out, request)
        if source.inspect is not None:
            source.inspect(prepared.cluster)
        clock.append(time.monotonic())
        return prepared
    cluster = source.load()
    check_cluster(len(cluster.pods), len(cluster.policies_taken), left_out(cluster, request.cni), request)
    if source.inspect is not None:
        source.inspect(cluster)
    clock.append(time.monotonic())
    report(Progress("compiling policies"))
    if identity and identity.inputs != cluster.inputs:
        kept_at = None  # a file was written to meanwhile: what was read is not what has that name
    return compiled(cluster, request, kept_at)


def add_hashes(merged: Merged, hashes: InputHashes) -> None:
    """Of what was judged; what was refused has its own already."""
    for number, entry in merged.entries.items():
        if entry.status == "judged":
            sha256 = hashes.of(number) or entry.sha256
            merged.entries[number] = msgspec.structs.replace(entry, sha256=sha256)


def fetching(inputs: list[InputFile], workspace: Workspace, request: AuditRequest) -> Ahead:
    """What fetches the objects among inputs."""
    look, hashed = not request.window.is_open, request.out is not None
    return Ahead(inputs, workspace.folder, look=look, hashed=hashed)


def n_workers(request: AuditRequest, inputs: list[InputFile]) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return request.jobs or (1 if is_small(inputs) else cores)


def is_small(inputs: list[InputFile]) -> bool:
    return sum(each.identity.size for each in inputs if not each.skipped) < SMALL_INPUT


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
