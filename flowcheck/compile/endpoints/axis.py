"""What the endpoint axis is made of: endpoints, and every way to find one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

from flowcheck.arrays import PORT_BITS, PROTOCOL_SLOT
from flowcheck.compile.endpoints.addresses import Prefix
from flowcheck.compile.endpoints.ownership import Segment
from flowcheck.model.called import names_of
from flowcheck.model.cluster import Node, Pod
from flowcheck.model.service import Service
from flowcheck.model.timeline import Lifetime

Claims = dict[Prefix, list[tuple[int, Lifetime]]]


class PodVersion(NamedTuple):
    """A version of a named pod: ``who`` numbers what policies and names can tell apart, ``pod`` the pod
    itself; its endpoints."""

    who: int
    pod: int
    endpoints: tuple[int, ...]


PodVersions = list[tuple[PodVersion, Lifetime]]
"""Every version of whatever goes by a name, and when it was so."""


class Shared(NamedTuple):
    """An address that several have, one at each port: the endpoints at it, and by port word which Service's
    endpoint is asked there when."""

    endpoints: tuple[int, ...]
    by_port: dict[int, list[Segment[int]]]


@dataclass(slots=True)
class Endpoint:
    """One index of the axis. ``name`` is empty where an address names itself; edges show ``group``.

    ``pod`` numbers the pod (its addresses and versions share it), ``node`` the node it runs on or is.
    ``likely``: a device that a node may have at the address. ``unlisted``: a block with addresses that may be
    Services', which no input lists. ``versions``: it stands for one pod of which it is open which of these
    endpoints it was, the earliest first.
    """

    kind: int
    group: str
    name: str = ""
    namespace: str = ""
    prefix: Prefix | None = None
    pod: int = -1
    node: int = -1
    likely: bool = False
    unlisted: bool = False
    versions: tuple[int, ...] = ()


@dataclass(slots=True)
class Axis:
    """The endpoints and the ways to find one.

    ``pods`` lists (endpoint, pod), ``nodes`` (endpoint, node); ``versions`` all pods in all versions, with
    their endpoints and when it was so. ``owners`` maps each prefix to its endpoint; ``timed[t]`` are the
    segments of the ``t``-th timed endpoint; ``services[v]`` is a Service, once for each version; ``reached``
    says of a Service's endpoint what Doors.reached does; ``node_numbers`` are by name. ``by_pod``,
    ``by_uid`` and ``by_workload`` map what a flow may name to every version it may mean. ``ranges`` are where
    the cluster's own addresses are told to lie. ``with_uid`` are the endpoints of pods that are known to be
    one in all versions; ``sampled``: see Cluster. ``torn`` is somebody, and even a recorded pod does not tell
    who. ``lives`` are the endpoints and times of every version of a pod, by its number, which
    ``pod_numbers`` has by identity. ``claims`` say who has or shares each address when, in the order found.
    ``as_own``: where policies see own nodes (``sees_own``), the endpoint of a node as its own pods see it.
    """

    endpoints: list[Endpoint] = field(default_factory=list)
    pods: list[tuple[int, Pod]] = field(default_factory=list)
    versions: list[tuple[Pod, tuple[int, ...], Lifetime]] = field(default_factory=list)
    nodes: list[tuple[int, Node]] = field(default_factory=list)
    node_endpoints: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[Prefix, int] = field(default_factory=dict)
    timed: list[list[Segment[int]]] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    reached: dict[int, int] = field(default_factory=dict)
    node_numbers: dict[str, int] = field(default_factory=dict)
    as_own: dict[int, int] = field(default_factory=dict)
    sees_own: bool = False
    by_pod: dict[tuple[str, str], PodVersions] = field(default_factory=lambda: defaultdict(list))
    by_uid: dict[str, PodVersions] = field(default_factory=lambda: defaultdict(list))
    by_workload: dict[tuple[str, str], PodVersions] = field(default_factory=lambda: defaultdict(list))
    workload_names: dict[tuple[str, str], str] = field(default_factory=dict)
    ambiguous: int = -1
    ranges: tuple[Prefix, ...] = ()
    unresolved: int = -1
    nobody: int = -1
    torn: int = -1
    with_uid: set[int] = field(default_factory=set)
    sampled: bool = False
    claims: Claims = field(default_factory=lambda: defaultdict(list))
    pod_numbers: dict[Hashable, int] = field(default_factory=dict)
    lives: dict[int, list[tuple[tuple[int, ...], Lifetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _either: dict[tuple[int, ...], int] = field(default_factory=dict)
    _chains: dict[Hashable, list[PodVersions]] = field(default_factory=dict)

    def add(self, endpoint: Endpoint) -> int:
        self.endpoints.append(endpoint)
        return len(self.endpoints) - 1

    def either(self, versions: tuple[int, ...]) -> int:
        """The endpoint that stands for one pod at one address in one of several versions."""
        if len(versions) == 1:
            return versions[0]
        if versions not in self._either:
            first, *others = (self.endpoints[version] for version in versions)
            node = first.node if all(other.node == first.node for other in others) else -1
            self._either[versions] = self.add(replace(first, node=node, versions=versions))
        return self._either[versions]

    def otherwise(self, *endpoints: int) -> Iterator[Lifetime]:
        """When the pod of these endpoints, which are at one address, was at none of them."""
        lives = self.lives.get(self.endpoints[endpoints[0]].pod, ())
        return (life for ends, life in lives if not set(ends) & set(endpoints))

    def otherwise_named(self, version: PodVersion) -> Iterator[Lifetime]:
        """When the pod was in another version than this."""
        lives = self.lives.get(self.endpoints[version.endpoints[0]].pod, ())
        return (life for ends, life in lives if ends != version.endpoints)

    def name_pod(
        self,
        pod: Pod,
        number: int,
        who: int,
        endpoints: tuple[int, ...],
        during: Lifetime,
        *,
        by_name: bool = True,
    ) -> None:
        """Let a version's names stand for its endpoints: its own, and all of its workload's. A name that
        several workloads have goes by the first of them."""
        self.versions.append((pod, endpoints, during))
        version = PodVersion(who, number, endpoints), during
        if by_name:
            self.by_pod[pod.namespace, pod.name].append(version)
        if pod.uid:
            self.by_uid[pod.uid].append(version)
        chain = pod.namespace, pod.workload, pod.owners, pod.template
        known = self._chains.get(chain)
        if known is None:  # once for all replicas
            known = self._chains[chain] = self._name_chain(pod)
        for versions in known:
            versions.append(version)

    def _name_chain(self, pod: Pod) -> list[PodVersions]:
        """The lists of all that goes by the names of a pod's workload."""
        top = str(pod.workload)
        keys = [(pod.namespace, name) for name in names_of(pod)]
        for key in keys:
            self.workload_names[key] = min(self.workload_names.get(key, top), top)
        return [self.by_workload[key] for key in keys]

    def find(self, address: Prefix) -> int:
        """The endpoint of one address: that of the longest prefix around it."""
        found = self.owners.get(address)
        length = address.prefixlen
        while found is None and length:
            length -= 1
            found = self.owners.get(address.supernet(length))
        return self.unresolved if found is None else found

    def of_pod(self, namespace: str, name: str) -> list[int]:
        """Every endpoint of the pods of one name; none where there is no such pod."""
        return members(self.by_pod.get((namespace, name), []))


@cache  # few, and asked for of every container and backend
def port_word(protocol: int, number: int) -> int:
    """A port of a protocol that has ports, as tables hold it: its port word."""
    return int(PROTOCOL_SLOT[protocol]) << PORT_BITS | number


def identity(pod: Pod) -> tuple[Hashable, ...]:
    """What all versions of one pod share."""
    return pod.namespace, pod.name, pod.uid, pod.template


def members(versions: PodVersions) -> list[int]:
    return list(dict.fromkeys(endpoint for version, _ in versions for endpoint in version.endpoints))
