"""The audit on one machine: list inputs, load and compile, judge in workers, merge, write.

Workers start before the cluster is loaded, so that the one does not wait for the other. A file's
results are merged when all of its tasks are done; a file that failed contributes nothing but its entry.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from flowcheck.arrays import writable
from flowcheck.balance.count.tally import tally_for, unpack
from flowcheck.engines.profiles import left_out
from flowcheck.flows.files.inputs import InputFile, list_inputs
from flowcheck.model.instants import instant_of
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.summary import Resumed
from flowcheck.runners import messages
from flowcheck.runners.finish import Finished, finish
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import MEMORY, Inspect, Judge, Setup
from flowcheck.runners.plan import FileState, Plan, judged_entry, other_entry
from flowcheck.runners.pool import Gone, Pool
from flowcheck.runners.program.empty import check_cluster
from flowcheck.runners.program.kept import cache_path
from flowcheck.runners.program.prepared import Prepared, compiled, known
from flowcheck.runners.program.source import ClusterSource, LoadedCluster
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.workspace import Done, Workspace

Report = Callable[[Progress], None]
SMALL_INPUT = 4 << 20
"""Bytes below which a second worker would cost more than it does, and judging takes no time to speak of."""
SECONDS_BETWEEN_WORDS = 0.1
WORTH_KEEPING = 0.5
"""Seconds that it took to load and compile a cluster, from which its program is kept for the next audit."""


def run_audit(
    flows: Sequence[str | Path | InputFile],
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
    inputs = list_inputs(flows, request.asked.format)
    with ExitStack() as stack:
        workspace = stack.enter_context(Workspace(request.out))
        pool = stack.enter_context(Pool(_n_workers(request, inputs), request.cache))
        report(Progress("loading the cluster"))
        prepared = _prepare(source, request, clock, report)
        workspace.begin(prepared.facts.identity, request, inputs)
        with workspace.errors():
            prepared.place(workspace.program)
        clock.append(time.monotonic())
        merged = Merged(tally_for(prepared.services))
        work = _Run(Plan(inputs, workspace.folder), merged, pool, workspace, report)
        meanwhile: list[Callable[[], object]] = [lambda: prepared.told_by]
        if not _is_small(inputs):
            meanwhile.insert(0, lambda: prepared.cluster)  # which findings are told by, where there are any
        if clock[2] - clock[0] > WORTH_KEEPING:
            meanwhile.append(prepared.keep)
        work.judge(_setup(workspace, request), meanwhile)
        pool.dismiss()
        clock.append(time.monotonic())
        report(Progress("writing results", work.rows_done, work.plan.rows_known, len(inputs), len(inputs)))
        inputs_of = (prepared.facts, *prepared.told_by, source, request, workspace)
        result = finish(Finished(*inputs_of, work.merged, started_at, tuple(clock)))
        workspace.succeeded()
        return result


def _prepare(
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


def _n_workers(request: AuditRequest, inputs: list[InputFile]) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return request.jobs or (1 if _is_small(inputs) else cores)


def _is_small(inputs: list[InputFile]) -> bool:
    return sum(each.identity.size for each in inputs if not each.skipped) < SMALL_INPUT


def _setup(workspace: Workspace, request: AuditRequest) -> Setup:
    return Setup(
        program=str(workspace.program),
        folder=str(workspace.folder),
        since_us=None if request.since is None else instant_of(request.since),
        until_us=None if request.until is None else instant_of(request.until),
        namespaces=request.namespaces,
        keep_columns=request.keep_columns,
        asked=request.asked,
        patience=request.patience,
    )


class _Run:
    """The judging itself: hand out orders, take answers, merge files as they are finished."""

    def __init__(self, plan: Plan, merged: Merged, pool: Pool, workspace: Workspace, report: Report) -> None:
        self.plan = plan
        self.merged = merged
        self.rows_done = 0
        self._pool = pool
        self._workspace = workspace
        self._report = report
        self._told = 0.0

    def judge(self, setup: Setup, meanwhile: Sequence[Callable[[], object]]) -> None:
        """``meanwhile``: what is done while workers are on the last orders: before, they would wait for the
        next."""
        waiting = list(meanwhile)
        done = self._workspace.done()
        if done:
            rows = sum(record.rows for record in done.values())
            self.merged.resumed = Resumed(files=len(done), rows=rows)
        for number, record in done.items():
            state = self.plan.files[number]
            state.rows, state.warnings, state.tasks = record.rows, record.warnings, len(record.parts)
            state.parts = dict(enumerate(record.parts))
            state.converted = record.converted
            self._settle(state)
        self._pool.prepare(setup)
        self.plan.start(set(done))
        while self._hand_out() or self._pool.busy():
            if waiting and self.plan.given_out and self._pool.judging():
                waiting.pop()()
            for worker, order, answer in self._pool.answers(timeout=0.2):
                if isinstance(answer, messages.Failed) and answer.reason == MEMORY:
                    self._pool.retire(worker)  # what is left in its heap may be in pieces
                self._take(order, answer)
            self._tell()
        for state in self.plan.files:
            if state.number not in self.merged.entries:
                self.merged.entries[state.number] = other_entry(state)

    def _hand_out(self) -> bool:
        """Give every idle worker an order; whether there was any."""
        gave = False
        for worker in list(self._pool.idle()):
            order = self.plan.next()
            if order is None:
                return gave
            self._pool.give(worker, order)
            gave = True
        return gave

    def _take(self, order: Inspect | Judge, answer: messages.Answer | Gone) -> None:
        match answer:
            case Gone(begun=False):
                self.plan.again(order)
            case Gone():
                self.plan.lost(order, answer.reason, answer.how)
            case messages.Failed(reason=messages.MEMORY):
                self.plan.short_of_memory(order, answer.detail, answer.sha256)
            case messages.Advanced():
                self.rows_done += answer.rows
            case messages.Inspected():
                self.plan.split(answer.file, answer.row_groups, answer.converted)
                self.plan.files[answer.file].warnings = answer.warnings
            case messages.Unwritable():
                with self._workspace.errors():
                    raise OSError(answer.errno, answer.detail)
            case messages.Failed():
                self.plan.fail(answer.file, answer.reason, answer.detail, answer.sha256)
            case messages.JudgedTask():
                self.plan.files[answer.file].parts[answer.task] = answer.part
        state = self.plan.files[order.file]
        if state.settled and state.failure is None and state.number not in self.merged.entries:
            names = tuple(state.parts[task] for task in sorted(state.parts))
            done = Done(state.rows or 0, state.warnings, names, state.converted)
            self._workspace.finish(state.number, done)
            self._settle(state)

    def _settle(self, state: FileState) -> None:
        """Merge a finished file."""
        names = [state.parts[task] for task in sorted(state.parts)]
        parts = [self._workspace.part(name) for name in names]
        for part in parts:
            self.merged.edges.merge(writable(np.frombuffer(part.edges, dtype=np.int64).reshape(-1, 8)))
            if part.load is not None:
                self.merged.load.merge(unpack(part.load))
            self.merged.census.add(part.census)
            self.merged.recorded.add(part.recorded)
            for key, example in part.examples:
                known = self.merged.examples.get(key)
                if known is None or (example.file, example.row) < (known.file, known.row):
                    self.merged.examples[key] = example
        self.merged.entries[state.number] = judged_entry(state, parts)
        self.merged.violations[state.number] = names

    def _tell(self) -> None:
        """Count what is done, ten times a second at most: counting looks at every file."""
        now = time.monotonic()
        if now - self._told < SECONDS_BETWEEN_WORDS:
            return
        self._told = now
        settled = sum(state.settled or bool(state.input.skipped) for state in self.plan.files)
        total = self.plan.rows_known
        self._report(Progress("judging flows", self.rows_done, total, settled, len(self.plan.files)))
