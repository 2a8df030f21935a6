"""What a value says, whatever place and time it was read from: to tell whether two say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flowcheck.history.values import Value
from flowcheck.model.cluster import Namespace, Pod
from flowcheck.model.mesh.routes import Route
from flowcheck.model.places import NOWHERE
from flowcheck.model.policy import Policy, Rule
from flowcheck.model.ranges import PodRanges
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import ALWAYS, END, Lifetime
from flowcheck.objects.workloads import Controller


def unplaced(value: Value | None) -> Value | None:
    """A value without the places it was read from; of its lifetime only an end that it tells of itself."""
    match value:
        case list():
            return [replace(one, source=NOWHERE, lifetime=ALWAYS) for one in value]
        case Policy():
            return replace(
                value,
                ingress=_unplaced_rules(value.ingress),
                egress=_unplaced_rules(value.egress),
                beside_types=tuple((of, _unplaced_rules(rules)) for of, rules in value.beside_types),
                source=NOWHERE,
                lifetime=ALWAYS,
            )
        case Route():
            rules = tuple(replace(rule, source=NOWHERE) for rule in value.rules)
            return replace(value, rules=rules, source=NOWHERE, lifetime=ALWAYS)
        case Controller():
            template = value.template and _unplaced_pod(value.template)
            return replace(value, template=template, source=NOWHERE)
        case None | Tier():
            return value
        case Namespace() | PodRanges():
            return replace(value, source=NOWHERE)
        case Pod():
            return _unplaced_pod(value)
        case _:
            return replace(value, source=NOWHERE, lifetime=ALWAYS)


def _unplaced_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(replace(rule, source=NOWHERE) for rule in rules)


def _unplaced_pod(pod: Pod) -> Pod:
    ends = pod.lifetime.end < END
    return replace(pod, source=NOWHERE, lifetime=pod.lifetime if ends else ALWAYS)


def with_own_lifetime(value: Value, lifetime: Lifetime) -> Value:
    """A pod with a lifetime as if it told it itself; any other value as it is."""
    return replace(value, lifetime=lifetime) if isinstance(value, Pod) else value


def named(value: Value, name: str) -> Value:
    """EndpointSlices with the name of their object; those that one Endpoints object makes are numbered."""
    if not isinstance(value, list):
        return value
    several = len(value) > 1
    return [replace(one, name=f"{name}[{n}]" if several else name) for n, one in enumerate(value)]


def says_the_same(before: Value | None, after: Value | None) -> bool:
    """Whether an object is at one time what it was at an earlier one."""
    if isinstance(before, Pod) and isinstance(after, Pod):
        return _same_pod(before, after)
    return unplaced(before) == unplaced(after)


_TELLING = ("addresses", "secondary_addresses", "node", "ready", "workload")


def _same_pod(before: Pod, after: Pod) -> bool:
    """A pod without addresses yet becomes the one with addresses, and what else comes with being started
    does not count; nor does it that an ended pod is no longer ready."""
    if before.mesh != after.mesh and (before.mesh is not None or before.addresses):
        return False
    if before.labels != after.labels or before.ports != after.ports or before.init_ports != after.init_ports:
        return False
    if before.account != after.account:
        return False
    if before.host_network != after.host_network or before.finished != after.finished:
        return False
    if not before.addresses or after.lifetime.end < END:
        return True
    return all(getattr(before, name) == getattr(after, name) for name in _TELLING)
