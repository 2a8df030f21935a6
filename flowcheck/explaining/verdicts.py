"""The verdict of the whole, from those of all pairs: one only where everything an end may mean agrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowcheck.explaining.compiled import Outcome
from flowcheck.explaining.ends import Candidate, Party
from flowcheck.explaining.records import Case, SideAnswer
from flowcheck.model.verdict import Reason, Verdict

Pair = tuple[Candidate, Candidate]


class Whole(NamedTuple):
    """What holds for one source. ``sides``: the decisions of each of its pairs; None, where the backends of a
    Service differ: in what network policies say of them, or the mesh."""

    network: list[tuple[int, int]] | None
    mesh: list[int] | None


def verdict_of(
    src: Party, dst: Party, pairs: Sequence[Pair], outcomes: Sequence[Outcome], cases: Sequence[Case]
) -> tuple[Verdict, Reason]:
    if not pairs:
        lost = [f"{end.lost}_src" for end in src.ends if end.lost]
        return Verdict.UNKNOWN, Reason(lost[0]) if lost else Reason.UNRESOLVED_DST
    by_source: dict[int, list[Outcome]] = {}
    for (s, _), outcome in zip(pairs, outcomes, strict=True):
        by_source.setdefault(id(s), []).append(outcome)
    first, *others = [_of_backends(one) if dst.service else _all_of(one) for one in by_source.values()]
    if any(one != first for one in others):
        return Verdict.UNKNOWN, Reason.AMBIGUOUS_SRC
    if first.network is None or first.mesh is None:
        return _where_backends_differ(first, outcomes[0], cases[0])
    if len(set(zip(first.network, first.mesh, strict=True))) > 1:
        return Verdict.UNKNOWN, Reason.AMBIGUOUS_DST
    return Verdict(cases[0].verdict), Reason(cases[0].reason)


def _where_backends_differ(whole: Whole, outcome: Outcome, case: Case) -> tuple[Verdict, Reason]:
    """What the other layer says of all of them alike comes first: a denial, or an earlier doubt."""
    if Verdict.DENY in (whole.network and outcome.by_network, whole.mesh and outcome.by_mesh):
        return Verdict.DENY, Reason.NONE
    if whole.network and outcome.by_network is Verdict.UNKNOWN:
        return Verdict.UNKNOWN, together([case.egress, case.ingress])[1]
    return Verdict.UNKNOWN, Reason.SERVICE_BACKENDS_DIFFER


def _all_of(outcomes: Sequence[Outcome]) -> Whole:
    return Whole([(one.egress, one.ingress) for one in outcomes], [one.mesh for one in outcomes])


def _of_backends(outcomes: Sequence[Outcome]) -> Whole:
    """The first backend's, where all have its verdict. What the mesh does not reach it lets through."""
    of_first = _all_of(outcomes[:1])
    network = {one.by_network for one in outcomes}
    mesh = {Verdict.ALLOW if one.by_mesh is Verdict.NOT_APPLICABLE else one.by_mesh for one in outcomes}
    return Whole(of_first.network if len(network) == 1 else None, of_first.mesh if len(mesh) == 1 else None)


def together(sides: Sequence[SideAnswer]) -> tuple[Verdict, Reason]:
    """A connection needs all of them: a denial wins, then doubt, then an allow."""
    for verdict in (Verdict.DENY, Verdict.UNKNOWN, Verdict.ALLOW):
        for side in sides:
            if side.verdict == verdict:
                return verdict, Reason(side.reason)
    return Verdict.NOT_APPLICABLE, Reason.NONE
