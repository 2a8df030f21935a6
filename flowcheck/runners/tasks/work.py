"""The sums of one task, and the violating rows among those that were added last."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Int64, UInt8
from flowcheck.balance.count.tally import IN_A_TASK, pack, tally_for
from flowcheck.balance.expect.plan import CountingPlan, named_ports
from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.numbers import REJECTIONS
from flowcheck.flows.logs.rows import RECORD
from flowcheck.judging.asked import take_judged, take_rows
from flowcheck.judging.batch import FlowBatch
from flowcheck.judging.contacts import Contacts, contacts_of
from flowcheck.judging.keyed import KeyedFlows
from flowcheck.judging.mesh import to_tunnels
from flowcheck.results.census import Census
from flowcheck.results.connections import ConnectionTable
from flowcheck.results.edges import EdgeTable, decisions_of, pairs, service_words
from flowcheck.results.finding.firsts import Firsts
from flowcheck.results.recorded import COLUMNS as RECORDED
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.records.ledger import Rejected
from flowcheck.results.violations import Violating
from flowcheck.runners.messages import NONE, Part

POSITIONS_KEPT = 10
MOST_KEYS = 1 << 19
"""Keys of flows after which a task adds them up and begins anew, so that memory is bounded."""
MOST_IN_A_TASK = 1 << 56
"""Bytes, or flows, of one task: past any that can be meant, and far from where their sums would wrap."""
FAR_FROM_MOST = 1 << 40
"""Of one batch, of which a task has some dozens."""


class TaskTables(NamedTuple):
    """What is filled with the rows of a task. Cleared they keep their room, which is half of their cost."""

    keyed: KeyedFlows
    connections: ConnectionTable
    edges: EdgeTable


class Work:
    """The sums of one task. ``plan`` is what the load is counted by, None where it is not; ``tables`` are
    those of the task before, to be used again. ``contacts``: None where they are not asked for."""

    def __init__(
        self,
        program: Program,
        plan: CountingPlan | None,
        tables: TaskTables,
        file: str,
        contacts: Contacts | None = None,
    ) -> None:
        self._program = program
        self._plan = plan
        self.file = file
        self._keyed, self._connections, self._edges = tables
        for table in tables:
            table.clear()
        self._load = tally_for(plan.counting.services, IN_A_TASK) if plan else None
        self._census = Census()
        self._contacts = contacts
        self._recorded = RecordedCounts()
        self._judged = self._unknown = self._violations = 0
        self._rejected: Counter[int] = Counter()
        self._positions: dict[int, list[int]] = {}
        self._firsts = Firsts()
        self._bounds = {"bytes": 0, "flow_count": 0, "packets": 0}
        self.filtered = 0

    def add(
        self, batch: pa.RecordBatch, read: FlowBatch, first_row: int
    ) -> tuple[Violating, npt.NDArray[np.int32]]:
        """Count one batch, as recorded and as read; returns its violating rows, with the columns of the
        batch, and their places in it."""
        flows, keyed = read.flows, self._keyed
        self._reject(read.rejected, batch, first_row)
        self._bound(read)
        self._connections.mark(flows)
        self._census.count(batch, read)
        if self._plan:
            named = named_ports(self._plan, batch, flows.protocol)
        else:
            named = np.full(batch.num_rows, -1, dtype=np.int32)
        numbers, new, firsts = keyed.add(read, named, first_row)
        if self._plan and self._load:
            if len(new):
                verdict = keyed.judged.verdict[-len(new) :]
                mesh = self._program.mesh
                tunnelled = to_tunnels(mesh, firsts) if mesh is not None else None
                self._load.attribute(self._plan.counting, firsts, verdict, named[new], tunnelled)
            self._load.count(flows, numbers)
        if not set(RECORDED).isdisjoint(batch.schema.names):
            records = _positions(batch, np.arange(batch.num_rows), first_row)
            self._recorded.count(batch, numbers, keyed.judged, records, self.file)
        if self._contacts is not None:
            self._contacts.add(contacts_of(self._program, keyed, numbers, batch, read))
        rows = keyed.violating(numbers)
        self._violations += len(rows)
        found = Violating(
            batch=batch.take(pa.array(rows)),
            rows=_positions(batch, rows, first_row),
            flows=take_rows(flows, rows),
            judged=take_judged(keyed.judged, numbers[rows]),
            turned=read.initiators.turned()[rows],
            basis=read.initiators.basis[rows],
        )
        if len(keyed.keys) > MOST_KEYS:
            self._settle()
        return found, rows

    def _reject(self, rejected: UInt8, batch: pa.RecordBatch, first_row: int) -> None:
        for code in np.unique(rejected[rejected != 0]).tolist():
            rows = np.flatnonzero(rejected == code)
            self._rejected[code] += len(rows)
            kept = self._positions.setdefault(code, [])
            kept += _positions(batch, rows[: POSITIONS_KEPT - len(kept)], first_row).tolist()

    def _bound(self, read: FlowBatch) -> None:
        """Refuse sums that could wrap. Rounding does no harm here."""
        counted = read.flows.judge != 0
        columns = read.flows.bytes_, read.flows.flow_count, read.flows.packets
        for what, column in zip(self._bounds, columns, strict=True):
            self._bounds[what] += _about(column, counted)
            if self._bounds[what] > MOST_IN_A_TASK:
                raise FlowFormatError(f"{what} adds up to more than any network can carry")

    def _settle(self) -> None:
        """Add the keys up to edges and load, and begin anew."""
        keys = self._keyed.keys
        if len(keys):
            judged = self._keyed.judged
            records = np.bincount(judged.verdict == a.UNKNOWN, keys[:, a.FLOW_RECORDS], minlength=2).tolist()
            self._judged += int(records[0])
            self._unknown += int(records[1])
            arrivals = self._program.arrivals(judged.ingress, judged.mesh)
            self._edges.count(self._program.tables.endpoints, keys, judged.egress, arrivals)
            if self._plan and self._load:
                self._load.settle(self._plan.counting, keys)
            self._keyed.clear()

    def keep_examples(self, found: Violating) -> None:
        """Remember where the first violating row of each edge is; these are the batch written next."""
        flows, judged = found.flows, found.judged
        group = self._program.tables.endpoints[:, a.GROUP]
        groups = pairs(group[flows.src], group[flows.dst])
        decisions = decisions_of(self._program, judged)
        services = service_words(flows.protocol, flows.port, flows.observed)
        self._firsts.add(groups, decisions, services, found.rows)

    def part(self, rows: int, violations_bytes: int) -> Part:
        self._settle()
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
            edges=_bytes_of(self._edges.entries()),
            examples=_bytes_of(self._firsts.found()),
            violations=self._violations,
            violations_bytes=violations_bytes,
            census=self._census,
            load=pack(self._load.entries()) if self._load else None,
            recorded=self._recorded,
            contacts=_bytes_of(self._contacts.rows()) if self._contacts is not None else NONE,
        )


def _positions(batch: pa.RecordBatch, rows: npt.NDArray[np.integer[Any]], first_row: int) -> Int64:
    """Which rows of their file, or which records of their log, some rows (n,) of a batch are."""
    if RECORD in batch.schema.names:
        records: Int64 = batch.column(RECORD).take(pa.array(rows)).to_numpy(zero_copy_only=False)
        return records
    return rows + np.int64(first_row)


def _bytes_of(rows: Int64) -> memoryview:
    """Not copied; cast() refuses a view of no rows."""
    return rows.reshape(-1).view(np.uint8).data


def _about(values: Int64, counted: npt.NDArray[np.bool_]) -> int:
    """The sum of the values (n,) that are counted; too much where that is far from any limit, since to look
    for the greatest takes a tenth of the time."""
    most = int(values.max(initial=0)) * len(values)
    return most if most < FAR_FROM_MOST else int(values[counted].sum(dtype=np.float64))
