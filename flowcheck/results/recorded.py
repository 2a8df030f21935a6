"""What logs say was decided, and by which policy, beside what flowcheck says: counted row by row.

A cloud's verdict is its security groups' and compared with nothing. A policy that a record names is compared
with those that decided: nothing else checks what a network plugin says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Judged
from flowcheck.compile import Program
from flowcheck.judging.names_of_policies import same_policy
from flowcheck.kernels.books import number_distinct
from flowcheck.kinds import POLICY_KINDS
from flowcheck.results.edges import pairs
from flowcheck.results.records.summary import Difference, Recorded

MOST = 10_000
"""Distinct pairs of a recorded and a decided policy that are told apart; rows past it are counted as not
compared."""
MOST_SHOWN = 5
CLOUD = ("", "allowed", "denied", "audit", "dropped")
COLUMNS = ("policy_refs", "cloud_action")


Named = tuple[str, int, int]
"""Policies that rows name, a line each, and the decisions of these rows: egress, ingress."""


class RecordedCounts(msgspec.Struct):
    """``cloud``: rows by cloud_action. ``named``: how many rows name what, and the first of them (file,
    row)."""

    cloud: dict[int, int] = {}
    named: dict[Named, tuple[int, str, int]] = {}
    past: int = 0

    def count(self, batch: pa.RecordBatch, numbers: Int32, judged: Judged, records: Int64, file: str) -> None:
        """Add one batch. numbers (rows,): of each row's key in ``judged``, -1 left out; records (rows,)."""
        names = set(batch.schema.names)
        if "cloud_action" in names and not pt.is_null(batch.column("cloud_action").type):
            codes = batch.column("cloud_action").fill_null(0).to_numpy(zero_copy_only=False)[numbers >= 0]
            values, counts = np.unique(codes, return_counts=True)
            self._add_cloud(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        if "policy_refs" in names and not pt.is_null(batch.column("policy_refs").type):
            self._count_names(batch.column("policy_refs"), numbers, judged, records, file)

    def _count_names(
        self, column: pa.Array, numbers: Int32, judged: Judged, records: Int64, file: str
    ) -> None:
        joined = pc.binary_join(column, "\n").fill_null("")  # null where one of the names is
        filled = pc.not_equal(joined, "").to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(filled & (numbers >= 0))
        if len(rows) == 0:
            return
        texts = joined.take(pa.array(rows)).dictionary_encode()
        keys = numbers[rows]
        egress, ingress = judged.egress[keys], judged.ingress[keys]
        codes = texts.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        first, which = number_distinct(pairs(egress, ingress), codes)
        counts = np.bincount(which)
        words = texts.dictionary.to_pylist()
        for place, n in zip(first.tolist(), counts.tolist(), strict=True):
            named = (words[codes[place]], int(egress[place]), int(ingress[place]))
            self._add_named(named, n, (file, int(records[rows[place]])))

    def _add_named(self, named: Named, rows: int, at: tuple[str, int]) -> None:
        known = self.named.get(named)
        if known is not None:
            self.named[named] = (known[0] + rows, *min(known[1:], at))
        elif len(self.named) < MOST:
            self.named[named] = (rows, *at)
        else:
            self.past += rows

    def _add_cloud(self, counts: dict[int, int]) -> None:
        for code, n in counts.items():
            self.cloud[code] = self.cloud.get(code, 0) + n

    def add(self, other: RecordedCounts) -> None:
        self._add_cloud(other.cloud)
        self.past += other.past
        for named, (rows, file, first) in other.named.items():
            self._add_named(named, rows, (file, first))


def compare(program: Program, counts: RecordedCounts) -> Recorded:
    """What was counted, in words."""
    agree = differ = 0
    apart = counts.past
    differences: list[Difference] = []
    for named, (rows, file, row) in sorted(counts.named.items(), key=lambda one: (one[1][1:], one[0])):
        recorded, decided = named[0].split("\n"), list(dict.fromkeys(_decided(program, named)))
        kinds = {name.partition("/")[0] for name in recorded}
        if not decided or not kinds & POLICY_KINDS:
            apart += rows
        elif any(same_policy(one, other) for one in recorded for other in decided):
            agree += rows
        else:
            differ += rows
            differences.append(
                Difference(
                    recorded=tuple(recorded), decided=tuple(decided), rows=rows, file=file, first_row=row
                )
            )
    return Recorded(
        cloud={CLOUD[code]: n for code, n in sorted(counts.cloud.items()) if 0 < code < len(CLOUD)},
        policies_agree=agree,
        policies_differ=differ,
        policies_not_compared=apart,
        differences=tuple(differences[:MOST_SHOWN]),
    )


def _decided(program: Program, named: Named) -> Iterator[str]:
    for decision in named[1:]:
        if program.tables.verdict[decision] != a.UNKNOWN:
            yield from program.decisions[decision].policies
