"""One task: judge some rows of one file, count their edges, keep their violations as a part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.balance.count.tally import IN_A_TASK, pack, tally_for
from flowcheck.balance.expect.plan import CountingPlan, named_ports
from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.numbers import REJECTIONS
from flowcheck.flows.canonical.rows import BATCH_ROWS
from flowcheck.flows.canonical.schema import COLUMNS, JUDGED
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.judging.batch import JudgedBatch, judge_batch, make_resolver
from flowcheck.results.census import Census
from flowcheck.results.connections import ConnectionTable
from flowcheck.results.edges import EdgeTable, pairs, service_words
from flowcheck.results.records.findings import Example
from flowcheck.results.records.ledger import Rejected
from flowcheck.results.violations import violating_rows, violations_batch
from flowcheck.runners.messages import Judge, Part, Setup
from flowcheck.runners.part_file import LazyWriter, part_errors

POSITIONS_KEPT = 10
EXAMPLE_COLUMNS = ["row", "src", "dst", "src_ip", "dst_ip"]
MOST_IN_A_TASK = 1 << 56
"""Bytes, or flows, of one task: past any that can be meant, and far from where their sums would wrap."""


class TaskRunner:
    """Runs tasks against one program with one set of filters; ``plan`` is what the load is counted by,
    None where it is not."""

    def __init__(self, program: Program, plan: CountingPlan | None, setup: Setup) -> None:
        self._program = program
        self._plan = plan
        self._setup = setup
        self._resolver = make_resolver(program)
        self._in_namespaces = np.array([n in setup.namespaces for n in program.namespaces], dtype=np.bool_)

    def run(self, task: Judge, file: FlowFile, advance: Callable[[int], None]) -> str:
        """Judge the task's rows; returns the name of the part written."""
        work = _Work(self._program, self._plan, task)
        judged_columns = [name for name in file.columns if name in JUDGED]
        kept = [n for n in file.schema.names if n in COLUMNS or self._setup.keep_columns]
        others = [name for name in kept if name not in JUDGED]
        name = f"{task.file:06d}-{task.task:06d}"
        stem = Path(self._setup.folder) / name
        with LazyWriter(stem.with_suffix(".violations")) as writer:
            end = task.first_row + task.rows
            while (first := work.first_row) < end:
                n_rows = min(BATCH_ROWS, end - first)
                batch = file.read(first, n_rows, judged_columns)
                result = judge_batch(self._program, self._resolver, batch)
                self._filter(result, work)
                rows = work.add(batch, result)
                if len(rows):
                    whole = batch.take(pa.array(rows))
                    if others:
                        whole = _beside(whole, file.read(first, n_rows, others, rows))
                    violations = violations_batch(self._program, whole, result, rows, (task.name, first))
                    work.keep_examples(violations, result, rows)
                    writer.write(violations)
                work.first_row += n_rows
                advance(n_rows)
        file.check_unchanged()
        part = msgspec.msgpack.encode(work.part(task.rows, writer.size))
        with part_errors():
            stem.with_suffix(".part").write_bytes(part)
        return name

    def _filter(self, result: JudgedBatch, work: _Work) -> None:
        """Leave out judged rows outside the asked time or namespaces, and count them."""
        flows, setup = result.flows, self._setup
        out = np.zeros(len(flows.src), dtype=np.bool_)
        if setup.since_us is not None:
            out |= flows.seen_at < setup.since_us
        if setup.until_us is not None:
            out |= flows.seen_at >= setup.until_us
        if setup.namespaces:
            out |= ~(self._in_namespaces[flows.src] | self._in_namespaces[flows.dst])
        out &= flows.judge != 0
        flows.judge[out] = 0
        work.filtered += int(out.sum())


class _Work:
    """The sums of one task."""

    def __init__(self, program: Program, plan: CountingPlan | None, task: Judge) -> None:
        self._program = program
        self._plan = plan
        self._task = task
        self._edges = EdgeTable()
        self._load = tally_for(plan.counting.services, IN_A_TASK) if plan else None
        self._connections = ConnectionTable()
        self._census = Census()
        self._judged = self._unknown = self._violations = 0
        self._rejected: Counter[int] = Counter()
        self._positions: dict[int, list[int]] = {}
        self._examples: dict[tuple[int, int, int], Example] = {}
        self._bytes = self._flows = 0
        self.filtered = 0
        self.first_row = task.first_row

    def add(self, batch: pa.RecordBatch, result: JudgedBatch) -> np.ndarray:
        """Count one batch; returns its violating rows."""
        counted = result.flows.judge != 0
        unknown = int((counted & (result.judged.verdict == a.UNKNOWN)).sum())
        self._unknown += unknown
        self._judged += int(counted.sum()) - unknown
        for code in np.unique(result.rejected[result.rejected != 0]).tolist():
            rows = np.flatnonzero(result.rejected == code)
            self._rejected[code] += len(rows)
            kept = self._positions.setdefault(code, [])
            kept += (rows[: POSITIONS_KEPT - len(kept)] + self.first_row).tolist()
        self._bound(result, counted)
        self._connections.mark(result.flows)
        self._census.count(batch, result)
        self._edges.count(self._program.tables.endpoints, result.flows, result.judged)
        if self._plan and self._load:
            named = named_ports(self._plan, batch, result.flows.protocol)
            self._load.count(self._plan.counting, result.flows, result.judged.verdict, named)
        rows = violating_rows(result)
        self._violations += len(rows)
        return rows

    def _bound(self, result: JudgedBatch, counted: np.ndarray) -> None:
        """Refuse sums that could wrap. Rounding does no harm here."""
        self._bytes += int(result.flows.bytes_[counted].sum(dtype=np.float64))
        self._flows += int(result.flows.flow_count[counted].sum(dtype=np.float64))
        if max(self._bytes, self._flows) > MOST_IN_A_TASK:
            what = "bytes" if self._bytes > MOST_IN_A_TASK else "flow_count"
            raise FlowFormatError(f"{what} adds up to more than any network can carry")

    def keep_examples(self, violations: pa.RecordBatch, result: JudgedBatch, rows: np.ndarray) -> None:
        """Remember the first violating row of each edge."""
        flows, judged = result.flows, result.judged
        group = self._program.tables.endpoints[:, a.GROUP]
        groups = pairs(group[flows.src[rows]], group[flows.dst[rows]])
        decisions = pairs(judged.egress[rows], judged.ingress[rows])
        services = service_words(flows.protocol[rows], flows.port[rows], flows.observed[rows])
        first = _first_of_each(groups, decisions, services)
        keys = zip(*(words[first].tolist() for words in (groups, decisions, services)), strict=True)
        new = [(at, key) for at, key in zip(first.tolist(), keys, strict=True) if key not in self._examples]
        shown = violations.select(EXAMPLE_COLUMNS).take(pa.array([at for at, _ in new], pa.int64()))
        for (_, key), row in zip(new, shown.to_pylist(), strict=True):
            self._examples[key] = Example(file=self._task.name, **row)

    def part(self, rows: int, violations_bytes: int) -> Part:
        rejected = [
            Rejected(reason=REJECTIONS[code], rows=count, first_rows=tuple(self._positions[code]))
            for code, count in sorted(self._rejected.items())
        ]
        return Part(
            rows=rows,
            judged=self._judged,
            unknown=self._unknown,
            filtered=self.filtered,
            rejected=tuple(rejected),
            edges=self._edges.entries().tobytes(),
            examples=tuple(self._examples.items()),
            violations=self._violations,
            violations_bytes=violations_bytes,
            census=self._census,
            load=pack(self._load.entries()) if self._load else None,
        )


def _beside(one: pa.RecordBatch, other: pa.RecordBatch) -> pa.RecordBatch:
    """The columns of both."""
    names = [*one.schema.names, *other.schema.names]
    return pa.RecordBatch.from_arrays([*one.columns, *other.columns], names=names)


def _first_of_each(*words: Int64) -> Int64:
    """The first row of each distinct combination."""
    combined = np.zeros(len(words[0]), dtype=np.int64)
    for word in words:
        _, dense = np.unique(word, return_inverse=True)
        _, combined = np.unique(combined * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
    return np.unique(combined, return_index=True)[1]
