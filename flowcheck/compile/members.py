"""Backends on the axis: of each service port the endpoints behind it, each with its time.

Policies see a connection after the translation: the backend's address and port.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flowcheck.arrays import KIND_SERVICE, KIND_TIMED, PROTOCOL_SLOT
from flowcheck.compile.backends import Backends, is_ready, port_numbers, serves_to_the_end, target_number
from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.endpoints.ownership import Segment, Span, moved, with_spans
from flowcheck.compile.endpoints.versions import held
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.model.timeline import BEGINNING, END, Lifetime

READY, TERMINATING = 0, 1
ALWAYS: Span = BEGINNING, END


class TimedBackend(NamedTuple):
    """One backend for one stretch of time; ``family`` of its address: 4, 6, or 0 without one; ``on_node``:
    the number of the node it is listed on, -1 none."""

    endpoint: int
    port: int
    rank: int
    family: int
    on_node: int
    start: int
    end: int


@dataclass(slots=True)
class Listing:
    """One port of one version of a Service: ``members`` in the order of the slices, or of the pods."""

    service: int
    slot: int
    port: ServicePort
    members: list[TimedBackend] = field(default_factory=list)


def list_service_ports(axis: Axis, cluster: Cluster, skew: int) -> list[Listing]:
    """Every service port, those of one Service together, in the order of ``axis.services``."""
    lister = _Lister(axis, cluster, skew)
    return [lister.listing(*one) for one in _ports(axis)]


def _ports(axis: Axis) -> Iterator[tuple[int, Service, ServicePort]]:
    """The first of several ports of one number and protocol, which no API server takes."""
    for number, service in enumerate(axis.services):
        own: dict[tuple[int, int], ServicePort] = {}
        for port in service.ports:
            own.setdefault((port.protocol, port.port), port)
        yield from ((number, service, port) for port in own.values())


class _Lister:
    def __init__(self, axis: Axis, cluster: Cluster, skew: int) -> None:
        self._axis, self._skew = axis, skew
        self._backends = Backends(cluster)
        self._pod_of = dict(axis.pods)
        self._known: dict[tuple[str, str, str], list[tuple[int, Span]]] = {}
        self._listed_by: dict[int, list[TimedBackend]] = {}
        self._ends: dict[int, list[tuple[tuple[int, ...], Lifetime]]] = defaultdict(list)
        self._at: dict[tuple[str, str, Prefix], list[tuple[int, Lifetime]]] = defaultdict(list)
        order = {id(pod): place for place, pod in enumerate(cluster.pods)}
        for version in sorted(axis.versions, key=lambda version: order[id(version[0])]):
            pod, endpoints, during = version
            self._ends[id(pod)].append((endpoints, during))
            for endpoint in () if pod.host_network else endpoints:
                found = axis.endpoints[endpoint].prefix
                if found is not None:
                    self._at[pod.namespace, pod.name, found].append((endpoint, during))

    def listing(self, number: int, service: Service, port: ServicePort) -> Listing:
        slot = int(PROTOCOL_SLOT[port.protocol])
        return Listing(number, slot, port, _joined(self._members(service, port)))

    def _around(self, life: Lifetime) -> Span:
        """When something may have been there, by a clock that differs by the skew."""
        return moved(life.start, -self._skew), moved(life.end, self._skew)

    def _members(self, service: Service, port: ServicePort) -> Iterator[TimedBackend]:
        for one in self._backends.slices(service):
            for number in port_numbers(one, port):
                for member in self._listed(one):
                    behind = number or self._number(member.endpoint, port)
                    who = member.endpoint if behind else self._axis.unresolved
                    yield TimedBackend(who, behind or port.port, *member[2:])
        for pod in self._backends.selected(service):
            target = target_number(pod, port)
            if not target or not is_ready(pod, service):
                continue
            for endpoints, life in self._ends[id(pod)]:
                for endpoint, family, span in self._own(pod, endpoints, life):
                    yield TimedBackend(endpoint, target, READY, family, self._node_number(pod.node), *span)

    def _node_number(self, node: str) -> int:
        """The number of a node, which may be of no other use."""
        numbers = self._axis.node_numbers
        return numbers.setdefault(node, len(numbers)) if node else -1

    def _own(self, pod: Pod, endpoints: tuple[int, ...], life: Lifetime) -> Iterator[tuple[int, int, Span]]:
        """The ends of a selected pod, with the family of its address: on its node's network, whoever has it.

        That may be in doubt, or an end with more addresses: neither has a family of its own.
        """
        span = self._around(life)
        if not pod.host_network:
            for endpoint in endpoints:
                found = self._axis.endpoints[endpoint].prefix
                yield endpoint, found.version if found else 0, span
            return
        for address in dict.fromkeys(prefix(text) for text in pod.addresses):
            for endpoint, during in self._owners(address, span):
                yield endpoint, address.version, during

    def _listed(self, one: EndpointSlice) -> list[TimedBackend]:
        """The backends of a slice that may be used, whatever the port: once for all of its ports."""
        if id(one) not in self._listed_by:
            span = self._around(one.lifetime)
            found = self._listed_by[id(one)] = []
            for backend in one.backends if span[0] < span[1] else ():
                # Ready backends are used; where there are none, those that still serve while they terminate.
                if not (backend.ready or serves_to_the_end(backend)):
                    continue
                rank = READY if backend.ready else TERMINATING
                family = prefix(backend.address).version
                node = self._node_number(backend.node)
                for endpoint, during in self._who(one.namespace, backend):
                    start, end = _within(span, during)
                    if start < end:
                        found.append(TimedBackend(endpoint, 0, rank, family, node, start, end))
        return self._listed_by[id(one)]

    def _number(self, endpoint: int, port: ServicePort) -> int | None:
        """Where a slice has no number: the target port of the Service, on that pod."""
        if isinstance(port.target_port, int):
            return port.target_port
        pod = self._pod_of.get(endpoint)
        return target_number(pod, port) if pod is not None else None

    def _who(self, namespace: str, backend: Backend) -> list[tuple[int, Span]]:
        """The pod that the slice names, while it has that address; else whoever has it."""
        key = namespace, backend.pod, backend.address
        if key not in self._known:
            address = prefix(backend.address)
            named = self._at.get((namespace, backend.pod, address), []) if backend.pod else []
            alone = named == self._axis.claims.get(address)  # the axis says the same, whatever the name
            found = self._owners(address, ALWAYS) if alone else self._named(address, named)
            self._known[key] = list(found)
        return self._known[key]

    def _named(self, address: Prefix, named: Sequence[tuple[int, Lifetime]]) -> Iterator[tuple[int, Span]]:
        for segment, during in with_spans(held(self._axis, named, self._skew)):
            if not segment.owners:
                yield from self._owners(address, during)
            else:
                yield segment.owners[0] if len(segment.owners) == 1 else self._axis.ambiguous, during

    def _owners(self, address: Prefix, span: Span) -> Iterator[tuple[int, Span]]:
        """Whoever has an address, stretch by stretch; a Service is nobody who could answer."""
        endpoint = self._axis.find(address)
        found = self._axis.endpoints[endpoint]
        timed = (
            self._axis.timed[found.node] if found.kind == KIND_TIMED else [Segment(BEGINNING, (endpoint,))]
        )
        for segment, during in with_spans(timed):
            (owner,) = segment.owners
            inside = _within(span, during)
            if inside[0] < inside[1]:
                is_service = self._axis.endpoints[owner].kind == KIND_SERVICE
                yield self._axis.unresolved if is_service else owner, inside


def _joined(members: Iterable[TimedBackend]) -> list[TimedBackend]:
    """Neighbouring stretches of one backend as one."""
    members = list(members)
    if len({member[:5] for member in members}) == len(members):  # mostly
        return members
    spans_of: dict[tuple[int, int, int, int, int], list[list[int]]] = {}
    for member in members:
        spans_of.setdefault(member[:5], []).append([member.start, member.end])
    joined = []
    for key, spans in spans_of.items():
        spans.sort()
        kept = [spans[0]]
        for start, end in spans[1:]:
            if start <= kept[-1][1]:
                kept[-1][1] = max(kept[-1][1], end)
            else:
                kept.append([start, end])
        joined += [TimedBackend(*key, start, end) for start, end in kept]
    return joined


def _within(one: Span, other: Span) -> Span:
    return max(one[0], other[0]), min(one[1], other[1])
