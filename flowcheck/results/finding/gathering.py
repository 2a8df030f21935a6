"""Findings: the violations that share a cause, put into words, the gravest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nsmallest
from typing import Any, NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.compile import Program
from flowcheck.model.instants import instant_text
from flowcheck.model.policy import Direction
from flowcheck.model.verdict import Observed, Violation
from flowcheck.results.edges import Edges
from flowcheck.results.exact import exact_sums
from flowcheck.results.finding.changes import Choices
from flowcheck.results.finding.examples import Examples
from flowcheck.results.finding.folding import MANY, Causes, FindingKey, Members, members_of
from flowcheck.results.finding.notes import SaidByMesh, add_notes
from flowcheck.results.finding.violating import violation_codes
from flowcheck.results.records.findings import MOST_RANGES, Example, Finding

OBSERVED = tuple(str(observed) for observed in Observed)


Told = Callable[[Int64], Sequence[Example]]
"""What rows of violations say, (n, 8) as :class:`Examples` has them."""


class Gathered(NamedTuple):
    """``findings`` in the order of the report; how many more there are, and of how many records."""

    findings: list[Finding]
    more: int
    more_records: int


def gather_findings(
    program: Program, edges: Edges, examples: Examples, told: Told, keys: Int64, most: int | None = None
) -> Gathered:
    """Findings: what went through, then what may have, then what was dropped, each the most records first;
    the first ``most`` of them.

    ``examples`` says where the first violating row of each violating edge is that is told apart, by ``keys``
    (edges, 3), which ascend; ``told`` what is in such rows.
    """
    codes = violation_codes(program, edges)
    causes = Causes(program, edges, codes)
    members = members_of(causes.rows, edges.port[causes.rows], causes.numbers)
    records, flows, bytes_ = (
        exact_sums(column[members.rows], members.starts)
        for column in (edges.records, edges.flows, edges.bytes_)
    )
    firsts = members.rows[members.starts]

    def order(place: int) -> tuple[Any, ...]:
        key = causes.key_of(int(firsts[place]), edges, folded=bool(members.folded[place]))
        return key.source, key.destination, key.fingerprint

    shown = first_places(causes.group_of(firsts).tolist(), records, most, order)
    choices, has_bytes = Choices(program.cluster), bool(edges.bytes_.any())
    by_mesh = SaidByMesh(program, edges)
    found: list[Finding] = []
    shown_at = _examples(examples, keys, members, shown)
    for place, example in zip(shown, told(shown_at), strict=True):
        rows = members.of(place)
        first = int(rows[0])
        key = causes.key_of(first, edges, folded=bool(members.folded[place]))
        described: dict[str, Any] = {"policy_sources": causes.places_of(first)}
        if key.kind == Violation.FORWARDED_DENIED:
            ends = {"egress": key.source, "ingress": key.destination}
            change = choices.to_change(_denied(program, edges, first), ends)
            mesh = program.decisions[edges.mesh[first]]
            in_mesh = choices.in_mesh(mesh.policies) if mesh.verdict == a.DENY else ()
            if mesh.verdict == a.DENY and not key.outcome_logged:
                described["note"] = by_mesh.note(first)
            described |= {"change": (*change.policies, *in_mesh), "to_add": change.to_add}
        described["bytes"] = bytes_[place] if has_bytes else None
        described |= {"records": records[place], "flows": flows[place]}
        described["example"] = example
        found.append(_finding(key, edges, rows, described))
    found.sort(key=lambda one: (one.group, -one.records, one.source, one.destination, one.fingerprint))
    left = set(range(len(records))).difference(shown) if most is not None else set()
    return Gathered(add_notes(found, program.cluster), len(left), sum(records[place] for place in left))


def first_places(
    groups: Sequence[int], records: Sequence[int], most: int | None, name: Callable[[int], tuple[Any, ...]]
) -> Sequence[int]:
    """Which are shown of those in these groups with so many records: all, or the first in the order of a
    report, by group, most records and ``name``, which is asked of those alone on which it hangs."""
    if most is None or len(records) <= most:
        return range(len(records))
    by_count = sorted(range(len(records)), key=lambda place: (groups[place], -records[place]))
    last = by_count[most - 1] if most else by_count[0]
    bound = groups[last], -records[last]
    sure = [place for place in by_count[:most] if (groups[place], -records[place]) < bound]
    tied = [place for place in by_count if (groups[place], -records[place]) == bound]
    return [*sure, *nsmallest(most - len(sure), tied, key=name)]


def _examples(examples: Examples, keys: Int64, members: Members, shown: Sequence[int]) -> Int64:
    """Where the earliest of each finding that is shown is."""
    which = np.full(len(keys), -1, dtype=np.int64)
    for nth, place in enumerate(shown):
        which[members.of(place)] = nth
    return examples.earliest(keys, which, len(shown))


def _denied(program: Program, edges: Edges, e: int) -> dict[Direction, tuple[str, ...]]:
    """What denies an edge, by side."""
    decided = {Direction.EGRESS: edges.egress[e], Direction.INGRESS: edges.ingress[e]}
    sides = {side: program.decisions[number] for side, number in decided.items()}
    return {side: made.policies for side, made in sides.items() if made.verdict == a.DENY}


def _finding(key: FindingKey, edges: Edges, rows: Int64, described: dict[str, Any]) -> Finding:
    words = key._asdict()
    del words["outcome_logged"]
    if key.port == MANY:
        numbers = np.unique(edges.port[rows])
        words |= {"port": None, "ports": ranges_of(numbers), "n_ports": len(numbers)}
    return Finding(
        fingerprint=key.fingerprint,
        **words,
        **described,
        observed=_observed(edges, rows) if key.outcome_logged else str(Observed.UNKNOWN),
        first_seen=instant_text(int(edges.first_seen[rows].min())),
        last_seen=instant_text(int(edges.last_seen[rows].max())),
    )


def ranges_of(numbers: Int64) -> tuple[str, ...]:
    """Ascending numbers as ``1-1024``, ``8080``: the first MOST_RANGES stretches."""
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts = numbers[np.append(0, breaks + 1)].tolist()
    lasts = numbers[np.append(breaks, len(numbers) - 1)].tolist()
    some = zip(firsts[:MOST_RANGES], lasts[:MOST_RANGES], strict=True)
    return tuple(f"{first}-{last}" if last > first else str(first) for first, last in some)


def _observed(edges: Edges, rows: Int64) -> str:
    """Where it is told; what only went on to a proxy is not."""
    return ", ".join(sorted(OBSERVED[code] for code in np.unique(edges.observed[rows]).tolist()))
