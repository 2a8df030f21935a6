"""Stretches of time in which one rule divided what reached its targets, with who its endpoints were.

A route that changed has a phase for each version; so has one of whose targets the last endpoint went away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from flowcheck.balance.split.groups import (
    Group,
    Lookup,
    Shares,
    UnclearError,
    find_subset,
    rules_for_host,
    same_shares,
    share_out,
)
from flowcheck.balance.split.rules import Candidate, Candidates, is_for_mesh
from flowcheck.balance.split.times import in_force, instant_in, instants, stretches
from flowcheck.model.mesh.routes import DestinationRule, Route, Target


@dataclass(slots=True)
class Phase:
    """``why``: what keeps it from being tested, "" nothing. ``forbidden``: endpoints that no rule sends to,
    though they are the Service's. ``numbers``: the service ports that the targets are."""

    start: int
    end: int
    candidate: Candidate
    why: str = ""
    expected: dict[Group, float] = field(default_factory=dict)
    missing: float = 0.0
    group_of: dict[int, Group] = field(default_factory=dict)
    forbidden: frozenset[int] = frozenset()
    numbers: frozenset[int] = frozenset()

    @property
    def targets(self) -> tuple[Target, ...]:
        return self.candidate.rule.targets


@dataclass(frozen=True, slots=True)
class Divided:
    """What was dialled, or came by a gateway, and by which rules it goes on at each time. ``host``: the
    service ports that were dialled, in all versions; ``namespaces``: the clients'."""

    lookup: Lookup
    host: tuple[int, ...]
    dialled: int
    namespaces: frozenset[str]
    rules_at: Callable[[Sequence[Route]], Candidates]

    def numbers(self, candidate: Candidate) -> frozenset[int]:
        """The service ports that a rule's targets are."""
        found = (self.lookup.ports(target, self.dialled) for target in candidate.rule.targets)
        return frozenset(chain.from_iterable(found))

    def ever(self, target: Target) -> set[int]:
        """Whatever stood behind a target at any time."""
        ports = (self.lookup.catalog.ports[number] for number in self.lookup.ports(target, self.dialled))
        return {member.endpoint for one in ports for segment in one.segments for member in segment}


@dataclass(slots=True)
class Phases:
    """``found``: of every rule that divides, or sends past some of the Service's endpoints, in the order of
    time. ``parts``: in which groups of which rules each endpoint ever was; ``clear``: that is known of all.
    ``unclear``: why it is not known which rules there are."""

    found: list[Phase] = field(default_factory=list)
    parts: dict[int, set[tuple[str, str, Group]]] = field(default_factory=lambda: defaultdict(set))
    clear: bool = True
    unclear: dict[str, None] = field(default_factory=dict)


def phases_of(divided: Divided) -> Phases:
    """Over all time, as far as it is known which versions held."""
    known, phases = _concerned(divided), Phases()
    cuts = instants((*known.routes, *known.rules)) | divided.lookup.starts(known.numbers)
    for start, end in stretches(cuts):
        for phase in _phases_at(divided, known, start, end, phases):
            before = next((one for one in reversed(phases.found) if _goes_on(one, phase)), None)
            if before is None:
                phases.found.append(phase)
            else:
                _extend(before, phase)
    return phases


class _Known(NamedTuple):
    """All versions of what may have to do with it: that others changed is no matter here."""

    routes: list[Route]
    rules: list[DestinationRule]
    numbers: set[int]


def _concerned(divided: Divided) -> _Known:
    lookup, numbers = divided.lookup, {*divided.host}
    own = {route: None for number in divided.host for route in lookup.routes(lookup.service(number))}
    named: set[str] = set()
    for route in own if divided.host else lookup.routing.routes:
        found, unclear = divided.rules_at((route,))
        numbers.update(number for candidate in found for number in divided.numbers(candidate))
        named |= {str(route)} if found or unclear else set()
    services = {lookup.service(number) for number in numbers}
    near = {route: None for service in services for route in lookup.routes(service)} | own
    for route in near:
        if any((target.namespace, target.service) in services for r in route.rules for target in r.targets):
            named.add(str(route))
    return _Known(
        [route for route in (near if divided.host else lookup.routing.routes) if str(route) in named],
        [rule for service in sorted(services) for rule in lookup.rules(service)],
        numbers,
    )


def _phases_at(divided: Divided, known: _Known, start: int, end: int, phases: Phases) -> list[Phase]:
    lookup, at = divided.lookup, instant_in(start, end)
    routes, rules = in_force(known.routes, at), in_force(known.rules, at)
    candidates, unclear = divided.rules_at(routes.objects)
    if unclear:
        phases.unclear[unclear] = None
    if routes.is_open or rules.is_open or not candidates:
        return []
    shares = [_shares_or_why(divided, rules.objects, candidate, at) for candidate in candidates]
    clear = [one for one in shares if isinstance(one, Shares)]
    reached = {e for one in clear for e, group in one.group_of.items() if group in one.expected}
    phases.clear = phases.clear and len(clear) == len(shares)
    for candidate, one in zip(candidates, shares, strict=True):
        for endpoint, group in one.group_of.items() if isinstance(one, Shares) else ():
            phases.parts[endpoint].add((str(candidate.route), candidate.rule.label, group))
    elsewhere = _sent_from_elsewhere(divided, routes.objects, candidates)
    found = []
    for number, (candidate, one) in enumerate(zip(candidates, shares, strict=True)):
        if any(_alike(candidate, earlier) for earlier in candidates[:number]):
            continue
        phase = Phase(start, end, candidate, numbers=divided.numbers(candidate))
        if isinstance(one, str):
            phase.why = one
        else:
            phase.expected, phase.missing = one.expected, one.missing
            phase.group_of = {e: g for e, g in one.group_of.items() if g in one.expected or e not in reached}
            phase.why = _why(divided, candidates, shares, number) or elsewhere
        if number == len(candidates) - 1 and len(clear) == len(shares) and not phase.why:
            phase.forbidden = frozenset(lookup.endpoints(divided.host, at)) - reached - phase.group_of.keys()
        if len(candidate.rule.targets) > 1 or phase.forbidden:
            found.append(phase)
    return found


def _alike(one: Candidate, other: Candidate) -> bool:
    return one.rule.targets == other.rule.targets and one.rule.instead == other.rule.instead


def _sent_from_elsewhere(divided: Divided, routes: Sequence[Route], candidates: Sequence[Candidate]) -> str:
    """Whether what is dialled by another name may reach the same endpoints."""
    if not divided.host:
        return ""
    own = {(t.namespace, t.service) for one in candidates for t in one.rule.targets}
    own |= {divided.lookup.service(number) for number in divided.host}
    ours = {str(one.route) for one in candidates}
    others = (one for one in routes if is_for_mesh(one) and str(one) not in ours)
    theirs = {(t.namespace, t.service) for one in others for r in one.rules for t in r.targets if t.weight}
    return "sent_from_elsewhere" if own & theirs else ""


def _shares_or_why(
    divided: Divided, rules: Sequence[DestinationRule], candidate: Candidate, at: int
) -> Shares | str:
    try:
        return _shares(divided, rules, candidate, at)
    except UnclearError as why:
        return str(why)


def _shares(divided: Divided, rules: Sequence[DestinationRule], candidate: Candidate, at: int) -> Shares:
    lookup, found = divided.lookup, []
    for target in candidate.rule.targets:
        own = [] if target.fault else lookup.endpoints(lookup.ports(target, divided.dialled), at)
        if target.subset and not target.fault:
            of_host = rules_for_host(lookup.routing.root_namespace, rules, target, divided.namespaces)
            subset = find_subset(of_host, target.subset)
            own = lookup.labelled(own, subset) if subset is not None else []
        found.append(own)
    return share_out(candidate.rule, found)


def _why(
    divided: Divided, candidates: Sequence[Candidate], shares: Sequence[Shares | str], number: int
) -> str:
    """What keeps one of several rules from being tested by what reached its targets."""
    own = shares[number]
    assert isinstance(own, Shares)
    if candidates[number].rule.instead:
        return "no_targets"
    if not own.expected:
        return "no_endpoints"
    endpoints = {e for e, group in own.group_of.items() if group in own.expected}
    for place, (candidate, other) in enumerate(zip(candidates, shares, strict=True)):
        if isinstance(other, str):
            return other
        if any(endpoints & divided.ever(mirror) for mirror in candidate.rule.mirrors):
            return "mirrored"
        theirs = {e for e, group in other.group_of.items() if group in other.expected}
        if place != number and not _alike(candidate, candidates[number]) and endpoints & theirs:
            return "told_apart"
    return ""


def _goes_on(before: Phase, after: Phase) -> bool:
    """Whether a phase is the one before it, with perhaps other endpoints."""
    return (
        before.end == after.start
        and str(before.candidate.route) == str(after.candidate.route)
        and before.candidate.rule.label == after.candidate.rule.label
        and before.targets == after.targets
        and before.why == after.why
        and same_shares(before.expected, after.expected)
    )


def _extend(before: Phase, after: Phase) -> None:
    before.end = after.end
    moved = any(before.group_of.get(e, group) != group for e, group in after.group_of.items())
    if moved or before.forbidden & after.group_of.keys():
        before.why = "relabelled"
    before.group_of = {**before.group_of, **after.group_of}
    before.forbidden |= after.forbidden
    before.numbers |= after.numbers
