"""The judging itself: hand out orders, take answers, merge files as they are finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec

from flowcheck.results.records.summary import Resumed
from flowcheck.runners import messages
from flowcheck.runners.fetching.ahead import Ahead
from flowcheck.runners.judges.interface import Report
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import FileOrder, Inspect, Setup
from flowcheck.runners.plan import FileState, Plan
from flowcheck.runners.pool import Gone, Pool
from flowcheck.runners.request import Progress
from flowcheck.runners.tasks.entries import judged_entry, judged_traits, other_entry
from flowcheck.runners.workspace import Done, Workspace

SECONDS_BETWEEN_WORDS = 0.1


class Judging:
    """One run's files, from the first order to the last answer."""

    def __init__(
        self,
        plan: Plan,
        merged: Merged,
        pool: Pool,
        workspace: Workspace,
        report: Report,
        ahead: Ahead | None = None,
    ) -> None:
        """``ahead`` fetches what lies in stores; None: nothing does."""
        self.plan = plan
        self._ahead = ahead
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
            state.converted, state.stored, state.columns = record.converted, record.stored, record.columns
            state.sha256, state.pruned = record.sha256, record.pruned
            self._settle(state)
        self._pool.prepare(setup)
        objects = self.plan.start(set(done))
        if self._ahead is not None and self._ahead.descriptor is not None:
            self._pool.watch(self._ahead.descriptor)
            self._ahead.ask(objects)
        while self._hear_of_objects() | self._hand_out() or self._pool.busy():
            if waiting and self.plan.given_out and self._pool.judging():
                waiting.pop()()
            for order, answer in self._pool.answers(timeout=0.2):
                self._take(order, answer)
            self._tell()
        settle_others(self.merged, self.plan)

    def _hear_of_objects(self) -> bool:
        """Queue what has been fetched; whether any more is to come."""
        if self._ahead is None:
            return False
        for news in self._ahead.news():
            if news.error is not None:
                with self._workspace.errors():
                    raise news.error
            if news.reason:
                self.plan.fail(news.number, news.reason, news.detail, None)
            elif news.looked_at:
                self.plan.look(news.number, self._ahead.place(news.number))
            else:
                self.plan.fetched(news.number, self._ahead.place(news.number), news.sha256)
        return self._ahead.busy

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

    def _take(self, order: FileOrder, answer: messages.Answer | Gone) -> None:
        match answer:
            case Gone(begun=False):
                self.plan.again(order)
            case Gone():
                self.plan.lost(order, answer.reason, answer.how)
            case messages.Failed(reason=messages.MEMORY):
                self.plan.short_of_memory(order, answer)
            case messages.Advanced():
                self.rows_done += answer.rows
            case messages.Inspected():
                self.plan.split(answer)
            case messages.Looked():
                if self._ahead is not None:
                    self._ahead.go_on(answer.file, answer.unread)
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
            told = (state.converted, state.stored, state.columns, state.sha256, state.pruned)
            done = Done(state.rows or 0, state.warnings, names, *told)
            self._workspace.finish(state.number, done)
            self._settle(state)
        read = state.converted is not None and isinstance(order, Inspect)
        if self._ahead is not None and (read or state.settled):
            self._ahead.release(state.number)

    def _settle(self, state: FileState) -> None:
        """Merge a finished file."""
        names = [state.parts[task] for task in sorted(state.parts)]
        parts, spans = [], []
        for number, part in enumerate(map(self._workspace.part, names)):
            sums = self._workspace.sums(names[number], part)
            spans += self.merged.take(part, sums, (state.number, state.input.name, number))
            parts.append(msgspec.structs.replace(part, load=None, pairs=None, contacts=messages.NONE))
        settle(self.merged, state, parts, spans)

    def _tell(self) -> None:
        """Count what is done, ten times a second at most: counting looks at every file."""
        now = time.monotonic()
        if now - self._told < SECONDS_BETWEEN_WORDS:
            return
        self._told = now
        settled = sum(state.settled or bool(state.input.skipped) for state in self.plan.files)
        total = self.plan.rows_known
        self._report(Progress("judging flows", self.rows_done, total, settled, len(self.plan.files)))


def settle(
    merged: Merged, state: FileState, parts: list[messages.Part], spans: Sequence[tuple[int, int]]
) -> None:
    """What is to be said of a file whose parts, in their order, were added."""
    merged.entries[state.number] = judged_entry(state, parts)
    merged.traits[state.number] = judged_traits(state, parts, spans)
    merged.violations[state.number] = [state.parts[task] for task in sorted(state.parts)]


def settle_others(merged: Merged, plan: Plan) -> None:
    """What is to be said of files that failed or were skipped."""
    for state in plan.files:
        if state.number not in merged.entries:
            merged.entries[state.number] = other_entry(state)
