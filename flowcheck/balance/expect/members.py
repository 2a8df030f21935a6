"""What is known of every service port and its backends over time, beside the numbers kernels count by.

The compiler numbers service ports, segments, endpoints and nodes; this reads the same cluster for what the
numbers do not hold: nodes, zones, conditions, hints, workloads and the generation of a roll-out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, TypeVar

from flowcheck.arrays import ServiceTable
from flowcheck.balance.expect.routing import Routing
from flowcheck.balance.expect.shares import Member, Origin
from flowcheck.balance.expect.versions import count_together, service_spans
from flowcheck.compile.backends import Backends, Listed, is_ready, listed_for, target_number
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.service import EndpointSlice, Service, ServicePort
from flowcheck.model.timeline import BEGINNING, END

GENERATION_LABELS = ("pod-template-hash", "controller-revision-hash")
"""Which version of its workload a pod is of. Source: apps/v1 ReplicaSet; StatefulSet and DaemonSet."""
ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")

Locate = Callable[[str, str, str, int], int]
"""(namespace, pod or "", address or "", instant) -> the endpoint, -1 where there is none."""


@dataclass(frozen=True, slots=True)
class EndpointIdentity:
    """Who an endpoint is, in words. ``generation`` tells old pods of a workload from new ones."""

    name: str
    address: str = ""
    workload: str = ""
    generation: str = ""
    node: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class PortBackends:
    """One service port and what stands behind it. ``segments``: its members in each segment; the first is
    segment ``first_segment`` of the table."""

    service: Service
    port: ServicePort
    first_segment: int
    segments: tuple[tuple[Member, ...], ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """``ports[s]`` is service port ``s``. ``endpoints`` holds every member; of other endpoints there is
    only a name, by index. ``nodes`` are names by node number. ``same[s]`` is the service port that ``s``
    counts as (empty: itself), ``spans[s]`` when its version of the Service may have been there (empty:
    always). ``routing``: None where no proxy chooses."""

    services: ServiceTable
    ports: tuple[PortBackends, ...]
    endpoints: Mapping[int, EndpointIdentity]
    names: Sequence[str] = ()
    nodes: Sequence[str] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    same: Sequence[int] = ()
    spans: Sequence[tuple[int, int]] = ()
    routing: Routing | None = None

    def counts_as(self, number: int) -> int:
        return self.same[number] if self.same else number

    def identity_of(self, endpoint: int) -> EndpointIdentity:
        known = self.endpoints.get(endpoint)
        if known is not None:
            return known
        name = self.names[endpoint] if 0 <= endpoint < len(self.names) else ""
        return EndpointIdentity(name or "(not named)")

    def origin(self, number: int) -> Origin:
        """The origin that a tally calls so: -1 not known, the number of nodes the outside."""
        if number == len(self.nodes):
            return Origin(outside=True)
        name = self.nodes[number] if number >= 0 else ""
        return Origin(name, self.zones.get(name, ""))


def read_catalog(
    cluster: Cluster,
    services: ServiceTable,
    ports: Sequence[tuple[Service, ServicePort]],
    locate: Locate,
    *,
    names: Sequence[str] = (),
    nodes: Sequence[str] = (),
) -> Catalog:
    """``ports`` are the service ports in the order of the table."""
    reader = _Reader(cluster, locate)
    found = []
    for number, (service, port) in enumerate(ports):
        first, last = (int(services.ports.segment_first[number + i]) for i in (0, 1))
        starts = services.ports.segment_start[first:last].tolist()
        instants = [_instant(start, after) for start, after in zip(starts, [*starts[1:], END], strict=True)]
        found.append(PortBackends(service, port, first, tuple(reader.members(service, port, instants))))
    spans = service_spans(cluster, [service for service, _ in ports])
    same = count_together(ports, spans)
    return Catalog(services, tuple(found), reader.identities(), names, nodes, reader.zones, same, spans)


_DAY = 86_400_000_000
"""Microseconds."""


def _instant(start: int, after: int) -> int:
    """An instant well inside a segment: near its ends what changes there may be just before or behind, as
    segments are wider by the skew than what is there."""
    if start == BEGINNING:
        return 0 if after == END else after - _DAY
    return start + _DAY if after == END else (start + after) // 2


class _Backend(NamedTuple):
    """A listed backend: what :data:`Locate` asks, a member but for its endpoint, its pod in all versions;
    ``known``: the member as each endpoint that it has been."""

    where: tuple[str, str, str]
    member: Member
    versions: Sequence[Pod]
    known: dict[int, Member]


class _Reader:
    """Reads members, and gathers who every endpoint is that is one."""

    def __init__(self, cluster: Cluster, locate: Locate) -> None:
        self._locate = locate
        self._identified: dict[int, tuple[Pod | None, str, str, str]] = {}
        self.zones = {node.name: _first(node.labels, ZONE_LABELS) for node in cluster.nodes}
        self._backends = Backends(cluster)
        self._versions: dict[tuple[str, str], list[Pod]] = defaultdict(list)
        for pod in cluster.pods:
            self._versions[pod.namespace, pod.name].append(pod)

    def members(
        self, service: Service, port: ServicePort, instants: Iterable[int]
    ) -> Iterator[tuple[Member, ...]]:
        """The backends at each instant."""
        slices: dict[object, list[EndpointSlice]] = {}
        for number, one in enumerate(self._backends.slices(service)):
            slices.setdefault(one.name or number, []).append(one)
        pods = [pod for pod in self._backends.selected(service) if target_number(pod, port) is not None]
        listed = {
            id(one): [self._backend(found) for found in listed_for((one,), port)]
            for versions in slices.values()
            for one in versions
        }
        for at in instants:
            in_force = filter(None, (_latest(versions, at) for versions in slices.values()))
            found = chain.from_iterable(self._listed(listed[id(one)], at) for one in in_force)
            yield tuple(dict.fromkeys(chain(found, self._selected(pods, service, at))))

    def _backend(self, found: Listed) -> _Backend:
        """What is the same of it at every instant."""
        one, backend = found.slice, found.backend
        zone = backend.zone or self.zones.get(backend.node, "")
        member = Member(
            -1,
            backend.node,
            zone,
            backend.ready,
            backend.serving,
            backend.terminating,
            backend.for_zones,
            backend.for_nodes,
            family=family_of(backend.address),
        )
        versions = self._versions.get((one.namespace, backend.pod), [])
        return _Backend((one.namespace, backend.pod, backend.address), member, versions, {})

    def _listed(self, backends: Iterable[_Backend], at: int) -> Iterator[Member]:
        for where, member, versions, known in backends:
            endpoint = self._locate(*where, at)
            if endpoint < 0:
                continue
            pod = versions[0] if len(versions) == 1 else _latest(versions, at) or next(iter(versions), None)
            self._identified[endpoint] = pod, where[2], member.node, member.zone
            if endpoint not in known:
                known[endpoint] = Member(endpoint, *member[1:])
            yield known[endpoint]

    def _selected(self, pods: Iterable[Pod], service: Service, at: int) -> Iterator[Member]:
        for pod in pods:
            if pod is not _latest(self._versions[pod.namespace, pod.name], at):
                continue
            zone = self.zones.get(pod.node, "")
            for address in pod.addresses or ("",):
                endpoint = self._locate(pod.namespace, pod.name, address, at)
                if endpoint >= 0:
                    self._identified[endpoint] = pod, address, pod.node, zone
                    ready = is_ready(pod, service)
                    yield Member(
                        endpoint,
                        pod.node,
                        zone,
                        ready,
                        ready,
                        family=family_of(address),
                        template=pod.template,
                    )

    def identities(self) -> dict[int, EndpointIdentity]:
        """Of every member read, as it was last."""
        return {endpoint: _identity(*last) for endpoint, last in self._identified.items()}


def _identity(pod: Pod | None, address: str, node: str, zone: str) -> EndpointIdentity:
    if pod is None:
        return EndpointIdentity(address, address, node=node, zone=zone)
    workload = str(pod.workload)
    name = workload if pod.template else f"{pod.namespace}/Pod/{pod.name}"
    return EndpointIdentity(name, address, workload, _first(pod.labels, GENERATION_LABELS), node, zone)


T = TypeVar("T", Pod, EndpointSlice)


def _latest(versions: Sequence[T], at: int) -> T | None:
    """Where two versions may hold, the later does, as for policies."""
    if len(versions) == 1:
        return versions[0] if versions[0].lifetime.possible(at) else None
    there = [version for version in versions if version.lifetime.possible(at)]
    return max(there, key=lambda version: version.lifetime.start, default=None)


def family_of(address: str) -> int:
    """4 or 6; 0 where there is no address."""
    return (6 if ":" in address else 4) if address else 0


def _first(labels: Mapping[str, str], keys: Sequence[str]) -> str:
    return next((labels[key] for key in keys if labels.get(key)), "")
