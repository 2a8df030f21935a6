"""Everything read from the documents, put together: duplicates, versions, owners, what objects only name.

``reading`` adds what the readers give, one sighting after another, and asks for the finished parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowcheck.history.coverage import Coverage
from flowcheck.history.relabelled import split_by_namespace
from flowcheck.history.sameness import says_the_same, unplaced, with_lifetime
from flowcheck.history.sightings import Sighting
from flowcheck.history.versions import Version, versions_of
from flowcheck.manifests.identity import POLICY_KINDS
from flowcheck.model.cluster import Cluster, EndpointSlice, Namespace, Node, Pod, Service
from flowcheck.model.policy import Policy
from flowcheck.model.ranges import PodRanges
from flowcheck.model.timeline import ALWAYS, END, Lifetime
from flowcheck.objects.devices import NodeDevices, add_devices, read_cilium_node
from flowcheck.objects.dns_caches import mark_cached
from flowcheck.objects.nodes import complete_namespaces, complete_nodes, read_namespace, read_node
from flowcheck.objects.pods import read_pod
from flowcheck.objects.ranges import RANGE_READERS, seen_ranges, unknown_ranges
from flowcheck.objects.services import read_endpoints, read_service, read_slice
from flowcheck.objects.workloads import Controller, read_controller, settle

_APPS = ("apps", "extensions")
READERS: Mapping[tuple[str, str], Any] = {
    ("", "Namespace"): read_namespace,
    ("", "Node"): read_node,
    ("cilium.io", "CiliumNode"): read_cilium_node,
    ("", "Pod"): read_pod,
    ("", "Service"): read_service,
    ("", "Endpoints"): read_endpoints,
    ("discovery.k8s.io", "EndpointSlice"): read_slice,
    ("", "ReplicationController"): read_controller,
    ("batch", "Job"): read_controller,
    ("batch", "CronJob"): read_controller,
    **{(group, "Deployment"): read_controller for group in _APPS},
    **{(group, "ReplicaSet"): read_controller for group in _APPS},
    **{(group, "DaemonSet"): read_controller for group in _APPS},
    ("apps", "StatefulSet"): read_controller,
    ("apps.openshift.io", "DeploymentConfig"): read_controller,
    **RANGE_READERS,
}
"""By API group and kind. The readers of policies are those of ``dialects``."""

CLUSTER_SCOPED = frozenset({"Namespace", "Node", "CiliumNode", *(kind for _, kind in RANGE_READERS)})


Key = tuple[str, str, str]
"""Kind, namespace (empty where it has none), name."""


@dataclass(slots=True)
class Snapshot:
    """What was seen of each object, in the order of the input, each object's sightings by their time.

    ``namespaces``, the versions of each, are known once the cluster has been asked for.
    """

    coverage: Coverage = field(default_factory=Coverage)
    namespaces: dict[str, list[Version]] = field(default_factory=dict)
    _objects: dict[Key, list[Sighting]] = field(default_factory=dict)

    @property
    def kinds(self) -> set[str]:
        """The kinds of everything that was seen."""
        return {key[0] for key in self._objects}

    def twin(self, key: Key, sighting: Sighting) -> Sighting | None:
        """Another sighting of the object in the same snapshot, or where neither has a time."""
        known = self._objects.get(key)
        if not known or not sighting.is_state:
            return None
        place = bisect_right(known, sighting.seen, key=_seen)
        while place and known[place - 1].seen == sighting.seen:
            place -= 1
            if known[place].is_state and (known[place].when is None) == (sighting.when is None):
                return known[place]
        return None

    def contradiction(self, key: Key, sighting: Sighting) -> Sighting | None:
        """A sighting that says something else, where one of the two holds for all times."""
        known = self._objects.get(key, ())
        others = known if sighting.when is None else [one for one in known[:1] if one.when is None]
        for other in others:
            if other.value is not None and not says_the_same(other.value, sighting.value):
                return other
        return None

    def first(self, key: Key) -> Sighting | None:
        known = self._objects.get(key)
        return known[0] if known else None

    def add(self, key: Key, sighting: Sighting) -> None:
        """Keep a sighting. What says just the same as the one before shares its value: histories are long."""
        known = self._objects.get(key)
        if known is None:
            self._objects[key] = [sighting]
            return
        place = bisect_right(known, sighting.seen, key=_seen)
        before = known[place - 1] if place else None
        if before is not None and sighting.told is None and _alike(before.value, sighting.value):
            stamps = before.stamps if before.stamps == sighting.stamps else sighting.stamps
            sighting = replace(sighting, value=before.value, stamps=stamps)
        known.insert(place, sighting)

    def cluster(self, broken_watches: set[str]) -> Cluster:
        """The cluster without what only the journal knows."""
        self.coverage.close(broken_watches)
        parts = _Parts()
        for key, known in self._objects.items():
            if len(known) == 1 and known[0].when is None:
                parts.add(key, known[0].value, None)
            else:
                for version in self._versions(key, known):
                    parts.add(key, *version)
        self.namespaces = parts.namespaces
        until = self.coverage.known_until(POLICY_KINDS)
        return replace(parts.cluster(), sampled=self.coverage.samples("Pod"), known_until=until)

    def _versions(self, key: Key, known: list[Sighting]) -> list[Version]:
        if all(one.told is not None for one in known):
            return [Version(one.value, one.told or ALWAYS) for one in known]
        return versions_of(known, key[0], key[1], self.coverage)


@dataclass(slots=True)
class _Parts:
    """Every version of every object, by what it is. ``controllers`` and ``devices`` are as they were last."""

    pods: list[Pod] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    modern: list[EndpointSlice] = field(default_factory=list)
    old: list[EndpointSlice] = field(default_factory=list)
    controllers: dict[Key, Controller] = field(default_factory=dict)
    devices: dict[str, NodeDevices] = field(default_factory=dict)
    namespaces: dict[str, list[Version]] = field(default_factory=dict)
    ranges: dict[PodRanges, None] = field(default_factory=dict)

    def add(self, key: Key, value: Any, lifetime: Lifetime | None) -> None:
        """One version; without a lifetime it keeps the one it has. A controller that is gone still names its
        pods' workload."""
        if isinstance(value, Controller):
            gone = lifetime is not None and lifetime.end < END
            self.controllers[key] = replace(value, template=None) if gone else value
            return
        if isinstance(value, NodeDevices):
            self.devices[value.name] = value
            return
        if isinstance(value, Namespace):
            self.namespaces.setdefault(key[2], []).append(Version(value, lifetime or ALWAYS))
            return
        if isinstance(value, PodRanges):
            self.ranges[value] = None
            return
        if lifetime is not None:
            value = with_lifetime(value, lifetime)
        if isinstance(value, Pod):
            self.pods.append(value)
        elif isinstance(value, list):
            (self.modern if key[0] == "EndpointSlice" else self.old).extend(value)
        elif isinstance(value, Policy):
            self.policies.append(value)
        else:
            (self.services if isinstance(value, Service) else self.nodes).append(value)

    def cluster(self) -> Cluster:
        pods = settle(self.pods, self.controllers.values())
        slices = self._slices()
        naming = [one.namespace for part in (pods, self.services, slices, self.policies) for one in part]
        known = {name: found[-1].value for name, found in self.namespaces.items()}
        nodes = add_devices(complete_nodes(self.nodes, pods), self.devices, pods)
        cluster = Cluster(
            complete_namespaces(known, naming),
            nodes,
            tuple(split_by_namespace(pods, self.namespaces)),
            mark_cached(self.services, pods),
            slices,
            tuple(self.policies),
            ranges=tuple(self.ranges),
            services_unlisted=_lacks_services(self.services, pods),
        )
        told = cluster.pod_ranges()
        seen = seen_ranges(pods, nodes, told) or unknown_ranges(pods, told)
        return replace(cluster, ranges=(*cluster.ranges, seen)) if seen else cluster

    def _slices(self) -> tuple[EndpointSlice, ...]:
        """EndpointSlices, and Endpoints of the Services that have none: a cluster keeps both for each."""
        covered = {(one.namespace, one.service) for one in self.modern}
        return (*self.modern, *(one for one in self.old if (one.namespace, one.service) not in covered))


def _lacks_services(services: Iterable[Service], pods: Iterable[Pod]) -> bool:
    """Whether it is a running cluster of which at most one namespace's Services were asked for: every cluster
    has default/kubernetes."""
    running = any(pod.uid and not pod.template for pod in pods)
    names = {(service.namespace, service.name) for service in services}
    return running and ("default", "kubernetes") not in names and len({space for space, _ in names}) < 2


def _seen(sighting: Sighting) -> int:
    return sighting.seen


def _alike(before: Any, after: Any) -> bool:
    """Whether two values say just the same, their own lifetimes too."""
    if before is after:
        return before is not None
    if before is None or after is None or unplaced(before) != unplaced(after):
        return False
    return not isinstance(before, Pod) or before.lifetime == after.lifetime
