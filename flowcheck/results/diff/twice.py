"""Edges that were judged twice, taken apart: as the first program tells them, and as the second does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, UInt8
from flowcheck.compile import Program
from flowcheck.model.change import ChangeKind
from flowcheck.model.verdict import Verdict
from flowcheck.results.diff.kinds import KIND, KINDS
from flowcheck.results.diff.pairs import AFTER, BEFORE, ENDS, SAME_ENDS, numbers_of
from flowcheck.results.edges import Edges, combine_verdicts, reasons, take_apart
from flowcheck.results.records.diff import KindCount, Transition


class Twice(NamedTuple):
    """``before`` and ``after``: the same edges by either program, with the verdicts of each and why these are
    unknown, (edges,). kind (edges,) uint8: a code of KINDS. other_rule (edges,) bool: something else
    decides. keys (edges, 3): as they are told apart."""

    programs: tuple[Program, Program]
    edges: tuple[Edges, Edges]
    verdicts: tuple[UInt8, UInt8]
    reasons: tuple[UInt8, UInt8]
    kind: UInt8
    other_rule: np.ndarray
    keys: Int64


def same_groups(before: Program, after: Program) -> Int32:
    """(groups,) int32: of each group of the first program the number of the one with its name in the second,
    -1 where there is none."""
    numbers = {name: number for number, name in enumerate(after.groups)}
    return np.array([numbers.get(name, -1) for name in before.groups], dtype=np.int32)


def judged_twice(before: Program, after: Program, entries: Int64, pairs: Int64) -> Twice:
    """entries (edges, 8), of which pairs (pairs, 3) tell what was decided."""
    number = numbers_of(entries[:, a.KEY_DECISIONS])
    firsts, seconds = entries.copy(), entries.copy()
    firsts[:, a.KEY_DECISIONS] = pairs[number, BEFORE]
    seconds[:, a.KEY_DECISIONS] = pairs[number, AFTER]
    seconds[:, a.KEY_GROUPS] = _groups_after(before, after, entries[:, a.KEY_GROUPS], pairs[number, ENDS])
    edges = take_apart(before, firsts), take_apart(after, seconds)
    was, now = combine_verdicts(before, edges[0]), combine_verdicts(after, edges[1])
    return Twice(
        programs=(before, after),
        edges=edges,
        verdicts=(was, now),
        reasons=(reasons(before, edges[0], was), reasons(after, edges[1], now)),
        kind=KIND[was, now, edges[0].observed],
        other_rule=_decided_otherwise(before, after, *edges),
        keys=entries[:, :3],
    )


def _groups_after(before: Program, after: Program, groups: Int64, ends: Int64) -> Int64:
    """(edges,) KEY_GROUPS by the second program."""
    same = same_groups(before, after).astype(np.int64)
    alike = same[groups >> a.HALF] << a.HALF | same[groups & a.LOW_WORD]
    return np.where(ends == SAME_ENDS, alike, ends - 1)


def _decided_otherwise(before: Program, after: Program, one: Edges, other: Edges) -> np.ndarray:
    """(edges,) bool: by what decisions are called."""
    numbers: dict[str, int] = {}
    differs = np.zeros(len(one.port), dtype=np.bool_)
    was, now = (
        np.array([numbers.setdefault(one.text, len(numbers)) for one in program.decisions], dtype=np.int64)
        for program in (before, after)
    )
    for side in ("egress", "ingress", "mesh"):
        differs |= was[getattr(one, side)] != now[getattr(other, side)]
    return differs


def transitions(found: Twice) -> Iterator[Transition]:
    """Every pair of verdicts that occurs, in the order of the words."""
    was, now = found.verdicts
    records, flows = found.edges[0].records, found.edges[0].flows
    for before, word in enumerate(Verdict):
        for after, other in enumerate(Verdict):
            chosen = (was == before) & (now == after)
            if chosen.any():
                yield Transition(
                    before=str(word),
                    after=str(other),
                    records=int(records[chosen].sum()),
                    flows=int(flows[chosen].sum()),
                )


def count_kind(found: Twice, kind: ChangeKind, changes: int = 0) -> KindCount:
    chosen = found.kind == KINDS.index(kind)
    edges = found.edges[0]
    untold = chosen & (edges.observed == a.OBSERVED_UNKNOWN)
    return KindCount(
        changes=changes,
        records=int(edges.records[chosen].sum()),
        flows=int(edges.flows[chosen].sum()),
        observed_unknown=int(edges.records[untold].sum()),
    )
