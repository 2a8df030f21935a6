"""What is known of proxies that choose endpoints themselves: routes, and whose traffic a mesh carries.

A cluster without either has none of it, and its Services are kube-proxy's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from flowcheck.arrays import Names
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.routes import DestinationRule, Route
from flowcheck.model.timeline import END


@dataclass(frozen=True, slots=True)
class Routing:
    """``pods``: the versions of the pod that an endpoint is."""

    routes: tuple[Route, ...] = ()
    rules: tuple[DestinationRule, ...] = ()
    pods: Mapping[int, tuple[Pod, ...]] = field(default_factory=dict)
    root_namespace: str = MeshSettings().root_namespace


def read_routing(cluster: Cluster, by_pod: Names[tuple[str, str]]) -> Routing | None:
    """None where no proxy chooses anything. ``by_pod``: as in a program."""
    if not cluster.routes and not any(pod.mesh for pod in cluster.pods):
        return None
    settings = cluster.mesh or MeshSettings()
    return Routing(cluster.routes, cluster.destination_rules, _pods(cluster, by_pod), settings.root_namespace)


def _pods(cluster: Cluster, by_pod: Names[tuple[str, str]]) -> dict[int, tuple[Pod, ...]]:
    versions: dict[tuple[str, str], list[Pod]] = defaultdict(list)
    for pod in cluster.pods:
        versions[pod.namespace, pod.name].append(pod)
    found: dict[int, dict[int, Pod]] = defaultdict(dict)
    for key, own in versions.items():
        meaning = by_pod.get(key)
        if meaning is None:
            continue
        for start, end, ends in zip(meaning.starts, [*meaning.starts[1:], END], meaning.ends, strict=True):
            there = {id(one): one for one in own if one.lifetime.start < end and start < one.lifetime.end}
            for endpoint in ends:
                found[endpoint] |= there
    return {endpoint: tuple(pods.values()) for endpoint, pods in found.items()}
