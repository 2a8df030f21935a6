"""One task: judge some rows of one file, count their edges, keep their violations as a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.arrays import FlowArrays
from flowcheck.flows.canonical.rows import cut_batches
from flowcheck.flows.canonical.schema import COLUMNS, ICMP_NUMBER, JUDGED, MESH_ASKS, is_text
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
from flowcheck.runners.tasks.part_file import LazyWriter, part_errors
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
        self._in_namespaces = np.array([n in setup.namespaces for n in program.namespaces], dtype=np.bool_)

    def run(self, task: Judge, file: FlowFile, advance: Callable[[int], None]) -> str:
        """Judge the task's rows; returns the name of the part written."""
        contacts = Contacts() if self._setup.contacts else None
        work = Work(self._program, self._plan, self._tables, task.name, contacts)
        judged_by = {*JUDGED, *MESH_ASKS, *(ICMP_NUMBER if self._program.tells_icmp_apart else ())}
        judged_columns = [name for name in file.columns if name in judged_by]
        judged_columns += [name for name in RECORDED if name in file.columns]
        judged_columns += [RECORD] if task.converted else []
        kept = [n for n in file.schema.names if n in COLUMNS or self._setup.keep_columns]
        others = [name for name in kept if name not in judged_columns]
        stem = Path(self._setup.folder) / task.part
        end = task.first_row + task.rows
        with LazyWriter(stem.with_suffix(".violations")) as writer:
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
        file.check_unchanged()
        part = msgspec.msgpack.encode(work.part(task.rows, writer.size))
        with part_errors():
            stem.with_suffix(".part").write_bytes(part)
        return task.part

    def _judge(
        self, file: FlowFile, first: int, n_rows: int, columns: tuple[list[str], list[str]], work: Work
    ) -> list[Violating]:
        """One batch; its violating rows, where there are any. ``columns``: those it is judged by, and others
        that are told of a violating row."""
        judged, others = columns
        batch = file.read(first, n_rows, judged)
        read = read_flows(self._program, self._resolver, batch)
        work.filtered += self._leave_out(read.flows)
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

    def _leave_out(self, flows: FlowArrays) -> int:
        """Leave out rows outside the asked time or namespaces; returns how many there are."""
        setup = self._setup
        if setup.since_us is None and setup.until_us is None and not setup.namespaces:
            return 0
        out = np.zeros(len(flows.src), dtype=np.bool_)
        if setup.since_us is not None:
            out |= flows.seen_at < setup.since_us
        if setup.until_us is not None:
            out |= flows.seen_at >= setup.until_us
        if setup.namespaces:
            out |= ~(self._in_namespaces[flows.src] | self._in_namespaces[flows.dst])
        out &= flows.judge != 0
        flows.judge[out] = 0
        return int(out.sum())


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
