"""Splits and choices as records: numbers put beside names, p-values adjusted over all splits."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from flowcheck.balance.assess.chance import adjust
from flowcheck.balance.count.measures import wilson_interval
from flowcheck.balance.split.groups import label_of
from flowcheck.balance.split.judge import Split, Verdict, decide
from flowcheck.balance.split.services import Divisions, Held
from flowcheck.balance.tell.records import ChoiceLoad, ShareLoad, SplitLoad
from flowcheck.model.instants import instant_text
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.options import Thresholds
from flowcheck.model.timeline import BEGINNING, END

NO_RULE = "(no rule)"
"""Endpoints of the Service that no rule sends to."""


class Told(NamedTuple):
    """What proxies have to do with a service port."""

    choice: ChoiceLoad | None = None
    splits: tuple[SplitLoad, ...] = ()

    @property
    def divided(self) -> bool:
        return self.choice is not None and self.choice.divided


def choice_record(divisions: Divisions, number: int) -> ChoiceLoad | None:
    spread, unclear = divisions.spreads.get(number), divisions.unclear.get(number, ())
    if spread is None:
        return None
    return ChoiceLoad(
        by=spread.by,
        balancer=spread.balancer,
        rules=spread.rules,
        ejects=spread.ejects,
        divided=spread.cells is not None and len(set(spread.cells.values())) > 1,
        unclear=unclear,
    )


def split_records(divisions: Divisions, thresholds: Thresholds) -> dict[int, tuple[SplitLoad, ...]]:
    """Of each service port, the earliest first."""
    held = [(number, one) for number, several in divisions.splits.items() for one in several]
    tested = [place for place, (_, one) in enumerate(held) if one.split.p is not None]
    adjusted = adjust(np.array([held[place][1].split.p for place in tested], dtype=np.float64)).tolist()
    p_of = dict(zip(tested, adjusted, strict=True))
    found: dict[int, list[SplitLoad]] = defaultdict(list)
    for place, (number, one) in enumerate(held):
        found[number].append(_record(one, p_of.get(place), thresholds))
    return {number: _worth_telling(splits) for number, splits in found.items()}


def _worth_telling(splits: list[SplitLoad]) -> tuple[SplitLoad, ...]:
    """Versions in which nothing was connected are left out where there are others."""
    used = [one for one in splits if one.connections or one.zero_weight]
    return tuple(used or splits[:1])


def _record(held: Held, p: float | None, thresholds: Thresholds) -> SplitLoad:
    split = held.split
    phase, fit = split.phase, split.fit
    verdict, why = decide(split, p, thresholds)
    weighs_requests = phase.candidate.rule.carried is Carried.HTTP
    tested = split.p is not None
    return SplitLoad(
        route=str(phase.candidate.route),
        rule=phase.candidate.rule.label,
        place=str(phase.candidate.rule.source),
        by=held.by,
        since=None if phase.start == BEGINNING else instant_text(phase.start),
        until=None if phase.end == END else instant_text(phase.end),
        verdict=verdict,
        why=why,
        weighs="requests" if weighs_requests else "connections",
        asks=phase.candidate.asks,
        connections=split.n,
        zero_weight=split.zero_weight,
        missing=phase.missing,
        misplaced=split.misplaced if split.n else None,
        significant=p is not None and p < thresholds.alpha,
        tolerated=split.tolerated if verdict is not Verdict.NOT_TESTED else None,
        method=fit.method,
        statistic=fit.statistic if tested else None,
        freedom=fit.freedom,
        p=split.p,
        p_adjusted=p,
        design_effect=split.clustering.effect,
        targets=tuple(_shares(split)),
    )


def _shares(split: Split) -> list[ShareLoad]:
    """Also of targets that have no endpoints, which have nothing."""
    phase = split.phase
    found = []
    for group, count, expected in zip(
        split.groups, split.counts.tolist(), split.expected.tolist(), strict=True
    ):
        weight = phase.targets[group[0]].weight if len(group) == 1 else None
        endpoints = sum(own == group for own in phase.group_of.values())
        of = split.n if expected else split.n + split.zero_weight
        found.append(_share(label_of(phase.targets, group), weight, endpoints, count, of, expected))
    used = {place for group in split.groups for place in group}
    for place, target in enumerate(phase.targets):
        if place not in used:
            found.append(_share(target.label, target.weight, 0, 0, split.n))
    if phase.forbidden:
        of = split.n + split.zero_weight
        found.append(_share(NO_RULE, 0, len(phase.forbidden), split.none, of))
    return found


def _share(
    target: str, weight: int | None, endpoints: int, connections: int, of: int, expected: float = 0.0
) -> ShareLoad:
    low, high = wilson_interval(np.array([connections]), of) if of else (np.zeros(1), np.ones(1))
    return ShareLoad(
        target=target,
        weight=weight,
        endpoints=endpoints,
        connections=connections,
        share=connections / of if of else 0.0,
        expected=expected,
        low=float(low[0]),
        high=float(high[0]),
    )
