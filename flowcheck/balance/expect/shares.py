"""What share of a Service's connections each backend should get: what kube-proxy would do, from the model.

Which backends a proxy may choose depends on the node it runs on. Every connection from a node goes to one of
that node's usable backends, each as likely: the rule of the iptables, nftables and eBPF data planes. Traffic
that a load balancer spreads over nodes is even over those nodes first.

Source: kubernetes pkg/proxy/topology.go, CategorizeEndpoints; core/v1 ServiceSpec; discovery.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flowcheck.compile.backends import used
from flowcheck.model.service import Service

Shares = Mapping[int, float]
"""Endpoint -> share of the connections; empty: nothing is usable, so connections are dropped."""


class Member(NamedTuple):
    """A backend of a service port at one time. ``endpoint`` is its index; conditions and hints are those of
    its EndpointSlice, or follow from the pod where there is none. ``family``: 4 or 6, whose connections it
    takes, 0 not known. ``template``: it stands for a workload's pods, nobody knows which."""

    endpoint: int
    node: str = ""
    zone: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    for_zones: tuple[str, ...] = ()
    for_nodes: tuple[str, ...] = ()
    family: int = 4
    template: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections come from: a node of the cluster (empty: not known which), or outside of it."""

    node: str = ""
    zone: str = ""
    outside: bool = False


def from_outside(service: Service) -> bool:
    """Whether externalTrafficPolicy means anything: only where the Service can be reached from outside."""
    return service.type in ("NodePort", "LoadBalancer") or bool(service.external_ips)


def depends_on_origin(service: Service, members: Sequence[Member]) -> bool:
    """Whether clients on different nodes, or outside, may expect different backends."""
    local = service.internal_traffic_policy == "Local" or (
        service.external_traffic_policy == "Local" and from_outside(service)
    )
    return local or follows_hints(members)


def follows_hints(members: Iterable[Member]) -> bool:
    """Hints count only where every ready backend has one for nodes, or every one has one for zones."""
    ready = [member for member in members if member.ready]
    return bool(ready) and (all(m.for_nodes for m in ready) or all(m.for_zones for m in ready))


def expect(service: Service, members: Sequence[Member], origin: Origin) -> Shares | None:
    """The shares for connections of one origin; None where they depend on a node that is not known."""
    if origin.outside and from_outside(service):
        if service.external_traffic_policy == "Local":
            return _by_node(members)
    elif service.internal_traffic_policy == "Local":
        return _even(_local(members, origin.node)) if origin.node else None
    if not origin.node and follows_hints(members):
        return None
    return _even(_cluster_wide(members, origin))


def _even(members: Sequence[Member]) -> Shares:
    return _sums((member.endpoint, 1 / len(members)) for member in members)


def _sums(parts: Iterable[tuple[int, float]]) -> Shares:
    """Backends that stand for one endpoint, as those outside the cluster may, have their shares together."""
    shares: dict[int, float] = {}
    for endpoint, part in parts:
        shares[endpoint] = shares.get(endpoint, 0.0) + part
    return shares


def _by_node(members: Sequence[Member]) -> Shares:
    """A load balancer asks every node with local backends as often, whatever their number. A backend on no
    known node is local to none."""
    nodes = list(dict.fromkeys(member.node for member in members if member.node))
    local = [usable for usable in (_local(members, node) for node in nodes) if usable]
    return _sums((member.endpoint, 1 / (len(local) * len(usable))) for usable in local for member in usable)


def _local(members: Sequence[Member], node: str) -> list[Member]:
    """Those used of the backends on a node; hints do not count."""
    return used([member for member in members if member.node == node])


def _cluster_wide(members: Sequence[Member], origin: Origin) -> list[Member]:
    return _hinted([member for member in members if member.ready], origin) or used(members)


def _hinted(ready: Sequence[Member], origin: Origin) -> list[Member]:
    """Those meant for the node, else for the zone; none where one backend lacks a hint or none is meant."""
    if all(member.for_nodes for member in ready):
        same_node = [member for member in ready if origin.node in member.for_nodes]
        if same_node:
            return same_node
    if all(member.for_zones for member in ready):
        return [member for member in ready if origin.zone in member.for_zones]
    return []
