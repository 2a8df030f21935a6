"""Files and row groups -> orders, and what became of each file. No process is touched here."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from flowcheck.flows.inputs import InputFile, sha256_of
from flowcheck.results.records import FileEntry, Rejected
from flowcheck.results.summary import LedgerMismatchError
from flowcheck.runners.messages import Inspect, Judge, Part

TASK_ROWS = 1 << 20
"""Rows after which a file's next row group goes into another task."""


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

    @property
    def settled(self) -> bool:
        return self.failure is not None or (self.rows is not None and len(self.parts) == self.tasks)


class Plan:
    """The queue of orders. One whose worker died is tried once more, before anything else."""

    def __init__(self, inputs: list[InputFile]) -> None:
        self.files = [FileState(number, each) for number, each in enumerate(inputs)]
        for state in self.files:
            if state.input.skipped and state.input.failed:
                state.failure = ("not_a_file", state.input.skipped, None)
        self._queue: deque[Inspect | Judge] = deque()
        self._deaths: Counter[int] = Counter()

    def start(self, done: set[int]) -> None:
        """Queue every file that is to be judged and is not among ``done``."""
        for state in self.files:
            if not state.input.skipped and state.number not in done:
                self._queue.append(Inspect(state.number, os.fsencode(state.input.path), state.input.identity))

    def next(self) -> Inspect | Judge | None:
        """The next order, leaving out what belongs to files that have failed."""
        while self._queue:
            order = self._queue.popleft()
            if self.files[order.file].failure is None:
                return order
        return None

    def split(self, number: int, row_groups: tuple[int, ...]) -> None:
        """Queue the tasks of an inspected file."""
        state = self.files[number]
        state.rows = sum(row_groups)
        chosen: list[int] = []
        first_row = rows = 0
        for group, n_rows in enumerate(row_groups):
            chosen.append(group)
            rows += n_rows
            if rows >= TASK_ROWS or group == len(row_groups) - 1:
                path, identity = os.fsencode(state.input.path), state.input.identity
                order = Judge(number, state.tasks, path, state.input.name, identity, tuple(chosen), first_row)
                self._queue.append(order)
                state.tasks += 1
                first_row += rows
                chosen, rows = [], 0

    def again(self, order: Inspect | Judge) -> None:
        """An order that no worker got to see."""
        self._queue.appendleft(order)

    def died(self, order: Inspect | Judge, cause: str) -> None:
        """A worker died on this order: once more, but after its file's second death the file has failed."""
        self._deaths[order.file] += 1
        if self._deaths[order.file] == 1:
            self._queue.appendleft(order)
        else:
            detail = f"the process that read it died twice ({cause})"
            self.fail(order.file, "reader_died", detail, sha256_of(order.path))

    def fail(self, number: int, reason: str, detail: str, sha256: str | None) -> None:
        if self.files[number].failure is None:
            self.files[number].failure = (reason, detail, sha256)

    @property
    def rows_known(self) -> int | None:
        """Rows of all files, once every footer has been read."""
        wanted = [s for s in self.files if not s.input.skipped and s.failure is None]
        return None if any(s.rows is None for s in wanted) else sum(s.rows or 0 for s in wanted)


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
    return FileEntry(
        file=state.input.name,
        status="judged",
        bytes=state.input.identity.size,
        rows_declared=state.rows,
        rows_judged=sum(part.judged for part in parts),
        rows_unknown=sum(part.unknown for part in parts),
        rows_rejected=sum(one.rows for one in rejected),
        rows_filtered=sum(part.filtered for part in parts),
        rejected=rejected,
        warnings=(*state.warnings, *_warnings(parts)),
    )


def _warnings(parts: list[Part]) -> Iterator[str]:
    sampled = sum(part.seen.sampled for part in parts)
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
