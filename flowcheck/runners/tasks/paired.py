"""One task of a comparison: judge its rows by two programs, count its edges once, keep its examples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Judged
from flowcheck.flows.canonical.numbers import read_numbers
from flowcheck.flows.canonical.rows import cut_batches
from flowcheck.flows.canonical.schema import COLUMNS
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.flows.logs.rows import RECORD
from flowcheck.judging.asked import last_judged, take_judged, take_rows
from flowcheck.judging.batch import FlowBatch, make_resolver, read_flows
from flowcheck.judging.paired import Ends, PairedFlows, Under
from flowcheck.results.census import Census
from flowcheck.results.connections import ConnectionTable
from flowcheck.results.diff.kinds import KIND
from flowcheck.results.diff.pairs import SAME_ENDS, Pairs, key_of
from flowcheck.results.edges import EdgeTable, decisions_of, pairs, service_words
from flowcheck.results.finding.firsts import Firsts
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.violations import Violating, rows_batch, without_missing
from flowcheck.runners.messages import Judge, Part, Setup
from flowcheck.runners.program.given import Given
from flowcheck.runners.tasks.accounts import Accounts, positions
from flowcheck.runners.tasks.filters import Filters
from flowcheck.runners.tasks.part_file import LazyWriter, PartWriter
from flowcheck.runners.tasks.pieces import HandOver, Pieces
from flowcheck.runners.tasks.task import columns_asked_by
from flowcheck.runners.tasks.work import MOST_KEYS

SAME = "same"
"""The section that has :attr:`Compared.same`."""

LOAD_ALONE = ("packets", "packets_here", "service_ip", "service_name")
"""Columns that only the load is counted by."""


class Compared(NamedTuple):
    """What flows are judged by. same (groups,) int32: of each group of the first program the number of the
    one with its name in the second, -1 where there is none."""

    before: Given
    after: Given
    same: Int32


class PairedTables(NamedTuple):
    """As of :class:`flowcheck.runners.tasks.work.TaskTables`."""

    keyed: PairedFlows
    connections: ConnectionTable
    edges: EdgeTable
    pairs: Pairs


class PairedRunner:
    """Runs tasks against two programs with one set of filters."""

    def __init__(self, given: Compared, setup: Setup) -> None:
        self._given = given
        self._programs = given.before.program, given.after.program
        self._setup = setup
        self._resolvers = [make_resolver(program) for program in self._programs]
        self._filters = Filters(setup, *self._programs)
        sides = (Under(side.program, side.moments) for side in (given.before, given.after))
        self._tables = PairedTables(PairedFlows(*sides), ConnectionTable(), EdgeTable(), Pairs())

    def run(self, task: Judge, file: FlowFile, advance: Callable[[int], None]) -> str:
        """Judge the task's rows; returns the name of the part written."""
        stem = Path(self._setup.folder) / task.part
        with PartWriter(stem.with_suffix(".part")) as part:
            work = PairedWork(self._given, self._tables, part.add)
            examples_bytes = self._judge_rows(task, file, advance, work)
            file.check_unchanged()
            part.finish(work.part(task.rows, examples_bytes))
        return task.part

    def _judge_rows(
        self, task: Judge, file: FlowFile, advance: Callable[[int], None], work: PairedWork
    ) -> int:
        """Add all rows; returns the size of the file of examples that was written beside the part."""
        asked = columns_asked_by(file.columns, *self._programs)
        judged = [name for name in asked if name not in LOAD_ALONE] + ([RECORD] if task.converted else [])
        others = [name for name in file.schema.names if name in COLUMNS and name not in judged]
        path = Path(self._setup.folder) / f"{task.part}.violations"
        with LazyWriter(path) as writer:
            for first, n_rows in cut_batches(task.first_row, task.first_row + task.rows, file.row_groups):
                for at in range(first, first + n_rows, file.batch_rows):
                    rows = min(file.batch_rows, first + n_rows - at)
                    batch = file.read(at, rows, judged)
                    found, places = work.add(batch, *self._read(batch, work), at)
                    if len(places):
                        more = file.read(at, rows, others, places) if others else None
                        writer.write(self._told(found, more))
                    advance(rows)
        return writer.size

    def _read(self, batch: pa.RecordBatch, work: PairedWork) -> tuple[FlowBatch, FlowBatch]:
        """One batch as either program reads it; what one leaves out the other does, too."""
        numbers = read_numbers(batch)
        before, after = (
            read_flows(program, resolver, batch, numbers)
            for program, resolver in zip(self._programs, self._resolvers, strict=True)
        )
        work.accounts.filtered += self._filters.leave_out(before.flows, after.flows)
        return before, after

    def _told(self, found: Violating, more: pa.RecordBatch | None) -> pa.RecordBatch:
        """What is written of rows. ``more``: the columns that they were not judged by."""
        names = [name for name in found.batch.schema.names if name != RECORD]
        batch = found.batch.select(names)
        if more is not None:
            columns = [*batch.columns, *more.columns]
            batch = pa.RecordBatch.from_arrays(columns, names=[*names, *more.schema.names])
        rows = rows_batch(self._programs[0], found._replace(batch=batch))
        return without_missing(rows, batch.schema)


class PairedWork:
    """The sums of one task. ``tables``, ``hand_over``: as of
    :class:`flowcheck.runners.tasks.work.Work`."""

    def __init__(self, given: Compared, tables: PairedTables, hand_over: HandOver) -> None:
        self._before, self._after = given.before.program, given.after.program
        self._same = given.same
        self._keyed, self._connections, edges, self._pairs = tables
        for table in tables:
            table.clear()
        self._census = Census()
        self._pieces = Pieces(edges, Firsts(written_alone=True), hand_over)
        self._examples = 0
        self.accounts = Accounts()

    def add(
        self, batch: pa.RecordBatch, before: FlowBatch, after: FlowBatch, first_row: int
    ) -> tuple[Violating, Int64]:
        """Count one batch, as recorded and as either program reads it; returns rows whose verdicts differ, of
        each edge the first, and their places in it."""
        flows, keyed = before.flows, self._keyed
        self.accounts.take(before, batch, first_row)
        self._connections.mark(flows)
        self._census.count(batch, before)
        _, new, firsts = keyed.add(before, after, first_row)
        was, now = (last_judged(judged, len(new)) for judged in keyed.judged)
        ends = keyed.ends_from(len(keyed.keys) - len(new))
        at = np.flatnonzero(KIND[was.verdict, now.verdict, firsts.observed])
        if len(at):
            chosen, told = take_rows(firsts, at), (take_judged(was, at), take_judged(now, at))
            groups = self._groups(chosen.src, chosen.dst)
            numbers = self._numbers(groups, *told, Ends(*(side[at] for side in ends)))
            services = service_words(chosen.protocol, chosen.port, chosen.observed)
            rows = positions(batch, new[at], first_row)
            at = at[self._pieces.firsts.add(groups, key_of(numbers), services, rows)]
        places = new[at]
        self._examples += len(places)
        found = Violating(
            batch=batch.take(pa.array(places)),
            rows=positions(batch, places, first_row),
            flows=take_rows(flows, places),
            judged=take_judged(was, at),
            turned=before.initiators.turned()[places],
            basis=before.initiators.basis[places],
        )
        if len(keyed.keys) > MOST_KEYS:
            self._settle()
        return found, places

    def _groups(self, src: Int32, dst: Int32) -> Int64:
        """(n,) KEY_GROUPS of ends, by the first program."""
        group = self._before.tables.endpoints[:, a.GROUP]
        return pairs(group[src], group[dst])

    def _numbers(self, groups: Int64, was: Judged, now: Judged, ends: Ends) -> Int64:
        """(n,) those of pairs."""
        group = self._after.tables.endpoints[:, a.GROUP]
        src, dst = group[ends.src], group[ends.dst]
        same = (self._same[groups >> a.HALF] == src) & (self._same[groups & a.LOW_WORD] == dst)
        others = np.where(same, SAME_ENDS, pairs(src, dst) + 1)
        return self._pairs.numbers(decisions_of(self._before, was), decisions_of(self._after, now), others)

    def _settle(self) -> None:
        """Add the keys up to edges, and begin anew."""
        keys = self._keyed.keys
        if not len(keys):
            return
        was, now = self._keyed.judged
        unknown = (was.verdict == a.UNKNOWN) | (now.verdict == a.UNKNOWN)
        ends = keys[:, a.ONE]
        groups = self._groups((ends >> a.HALF).astype(np.int32), (ends & a.LOW_WORD).astype(np.int32))
        numbers = self._numbers(groups, was, now, self._keyed.ends_from(0)).astype(np.int32)
        self._pieces.add(self._before.tables.endpoints, keys, numbers, np.zeros_like(numbers), unknown)
        self._keyed.clear()

    def part(self, rows: int, examples_bytes: int) -> Part:
        self._settle()
        self._pieces.hand_over()
        return Part(
            rows=rows,
            judged=self._pieces.judged,
            unknown=self._pieces.unknown,
            filtered=self.accounts.filtered,
            rejected=self.accounts.rejected(),
            sums=(),
            violations=self._examples,
            violations_bytes=examples_bytes,
            census=self._census,
            load=None,
            recorded=RecordedCounts(),
            times=ViolationTimes(),
            pairs=self._pairs.rows().tobytes(),
        )
