"""Parts added up where they lie, and what comes of that again, sixteen at a time, until few are left.

Sums are integers, so it does not matter in which order. What a file that failed has left behind must not
be among them: who meets such a file says so, and all is added again without it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from flowcheck.balance.count.tally import Tally
from flowcheck.errors import FlowcheckError
from flowcheck.results.census import Census
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.recorded import RecordedCounts
from flowcheck.runners.merged import Merged, Sums
from flowcheck.runners.messages import NONE, Failed, Judge, JudgedTask, Part
from flowcheck.runners.spark.sent import Added, Found, Outcome, Told, packed, unpacked
from flowcheck.runners.tasks.part_file import read_part, read_sums

MOST_AT_ONCE = 16
"""Sums that are added up in one place."""


class Adding:
    """Adds up what there is in one place. ``told``: of the tasks so far."""

    def __init__(self, merged: Merged) -> None:
        self._merged = merged
        self.told: list[Told] = []

    def add(self, added: Added) -> None:
        """**Raises**: RunError for sums past what can be."""
        for found in added.parts:
            self.part(found)
        if added.sums is not None:
            self._merged.take_sums(msgspec.msgpack.decode(unpacked(added.sums), type=Sums))
        self.told += added.told

    def part(self, found: Found) -> None:
        """Likewise, of one task."""
        file, order = io.BytesIO(unpacked(found.part)), found.order
        part = read_part(file)
        spans = self._merged.take(part, read_sums(file, part), (order.file, order.name, order.task))
        self.told.append(Told(order, _light(part), tuple(spans)))

    def added(self) -> Added:
        sums = msgspec.msgpack.encode(self._merged.given_on())
        return Added(sums=packed(sums), told=self.told)


def add_up(outcomes: Any, room: int, left_out: frozenset[int]) -> list[Added]:
    """What an RDD of outcomes came to, in few pieces. ``left_out``: files that are known to have failed."""
    added = outcomes.mapPartitionsWithIndex(partial(_of_outcomes, room, left_out))
    while (n := added.getNumPartitions()) > MOST_AT_ONCE:
        fewer = -(-n // MOST_AT_ONCE)
        keyed = added.mapPartitionsWithIndex(partial(_keyed, fewer))
        added = keyed.partitionBy(fewer, int).values().mapPartitions(partial(_of_added, room))
    collected: list[Added] = added.collect()
    return collected


def _keyed(fewer: int, partition: int, added: Iterable[Added]) -> Iterator[tuple[int, Added]]:
    return ((partition % fewer, one) for one in added)


def _of_outcomes(
    room: int, left_out: frozenset[int], partition: int, outcomes: Iterable[Outcome]
) -> Iterator[Added]:
    """Those of one partition. One part alone goes on as it is."""
    adding = Adding(Merged(Tally(None, room)))
    waiting: list[Found] = []
    failed: list[Failed] = []
    violations = 0
    try:
        for order, answer, content, rows, _ in outcomes:
            if order.file in left_out:
                continue
            if isinstance(answer, Failed):
                failed.append(answer)
            elif isinstance(answer, JudgedTask) and isinstance(order, Judge) and not failed:
                violations += len(rows)
                waiting.append(Found(order, content))
                if len(waiting) > 1 or adding.told:
                    for found in waiting:
                        adding.part(found)
                    waiting = []
    except FlowcheckError as error:
        yield Added(error=error)
        return
    whole = Added() if failed else Added(parts=waiting) if waiting else adding.added()
    yield whole._replace(failed=failed, violations={partition: violations} if violations else {})


def _of_added(room: int, some: Iterable[Added]) -> Iterator[Added]:
    adding = Adding(Merged(Tally(None, room)))
    failed: list[Failed] = []
    violations: dict[int, int] = {}
    error: FlowcheckError | None = None
    for added in some:
        error = error or added.error
        failed += added.failed
        violations |= added.violations
        if not failed and error is None:
            try:
                adding.add(added)
            except FlowcheckError as found:
                error = found
    whole = Added() if failed or error else adding.added()
    yield whole._replace(failed=failed, violations=violations, error=error)


def _light(part: Part) -> Part:
    """What a file's entry in the ledger is made of."""
    census = Census(sampled=part.census.sampled, hours=part.census.hours)
    rest = {"recorded": RecordedCounts(), "times": ViolationTimes(), "contacts": NONE}
    return replace(part, sums=(), load=None, pairs=None, census=census, **rest)
