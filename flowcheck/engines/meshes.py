"""The service meshes of a cluster, of which several may be there: each has pods of its own, and policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flowcheck.counted import counted
from flowcheck.engines import istio, linkerd
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Policy

_MESHES = {"Istio": istio, "Linkerd": linkerd}


def with_members(cluster: Cluster) -> Cluster:
    """The cluster with every pod's part in a mesh."""
    return linkerd.with_members(istio.with_members(cluster))


def without(cluster: Cluster) -> Cluster:
    pods = tuple(pod if pod.mesh is None else replace(pod, mesh=None) for pod in cluster.pods)
    kept = tuple(policy for policy in cluster.policies if policy.mesh is None)
    return replace(cluster, pods=pods, policies=kept)


def policies(cluster: Cluster) -> Iterator[Policy]:
    """What proxies enforce."""
    for mesh in _MESHES.values():
        yield from mesh.policies(cluster)


def remarks(cluster: Cluster, meshed: Cluster, *, off: bool) -> Iterator[str]:
    """``off``: no policy of a mesh is asked."""
    for name, mesh in _MESHES.items():
        if not off:
            yield from mesh.remarks(meshed)
        elif count := sum(map(mesh.is_own, cluster.policies)):
            yield f"{counted(count, 'policy', 'policies')} of {name} left out, as --mesh off says"
