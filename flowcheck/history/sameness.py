"""What a value says, whatever place and time it was read from: to tell whether two say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flowcheck.model.cluster import Namespace, Pod
from flowcheck.model.policy import NOWHERE, Policy
from flowcheck.model.ranges import PodRanges
from flowcheck.model.timeline import ALWAYS, END, Lifetime
from flowcheck.objects.workloads import Controller


def unplaced(value: Any) -> Any:
    """A value without the places it was read from; of its lifetime only an end that it tells of itself."""
    if isinstance(value, list):
        return [unplaced(item) for item in value]
    if isinstance(value, Policy):
        ingress = tuple(replace(rule, source=NOWHERE) for rule in value.ingress)
        egress = tuple(replace(rule, source=NOWHERE) for rule in value.egress)
        return replace(value, ingress=ingress, egress=egress, source=NOWHERE, lifetime=ALWAYS)
    if isinstance(value, Controller):
        return replace(value, template=value.template and unplaced(value.template), source=NOWHERE)
    if isinstance(value, Namespace | PodRanges):
        return replace(value, source=NOWHERE)
    if isinstance(value, Pod) and value.lifetime.end < END:
        return replace(value, source=NOWHERE)
    return replace(value, source=NOWHERE, lifetime=ALWAYS)


def with_lifetime(value: Any, lifetime: Lifetime) -> Any:
    """A value, or each of a list of them, with its lifetime."""
    if isinstance(value, list):
        return [with_lifetime(item, lifetime) for item in value]
    return (
        value
        if value.lifetime is lifetime or value.lifetime == lifetime
        else replace(value, lifetime=lifetime)
    )


def with_own_lifetime(value: Any, lifetime: Lifetime) -> Any:
    """A pod with a lifetime as if it told it itself; any other value as it is."""
    return replace(value, lifetime=lifetime) if isinstance(value, Pod) else value


def named(value: Any, name: str) -> Any:
    """EndpointSlices with the name of their object; those that one Endpoints object makes are numbered."""
    if not isinstance(value, list):
        return value
    several = len(value) > 1
    return [replace(one, name=f"{name}[{n}]" if several else name) for n, one in enumerate(value)]


def says_the_same(before: Any, after: Any) -> bool:
    """Whether an object is at one time what it was at an earlier one."""
    if isinstance(before, Pod) and isinstance(after, Pod):
        return _same_pod(before, after)
    return bool(unplaced(before) == unplaced(after))


_TELLING = ("addresses", "secondary_addresses", "node", "ready", "workload")


def _same_pod(before: Pod, after: Pod) -> bool:
    """A pod without addresses yet becomes the one with addresses, and what else comes with being started
    does not count; nor does it that an ended pod is no longer ready."""
    if before.labels != after.labels or before.ports != after.ports:
        return False
    if before.host_network != after.host_network or before.finished != after.finished:
        return False
    if not before.addresses or after.lifetime.end < END:
        return True
    return all(getattr(before, name) == getattr(after, name) for name in _TELLING)
