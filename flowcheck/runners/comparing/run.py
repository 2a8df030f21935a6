"""The comparison on one machine: as an audit (:mod:`flowcheck.runners.local`), by two programs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO

import msgspec

from flowcheck.balance.count.tally import tally_for
from flowcheck.flows.files.inputs import Given, find_inputs
from flowcheck.results.diff.result import DiffResult
from flowcheck.results.diff.twice import same_groups
from flowcheck.runners import local
from flowcheck.runners.comparing.finish import Compared, finish
from flowcheck.runners.comparing.folder import refuse_other_results
from flowcheck.runners.judges.interface import Report, Work
from flowcheck.runners.judges.workers import workers
from flowcheck.runners.merged import Merged
from flowcheck.runners.plan import Plan
from flowcheck.runners.program.encoding import ALIGNED
from flowcheck.runners.program.prepared import Prepared
from flowcheck.runners.program.source import ClusterSource, LoadedCluster
from flowcheck.runners.program.stored import write_sections
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.tasks.paired import SAME
from flowcheck.runners.trouble.faults import disk_as_asked
from flowcheck.runners.workspace import Workspace
from flowcheck.writing import output_errors


def run_diff(
    flows: Sequence[Given],
    before: ClusterSource | LoadedCluster,
    after: ClusterSource | LoadedCluster,
    request: AuditRequest,
    progress: Report | None = None,
) -> DiffResult:
    """Judge every flow in the given files against two clusters. The first may have no policies; its program
    is that of an audit, which may have kept it.

    **Raises**: RunError, ManifestError, CompileError before anything was judged; OutputError.
    """
    report = progress or (lambda _: None)
    started_at = datetime.now(UTC)
    clock = [time.monotonic()]
    refuse_other_results(request.out)
    inputs, pruned = find_inputs(flows, request.asked.format, request.window)
    with ExitStack() as stack:
        stack.enter_context(disk_as_asked())
        workspace = stack.enter_context(Workspace(request.out, resume=request.resume))
        judges = stack.enter_context(workers(request, inputs))
        report(Progress("loading the clusters"))
        request = replace(request, load=False)
        asked = replace(request, allow_no_policies=True), request
        sides = [local.prepare(*each, clock, report) for each in zip((before, after), asked, strict=True)]
        clock[1:] = clock[2:]
        identity = " ".join(side.facts.fingerprint for side in sides)
        workspace.begin(f"diff {identity}", request, inputs)
        with output_errors(tempfile.gettempdir(), temporary=True):
            compared = _place(sides, judges.program)
        clock.append(time.monotonic())
        meanwhile: list[Callable[[], object]] = [partial(getattr, side, "cluster") for side in sides]
        if clock[2] - clock[0] > local.WORTH_KEEPING:
            meanwhile.append(partial(_keep, sides))
        plan, merged = Plan(inputs, workspace.folder), Merged(tally_for(sides[0].services), pruned)
        hashed = inputs if request.out else ()
        setup = msgspec.structs.replace(local.setup_of(workspace, request), compared=compared)
        rows = judges.judge(Work(plan, setup, merged, workspace, hashed, report, meanwhile))
        clock.append(time.monotonic())
        report(Progress("writing results", rows, plan.rows_known, len(inputs), len(inputs)))
        result = finish(Compared(sides[0], sides[1], request, workspace, merged, started_at, tuple(clock)))
        workspace.succeeded()
        return result


def _keep(sides: Sequence[Prepared]) -> None:
    for side in sides:
        side.keep()


def _place(sides: Sequence[Prepared], file: BinaryIO) -> tuple[int, int]:
    """Write what workers judge by; returns where the second program begins, and what pairs both."""
    before, after = sides
    before.place(file)
    second = _aligned(file)
    after.place(file)
    third = _aligned(file)
    write_sections(file, {SAME: same_groups(before.told_by.program, after.told_by.program)})
    return second, third


def _aligned(file: BinaryIO) -> int:
    """Where the next may begin."""
    file.write(bytes(-file.tell() % ALIGNED))
    return file.tell()
