"""Which pods are in the mesh: what no pod tells of itself, by its labels and its namespace's at its time.

A pod that has a proxy says so itself (``objects.mesh``). One without is in an ambient mesh where its own
label says so, else its namespace's, as the node's agent goes by these. Of a workload without pods the pod
it would make has a sidecar where labels ask for one to be injected.

Source: Istio 1.31 cni/pkg/util/podutil.go, pkg/kube/inject/inject.go injectRequired and the
namespaceSelector and objectSelector of its webhooks; istio.io "Installing the Sidecar", "Add workloads to
an ambient mesh".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flowcheck.engines.istio.names import (
    DATAPLANE_MODE,
    INJECT,
    INJECTION,
    REVISION,
    USE_WAYPOINT,
    USE_WAYPOINT_NAMESPACE,
)
from flowcheck.engines.istio.waypoints import waypoint_named
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.labels import Labels
from flowcheck.model.mesh.membership import SIDECAR_PORTS, Membership, MeshSettings
from flowcheck.model.mesh.routes import covers
from flowcheck.model.peers import DataPlane

_AMBIENT, _NONE = "ambient", "none"


def with_members(cluster: Cluster) -> Cluster:
    """The cluster with every pod's part in the mesh."""
    root = (cluster.mesh or MeshSettings()).root_namespace
    waypoints = list(_of_services(cluster))
    otherwise = list(_opened_otherwise(cluster))
    pods = []
    for pod in cluster.pods:
        spaces = cluster.namespace_labels(pod)[0]
        mesh = pod.mesh or _by_labels(pod, spaces, root)
        if mesh is not None and not mesh.waypoint and mesh.plane is not DataPlane.GATEWAY:
            mesh = _behind_waypoint(mesh, pod, spaces, waypoints)
        if mesh is not None and any(_selected(pod, *one) for one in otherwise):
            mesh = replace(mesh, clients_differ=True)
        pods.append(pod if mesh is pod.mesh else replace(pod, mesh=mesh))
    return replace(cluster, pods=tuple(pods))


def _opened_otherwise(cluster: Cluster) -> Iterator[tuple[str, Labels]]:
    """Namespace and selector of the Services that a DestinationRule has opened otherwise than by the mesh's
    mutual TLS, at any time."""
    hosts = [rule.host for rule in cluster.destination_rules if rule.other_tls]
    for service in cluster.services if hosts else ():
        if service.selector and any(covers(host, service.namespace, service.name) for host in hosts):
            yield service.namespace, service.selector


def _selected(pod: Pod, namespace: str, selector: Labels) -> bool:
    return namespace == pod.namespace and selector.items() <= pod.labels.items()


def _by_labels(pod: Pod, spaces: Labels, root_namespace: str) -> Membership | None:
    if pod.host_network or pod.finished:
        return None
    if pod.template and (because := _injected(pod.labels, spaces)):
        return Membership(DataPlane.SIDECAR, SIDECAR_PORTS, because=because)
    own = pod.labels.get(DATAPLANE_MODE)
    mode = spaces.get(DATAPLANE_MODE) if own is None else own
    is_ztunnel = pod.namespace == root_namespace and pod.labels.get("app") == "ztunnel"
    if mode != _AMBIENT or is_ztunnel:
        return None
    whose = "its namespace's label" if own is None else "its label"
    return Membership(DataPlane.AMBIENT, because=f"{whose} {DATAPLANE_MODE}")


def _injected(labels: Labels, spaces: Labels) -> str:
    """Which label puts a sidecar into a new pod; "" none does."""
    asked = labels.get(INJECT)
    if asked == "false" or spaces.get(INJECTION) == "disabled":
        return ""
    if spaces.get(INJECTION) == "enabled":
        return f"its namespace's label {INJECTION}"
    if REVISION in spaces and INJECTION not in spaces:
        return f"its namespace's label {REVISION}"
    if asked == "true":
        return f"its label {INJECT}"
    return f"its label {REVISION}" if REVISION in labels else ""


def _of_services(cluster: Cluster) -> Iterator[tuple[str, Labels, str]]:
    for service in cluster.services:
        name = waypoint_named(service.labels)
        if name and service.selector:
            space = service.labels.get(USE_WAYPOINT_NAMESPACE, service.namespace)
            yield service.namespace, service.selector, f"{space}/{name}"


def _behind_waypoint(
    mesh: Membership, pod: Pod, spaces: Labels, services: list[tuple[str, Labels, str]]
) -> Membership:
    """Its own label before its namespace's, and else that of a Service which selects it."""
    labels = pod.labels if USE_WAYPOINT in pod.labels else spaces
    name = waypoint_named(labels)
    if name:
        found = f"{labels.get(USE_WAYPOINT_NAMESPACE, pod.namespace)}/{name}"
        return replace(mesh, waypoint=found)
    for namespace, selector, waypoint in services:
        if _selected(pod, namespace, selector):
            return replace(mesh, waypoint=waypoint)
    return mesh
