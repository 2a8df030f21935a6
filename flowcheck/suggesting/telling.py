"""A draft as records: what a person and a program are told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from flowcheck.model.instants import instant_text
from flowcheck.model.labels import Operator, Selector
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import protocol_word
from flowcheck.model.ranges import DnsMap, NamedAddress
from flowcheck.suggesting.build import Draft
from flowcheck.suggesting.needs import NO_PORT, Need, Policy, Rule, Tally
from flowcheck.suggesting.records import (
    AlreadyAllowed,
    ReasonCount,
    Seen,
    SeenEnd,
    SetAside,
    SuggestedPolicy,
    SuggestedRule,
)

MOST_ENDS, MOST_LISTED = 1000, 10_000
"""Addresses of a block; what is set aside for one reason, and what is allowed already: those that are listed.
All are counted."""


class Names:
    """Which names addresses had, when."""

    def __init__(self, names: DnsMap | None) -> None:
        self._of: dict[str, list[NamedAddress]] = defaultdict(list)
        for one in names.names if names is not None else ():
            self._of[one.address].append(one)

    def at(self, address: str, tally: Tally) -> tuple[str, ...]:
        """Those that it had at any time between its first and its last connection."""
        found = (
            one.name
            for one in self._of.get(address, ())
            if one.lifetime.start <= tally.last and tally.first < one.lifetime.end
        )
        return tuple(sorted(set(found)))


def told_policies(policies: Iterable[Policy], names: Names) -> tuple[SuggestedPolicy, ...]:
    return tuple(_policy(one, names) for one in policies)


def _policy(policy: Policy, names: Names) -> SuggestedPolicy:
    numbered = (
        (f"{direction}[{number}]", rule)
        for direction in policy.directions
        for number, rule in enumerate(policy.of(direction))
    )
    return SuggestedPolicy(
        namespace=policy.unit.namespace,
        name=policy.name,
        workload=policy.unit.name,
        workloads=policy.unit.workloads,
        pods=policy.unit.n_pods,
        selector=selector_text(policy.unit.as_peer),
        also_selects=policy.unit.others,
        isolates=tuple(map(str, policy.directions)),
        looks_up=policy.looks_up or Direction.EGRESS not in policy.directions,
        rules=tuple(_rule(label, rule, names) for label, rule in numbered),
    )


def _rule(label: str, rule: Rule, names: Names) -> SuggestedRule:
    return SuggestedRule(
        rule=label,
        direction=str(rule.direction),
        peers=tuple(map(str, rule.peers)),
        ports=tuple(map(str, rule.ports)),
        seen=tuple(seen(need, names) for need in rule.needs),
    )


def seen(need: Need, names: Names) -> Seen:
    ends = sorted(need.ends.items(), key=lambda end: (-end[1].connections, end[0]))
    return Seen(
        workload=need.subject.name,
        direction=str(need.direction),
        peer=str(need.peer),
        protocol=protocol_word(need.protocol),
        port=_port(need.port),
        **_times(need.tally),
        once=max(need.tally.connections, need.tally.records) == 1,
        denied_by=tuple(sorted(need.denied_by)),
        refused=need.refused,
        by_service=need.services,
        ends=tuple(_end(end, tally, names) for end, tally in ends[:MOST_ENDS]),
        n_ends=len(ends),
    )


def _end(end: str, tally: Tally, names: Names) -> SeenEnd:
    return SeenEnd(end=end, names=names.at(end.rpartition(" ")[2], tally), **_times(tally))


def _times(tally: Tally) -> dict[str, Any]:
    return {
        "connections": tally.connections,
        "records": tally.records,
        "first_seen": instant_text(tally.first),
        "last_seen": instant_text(tally.last),
    }


def _port(port: int) -> int | None:
    return None if port == NO_PORT else port


def selector_text(selector: Selector) -> str:
    """As kubectl has it: ``app=web,tier in (a, b)``; of all pods ``(all pods)``."""
    parts = []
    for one in selector.requirements:
        values = ", ".join(sorted(one.values))
        match one.operator:
            case Operator.IN if len(one.values) == 1:
                parts.append(f"{one.key}={values}")
            case Operator.EXISTS:
                parts.append(one.key)
            case Operator.DOES_NOT_EXIST:
                parts.append(f"!{one.key}")
            case _:
                parts.append(f"{one.key} {'in' if one.operator is Operator.IN else 'notin'} ({values})")
    return ",".join(parts) or "(all pods)"


def already_allowed(draft: Draft) -> tuple[AlreadyAllowed, ...]:
    """The first so many, the most frequent first."""
    ordered = sorted(draft.kept.items(), key=lambda one: (-one[1].connections, *map(str, _words(one[0]))))
    return tuple(
        AlreadyAllowed(
            direction=str(kept.direction),
            source=kept.source,
            destination=kept.destination,
            protocol=protocol_word(kept.protocol),
            port=_port(kept.port),
            by=kept.by,
            **_times(tally),
        )
        for kept, tally in ordered[:MOST_LISTED]
    )


def set_aside(draft: Draft) -> tuple[tuple[SetAside, ...], tuple[ReasonCount, ...]]:
    """The first so many of each reason, the most frequent first; and all of them counted."""
    by_reason: dict[str, list[tuple[Any, Tally]]] = defaultdict(list)
    for aside, tally in draft.aside.items():
        by_reason[aside.reason].append((aside, tally))
    entries: list[SetAside] = []
    counts = []
    for reason, those in sorted(by_reason.items()):
        those.sort(key=lambda one: (-one[1].records, *map(str, _words(one[0]))))
        entries += (
            SetAside(
                reason=reason,
                source=aside.source,
                destination=aside.destination,
                protocol=protocol_word(aside.protocol),
                port=_port(aside.port),
                **_times(tally),
            )
            for aside, tally in those[:MOST_LISTED]
        )
        counts.append(
            ReasonCount(
                reason=reason,
                entries=len(those),
                listed=min(len(those), MOST_LISTED),
                connections=sum(tally.connections for _, tally in those),
                records=sum(tally.records for _, tally in those),
            )
        )
    return tuple(entries), tuple(counts)


def _words(one: Any) -> tuple[Any, ...]:
    return one.source, one.destination, one.protocol, one.port
