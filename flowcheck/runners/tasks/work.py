"""The sums of one task, and the violating rows among those that were added last."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.balance.count.tally import IN_A_TASK, pack, tally_for
from flowcheck.balance.expect.plan import CountingPlan, named_ports
from flowcheck.compile import Program
from flowcheck.judging.asked import take_judged, take_rows
from flowcheck.judging.batch import FlowBatch
from flowcheck.judging.contacts import Contacts, contacts_of
from flowcheck.judging.keyed import KeyedFlows
from flowcheck.judging.mesh import to_tunnels
from flowcheck.results.census import Census
from flowcheck.results.connections import ConnectionTable
from flowcheck.results.edges import EdgeTable, decisions_of, pairs, service_words
from flowcheck.results.finding.firsts import Firsts
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.finding.violating import groups
from flowcheck.results.recorded import COLUMNS as RECORDED
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.violations import Violating
from flowcheck.runners.messages import NONE, Part
from flowcheck.runners.tasks.accounts import Accounts, positions
from flowcheck.runners.tasks.pieces import HandOver, Pieces

MOST_KEYS = 1 << 18
"""Keys of flows after which a task adds them up and begins anew, so that memory is bounded."""


class TaskTables(NamedTuple):
    """What is filled with the rows of a task. Cleared they keep their room, which is half of their cost."""

    keyed: KeyedFlows
    connections: ConnectionTable
    edges: EdgeTable


class Work:
    """The sums of one task. ``plan`` is what the load is counted by, None where it is not; ``tables`` are
    those of the task before, to be used again; ``hand_over`` takes edges (n, 8) and arrays of examples, each
    (n, 6), in as many pieces as the memory of one task allows. ``contacts``: None where they are not asked
    for."""

    def __init__(
        self,
        program: Program,
        plan: CountingPlan | None,
        tables: TaskTables,
        file: str,
        hand_over: HandOver,
        contacts: Contacts | None = None,
    ) -> None:
        self._program = program
        self._plan = plan
        self.file = file
        self._keyed, self._connections, edges = tables
        for table in tables:
            table.clear()
        self._load = tally_for(plan.counting.services, IN_A_TASK) if plan else None
        self._census = Census()
        self._contacts = contacts
        self._recorded = RecordedCounts()
        self._violations = 0
        self._pieces = Pieces(edges, Firsts(), hand_over)
        self._times = ViolationTimes()
        self.accounts = Accounts()

    def add(
        self, batch: pa.RecordBatch, read: FlowBatch, first_row: int
    ) -> tuple[Violating, npt.NDArray[np.int32]]:
        """Count one batch, as recorded and as read; returns its violating rows, with the columns of the
        batch, and their places in it."""
        flows, keyed = read.flows, self._keyed
        self.accounts.take(read, batch, first_row)
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
            records = positions(batch, np.arange(batch.num_rows), first_row)
            self._recorded.count(batch, numbers, keyed.judged, records, self.file)
        if self._contacts is not None:
            self._contacts.add(contacts_of(self._program, keyed, numbers, batch, read))
        rows = keyed.violating(numbers)
        self._violations += len(rows)
        found = Violating(
            batch=batch.take(pa.array(rows)),
            rows=positions(batch, rows, first_row),
            flows=take_rows(flows, rows),
            judged=take_judged(keyed.judged, numbers[rows]),
            turned=read.initiators.turned()[rows],
            basis=read.initiators.basis[rows],
        )
        self._times.count(found.flows.seen_at, groups(self._program, found.judged, found.flows.observed))
        if len(keyed.keys) > MOST_KEYS:
            self._settle()
        return found, rows

    def _settle(self) -> None:
        """Add the keys up to edges and load, and begin anew."""
        keys = self._keyed.keys
        if len(keys):
            judged = self._keyed.judged
            arrivals = self._program.arrivals(judged.ingress, judged.mesh)
            decided = judged.egress, arrivals, judged.verdict == a.UNKNOWN
            self._pieces.add(self._program.tables.endpoints, keys, *decided)
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
        self._pieces.firsts.add(groups, decisions, services, found.rows)

    def part(self, rows: int, violations_bytes: int) -> Part:
        """What is left to say once all rows are added, and handed over."""
        self._settle()
        self._pieces.hand_over()
        return Part(
            rows=rows,
            judged=self._pieces.judged,
            unknown=self._pieces.unknown,
            filtered=self.accounts.filtered,
            rejected=self.accounts.rejected(),
            sums=(),
            violations=self._violations,
            violations_bytes=violations_bytes,
            census=self._census,
            load=pack(self._load.entries()) if self._load else None,
            recorded=self._recorded,
            times=self._times,
            contacts=_bytes_of(self._contacts.rows()) if self._contacts is not None else NONE,
        )


def _bytes_of(rows: Int64) -> memoryview:
    """Not copied; cast() refuses a view of no rows."""
    return rows.reshape(-1).view(np.uint8).data
