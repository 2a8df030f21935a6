"""The driver's side: have files looked at, their tasks judged, all of it added up; bring violations.

What executors found stays on their disks until all is added up. What is lost with one Spark finds again, as
it does its tasks once more; each task is counted by its number, once. The driver holds sums, and some hundred
bytes of each task of a million rows; never rows.
"""

from __future__ import annotations

import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, BinaryIO, TypeVar

from msgspec.structs import replace

from flowcheck.errors import RunError
from flowcheck.flows.files.inputs import InputFile
from flowcheck.runners.judges.interface import Engine, Work
from flowcheck.runners.judges.judging import settle, settle_others
from flowcheck.runners.messages import Failed, Inspected, Judge
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.spark.executor import judged
from flowcheck.runners.spark.merging import add_up
from flowcheck.runners.spark.sent import Added, Given, Outcome, Run, Told
from flowcheck.runners.spark.session import on_disk, spark_errors
from flowcheck.version import __version__

SLICES = 8
"""Of the tasks, for each core, so that none waits long for the last one."""
MOST_IN_A_SLICE = 64
"""Tasks, of a million rows or a file each."""
MOST_BROUGHT = 64 << 20
"""Bytes of violations that the driver takes at once."""
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
        finally:
            executors.end()


class Executors:
    """Those of a SparkContext, for one run. A thread waits for Spark, so that signals are heard."""

    def __init__(self, context: Any, program: BinaryIO, thread: ThreadPoolExecutor, *, cache: bool) -> None:
        self.program = program
        self._context, self._thread, self._cache = context, thread, cache
        self._key = f"flowcheck-{uuid.uuid4().hex}"
        self._looked_at: Any = None
        self._kept: list[Any] = []

    def end(self) -> None:
        """Stop what still runs, and let go of what was kept."""
        with suppress(RunError), spark_errors():
            self._context.cancelJobGroup(self._key)
            for kept in self._kept:
                kept.unpersist()

    def judge(self, work: Work) -> int:
        self.program.seek(0)
        program, rows = self._context.broadcast(self.program.read()), self._context.accumulator(0)
        self._kept.append(program)
        run = Run(__version__, self._key, work.setup, program, self._cache, work.merged.load.room, rows)
        hashes = self._look(run, work)
        total = work.plan.rows_known

        def tell() -> None:
            done = rows.value if total is None else min(rows.value, total)
            work.report(Progress("judging flows", done, total, 0, len(work.plan.files)))

        tasks = [
            Given(order, order.name)
            for order in work.plan.waiting()
            if isinstance(order, Judge) and not order.converted
        ]
        outcomes = self._outcomes(run, tasks)
        if any(state.converted for state in work.plan.files):
            outcomes = self._looked_at.union(outcomes)  # logs were judged where they were looked at
        told = self._add_up(work, outcomes, tell)
        _settle(work, told, hashes)
        return sum(one.order.rows for one in told)

    def _look(self, run: Run, work: Work) -> dict[int, str | None]:
        """Have all files looked at; logs are judged with it. Returns the SHA-256 of each."""
        plan = work.plan
        plan.start(set())
        hashed = {id(one) for one in work.hashed if not one.label}
        orders = list(plan.waiting())
        files = [plan.files[order.file].input for order in orders]
        pairs = zip(orders, files, strict=True)
        given = [Given(order, file.name, id(file) in hashed) for order, file in pairs]
        looked_at = self._looked_at = self._outcomes(run, given)
        hashes: dict[int, str | None] = {}
        for order, answer, *_, sha256 in self._waited(lambda: looked_at.map(_without_bytes).collect()):
            if isinstance(answer, Failed):
                plan.fail(answer.file, answer.reason, answer.detail, answer.sha256)
            elif isinstance(answer, Inspected):
                plan.split(order.file, answer.row_groups, answer.converted)
                state = plan.files[order.file]
                state.warnings, state.stored, state.columns = answer.warnings, answer.stored, answer.columns
                hashes[order.file] = sha256
        return hashes

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
        for _ in range(len(work.plan.files) + 2):  # each time but once another file has failed
            failed = frozenset(state.number for state in work.plan.files if state.failure)
            ask = partial(add_up, outcomes, work.merged.load.room, failed)
            added: list[Added] = self._waited(ask, meanwhile, tell)
            meanwhile = ()
            for error in (one.error for one in added if one.error):
                raise error
            told = [told for one in added for told in one.told]
            failures = [failure for one in added for failure in one.failed]
            failures.sort(key=lambda failure: (failure.file, failure.reason, failure.detail))
            for failure in failures:
                work.plan.fail(failure.file, failure.reason, failure.detail, failure.sha256)
            if not failures and self._bring(work, outcomes, told, failed):
                for one in added:
                    assert one.sums is not None
                    work.merged.take_sums(one.sums)
                return told
        raise RunError("Spark's executors are lost faster than their violations can be brought")

    def _bring(self, work: Work, outcomes: Any, told: list[Told], failed: frozenset[int]) -> bool:
        """Bring violations to where the result is written; whether all are here. Some are not where an
        executor was lost, and a file has changed since it was read."""
        sizes: Counter[int] = Counter()
        for one in told:
            sizes[one.at] += one.part.violations_bytes
        missing = {one.order.part: one.part.violations_bytes for one in told if one.part.violations_bytes}
        for partitions in _together(sizes):
            ask = partial(self._context.runJob, outcomes, partial(_violations, failed), partitions)
            for name, content in self._waited(ask):
                with work.workspace.errors():
                    work.workspace.violations(name).write_bytes(content)
                if missing[name] == len(content):
                    del missing[name]
        return not missing

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


def _without_bytes(outcome: Outcome) -> Outcome:
    return outcome._replace(part=b"", violations=b"")


def _violations(failed: frozenset[int], outcomes: Iterable[Outcome]) -> Iterator[tuple[str, bytes]]:
    for outcome in outcomes:
        if outcome.violations and outcome.order.file not in failed:
            yield outcome.order.part, outcome.violations  # type: ignore[union-attr]


def _together(sizes: Counter[int]) -> Iterator[list[int]]:
    """Partitions with any violations, as many at once as the driver should take."""
    batch: list[int] = []
    for at in sorted(at for at, size in sizes.items() if size):
        if batch and sum(sizes[one] for one in batch) + sizes[at] > MOST_BROUGHT:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _settle(work: Work, told: list[Told], hashes: dict[int, str | None]) -> None:
    """What is to be said of each file.

    **Raises**: AssertionError where a task was counted twice, or not at all, which must not pass for a
    result."""
    by_file: dict[int, list[Told]] = {}
    for one in told:
        by_file.setdefault(one.order.file, []).append(one)
    entries = work.merged.entries
    for state in work.plan.files:
        if state.failure is None and not state.input.skipped:
            own = sorted(by_file.pop(state.number, []), key=lambda one: one.order.task)
            if [one.order.task for one in own] != list(range(state.tasks)):
                raise AssertionError(f"tasks of {state.input.name} were not counted once each")
            state.parts = {one.order.task: one.order.part for one in own}
            spans = [span for one in own for span in one.spans]
            settle(work.merged, state, [one.part for one in own], spans)
            entries[state.number] = replace(entries[state.number], sha256=hashes[state.number])
    if by_file:
        raise AssertionError("tasks of files were counted that failed")
    settle_others(work.merged, work.plan)
