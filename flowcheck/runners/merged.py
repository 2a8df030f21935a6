"""What all files of a run together came to, as sums that workers' parts are added to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64, writable
from flowcheck.balance.count.tally import Tally, TallyEntries
from flowcheck.errors import RunError
from flowcheck.judging.contacts import N_COLUMNS, Contacts
from flowcheck.results.census import Census
from flowcheck.results.edges import EdgeTable
from flowcheck.results.exact import MOST
from flowcheck.results.finding.examples import Examples
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.records.compared import Traits
from flowcheck.results.records.ledger import FileEntry
from flowcheck.results.records.summary import Resumed

MOST_CONTACTS = 1 << 23
"""Contacts of a run: 72 bytes each, several times as much while they are added up."""


@dataclass(slots=True)
class Merged:
    """What all files together came to. ``violations`` names the parts, in the order of the input; ``sums``:
    what bytes, connections and packets add up to so far, which no sum of parts of it passes; ``resumed`` is
    what an interrupted run had done of it."""

    load: Tally
    edges: EdgeTable = field(default_factory=EdgeTable)
    census: Census = field(default_factory=Census)
    recorded: RecordedCounts = field(default_factory=RecordedCounts)
    examples: Examples = field(default_factory=Examples)
    sums: Counter[str] = field(default_factory=Counter)
    traits: dict[int, Traits] = field(default_factory=dict)
    entries: dict[int, FileEntry] = field(default_factory=dict)
    violations: dict[int, list[str]] = field(default_factory=dict)
    resumed: Resumed | None = None
    contacts: Contacts = field(default_factory=Contacts)

    def add_contacts(self, part: memoryview) -> None:
        """Those of a task: the bytes of (n, 9) int64.

        **Raises**: RunError where there are more than memory should hold."""
        self.contacts.add(writable(np.frombuffer(part, dtype=np.int64).reshape(-1, N_COLUMNS)))
        if self.contacts.n_settled > MOST_CONTACTS:
            raise RunError(
                f"more than {MOST_CONTACTS:,} pairs of pods, addresses and ports were in contact",
                hint="look at a part of the log: --since and --until, or --namespace",
            )

    def add(self, entries: Int64, load: TallyEntries | None) -> None:
        """The edges of a task, (edges, 8), and its load; what no int64 would hold any more is refused.

        **Raises**: RunError."""
        self.sums["flow_count"] += int(entries[:, a.FLOWS].sum())
        self.sums["bytes"] += int(entries[:, a.BYTES].sum())
        self.sums["packets"] += int(load.backends[:, a.LOAD_PACKETS].sum()) if load is not None else 0
        for what, amount in self.sums.items():
            if amount > MOST:
                raise RunError(
                    f"{what} of all files adds up to more than any network can carry",
                    hint="look at its unit; --since and --until audit a part of the time",
                )
        self.edges.merge(entries)
        if load is not None:
            self.load.merge(load)
