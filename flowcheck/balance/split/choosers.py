"""Who chose the endpoints of a service port's connections: kube-proxy, or proxies of a mesh or a gateway.

A client's own sidecar or ztunnel chooses for it; what a waypoint or a gateway sends on, it chooses. Only what
stands before the client matters: a destination in a mesh is reached by others as kube-proxy has it.

Source: istio.io, "Traffic Management"; GEP-1762 for the label of a Gateway's pods.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from flowcheck.balance.count.sums import ClientEntries
from flowcheck.balance.expect.members import PortBackends
from flowcheck.balance.expect.routing import Routing
from flowcheck.model.cluster import Pod
from flowcheck.model.peers import DataPlane

GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name"


class Chooser(StrEnum):
    """``OPEN``: the client's pod was at times in a mesh, and at times in none."""

    __hash__ = str.__hash__

    KUBE_PROXY = "kube-proxy"
    SIDECAR = "sidecar"
    ZTUNNEL = "ztunnel"
    LINKERD = "linkerd"
    WAYPOINT = "waypoint"
    GATEWAY = "gateway"
    OPEN = "open"


class Client(NamedTuple):
    """``namespace`` is the client's; ``gateway``: which it is of, as namespace and name."""

    chooser: Chooser
    namespace: str = ""
    gateway: tuple[str, str] = ("", "")


NO_PROXY = Client(Chooser.KUBE_PROXY)
_PLANES = {
    DataPlane.SIDECAR: Chooser.SIDECAR,
    DataPlane.AMBIENT: Chooser.ZTUNNEL,
    DataPlane.LINKERD: Chooser.LINKERD,
}
IN_MESH = frozenset({Chooser.SIDECAR, Chooser.WAYPOINT, Chooser.LINKERD})
"""Who reads the routes of a Service's clients; a ztunnel reads none."""


class Clients(NamedTuple):
    """Of one service port. ``known``: who each single sender is, by endpoint; ``others``: whether there were
    connections of addresses that may be many senders."""

    known: dict[int, Client]
    others: bool

    @property
    def choosers(self) -> frozenset[Chooser]:
        return frozenset(client.chooser for client in self.known.values())

    def are_all(self, choosers: Iterable[Chooser]) -> bool:
        return bool(self.known) and not self.others and self.choosers <= frozenset(choosers)


def clients_of(routing: Routing, backends: PortBackends, entries: ClientEntries, *, others: bool) -> Clients:
    """``entries``: all of this service port."""
    waypoints = _waypoints(routing, backends)
    began = entries.connections > 0
    found = {
        endpoint: _client(routing.pods.get(endpoint, ()), backends.port.port, waypoints)
        for endpoint in dict.fromkeys(entries.client[began].tolist())
    }
    return Clients(found, others)


def _waypoints(routing: Routing, backends: PortBackends) -> frozenset[str]:
    """Those that stand before any of the backends, as ``namespace/name``."""
    endpoints = {member.endpoint for segment in backends.segments for member in segment}
    pods = (pod for endpoint in endpoints for pod in routing.pods.get(endpoint, ()))
    return frozenset(pod.mesh.waypoint for pod in pods if pod.mesh and pod.mesh.waypoint)


def _client(versions: Iterable[Pod], port: int, waypoints: frozenset[str]) -> Client:
    found = {_version(pod, port, waypoints) for pod in versions}
    if len(found) > 1:
        return Client(Chooser.OPEN)
    return next(iter(found), NO_PROXY)


def _version(pod: Pod, port: int, waypoints: frozenset[str]) -> Client:
    gateway = pod.labels.get(GATEWAY_LABEL, "")
    if gateway:
        waypoint = f"{pod.namespace}/{gateway}" in waypoints
        chooser = Chooser.WAYPOINT if waypoint else Chooser.GATEWAY
        return Client(chooser, pod.namespace, (pod.namespace, gateway))
    if pod.mesh is None or port in pod.mesh.outbound_past:
        return NO_PROXY
    return Client(_PLANES[pod.mesh.plane], pod.namespace)
