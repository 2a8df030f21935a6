"""Who enforces policies, in words: the network plugin, and a service mesh. A label and a sentence each."""

from __future__ import annotations

from flowcheck.counted import counted
from flowcheck.results.records.summary import ClusterCounts, Summary

DATA_PLANES = {
    "sidecar": "with a sidecar",
    "ambient": "behind ztunnel",
    "gateway": "as gateways and waypoints",
    "linkerd": "with Linkerd's proxy",
}


def enforced_by(summary: Summary) -> list[tuple[str, str]]:
    return [*_engine(summary), *_mesh(summary.cluster)]


def _engine(summary: Summary) -> list[tuple[str, str]]:
    """Who enforces policies, and what comes of it where nobody does."""
    lines = [("engine", summary.engine)] if summary.engine else []
    if expected := summary.violations.expected:
        rows = f"{counted(expected, 'record')} that policies deny went through, or may have"
        lines.append(("", f"{rows}: nothing stops them, so it is no violation"))
    return lines


def _mesh(cluster: ClusterCounts) -> list[tuple[str, str]]:
    """Which mesh carries how many pods, and how many policies of its own are asked."""
    if not cluster.mesh_pods:
        return []
    pods = ", ".join(f"{n:,} {DATA_PLANES.get(plane, plane)}" for plane, n in cluster.mesh_pods.items())
    whole = counted(sum(cluster.mesh_pods.values()), "pod")
    own = counted(cluster.mesh_policies, "policy", "policies")
    return [("mesh", f"{cluster.mesh}: {whole} ({pods}); {own} of its own asked")]
