"""Files and row groups -> orders, and what became of each file. No process is touched here."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flowcheck.flows.canonical.rows import BATCH_ROWS
from flowcheck.flows.files.inputs import InputFile
from flowcheck.flows.logs.converted import Reason
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.results.census import HOUR
from flowcheck.results.records.compared import Traits
from flowcheck.results.records.ledger import FileEntry, LeftOut, Rejected, Stored
from flowcheck.results.summary import LedgerMismatchError
from flowcheck.runners.messages import Converted, Failed, Inspect, Judge, Part
from flowcheck.runners.troubles import Troubles

TASK_ROWS = 1 << 20
"""Rows after which a file's next row group goes into another task, and above which one row group is cut."""


@dataclass(slots=True)
class FileState:
    """One input file on its way: its tasks' parts come in until none is missing."""

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
        self._queue: deque[Inspect | Judge] = deque()
        self._troubles = Troubles()

    def start(self, done: set[int]) -> None:
        """Queue every file that is to be judged and is not among ``done``."""
        for state in self.files:
            if not state.input.skipped and state.number not in done:
                self._queue.append(inspection(state))

    def next(self) -> Inspect | Judge | None:
        """The next order, leaving out what belongs to files that have failed."""
        while self._queue:
            order = self._queue.popleft()
            if self.files[order.file].failure is None:
                return self._troubles.attempt(order)
        return None

    def waiting(self) -> Iterator[Inspect | Judge]:
        """All that are queued now, in their order."""
        while (order := self.next()) is not None:
            yield order

    @property
    def given_out(self) -> bool:
        """Whether no order is left, nor will come of a file that is yet to be inspected."""
        known = (s.rows is not None or s.failure is not None or bool(s.input.skipped) for s in self.files)
        return not self._queue and all(known)

    def split(self, number: int, row_groups: tuple[int, ...], converted: Converted | None = None) -> None:
        """Queue the tasks of an inspected file, or of what it was converted to."""
        state = self.files[number]
        state.rows, state.converted = sum(row_groups), converted
        tasks = list(tasks_of(inspection(state), state.input.name, row_groups, converted, self._folder))
        state.tasks = len(tasks)
        self._queue += tasks

    def again(self, order: Inspect | Judge) -> None:
        """An order that no worker got to see."""
        self._queue.appendleft(order)

    def lost(self, order: Inspect | Judge, reason: str, how: str) -> None:
        """Who was on this order is gone."""
        self._once_more_or_not(self._troubles.lost(order, reason, how))

    def short_of_memory(self, order: Inspect | Judge, failed: Failed) -> None:
        self._once_more_or_not(self._troubles.short_of_memory(order, failed))

    def _once_more_or_not(self, found: Inspect | Judge | Failed) -> None:
        if isinstance(found, Failed):
            self.fail(found.file, found.reason, found.detail, found.sha256)
        else:
            self._queue.appendleft(found)

    def fail(self, number: int, reason: str, detail: str, sha256: str | None) -> None:
        if self.files[number].failure is None:
            self.files[number].failure = (reason, detail, sha256)

    @property
    def rows_known(self) -> int | None:
        """Rows of all files, once every footer has been read."""
        wanted = [s for s in self.files if not s.input.skipped and s.failure is None]
        return None if any(s.rows is None for s in wanted) else sum(s.rows or 0 for s in wanted)


def inspection(state: FileState) -> Inspect:
    """The first order of a file."""
    given = state.input
    return Inspect(state.number, os.fsencode(given.path), given.identity, given.keys)


def tasks_of(
    file: Inspect, name: str, row_groups: Sequence[int], converted: Converted | None, folder: Path
) -> Iterator[Judge]:
    """The others: of an inspected file, or of what it was converted to, which lies in ``folder``."""
    path, identity, keys = file.path, file.identity, file.keys
    if converted is not None:
        path, identity, keys = os.fsencode(folder / converted.name), converted.identity, ()
    first = 0
    for task, rows in enumerate(task_rows(row_groups)):
        yield Judge(file.file, task, path, name, identity, keys, first, rows, converted is not None)
        first += rows


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


def judged_entry(state: FileState, parts: list[Part]) -> FileEntry:
    """The ledger's entry of a file whose parts are all there."""
    positions: dict[str, tuple[int, tuple[int, ...]]] = {}
    for part in parts:
        for one in part.rejected:
            rows, first = positions.get(one.reason, (0, ()))
            positions[one.reason] = (rows + one.rows, (first + one.first_rows)[:10])
    rejected = tuple(
        Rejected(reason=reason, rows=rows, first_rows=first)
        for reason, (rows, first) in sorted(positions.items())
    )
    log = state.converted.conversion if state.converted else None
    if log is not None:
        rejected = _with_records(rejected, log.rejected)
    return FileEntry(
        file=state.input.name,
        status="judged",
        bytes=state.input.identity.size,
        format=log.format if log else "canonical",
        format_because=log.why if log else "",
        rows_declared=log.records if log else state.rows,
        rows_merged=log.merged if log else 0,
        rows_left_out=sum(one.records for one in log.left_out) if log else 0,
        left_out=tuple(LeftOut(reason=one.reason, rows=one.records) for one in log.left_out) if log else (),
        rows_judged=sum(part.judged for part in parts),
        rows_unknown=sum(part.unknown for part in parts),
        rows_rejected=sum(one.rows for one in rejected),
        rows_filtered=sum(part.filtered for part in parts),
        rejected=rejected,
        stored=state.stored,
        warnings=(*state.warnings, *_warnings(parts)),
    )


def judged_traits(state: FileState, parts: list[Part], spans: Sequence[tuple[int, int]]) -> Traits:
    """What the file is compared by with others, likewise. ``spans``: when the rows of each part began, as
    :func:`span_of` says."""
    hours = sorted({hour for part in parts for hour in part.census.hours})
    first, last = (
        min((one for one, _ in spans), default=END),
        max((one for _, one in spans), default=BEGINNING),
    )
    if first > last or not hours:
        return Traits(state.columns)
    return Traits(state.columns, first, last, hours[len(hours) // 2] * HOUR)


def _with_records(rejected: tuple[Rejected, ...], records: tuple[Reason, ...]) -> tuple[Rejected, ...]:
    """Rows that were rejected as they were judged, and records as they were read."""
    found = {one.reason: one for one in rejected}
    for one in records:
        known = found.get(one.reason) or Rejected(reason=one.reason, rows=0, first_rows=())
        first = tuple(sorted((*known.first_rows, *one.first)))[:10]
        found[one.reason] = Rejected(reason=one.reason, rows=known.rows + one.records, first_rows=first)
    return tuple(found[reason] for reason in sorted(found))


def _warnings(parts: list[Part]) -> Iterator[str]:
    sampled = sum(part.census.sampled for part in parts)
    if sampled:
        yield f"sampled traffic, rows: {sampled}; their counts are those of the samples"


def other_entry(state: FileState) -> FileEntry:
    """The ledger's entry of a file that failed or was skipped.

    **Raises**: LedgerMismatchError for a file that is neither: it would pass for one left out on purpose.
    """
    if state.failure is None and not state.input.skipped:
        raise LedgerMismatchError("a file is neither judged, failed nor skipped")
    reason, detail, sha256 = state.failure or ("skipped", state.input.skipped, None)
    return FileEntry(
        file=state.input.name,
        status="failed" if state.failure else "skipped",
        bytes=state.input.identity.size,
        reason=reason,
        detail=detail,
        rows_declared=state.rows,
        sha256=sha256,
    )
