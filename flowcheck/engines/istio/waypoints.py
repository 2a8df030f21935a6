"""Waypoints: proxies that stand before workloads of an ambient mesh, and what they may change.

A waypoint is named by the label istio.io/use-waypoint of a Service, a pod, or the namespace of either;
whether a connection goes through it hangs on how it was addressed, which no record of the workload tells.
Policies with targetRefs are asked there, and at gateways; whatever they may change is open.

Source: Istio 1.31 pilot/pkg/serviceregistry/ambient/waypoints.go, pilot/pkg/model/policyattachment.go,
manifests/charts/istio-control/istio-discovery/files/waypoint.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flowcheck.engines.istio.names import GATEWAY_NAME, MANAGED, MESH_CONTROLLER, USE_WAYPOINT
from flowcheck.engines.istio.scope import in_namespaces
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Labels, Operator, Requirement, Selector
from flowcheck.model.mesh.tiers import CUSTOM
from flowcheck.model.mesh.written import TargetRef
from flowcheck.model.peers import AllOf, AnyOf, Expression, IsA, Kind, Labelled, Not, Of, Where, labelled
from flowcheck.model.policy import Action, Policy, Rule
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
class Waypoints:
    """``behind``: the workloads that a waypoint stands before; None: there are none. ``names``: what those
    waypoints are called, in any namespace."""

    behind: Expression | None = None
    names: frozenset[str] = frozenset()
    proxies: Expression = PROXIES


def waypoints_of(cluster: Cluster) -> Waypoints:
    """What labels tell, at any time."""
    parts = tuple(_behind(cluster))
    behind: Expression | None = AllOf((IsA(Kind.POD), AnyOf(parts))) if parts else None
    return Waypoints(behind, frozenset(filter(None, map(waypoint_named, _all_labels(cluster)))))


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
            pods = labelled(Of.OWN, Selector.from_labels(service.selector))
            yield AllOf((in_namespaces(service.namespace), *pods.parts))


def targeted(policy: Policy, targets: tuple[TargetRef, ...], waypoints: Waypoints) -> Policy:
    """A policy with targetRefs: it may refuse whatever goes through a gateway or a waypoint that it may be
    for, unless it comes from the waypoint, which has let it through."""
    parts: list[Expression] = []
    gateways = frozenset(one.name for one in targets if one.kind == "Gateway")
    if gateways:
        named = Labelled(Of.OWN, Requirement(GATEWAY_NAME, Operator.IN, gateways))
        parts.append(AllOf((in_namespaces(policy.namespace), named)))
    is_for_others = any(one.kind != "Gateway" for one in targets)
    if is_for_others:
        parts.append(waypoints.proxies)
    if waypoints.behind is not None and (is_for_others or gateways & waypoints.names):
        parts.append(waypoints.behind)
    passed = Where(Not(waypoints.proxies))
    rule = Rule("targetRefs", Action.DENY, (passed,), source=policy.source, needs=Reason.NEEDS_L7)
    subject = Where(AllOf((IsA(Kind.POD), AnyOf(tuple(parts)))))
    return replace(policy, tier=CUSTOM, subject=subject, ingress=(rule,))
