"""One task: judge some row groups of one file, count their edges, keep their violations as a part."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.evaluate import JudgedBatch, judge_batch, make_resolver
from flowcheck.flows.numbers import REJECTIONS
from flowcheck.flows.parquet import FlowFile
from flowcheck.flows.schema import COLUMNS, JUDGED
from flowcheck.results.connections import ConnectionTable
from flowcheck.results.edges import EdgeTable, service_words
from flowcheck.results.load import pack, table_for
from flowcheck.results.load_plan import LoadPlan, named_ports
from flowcheck.results.records import Example, Rejected
from flowcheck.results.seen import Seen
from flowcheck.results.violations import violating_rows, violations_batch
from flowcheck.runners.messages import Judge, Part, Setup

COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")
POSITIONS_KEPT = 10
EXAMPLE_COLUMNS = ["row", "src", "dst", "src_ip", "dst_ip"]
MOST_IN_A_TASK = 1 << 56
"""Bytes, or flows, of one task: past any that can be meant, and far from where their sums would wrap."""


class PartError(Exception):
    """A part could not be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.errno = error.errno or errno.EIO
        self.detail = os.strerror(self.errno)


@contextmanager
def part_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PartError(error) from error


class TaskRunner:
    """Runs tasks against one program with one set of filters; ``plan`` is what the load is counted by,
    None where it is not."""

    def __init__(self, program: Program, plan: LoadPlan | None, setup: Setup) -> None:
        self._program = program
        self._plan = plan
        self._setup = setup
        self._resolver = make_resolver(program)
        self._in_namespaces = np.array([n in setup.namespaces for n in program.namespaces], dtype=np.bool_)

    def run(self, task: Judge, file: FlowFile, advance: Callable[[int], None]) -> str:
        """Judge the task's row groups; returns the name of the part written."""
        work = _Work(self._program, self._plan, task)
        judged_columns = [name for name in file.columns if name in JUDGED]
        kept = [n for n in file.schema.names if n in COLUMNS or self._setup.keep_columns]
        others = _Others(file, task, [name for name in kept if name not in JUDGED])
        name = f"{task.file:06d}-{task.task:06d}"
        stem = Path(self._setup.folder) / name
        with _LazyWriter(stem.with_suffix(".violations")) as writer:
            for batch in file.batches(task.row_groups, judged_columns):
                result = judge_batch(self._program, self._resolver, batch)
                self._filter(result, work)
                rows = work.add(batch, result)
                if len(rows):
                    whole = others.join(work.first_row - task.first_row, batch, rows)
                    place = (task.name, work.first_row)
                    violations = violations_batch(self._program, whole, result, rows, place)
                    work.keep_examples(violations, result, rows)
                    writer.write(violations)
                work.first_row += batch.num_rows
                advance(batch.num_rows)
        rows_of_group = file.row_groups
        declared = sum(rows_of_group[g] for g in task.row_groups)
        if work.first_row - task.first_row != declared:
            raise FlowFormatError(f"declared {declared} rows, decoded {work.first_row - task.first_row}")
        file.check_unchanged()
        part = msgspec.msgpack.encode(work.part(declared, writer.size))
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

    def __init__(self, program: Program, plan: LoadPlan | None, task: Judge) -> None:
        self._program = program
        self._plan = plan
        self._task = task
        self._edges = EdgeTable()
        self._load = table_for(plan.setting) if plan else None
        self._connections = ConnectionTable()
        self._seen = Seen()
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
        self._seen.count(batch, result)
        self._edges.count(self._program.tables.endpoints, result.flows, result.judged)
        if self._plan and self._load:
            named = named_ports(self._plan, batch, result.flows.protocol)
            self._load.count(self._plan.setting, result.flows, result.judged.verdict, named)
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
        group = self._program.tables.endpoints[:, a.GROUP].astype(np.int64)
        groups = group[flows.src[rows]] << 32 | group[flows.dst[rows]]
        decisions = judged.egress[rows].astype(np.int64) << 32 | judged.ingress[rows]
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
            seen=self._seen,
            load=pack(self._load.unordered()) if self._load else None,
        )


def _first_of_each(*words: Int64) -> Int64:
    """The first row of each distinct combination."""
    combined = np.zeros(len(words[0]), dtype=np.int64)
    for word in words:
        _, dense = np.unique(word, return_inverse=True)
        _, combined = np.unique(combined * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
    return np.unique(combined, return_index=True)[1]


class _Others:
    """The columns that only violations need, read up to the rows asked for, first to last.

    Batches of other columns may be cut elsewhere, so rows are found by their number in the task.
    """

    def __init__(self, file: FlowFile, task: Judge, columns: list[str]) -> None:
        self._batches = file.batches(task.row_groups, columns) if columns else None
        self._batch: pa.RecordBatch | None = None
        self._start = self._end = 0

    def join(self, start: int, judged: pa.RecordBatch, rows: np.ndarray) -> pa.RecordBatch:
        """All columns of some rows of a judged batch; ``start`` is its first row's number in the task."""
        taken = judged.take(pa.array(rows))
        if self._batches is None:
            return taken
        pieces = list(self._take(rows + start))
        others = pieces[0] if len(pieces) == 1 else pa.concat_batches([_plain(piece) for piece in pieces])
        names = [*taken.schema.names, *others.schema.names]
        return pa.RecordBatch.from_arrays([*taken.columns, *others.columns], names=names)

    def _take(self, wanted: np.ndarray) -> Iterator[pa.RecordBatch]:
        while len(wanted):
            while self._batch is None or self._end <= wanted[0]:
                assert self._batches is not None
                self._batch = next(self._batches, None)
                if self._batch is None:
                    raise FlowFormatError(f"declared a row {wanted[0]}, decoded {self._end}")
                self._start, self._end = self._end, self._end + self._batch.num_rows
            here = wanted < self._end
            yield self._batch.take(pa.array(wanted[here] - self._start))
            wanted = wanted[~here]


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Without dictionaries, which differ from batch to batch."""
    columns = [c.dictionary_decode() if pt.is_dictionary(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


class _LazyWriter:
    """An Arrow stream file that exists only if something was written. ``size``: its bytes once closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pa.RecordBatchStreamWriter | None = None
        self.size = 0

    def __enter__(self) -> _LazyWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            with part_errors():
                self._writer.close()
                self.size = self._path.stat().st_size

    def write(self, batch: pa.RecordBatch) -> None:
        with part_errors():
            if self._writer is None:
                self._writer = pa.ipc.new_stream(str(self._path), batch.schema, options=COMPRESSED)
            self._writer.write_batch(batch)
