"""All versions of all objects -> the cluster: owners, templates, ranges, and what objects only name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flowcheck.history.chronicle import Chronicle, Key
from flowcheck.history.coverage import Coverage
from flowcheck.history.relabelled import split_by_namespace
from flowcheck.history.sightings import Sighting
from flowcheck.history.values import Value
from flowcheck.history.versions import Version, versions_of
from flowcheck.kinds import POLICY_KINDS
from flowcheck.model.cluster import Cluster, Namespace, Node, Pod
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.labels import Labels
from flowcheck.model.mesh.linkerd import LinkerdSettings
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.routes import DestinationRule, Route
from flowcheck.model.policy import Policy
from flowcheck.model.ranges import AddressSet, PodRanges
from flowcheck.model.service import EndpointSlice, Service
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import ALWAYS, END, Lifetime
from flowcheck.objects.accounts import ServiceAccount
from flowcheck.objects.devices import NodeDevices, add_devices
from flowcheck.objects.dns_caches import mark_cached
from flowcheck.objects.network.agents import Agent
from flowcheck.objects.nodes import complete_namespaces, complete_nodes
from flowcheck.objects.ranges import seen_ranges, unknown_ranges
from flowcheck.objects.workloads import Controller, selectors_of, settle

_Timed = TypeVar(
    "_Timed", Pod, Node, Service, EndpointSlice, Policy, AddressSet, Agent, Route, DestinationRule
)
_Settings = TypeVar("_Settings", CiliumSettings, MeshSettings, LinkerdSettings)
NamespaceVersions = dict[str, list[Version[Namespace]]]


def assemble(chronicle: Chronicle, coverage: Coverage) -> tuple[Cluster, NamespaceVersions]:
    """The cluster, without what only the journal knows; and the versions of each namespace. ``coverage`` must
    be closed."""
    parts = _Parts()
    for key, known in chronicle.objects():
        if len(known) == 1 and known[0].when is None:
            if known[0].value is not None:
                parts.add(key, known[0].value, None)
        else:
            for version in _versions(key, known, coverage):
                parts.add(key, *version)
    until = coverage.known_until(POLICY_KINDS)
    cluster = replace(parts.cluster(), sampled=coverage.samples("Pod"), known_until=until)
    return cluster, parts.namespaces


def _versions(key: Key, known: Sequence[Sighting], coverage: Coverage) -> list[Version[Value]]:
    kept = [Version(one.value, one.kept) for one in known if one.kept is not None and one.value is not None]
    if len(kept) == len(known):
        return kept
    return versions_of(known, key[0], key[1], coverage)


@dataclass(slots=True)
class _Parts:
    """Every version of every object, by what it is. ``controllers``, ``devices`` and ``accounts`` are as they
    were last."""

    pods: list[Pod] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    modern: list[EndpointSlice] = field(default_factory=list)
    old: list[EndpointSlice] = field(default_factory=list)
    controllers: dict[Key, Controller] = field(default_factory=dict)
    devices: dict[str, NodeDevices] = field(default_factory=dict)
    namespaces: NamespaceVersions = field(default_factory=dict)
    ranges: dict[PodRanges, None] = field(default_factory=dict)
    accounts: dict[tuple[str, str], Labels] = field(default_factory=dict)
    sets: list[AddressSet] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    tiers: dict[str, Tier] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    destination_rules: list[DestinationRule] = field(default_factory=list)

    def add(self, key: Key, value: Value, lifetime: Lifetime | None) -> None:
        """One version; without a lifetime it keeps the one it has. A controller that is gone still names its
        pods' workload."""
        match value:
            case Controller():
                gone = lifetime is not None and lifetime.end < END
                self.controllers[key] = replace(value, template=None) if gone else value
            case ServiceAccount():
                self.accounts[value.namespace, value.name] = value.labels
            case NodeDevices():
                self.devices[value.name] = value
            case Namespace():
                self.namespaces.setdefault(key[2], []).append(Version(value, lifetime or ALWAYS))
            case PodRanges():
                self.ranges[value] = None
            case Pod():
                self.pods.append(_dated(value, lifetime))
            case list():
                slices = self.modern if key[0] == "EndpointSlice" else self.old
                slices += (_dated(one, lifetime) for one in value)
            case Policy():
                self.policies.append(_dated(value, lifetime))
            case Service():
                self.services.append(_dated(value, lifetime))
            case Node():
                self.nodes.append(_dated(value, lifetime))
            case AddressSet():
                self.sets.append(_dated(value, lifetime))
            case Agent():
                self.agents.append(_dated(value, lifetime))
            case Tier():
                self.tiers[value.name] = value
            case Route():
                self.routes.append(_dated(value, lifetime))
            case DestinationRule():
                self.destination_rules.append(_dated(value, lifetime))

    def cluster(self) -> Cluster:
        pods = settle(self.pods, self.controllers.values())
        slices = self._slices()
        parts = (pods, self.services, slices, self.policies, self.sets)
        naming = [one.namespace for part in parts for one in part]
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
            accounts=self.accounts,
            sets=tuple(self.sets),
            cilium=_last(CiliumSettings, self.agents),
            mesh=_last(MeshSettings, self.agents),
            linkerd=_last(LinkerdSettings, self.agents),
            tiers=tuple(self.tiers.values()),
            routes=tuple(self.routes),
            destination_rules=tuple(self.destination_rules),
            selectors=selectors_of(self.controllers.values()),
        )
        told = cluster.pod_ranges()
        seen = seen_ranges(pods, nodes, told) or unknown_ranges(pods, told)
        return replace(cluster, ranges=(*cluster.ranges, seen)) if seen else cluster

    def _slices(self) -> tuple[EndpointSlice, ...]:
        """EndpointSlices, and Endpoints of the Services that have none: a cluster keeps both for each."""
        covered = {(one.namespace, one.service) for one in self.modern}
        return (*self.modern, *(one for one in self.old if (one.namespace, one.service) not in covered))


def _dated(value: _Timed, lifetime: Lifetime | None) -> _Timed:
    return value if lifetime is None else replace(value, lifetime=lifetime)


def _last(kind: type[_Settings], agents: Iterable[Agent]) -> _Settings | None:
    """How agents of a kind were set last."""
    found = [one.settings for one in agents if isinstance(one.settings, kind)]
    return found[-1] if found else None


def _lacks_services(services: Iterable[Service], pods: Iterable[Pod]) -> bool:
    """Whether it is a running cluster of which at most one namespace's Services were asked for: every cluster
    has default/kubernetes."""
    running = any(pod.uid and not pod.template for pod in pods)
    names = {(service.namespace, service.name) for service in services}
    return running and ("default", "kubernetes") not in names and len({space for space, _ in names}) < 2
