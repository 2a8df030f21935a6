"""Files and row groups -> orders, and what became of each file. No process is touched here."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from flowcheck.flows.canonical.rows import BATCH_ROWS
from flowcheck.flows.files.inputs import FileIdentity, InputFile
from flowcheck.results.records.ledger import Stored
from flowcheck.runners.messages import Converted, Failed, FileOrder, Inspect, Inspected, Judge, Look
from flowcheck.runners.troubles import Troubles

TASK_ROWS = 1 << 20
"""Rows after which a file's next row group goes into another task, and above which one row group is cut."""


@dataclass(slots=True)
class FileState:
    """One input file on its way: its tasks' parts come in until none is missing. ``fetched``: where an
    object of a store lies, and as what; ``pruned``: row groups that were left out, and their rows."""

    number: int
    input: InputFile
    rows: int | None = None
    warnings: tuple[str, ...] = ()
    tasks: int = 0
    parts: dict[int, str] = field(default_factory=dict)
    failure: tuple[str, str, str | None] | None = None
    converted: Converted | None = None
    stored: Stored | None = None
    columns: tuple[str, ...] = ()
    fetched: tuple[bytes, FileIdentity] | None = None
    sha256: str | None = None
    pruned: tuple[int, int] = 0, 0

    @property
    def place(self) -> tuple[bytes, FileIdentity]:
        """What is opened to read it, and what that must be."""
        return self.fetched or (os.fsencode(self.input.path), self.input.identity)

    @property
    def settled(self) -> bool:
        return self.failure is not None or (self.rows is not None and len(self.parts) == self.tasks)


class Plan:
    """The queue of orders. One whose worker died is tried once more, before anything else."""

    def __init__(self, inputs: list[InputFile], folder: Path) -> None:
        """``folder``: where the rows of logs are."""
        self._folder = folder
        self.files = [FileState(number, each) for number, each in enumerate(inputs)]
        for state in self.files:
            if state.input.skipped and state.input.failed:
                state.failure = ("not_a_file", state.input.skipped, None)
        self._queue: deque[FileOrder] = deque()
        self._troubles = Troubles()

    def start(self, done: set[int]) -> list[int]:
        """Queue every file that is to be judged and is not among ``done``; the numbers of those that are to
        be fetched first."""
        wanted = [s for s in self.files if not s.input.skipped and s.number not in done]
        self._queue += [inspection(state) for state in wanted if state.input.access is None]
        return [state.number for state in wanted if state.input.access is not None]

    def look(self, number: int, place: tuple[bytes, FileIdentity]) -> None:
        """Have the footer of an object looked at that is all of it that is there yet."""
        self._queue.append(Look(number, *place, self.files[number].input.keys))

    def fetched(self, number: int, place: tuple[bytes, FileIdentity], sha256: str | None) -> None:
        """Queue an object that lies here now."""
        state = self.files[number]
        state.fetched, state.sha256 = place, sha256
        self._queue.append(Inspect(number, *place, state.input.keys))

    def next(self) -> FileOrder | None:
        """The next order, leaving out what belongs to files that have failed."""
        while self._queue:
            order = self._queue.popleft()
            if self.files[order.file].failure is None:
                return self._troubles.attempt(order)
        return None

    def waiting(self) -> Iterator[FileOrder]:
        """All that are queued now, in their order."""
        while (order := self.next()) is not None:
            yield order

    @property
    def given_out(self) -> bool:
        """Whether no order is left, nor will come of a file that is yet to be inspected."""
        known = (s.rows is not None or s.failure is not None or bool(s.input.skipped) for s in self.files)
        return not self._queue and all(known)

    def split(self, found: Inspected) -> None:
        """Queue the tasks of an inspected file, or of what it was converted to. Those of an object come
        before all else: it lies on the disk until they are done."""
        state = self.files[found.file]
        state.converted, state.warnings = found.converted, found.warnings
        state.stored, state.columns = found.stored, found.columns
        state.pruned = len(found.left_out), sum(found.row_groups[group] for group in found.left_out)
        state.rows = sum(found.row_groups)
        tasks = list(tasks_of(inspection(state), state.input.name, found, self._folder))
        state.tasks = len(tasks)
        if state.input.access is None:
            self._queue.extend(tasks)
        else:
            self._queue.extendleft(reversed(tasks))

    def again(self, order: FileOrder) -> None:
        """An order that no worker got to see."""
        self._queue.appendleft(order)

    def lost(self, order: FileOrder, reason: str, how: str) -> None:
        """Who was on this order is gone."""
        self._once_more_or_not(self._troubles.lost(order, reason, how))

    def short_of_memory(self, order: FileOrder, failed: Failed) -> None:
        self._once_more_or_not(self._troubles.short_of_memory(order, failed))

    def _once_more_or_not(self, found: FileOrder | Failed) -> None:
        if isinstance(found, Failed):
            self.fail(found.file, found.reason, found.detail, found.sha256)
        else:
            self._queue.appendleft(found)

    def fail(self, number: int, reason: str, detail: str, sha256: str | None) -> None:
        state = self.files[number]
        if state.failure is None:
            object_ = state.input.access is not None  # of which perhaps not all is here
            state.failure = (reason, detail, state.sha256 if object_ else sha256)

    @property
    def rows_known(self) -> int | None:
        """Rows of all files, once every footer has been read."""
        wanted = [s for s in self.files if not s.input.skipped and s.failure is None]
        return None if any(s.rows is None for s in wanted) else sum(s.rows or 0 for s in wanted)


def inspection(state: FileState) -> Inspect:
    """The first order of a file; of an object once it lies here."""
    return Inspect(state.number, *state.place, state.input.keys)


def tasks_of(file: Inspect, name: str, found: Inspected, folder: Path) -> Iterator[Judge]:
    """The others: of an inspected file, or of what it was converted to, which lies in ``folder``."""
    path, identity, keys = file.path, file.identity, file.keys
    if (log := found.converted) is not None:
        path, identity, keys = os.fsencode(folder / log.name), log.identity, ()
    for task, (first, rows) in enumerate(task_spans(found.row_groups, found.left_out)):
        yield Judge(file.file, task, path, name, identity, keys, first, rows, log is not None)


def task_spans(row_groups: Sequence[int], left_out: Collection[int] = ()) -> Iterator[tuple[int, int]]:
    """First row and number of rows of each task: no row of the row groups ``left_out`` is in any."""
    at = 0
    for out, run in groupby(range(len(row_groups)), key=lambda group: group in left_out):
        groups = [row_groups[group] for group in run]
        begin, at = at, at + sum(groups)
        for rows in () if out else task_rows(groups):
            yield begin, rows
            begin += rows


def task_rows(row_groups: Sequence[int]) -> Iterator[int]:
    """Rows of each task. Tasks end with row groups, which a worker can only decode from their start, but for
    those that would keep one worker busy while the others wait."""
    rows = 0
    for group in row_groups:
        parts = max(-(-group // TASK_ROWS), 1)
        size = -(-group // (parts * BATCH_ROWS)) * BATCH_ROWS
        for begin in range(0, group, size or 1):
            rows += min(size, group - begin)
            if rows >= TASK_ROWS or parts > 1:
                yield rows
                rows = 0
    if rows:
        yield rows
