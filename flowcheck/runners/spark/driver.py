"""The driver's side: have files looked at, their tasks judged, all of it added up; bring violations.

What executors found stays on their disks until all is added up. What is lost with one Spark finds again, as
it does its tasks once more; each task is counted by its number, once. The driver holds sums, and some hundred
bytes of each task of a million rows; never rows.
"""

from __future__ import annotations

import tempfile
import uuid
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any, BinaryIO, TypeVar

from flowcheck.errors import RunError
from flowcheck.flows.files.inputs import InputFile
from flowcheck.runners.judges.interface import Engine, Work
from flowcheck.runners.judges.judging import settle, settle_others
from flowcheck.runners.messages import Failed, Inspect, Inspected, Judge
from flowcheck.runners.plan import FileState, inspection
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.spark.bringing import batches, check_violations, violations_of
from flowcheck.runners.spark.executor import judged
from flowcheck.runners.spark.merging import Adding, add_up
from flowcheck.runners.spark.sent import Added, Given, Outcome, Run, Told
from flowcheck.runners.spark.session import on_disk, spark_errors
from flowcheck.stores.uri import place_of
from flowcheck.version import __version__

SLICES = 8
"""Of the tasks, for each core, so that none waits long for the last one."""
MOST_IN_A_SLICE = 64
"""Tasks, of a million rows or a file each."""
SECONDS_BETWEEN_WORDS = 0.2
T = TypeVar("T")


def engine_of(context: Any) -> Engine:
    """Judging by the executors of a SparkContext."""
    return partial(_executors, context)


@contextmanager
def _executors(context: Any, request: AuditRequest, _inputs: Sequence[InputFile]) -> Iterator[Executors]:
    if request.resume:
        raise RunError("a run on Spark goes on with none before it", hint="leave out resume: it begins anew")
    with tempfile.TemporaryFile() as program, ThreadPoolExecutor(1) as thread:
        executors = Executors(context, program, thread, cache=request.cache)
        try:
            yield executors
        except BaseException:
            executors.stop()
            raise
        finally:
            executors.forget()


class Executors:
    """Those of a SparkContext, for one run. A thread waits for Spark, so that signals are heard."""

    def __init__(self, context: Any, program: BinaryIO, thread: ThreadPoolExecutor, *, cache: bool) -> None:
        self.program = program
        self._context, self._thread, self._cache = context, thread, cache
        self._key = f"flowcheck-{uuid.uuid4().hex}"
        self._looked_at: Any = None
        self._kept: list[Any] = []

    def stop(self) -> None:
        """What still runs."""
        with suppress(RunError), spark_errors():
            self._context.cancelJobGroup(self._key)

    def forget(self) -> None:
        """What executors keep for this run."""
        with suppress(RunError), spark_errors():
            for kept in self._kept:
                kept.unpersist()

    def judge(self, work: Work) -> int:
        self.program.seek(0)
        program, rows = self._context.broadcast(self.program.read()), self._context.accumulator(0)
        self._kept.append(program)
        run = Run(__version__, self._key, work.setup, program, self._cache, work.merged.load.room, rows)
        self._look(run, work)
        total = work.plan.rows_known

        def tell() -> None:
            done = rows.value if total is None else min(rows.value, total)
            work.report(Progress("judging flows", done, total, 0, len(work.plan.files)))

        tasks = [
            Given(order, order.name)
            for order in work.plan.waiting()
            if isinstance(order, Judge) and not _at_once(work.plan.files[order.file])
        ]
        outcomes = self._outcomes(run, tasks)
        if any(map(_at_once, work.plan.files)):
            outcomes = self._looked_at.union(outcomes)
        told = self._add_up(work, outcomes, tell)
        _settle(work, told)
        return sum(one.order.rows for one in told)

    def _look(self, run: Run, work: Work) -> None:
        """Have all files looked at; logs and objects are judged with it."""
        plan = work.plan
        objects = plan.start(set())
        orders = [*plan.waiting(), *(inspection(plan.files[number]) for number in objects)]
        hashed = {id(one) for one in work.hashed if not one.label}
        files = [plan.files[order.file].input for order in orders]
        pairs = zip(orders, files, strict=True)
        given = [Given(order, file.name, id(file) in hashed, _stored(file)) for order, file in pairs]
        looked_at = self._looked_at = self._outcomes(run, given)
        for order, answer, *_, sha256 in self._waited(lambda: looked_at.map(_without_bytes).collect()):
            if isinstance(order, Inspect):
                plan.files[order.file].sha256 = sha256
            if isinstance(answer, Failed):
                plan.fail(answer.file, answer.reason, answer.detail, answer.sha256)
            elif isinstance(answer, Inspected):
                plan.split(answer)

    def _outcomes(self, run: Run, given: Sequence[Given]) -> Any:
        """An RDD of what comes of orders, kept by executors once it was asked for."""
        n = len(given)
        slices = max(1, min(n, max(SLICES * self._context.defaultParallelism, -(-n // MOST_IN_A_SLICE))))
        outcomes = self._context.parallelize(given, slices).mapPartitions(partial(judged, run))
        self._kept.append(outcomes.persist(on_disk()))
        return outcomes

    def _add_up(self, work: Work, outcomes: Any, tell: Callable[[], None]) -> list[Told]:
        """Add all that can be judged to what is merged, and bring its violations. What a file left that
        failed is not among it."""
        meanwhile = work.meanwhile
        while True:
            failed = frozenset(state.number for state in work.plan.files if state.failure)
            some: list[Added] = self._waited(
                partial(add_up, outcomes, work.merged.load.room, failed), meanwhile, tell
            )
            for error in (added.error for added in some if added.error):
                raise error
            failures = [failure for added in some for failure in added.failed]
            if not failures:
                break
            for one in sorted(failures, key=lambda one: (one.file, one.reason, one.detail)):
                work.plan.fail(one.file, one.reason, one.detail, one.sha256)
            meanwhile = ()
        adding = Adding(work.merged)
        merge = partial(_merge, adding, some)
        self._bring(work, outcomes, failed, ChainMap(*(dict(added.violations) for added in some)), merge)
        for task in adding.told:
            check_violations(work.workspace, task)
        return adding.told

    def _bring(
        self,
        work: Work,
        outcomes: Any,
        failed: frozenset[int],
        sizes: Mapping[int, int],
        merge: Callable[[], None],
    ) -> None:
        """Bring violations to where the result is written, and merge meanwhile. ``sizes``: their bytes in
        each partition that has any."""
        meanwhile = [merge]
        for partitions in batches(sizes):
            ask = partial(self._context.runJob, outcomes, partial(violations_of, failed), partitions)
            for name, content in self._waited(ask, meanwhile):
                with work.workspace.errors():
                    work.workspace.violations(name).write_bytes(content)
            meanwhile = []
        for do in meanwhile:
            do()

    def _waited(
        self,
        ask: Callable[[], T],
        meanwhile: Sequence[Callable[[], object]] = (),
        tell: Callable[[], None] = lambda: None,
    ) -> T:
        """What Spark answers."""

        def asked() -> T:
            with spark_errors():
                self._context.setJobGroup(self._key, "flowcheck audit", interruptOnCancel=True)
                return ask()

        answer = self._thread.submit(asked)
        for do in reversed(meanwhile):
            do()
        while True:
            try:
                return answer.result(SECONDS_BETWEEN_WORDS)
            except TimeoutError:
                if answer.done():
                    raise
                tell()


def _stored(file: InputFile) -> InputFile | None:
    """An object, with what this machine's environment tells of its store: executors have another."""
    if file.access is None:
        return None
    as_told = import_module("flowcheck.stores.arrow").as_told
    return replace(file, access=as_told(place_of(file.path).scheme, file.access))


def _at_once(state: FileState) -> bool:
    """Whether a file was judged where it was looked at."""
    return state.converted is not None or state.input.access is not None


def _without_bytes(outcome: Outcome) -> Outcome:
    return outcome._replace(part=b"", violations=b"")


def _merge(adding: Adding, some: Sequence[Added]) -> None:
    for added in some:
        adding.add(added)


def _settle(work: Work, told: list[Told]) -> None:
    """What is to be said of each file.

    **Raises**: AssertionError where a task was counted twice, or not at all, which must not pass for a
    result."""
    by_file: dict[int, list[Told]] = {}
    for one in told:
        by_file.setdefault(one.order.file, []).append(one)
    for state in work.plan.files:
        if state.failure is None and not state.input.skipped:
            own = sorted(by_file.pop(state.number, []), key=lambda one: one.order.task)
            if [one.order.task for one in own] != list(range(state.tasks)):
                raise AssertionError(f"tasks of {state.input.name} were not counted once each")
            state.parts = {one.order.task: one.order.part for one in own}
            spans = [span for one in own for span in one.spans]
            settle(work.merged, state, [one.part for one in own], spans)
    if by_file:
        raise AssertionError("tasks of files were counted that failed")
    settle_others(work.merged, work.plan)
