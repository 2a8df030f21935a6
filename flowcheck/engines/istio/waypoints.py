"""Waypoints: proxies that stand before Services and workloads of an ambient mesh.

A waypoint is named by the label istio.io/use-waypoint of a Service, a pod, or the namespace of either.
Whether a connection goes through it hangs on how it was addressed, which no record but the waypoint's own
tells: there policies with targetRefs are asked, by the Service that was addressed. Whatever they may change
elsewhere is open.

Source: Istio 1.31 pilot/pkg/serviceregistry/ambient/waypoints.go, pilot/pkg/model/policyattachment.go,
manifests/charts/istio-control/istio-discovery/files/waypoint.yaml.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from flowcheck.engines.istio.names import (
    GATEWAY_NAME,
    MANAGED,
    MESH_CONTROLLER,
    USE_WAYPOINT,
    USE_WAYPOINT_NAMESPACE,
    WAYPOINT_CLASS,
)
from flowcheck.engines.istio.scope import in_namespaces
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Labels, Operator, Requirement, Selector
from flowcheck.model.mesh.tiers import CUSTOM
from flowcheck.model.mesh.written import TargetRef
from flowcheck.model.peers import AllOf, AnyOf, Expression, IsA, Kind, Labelled, Not, Of, Where, labelled
from flowcheck.model.policy import Action, Policy, Rule
from flowcheck.model.service import Service
from flowcheck.model.verdict import Reason

_NONE = "none"
PROXIES: Expression = AllOf(
    (
        IsA(Kind.POD),
        Labelled(Of.OWN, Requirement(MANAGED, Operator.IN, frozenset({MESH_CONTROLLER}))),
    )
)
"""The waypoints themselves."""


@dataclass(frozen=True, slots=True)
class Fronted:
    """The pods of a Service behind a waypoint, each as namespace and name. ``surely``: neither the selector
    nor the waypoint ever was another."""

    waypoint: str
    service: str
    pods: Expression
    surely: bool


@dataclass(frozen=True, slots=True)
class Waypoints:
    """``behind``: the workloads that a waypoint stands before; None: there are none. ``names``: what those
    waypoints are called, in any namespace."""

    behind: Expression | None = None
    names: frozenset[str] = frozenset()
    fronted: tuple[Fronted, ...] = ()
    proxies: Expression = PROXIES


def waypoints_of(cluster: Cluster) -> Waypoints:
    """What labels tell, at any time."""
    parts = tuple(_behind(cluster))
    behind: Expression | None = AllOf((IsA(Kind.POD), AnyOf(parts))) if parts else None
    names = frozenset(filter(None, map(waypoint_named, _all_labels(cluster))))
    return Waypoints(behind, names, tuple(_fronted(cluster)))


def _all_labels(cluster: Cluster) -> Iterator[Labels]:
    yield from (one.labels for one in cluster.namespaces.values())
    yield from (one.labels for one in cluster.services)
    for pod in cluster.pods:
        yield from (pod.labels, pod.namespace_labels or {})


def waypoint_named(labels: Labels) -> str:
    """The name of the waypoint that labels ask for, "" none."""
    name = labels.get(USE_WAYPOINT, _NONE)
    return "" if name == _NONE else name


def _behind(cluster: Cluster) -> Iterator[Expression]:
    if any(waypoint_named(pod.labels) for pod in cluster.pods):
        exists = Labelled(Of.OWN, Requirement(USE_WAYPOINT, Operator.EXISTS))
        none = Requirement(USE_WAYPOINT, Operator.NOT_IN, frozenset({_NONE, ""}))
        yield AllOf((exists, Labelled(Of.OWN, none)))
    spaces = {name for name, one in cluster.namespaces.items() if waypoint_named(one.labels)}
    spaces |= {pod.namespace for pod in cluster.pods if waypoint_named(pod.namespace_labels or {})}
    if spaces:
        opted_out = Labelled(Of.OWN, Requirement(USE_WAYPOINT, Operator.IN, frozenset({_NONE})))
        yield AllOf((in_namespaces(*spaces), Not(opted_out)))
    for service in cluster.services:
        if waypoint_named(service.labels) and service.selector:
            yield _selected(service.namespace, service.selector)


def _selected(namespace: str, selector: Labels) -> Expression:
    return AllOf((in_namespaces(namespace), *labelled(Of.OWN, Selector.from_labels(selector)).parts))


def _fronted(cluster: Cluster) -> Iterator[Fronted]:
    spaces: dict[str, list[Labels]] = defaultdict(list)
    for name, one in cluster.namespaces.items():
        spaces[name].append(one.labels)
    for pod in cluster.pods:
        if pod.namespace_labels is not None:
            spaces[pod.namespace].append(pod.namespace_labels)
    versions: dict[tuple[str, str], list[Service]] = defaultdict(list)
    for service in cluster.services:
        versions[service.namespace, service.name].append(service)
    for (namespace, name), own in versions.items():
        before = {_before(one, labels) for one in own for labels in spaces[namespace] or [{}]}
        selected = dict.fromkeys(_selected(namespace, one.selector) for one in own if one.selector)
        surely = len(before) == 1 and len({frozenset((one.selector or {}).items()) for one in own}) == 1
        for waypoint in sorted(filter(None, before)):
            yield from (Fronted(waypoint, f"{namespace}/{name}", pods, surely) for pods in selected)


def _before(service: Service, of_namespace: Labels) -> str:
    """The waypoint by a Service's own label, else its namespace's; "" none."""
    labels = service.labels if USE_WAYPOINT in service.labels else of_namespace
    name = waypoint_named(labels)
    return f"{labels.get(USE_WAYPOINT_NAMESPACE, service.namespace)}/{name}" if name else ""


# -- policies with targetRefs -------------------------------------------------------------------------


def gateways_of(policy: Policy, targets: Iterable[TargetRef]) -> Expression | None:
    """The gateways that a policy names, but for waypoints."""
    names = frozenset(one.name for one in targets if one.kind == "Gateway")
    if not names:
        return None
    named = Labelled(Of.OWN, Requirement(GATEWAY_NAME, Operator.IN, names))
    return AllOf((IsA(Kind.POD), in_namespaces(policy.namespace), named, Not(PROXIES)))


def passing(
    policy: Policy, targets: Iterable[TargetRef], waypoints: Waypoints, root_namespace: str
) -> tuple[Expression | None, Expression]:
    """Behind which pods' waypoints a policy surely is asked, of what is addressed to a Service; and behind
    which it may be, as pods of several Services are, or of one that changed."""
    refs = list(targets)

    def is_meant(one: Fronted) -> bool:
        at_home = (f"{policy.namespace}/{ref.name}" for ref in refs if ref.kind == "Gateway")
        by_name = (f"{policy.namespace}/{ref.name}" for ref in refs if ref.kind == "Service")
        by_class = any(ref.kind == "GatewayClass" and ref.name == WAYPOINT_CLASS for ref in refs)
        everywhere = by_class and policy.namespace == root_namespace
        return everywhere or one.waypoint in at_home or one.service in by_name

    meant = [one for one in waypoints.fronted if is_meant(one)]
    others = [one for one in waypoints.fronted if one not in meant]
    wavering = [one for one in waypoints.fronted if not one.surely]
    surely: Expression | None = None
    if any(one.surely for one in meant):
        alone = Not(_any(others + wavering))
        surely = AllOf((IsA(Kind.POD), _any(one for one in meant if one.surely), alone))
    not_at_all = AllOf((_any(one for one in others if one.surely), Not(_any(meant + wavering))))
    left: tuple[Expression, ...] = (Not(not_at_all),) if surely is None else (Not(not_at_all), Not(surely))
    return surely, AllOf((IsA(Kind.POD), *left))


def _any(some: Iterable[Fronted]) -> Expression:
    return AnyOf(tuple(dict.fromkeys(one.pods for one in some)))


def elsewhere(policy: Policy, targets: Iterable[TargetRef], waypoints: Waypoints) -> Policy:
    """Of what no waypoint records: a policy with targetRefs may refuse whatever comes to a waypoint, or goes
    through one that it may be for, unless it comes from the waypoint, which has let it through."""
    refs = list(targets)
    gateways = frozenset(one.name for one in refs if one.kind == "Gateway")
    is_for_others = any(one.kind != "Gateway" for one in refs)
    parts: list[Expression] = []
    if gateways:
        named = Labelled(Of.OWN, Requirement(GATEWAY_NAME, Operator.IN, gateways))
        parts.append(AllOf((waypoints.proxies, in_namespaces(policy.namespace), named)))
    if is_for_others:
        parts.append(waypoints.proxies)
    if waypoints.behind is not None and (is_for_others or gateways & waypoints.names):
        parts.append(waypoints.behind)
    passed = Where(Not(waypoints.proxies))
    rule = Rule("targetRefs", Action.DENY, (passed,), source=policy.source, needs=Reason.NEEDS_L7)
    subject = Where(AllOf((IsA(Kind.POD), AnyOf(tuple(parts)))))
    return replace(policy, tier=CUSTOM, subject=subject, ingress=(rule,))
