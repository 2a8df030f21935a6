"""Which endpoints the targets of a rule are at one time, and what share each group of them should have had.

Targets may overlap (two subsets with an endpoint in common), so endpoints are grouped by all the targets that
they are in: a group's share is the sum of its parts of each target's, as proxies spread evenly inside one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.expect.routing import Routing
from flowcheck.compile.backends import used
from flowcheck.model.mesh.routes import DestinationRule, Route, RouteRule, Subset, Target, covers, service_of

Group = tuple[int, ...]
"""The places of a rule's targets, ascending."""


Named = tuple[str, str]
"""Namespace and name of a Service."""
NOBODY = ("", "")
"""Stands for hosts with ``*``, which may be many Services."""


class UnclearError(Exception):
    """It is not known whom a target is; the reason."""


class Shares(NamedTuple):
    """``group_of``: the endpoints of all targets. ``expected``: of the groups that should have had a part of
    what reached any, their sum 1. ``missing``: the part of all that was for targets without endpoints."""

    group_of: dict[int, Group]
    expected: dict[Group, float]
    missing: float


@dataclass(slots=True)
class Lookup:
    """Finds service ports with their usable endpoints, and what names a Service, in a catalog."""

    catalog: Catalog
    routing: Routing
    _numbers: dict[Named, list[int]] = field(init=False)
    _routes: dict[Named, list[Route]] = field(init=False)
    _rules: dict[Named, list[DestinationRule]] = field(init=False)

    def __post_init__(self) -> None:
        self._numbers, self._routes, self._rules = defaultdict(list), defaultdict(list), defaultdict(list)
        for number, backends in enumerate(self.catalog.ports):
            self._numbers[backends.service.namespace, backends.service.name].append(number)
        for route in self.routing.routes:
            for name in services_named(route):
                self._routes[name].append(route)
        for rule in self.routing.rules:
            self._rules[service_of(rule.host) or NOBODY].append(rule)

    def routes(self, service: Named) -> list[Route]:
        """Those that may be for a Service or send to it, in all versions."""
        return [*self._routes.get(service, ()), *self._routes.get(NOBODY, ())]

    def rules(self, service: Named) -> list[DestinationRule]:
        """Those for a Service, in all versions; else those for hosts with ``*`` that hold it."""
        own = self._rules.get(service)
        return own or [rule for rule in self._rules.get(NOBODY, ()) if covers(rule.host, *service)]

    def service(self, number: int) -> tuple[str, str]:
        service = self.catalog.ports[number].service
        return service.namespace, service.name

    def ports(self, target: Target, dialled: int) -> list[int]:
        """The service ports, in all versions, that a target is."""
        own = self._numbers.get((target.namespace, target.service), [])
        port_of = {number: self.catalog.ports[number].port.port for number in own}
        wanted = target.port or dialled
        if not target.port and wanted not in port_of.values() and len(set(port_of.values())) == 1:
            return own
        return [number for number in own if port_of[number] == wanted]

    def endpoints(self, numbers: Iterable[int], at: int) -> list[int]:
        """The usable ones at an instant."""
        found: dict[int, None] = {}
        for number in numbers:
            start, end = self.catalog.spans[number] if self.catalog.spans else (at, at + 1)
            if start <= at < end:
                members = self.catalog.ports[number].segments[self._segment(number, at)]
                found |= dict.fromkeys(member.endpoint for member in used(members))
        return list(found)

    def starts(self, numbers: Iterable[int]) -> set[int]:
        """When the backends of service ports change."""
        table = self.catalog.services.ports
        return {
            int(start)
            for number in numbers
            for start in table.segment_start[table.segment_first[number] : table.segment_first[number + 1]]
        }

    def _segment(self, number: int, at: int) -> int:
        table = self.catalog.services.ports
        first, last = int(table.segment_first[number]), int(table.segment_first[number + 1])
        starts = table.segment_start[first:last].tolist()
        return max(0, bisect_right(starts, at) - 1)

    def labelled(self, endpoints: Iterable[int], subset: Subset) -> list[int]:
        """Those with a subset's labels."""
        wanted = dict(subset.labels).items()
        found = []
        for endpoint in endpoints:
            answers = {wanted <= pod.labels.items() for pod in self.routing.pods.get(endpoint, ())}
            if len(answers) != 1:
                raise UnclearError("relabelled" if answers else "labels_not_known")
            if answers == {True}:
                found.append(endpoint)
        return found


def services_named(route: Route) -> set[Named]:
    """Every Service that a route is for or sends to."""
    hosts = {NOBODY if host.startswith("*") else service_of(host) or NOBODY for host in route.hosts}
    parents = {(one.namespace, one.name) for one in route.parents if one.kind == "Service"}
    return hosts | parents | {(t.namespace, t.service) for rule in route.rules for t in rule.targets}


def rules_for_host(
    root_namespace: str, rules: Sequence[DestinationRule], target: Target, namespaces: Iterable[str]
) -> tuple[DestinationRule, ...]:
    """The DestinationRules that clients of these namespaces use for a target: of their own namespace, else of
    the Service's, else of the root namespace.

    Source: pilot push_context.go, destinationRule.
    """
    of_host = [one for one in rules if covers(one.host, target.namespace, target.service)]
    of_host = [one for one in of_host if "*" not in one.host] or of_host
    chosen = set()
    for own in namespaces or ("",):
        places = ([] if own == root_namespace else [own]) + [target.namespace, root_namespace]
        found: tuple[DestinationRule, ...] = ()
        for place in places:
            found = found or tuple(
                one for one in of_host if one.namespace == place and (place == own or _exported(one, own))
            )
        chosen.add(found)
    if len(chosen) > 1 or any(one.selective for one in next(iter(chosen))):
        raise UnclearError("some_clients")
    return next(iter(chosen))


def _exported(rule: DestinationRule, to: str) -> bool:
    return not rule.exported_to or "*" in rule.exported_to or to in rule.exported_to


def find_subset(rules: Sequence[DestinationRule], name: str) -> Subset | None:
    """Of several rules for one host the first that has it."""
    return next((subset for rule in rules for subset in rule.subsets if subset.name == name), None)


def share_out(rule: RouteRule, endpoints: Sequence[Sequence[int]]) -> Shares:
    """endpoints: of each target."""
    group_of: dict[int, list[int]] = defaultdict(list)
    for place, own in enumerate(endpoints):
        for endpoint in own:
            group_of[endpoint].append(place)
    groups = {endpoint: tuple(places) for endpoint, places in group_of.items()}
    whole = sum(target.weight for target in rule.targets)
    live = sum(target.weight for target, own in zip(rule.targets, endpoints, strict=True) if own)
    expected: dict[Group, float] = defaultdict(float)
    for target, own in zip(rule.targets, endpoints, strict=True):
        for endpoint in own if target.weight else ():
            expected[groups[endpoint]] += target.weight / live / len(own)
    return Shares(groups, dict(expected), 1 - live / whole if whole else 0.0)


def label_of(targets: Sequence[Target], group: Group) -> str:
    return " + ".join(targets[place].label for place in group)


def same_shares(one: Mapping[Group, float], other: Mapping[Group, float]) -> bool:
    return one.keys() == other.keys() and all(abs(one[group] - other[group]) < 1e-9 for group in one)
