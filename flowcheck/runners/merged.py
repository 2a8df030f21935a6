"""What all files of a run together came to, as sums that workers' parts are added to."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowcheck.balance.count.tally import Tally
from flowcheck.results.census import Census
from flowcheck.results.edges import EdgeTable
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.records.compared import Traits
from flowcheck.results.records.findings import Example
from flowcheck.results.records.ledger import FileEntry
from flowcheck.results.records.summary import Resumed


@dataclass(slots=True)
class Merged:
    """What all files together came to. ``violations`` names the parts, in the order of the input;
    ``resumed`` is what an interrupted run had done of it."""

    load: Tally
    edges: EdgeTable = field(default_factory=EdgeTable)
    census: Census = field(default_factory=Census)
    recorded: RecordedCounts = field(default_factory=RecordedCounts)
    examples: dict[tuple[int, int, int], Example] = field(default_factory=dict)
    traits: dict[int, Traits] = field(default_factory=dict)
    entries: dict[int, FileEntry] = field(default_factory=dict)
    violations: dict[int, list[str]] = field(default_factory=dict)
    resumed: Resumed | None = None
