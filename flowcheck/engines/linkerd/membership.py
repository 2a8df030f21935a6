"""How pods are in a Linkerd mesh: as they tell it themselves, and else as the control plane is set."""

from __future__ import annotations

from dataclasses import replace

from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.mesh.linkerd import LinkerdSettings
from flowcheck.model.mesh.membership import LINKERD_PORTS
from flowcheck.model.peers import DataPlane, InboundDefault


def with_members(cluster: Cluster) -> Cluster:
    """The cluster with what holds at every pod of the mesh."""
    settings = cluster.linkerd or LinkerdSettings()
    return replace(cluster, pods=tuple(_settled(pod, settings) for pod in cluster.pods))


def _settled(pod: Pod, settings: LinkerdSettings) -> Pod:
    mesh = pod.mesh
    if mesh is None or mesh.plane is not DataPlane.LINKERD:
        return pod
    own = mesh.default or InboundDefault()
    default = own if own.access else replace(own, access=settings.access)
    inbound, outbound = mesh.inbound_past, mesh.outbound_past
    if inbound == LINKERD_PORTS:
        inbound |= settings.inbound_past
    settled = replace(
        mesh, default=default, inbound_past=inbound, outbound_past=outbound or settings.outbound_past
    )
    return replace(pod, mesh=settled)
