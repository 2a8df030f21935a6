"""One task: judge some rows of one file, count their edges, keep their violations as a part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.compile import Program
from flowcheck.flows.canonical.rows import cut_batches
from flowcheck.flows.canonical.schema import COLUMNS, ICMP_NUMBER, JUDGED, MESH_ASKS, MESH_MARK, is_text
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.flows.logs.rows import RECORD
from flowcheck.judging.batch import make_resolver, read_flows
from flowcheck.judging.contacts import Contacts
from flowcheck.judging.keyed import KeyedFlows
from flowcheck.results.connections import ConnectionTable
from flowcheck.results.edges import EdgeTable
from flowcheck.results.recorded import COLUMNS as RECORDED
from flowcheck.results.violations import (
    Said,
    Violating,
    joined_violating,
    violations_batch,
    without_missing,
)
from flowcheck.runners.messages import Judge, Setup
from flowcheck.runners.program.given import Given
from flowcheck.runners.tasks.filters import Filters
from flowcheck.runners.tasks.part_file import LazyWriter, PartWriter
from flowcheck.runners.tasks.work import TaskTables, Work

WRITTEN_AT_ONCE = 1 << 14
"""Violating rows: to put few into words takes almost as long as many."""
MOST_BYTES_IN_WORDS = 64 << 20
"""Of violating rows, where a batch is judged in parts as it took too much memory."""


class TaskRunner:
    """Runs tasks against one program with one set of filters."""

    def __init__(self, given: Given, setup: Setup) -> None:
        self._program = program = given.program
        self._plan = given.plan
        self._setup = setup
        self._resolver = make_resolver(program)
        self._tables = TaskTables(KeyedFlows(program, given.moments), ConnectionTable(), EdgeTable())
        self._said: Said = {}
        self._filters = Filters(setup, program)

    def run(self, task: Judge, file: FlowFile, advance: Callable[[int], None]) -> str:
        """Judge the task's rows; returns the name of the part written."""
        stem = Path(self._setup.folder) / task.part
        contacts = Contacts() if self._setup.contacts else None
        with PartWriter(stem.with_suffix(".part")) as part:
            work = Work(self._program, self._plan, self._tables, task.name, part.add, contacts)
            violations_bytes = self._judge_rows(task, file, advance, work)
            file.check_unchanged()
            part.finish(work.part(task.rows, violations_bytes))
        return task.part

    def _judge_rows(self, task: Judge, file: FlowFile, advance: Callable[[int], None], work: Work) -> int:
        """Add all rows; returns the size of the file of violations that was written beside the part."""
        judged_columns = columns_asked_by(file.columns, self._program)
        judged_columns += [n for n in RECORDED if n in file.columns and n not in judged_columns]
        judged_columns += [RECORD] if task.converted else []
        kept = [n for n in file.schema.names if n in COLUMNS or self._setup.keep_columns]
        others = [name for name in kept if name not in judged_columns]
        path = Path(self._setup.folder) / f"{task.part}.violations"
        end = task.first_row + task.rows
        with LazyWriter(path) as writer:
            waiting: list[Violating] = []
            for first, n_rows in cut_batches(task.first_row, end, file.row_groups):
                for at in range(first, first + n_rows, file.batch_rows):
                    rows = min(file.batch_rows, first + n_rows - at)
                    waiting += self._judge(file, at, rows, (judged_columns, others), work)
                    advance(rows)
                    if rows < n_rows and _is_much(waiting):
                        self._write(waiting, work, writer)
                        waiting = []
                if sum(len(each.rows) for each in waiting) >= WRITTEN_AT_ONCE or first + n_rows == end:
                    self._write(waiting, work, writer)
                    waiting = []
        return writer.size

    def _judge(
        self, file: FlowFile, first: int, n_rows: int, columns: tuple[list[str], list[str]], work: Work
    ) -> list[Violating]:
        """One batch; its violating rows, where there are any. ``columns``: those it is judged by, and others
        that are told of a violating row."""
        judged, others = columns
        batch = file.read(first, n_rows, judged)
        read = read_flows(self._program, self._resolver, batch)
        work.accounts.filtered += self._filters.leave_out(read.flows)
        found, places = work.add(batch, read, first)
        if RECORD in found.batch.schema.names:
            found = found._replace(batch=found.batch.drop_columns([RECORD]))
        if others and len(places):
            more = file.read(first, n_rows, others, places)
            found = found._replace(batch=_beside(found.batch, more))
        return [found] if len(places) else []

    def _write(self, waiting: list[Violating], work: Work, writer: LazyWriter) -> None:
        if waiting:
            found = joined_violating(waiting)
            violations = violations_batch(self._program, found, work.file, self._said)
            work.keep_examples(found)
            writer.write(without_missing(violations, found.batch.schema))


def columns_asked_by(columns: Iterable[str], *programs: Program) -> list[str]:
    """Those of a file's columns that any of the programs judges by."""
    icmp = any(program.tells_icmp_apart for program in programs)
    judged_by = {*JUDGED, *MESH_ASKS, MESH_MARK, *(ICMP_NUMBER if icmp else ())}
    return [name for name in columns if name in judged_by]


def _is_much(found: Sequence[Violating]) -> bool:
    """Whether rows put into words would take much memory, as those with long texts do."""
    columns = (column for each in found for column in each.batch.columns)
    return sum(map(_most_bytes, columns)) > MOST_BYTES_IN_WORDS


def _most_bytes(column: pa.Array) -> int:
    """Of its values, where each of a dictionary's is written out."""
    if not pa.types.is_dictionary(column.type) or not is_text(column.type.value_type):
        return int(column.nbytes)
    longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
    return len(column) * int(longest)


def _beside(one: pa.RecordBatch, other: pa.RecordBatch) -> pa.RecordBatch:
    """The columns of both."""
    names = [*one.schema.names, *other.schema.names]
    return pa.RecordBatch.from_arrays([*one.columns, *other.columns], names=names)
