"""What a rule says of ports -> ranges of numbers, and the destinations at which they count.

A name, and a Service, stand for other numbers on other destinations, so such a rule becomes one for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from flowcheck import arrays as a
from flowcheck.arrays import UInt64
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules import bitset
from flowcheck.compile.rules.peers import slices_of
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.cluster import Cluster, ContainerPort, Pod
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy
from flowcheck.model.ports import (
    NamedPort,
    PastProxy,
    PortRange,
    Ports,
    PortsBut,
    ProtocolsBut,
    ServicePorts,
    both_of,
    without,
)
from flowcheck.model.protocols import TCP

Meanings = dict[tuple[int, int], list[int]]
"""By protocol and number: the endpoints of pods that mean it."""


class Aim(NamedTuple):
    """Ranges of numbers, or of protocols, at these destinations, None: at all. ``open_for``: the reason code
    for which it is open, 0: it is not."""

    at: PortRange | ProtocolsBut
    destinations: UInt64 | None = None
    open_for: int = 0


class Aims:
    """What ports mean on the pods and Services of a cluster."""

    def __init__(self, axis: Axis, cluster: Cluster, index: SelectorIndex, options: Options) -> None:
        self._n, self._cluster, self._index, self._options = len(axis.endpoints), cluster, index, options
        self._declared: dict[str, Meanings] = defaultdict(lambda: defaultdict(list))
        last = options.same_port_name == "last"
        for endpoint, pod in axis.pods:
            named = [port for port in _naming(pod, options) if port.name]
            for port in {port.name: port for port in named}.values() if last else named:
                self._declared[port.name][port.protocol, port.number].append(endpoint)
        self._past: dict[frozenset[int], list[int]] = defaultdict(list)
        for endpoint, pod in axis.pods:
            if pod.mesh is not None and pod.mesh.inbound_past:
                self._past[pod.mesh.inbound_past].append(endpoint)
        self._meanings: dict[str, list[tuple[int, int, UInt64]]] = {}
        self._known: dict[Ports, list[Aim]] = {}

    def resolve(self, port: Ports) -> list[Aim]:
        if port not in self._known:
            self._known[port] = list(self._resolve(port))
        return self._known[port]

    def _resolve(self, port: Ports) -> Iterator[Aim]:
        match port:
            case PortRange() | ProtocolsBut():
                yield Aim(port)
            case NamedPort():
                for protocol, number, pods in self._means(port.name):
                    if port.protocol in (None, protocol):
                        last = number if port.last is None else max(number, port.last)
                        yield Aim(PortRange(protocol, number, last), pods)
            case PortsBut():
                yield from self._what_is_left(port)
            case ServicePorts():
                yield from self._served(port)
            case PastProxy():
                for numbers, ends in self._past.items():
                    where = bitset.from_indices(ends, self._n)
                    yield from (Aim(stretch, where) for stretch in _stretches(numbers))

    def _means(self, name: str) -> list[tuple[int, int, UInt64]]:
        """(protocol, number, the pods on which the name means it)."""
        if name not in self._meanings:
            self._meanings[name] = [
                (protocol, number, bitset.from_indices(members, self._n))
                for (protocol, number), members in sorted(self._declared.get(name, {}).items())
            ]
        return self._meanings[name]

    def _what_is_left(self, port: PortsBut) -> Iterator[Aim]:
        """Destinations on which all its names mean the same are one case."""
        names = {one.name for one in (*(port.ports or ()), *port.but) if isinstance(one, NamedPort)}
        meant: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for name in sorted(names):
            for (protocol, number), members in self._declared.get(name, {}).items():
                if protocol == port.protocol:
                    for endpoint in members:
                        meant[endpoint].add((name, number))
        cases: dict[frozenset[tuple[str, int]], list[int]] = defaultdict(list)
        for endpoint, found in meant.items():
            cases[frozenset(found)].append(endpoint)
        without_name = self._index.everyone & ~bitset.from_indices(list(meant), self._n)
        sets = [(means, bitset.from_indices(members, self._n)) for means, members in cases.items()]
        sets.append((frozenset(), without_name))
        for means, destinations in sets:
            among = [PortRange(port.protocol)] if port.ports is None else _ranges(port.ports, port, means)
            for left in without(both_of([PortRange(port.protocol)], among), _ranges(port.but, port, means)):
                yield Aim(left, destinations if names else None)

    def _served(self, port: ServicePorts) -> Iterator[Aim]:
        """Each protocol and number that any of the Service's slices has, where they lead."""
        slices = list(slices_of(self._cluster, port.namespace, port.name))
        served = {(p.protocol, p.port) for own in slices for one in own for p in one.ports if p.port}
        if port.protocol is not None:
            served = {(protocol, number) for protocol, number in served if protocol == port.protocol}
        for protocol, number in sorted(served):
            surely, ever = self._index.nobody, self._index.nobody
            for own in slices:
                always = self._index.everyone
                for one in own:
                    here = any((p.protocol, p.port) == (protocol, number) for p in one.ports)
                    listed = self._index.having(b.address for b in one.backends if here)
                    always, ever = always & listed, ever | listed
                surely = surely | always
            at = PortRange(protocol, number, number)
            yield Aim(at, surely)
            if (ever & ~surely).any():
                yield Aim(at, ever & ~surely, a.REASON_AMBIGUOUS_POLICY)


def _ranges(
    ports: Iterable[PortRange | NamedPort], port: PortsBut, means: frozenset[tuple[str, int]]
) -> list[PortRange]:
    """The ranges of the protocol, names as this destination has them."""
    found = []
    for one in ports:
        if isinstance(one, PortRange):
            found.append(one)
        elif one.protocol in (None, port.protocol):
            numbers = sorted(number for name, number in means if name == one.name)
            found += (PortRange(port.protocol, n, max(n, one.last or n)) for n in numbers)
    return found


def _stretches(numbers: Iterable[int]) -> Iterator[PortRange]:
    """TCP ports as ranges."""
    for _, stretch in groupby(enumerate(sorted(numbers)), key=lambda one: one[1] - one[0]):
        own = [number for _, number in stretch]
        yield PortRange(TCP, own[0], own[-1])


def _naming(pod: Pod, options: Options) -> list[ContainerPort]:
    """The ports of a pod that a rule can name."""
    if options.port_names == "sidecars":
        return list(pod.ports)
    if options.port_names == "containers":
        return [port for port in pod.ports if not port.sidecar]
    return [*pod.ports, *pod.init_ports]


def spoken_of(policies: Iterable[Policy], aims: Aims) -> Iterator[PortRange | ProtocolsBut]:
    """Every range of numbers or protocols that any rule speaks of, names resolved."""
    for policy in policies:
        for rule in (*policy.ingress, *policy.egress):
            for port in rule.ports or ():
                if isinstance(port, PortRange):
                    yield port
                else:
                    yield from (aim.at for aim in aims.resolve(port))
