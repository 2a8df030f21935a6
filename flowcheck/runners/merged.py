"""What all files of a run together came to, as sums that workers' parts are added to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64, writable
from flowcheck.balance.count.tally import Tally, TallyEntries, unpack
from flowcheck.errors import RunError
from flowcheck.results.census import Census
from flowcheck.results.diff.pairs import PAIR, Pairs, renumbered
from flowcheck.results.edges import EdgeTable
from flowcheck.results.exact import MOST
from flowcheck.results.finding.examples import DECISIONS, OF_A_PART, Examples
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.records.compared import Traits
from flowcheck.results.records.ledger import FileEntry
from flowcheck.results.records.summary import Resumed
from flowcheck.runners.messages import Part


@dataclass(slots=True)
class Merged:
    """What all files together came to. ``violations`` names the parts, in the order of the input; ``sums``:
    what bytes, connections and packets add up to so far, which no sum of parts of it passes; ``resumed`` is
    what an interrupted run had done of it; ``pairs``: what was decided of the edges of a comparison."""

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
    pairs: Pairs = field(default_factory=Pairs)

    def take(self, part: Part, file: int, name: str, number: int) -> Int64:
        """Add all of a part of a file, its ``number``-th; returns its edges (n, 8)."""
        entries, examples = edges_of(part), examples_of(part)
        if part.pairs is not None:
            pairs = np.frombuffer(part.pairs, dtype=np.int64).reshape(-1, PAIR)
            numbers = self.pairs.numbers(*np.ascontiguousarray(pairs.T))
            entries[:, a.KEY_DECISIONS] = renumbered(entries[:, a.KEY_DECISIONS], numbers)
            examples[:, DECISIONS] = renumbered(examples[:, DECISIONS], numbers)
        self.add(entries, unpack(part.load) if part.load is not None else None)
        self.census.add(part.census)
        self.recorded.add(part.recorded)
        self.examples.add(examples, file, name, number)
        return entries

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


def edges_of(part: Part) -> Int64:
    """(edges, 8)."""
    return writable(np.frombuffer(part.edges, dtype=np.int64).reshape(-1, 8))


def examples_of(part: Part) -> Int64:
    """(n, 6)."""
    return writable(np.frombuffer(part.examples, dtype=np.int64).reshape(-1, OF_A_PART))
