"""Parts added up where they lie, and what comes of that again, sixteen at a time, until few are left.

Sums are integers, so it does not matter in which order. What a file that failed has left behind must not
be among them: who meets such a file says so, and all is added again without it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from msgspec.structs import replace

from flowcheck.balance.count.tally import Tally
from flowcheck.errors import FlowcheckError
from flowcheck.results.census import Census
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.recorded import RecordedCounts
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import NONE, Failed, Judge, JudgedTask, Part
from flowcheck.runners.spark.sent import Added, Outcome, Told
from flowcheck.runners.tasks.part_file import read_part, read_sums

MOST_AT_ONCE = 16
"""Sums that are added up in one place."""


def add_up(outcomes: Any, room: int, left_out: frozenset[int]) -> list[Added]:
    """What an RDD of outcomes came to, in few pieces. ``left_out``: files that are known to have failed."""
    added = outcomes.mapPartitionsWithIndex(partial(_of_outcomes, room, left_out))
    while (n := added.getNumPartitions()) > MOST_AT_ONCE:
        fewer = -(-n // MOST_AT_ONCE)
        keyed = added.mapPartitionsWithIndex(partial(_keyed, fewer))
        added = keyed.partitionBy(fewer, int).values().mapPartitions(partial(_of_sums, room))
    collected: list[Added] = added.collect()
    return collected


def _keyed(fewer: int, partition: int, added: Iterable[Added]) -> Iterator[tuple[int, Added]]:
    return ((partition % fewer, one) for one in added)


def _of_outcomes(
    room: int, left_out: frozenset[int], partition: int, outcomes: Iterable[Outcome]
) -> Iterator[Added]:
    """Those of one partition."""
    merged = Merged(Tally(None, room))
    told: list[Told] = []
    failed: list[Failed] = []
    error = None
    for order, answer, content, _, _ in outcomes:
        if order.file in left_out:
            continue
        if isinstance(answer, Failed):
            failed.append(answer)
        elif isinstance(answer, JudgedTask) and isinstance(order, Judge) and not failed and error is None:
            file = io.BytesIO(content)
            part = read_part(file)
            try:
                spans = merged.take(part, read_sums(file, part), (order.file, order.name, order.task))
            except FlowcheckError as found:
                error = found
            else:
                told.append(Told(order, _light(part), spans, partition))
    yield Added(None if failed or error else merged.given_on(), told, failed, error)


def _of_sums(room: int, added: Iterable[Added]) -> Iterator[Added]:
    merged = Merged(Tally(None, room))
    told: list[Told] = []
    failed: list[Failed] = []
    error = None
    for one in added:
        error = error or one.error
        failed += one.failed
        told += one.told
        if one.sums is not None and not failed and error is None:
            try:
                merged.take_sums(one.sums)
            except FlowcheckError as found:
                error = found
    yield Added(None if failed or error else merged.given_on(), told, failed, error)


def _light(part: Part) -> Part:
    """What a file's entry in the ledger is made of."""
    census = Census(sampled=part.census.sampled, hours=part.census.hours)
    rest = {"recorded": RecordedCounts(), "times": ViolationTimes(), "contacts": NONE}
    return replace(part, sums=(), load=None, pairs=None, census=census, **rest)
