"""What all files of a run together came to, as sums that workers' parts are added to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64, writable
from flowcheck.balance.count.tally import PackedEntries, Tally, TallyEntries, pack, unpack
from flowcheck.errors import RunError
from flowcheck.flows.files.partitions import Pruned
from flowcheck.judging.contacts import N_COLUMNS, Contacts
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.results.census import Census
from flowcheck.results.diff.pairs import PAIR, Pairs, renumbered
from flowcheck.results.edges import EdgeTable
from flowcheck.results.exact import MOST
from flowcheck.results.finding.examples import DECISIONS, Examples
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.records.compared import Traits
from flowcheck.results.records.ledger import FileEntry, LeftUnread
from flowcheck.results.records.summary import Resumed
from flowcheck.runners.messages import Part

MOST_CONTACTS = 1 << 23
"""Contacts of a run: 72 bytes each, several times as much while they are added up."""


class Sums(msgspec.Struct, frozen=True):
    """What parts came to, as it travels to where more is added: the bytes of edges (n, 8), of examples (n, 8)
    and the names of their files, of contacts (n, 9); all int64."""

    edges: bytes
    examples: bytes
    files: dict[int, str]
    load: PackedEntries
    census: Census
    recorded: RecordedCounts
    times: ViolationTimes
    contacts: bytes


@dataclass(slots=True)
class Merged:
    """What all files together came to. ``violations`` names the parts, in the order of the input; ``sums``:
    what bytes, connections and packets add up to so far, which no sum of parts of it passes; ``resumed`` is
    what an interrupted run had done of it; ``pairs``: what was decided of the edges of a comparison;
    ``pruned``: what of the input was left out unread."""

    load: Tally
    pruned: Pruned = field(default_factory=Pruned.nothing)
    edges: EdgeTable = field(default_factory=EdgeTable)
    census: Census = field(default_factory=Census)
    recorded: RecordedCounts = field(default_factory=RecordedCounts)
    examples: Examples = field(default_factory=Examples)
    times: ViolationTimes = field(default_factory=ViolationTimes)
    sums: Counter[str] = field(default_factory=Counter)
    traits: dict[int, Traits] = field(default_factory=dict)
    entries: dict[int, FileEntry] = field(default_factory=dict)
    violations: dict[int, list[str]] = field(default_factory=dict)
    resumed: Resumed | None = None
    pairs: Pairs = field(default_factory=Pairs)
    contacts: Contacts = field(default_factory=Contacts)

    @property
    def left_unread(self) -> tuple[LeftUnread, ...]:
        """``pruned``, as it is told."""
        folders, files = self.pruned
        reasons = sorted(reason for reason in {*folders, *files} if folders[reason] or files[reason])
        return tuple(LeftUnread(reason=one, folders=folders[one], files=files[one]) for one in reasons)

    def add_contacts(self, part: memoryview) -> None:
        """Those of a task: the bytes of (n, 9) int64.

        **Raises**: RunError where there are more than memory should hold."""
        self._add_contacts(_rows(part, N_COLUMNS))

    def _add_contacts(self, rows: Int64) -> None:
        self.contacts.add(rows)
        if self.contacts.n_settled > MOST_CONTACTS:
            raise RunError(
                f"more than {MOST_CONTACTS:,} pairs of pods, addresses and ports were in contact",
                hint="look at a part of the log: --since and --until, or --namespace",
            )

    def take(
        self, part: Part, sums: Iterable[tuple[Int64, Int64]], place: tuple[int, str, int]
    ) -> list[tuple[int, int]]:
        """Add all of a part and its sums, edges (n, 8) and examples (n, 6). ``place``: number and name of its
        file, and its own number there. Returns when edges of each of the sums began: :func:`span_of`."""
        pairs = None
        if part.pairs is not None:
            rows = np.frombuffer(part.pairs, dtype=np.int64).reshape(-1, PAIR)
            pairs = self.pairs.numbers(*np.ascontiguousarray(rows.T))
        spans = []
        for edges, examples in sums:
            if pairs is not None:
                edges[:, a.KEY_DECISIONS] = renumbered(edges[:, a.KEY_DECISIONS], pairs)
                examples[:, DECISIONS] = renumbered(examples[:, DECISIONS], pairs)
            spans.append(span_of(edges))
            self.add(edges)
            self.examples.add(examples, *place)
        if part.load is not None:
            self.add_load(unpack(part.load))
        self.census.add(part.census)
        self.recorded.add(part.recorded)
        self.times.add(part.times)
        self.add_contacts(part.contacts)
        return spans

    def given_on(self) -> Sums:
        """All but what is said of files."""
        return Sums(
            self.edges.entries().tobytes(),
            self.examples.kept().tobytes(),
            self.examples.files,
            pack(self.load.entries()),
            self.census,
            self.recorded,
            self.times,
            self.contacts.rows().tobytes(),
        )

    def take_sums(self, sums: Sums) -> None:
        """Add what others came to, in any order.

        **Raises**: RunError."""
        self.add(_rows(sums.edges, 8))
        self.examples.merge(_rows(sums.examples, 8), sums.files)
        self.add_load(unpack(sums.load))
        self.census.add(sums.census)
        self.recorded.add(sums.recorded)
        self.times.add(sums.times)
        self._add_contacts(_rows(sums.contacts, N_COLUMNS))

    def add(self, edges: Int64) -> None:
        """Edges (n, 8); what no int64 would hold any more is refused.

        **Raises**: RunError."""
        self._bound(flow_count=edges[:, a.FLOWS], bytes=edges[:, a.BYTES])
        self.edges.merge(edges)

    def add_load(self, load: TallyEntries) -> None:
        """Likewise."""
        self._bound(packets=load.backends[:, a.LOAD_PACKETS])
        self.load.merge(load)

    def _bound(self, **amounts: Int64) -> None:
        for what, more in amounts.items():
            self.sums[what] += int(more.sum())
            if self.sums[what] > MOST:
                raise RunError(
                    f"{what} of all files adds up to more than any network can carry",
                    hint="look at its unit; --since and --until audit a part of the time",
                )


def _rows(content: bytes | memoryview, n_columns: int) -> Int64:
    return writable(np.frombuffer(content, dtype=np.int64).reshape(-1, n_columns))


def span_of(edges: Int64) -> tuple[int, int]:
    """When the first and the last row of edges (n, 8) began; of none (END, BEGINNING)."""
    if not len(edges):
        return END, BEGINNING
    return int(edges[:, a.FIRST_SEEN].min()), int(edges[:, a.LAST_SEEN].max())
