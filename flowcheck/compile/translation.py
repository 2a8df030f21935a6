"""Services as arrays: what a flow to a virtual address or a node port is judged at, and who listens where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import BackendTable, Doors, Int32, Int64, Listeners, ServicePorts, ServiceTable, UInt8
from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import Axis, port_word
from flowcheck.compile.endpoints.ownership import segments
from flowcheck.compile.endpoints.virtual import addresses_of, plain_service
from flowcheck.compile.host_ports import AtHosts, build_host_ports, host_ports_at
from flowcheck.compile.members import Listing
from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import BEGINNING, END, Lifetime

AT_NODE_PORTS = ("NodePort", "LoadBalancer")
"""The types of Services that every node has ports for. Source: core/v1 ServiceType."""

_TREATMENT = [a.INGRESS_SUBJECT, a.INGRESS_PEER, a.EGRESS_SUBJECT, a.EGRESS_PEER, a.KIND]
"""The columns by which policies tell backends apart."""


def build_services(
    axis: Axis, cluster: Cluster, listings: Sequence[Listing], endpoints: Int32, skew: int
) -> ServiceTable:
    """endpoints: as in ``Tables.endpoints``."""
    members = [member for listing in listings for member in listing.members]
    per_service = np.bincount([one.service for one in listings], minlength=len(axis.services) + 1)
    segments = [_changes(listing) for listing in listings]
    backend = _int32(member.endpoint for member in members)
    is_pod = endpoints[backend, a.KIND] == a.KIND_POD
    serving = sorted(
        {
            (member.endpoint, listing.slot, member.port, number)
            for number, listing in enumerate(listings)
            for member in listing.members
        }
    )
    at_hosts = host_ports_at(axis)
    listening = _listening(axis, cluster, at_hosts)
    return ServiceTable(
        ServicePorts(
            first=_starts(per_service),
            slot=_int32(one.slot for one in listings),
            port=_int32(one.port.port for one in listings),
            inner_local=_locals(axis.services[one.service].internal_traffic_policy for one in listings),
            outer_local=_locals(axis.services[one.service].external_traffic_policy for one in listings),
            segment_first=_starts([len(one) for one in segments]),
            segment_start=np.array([start for one in segments for start in one], dtype=np.int64),
        ),
        Doors(
            family=_families(axis, endpoints),
            reached=_reached(axis, endpoints),
            **_node_ports(axis, cluster, listings, skew)._asdict(),
            **build_host_ports(at_hosts, len(endpoints), skew)._asdict(),
        ),
        BackendTable(
            first=_starts([len(one.members) for one in listings]),
            endpoint=backend,
            port=_int32(member.port for member in members),
            family=_int32(member.family for member in members),
            start=np.array([member.start for member in members], dtype=np.int64),
            end=np.array([member.end for member in members], dtype=np.int64),
            rank=_int32(member.rank for member in members),
            way=_ways(listings, endpoints, nodes_differ=axis.sees_own),
            pod=endpoints[backend, a.POD].astype(np.int32),
            node=np.where(is_pod, endpoints[backend, a.NODE], -1).astype(np.int32),
            on_node=_int32(member.on_node for member in members),
        ),
        Listeners(
            serving_first=_starts(np.bincount([one[0] for one in serving], minlength=len(endpoints))),
            serving_slot=_int32(one[1] for one in serving),
            serving_port=_int32(one[2] for one in serving),
            serving=_int32(one[3] for one in serving),
            listen_first=_starts(np.bincount([one[0] for one in listening], minlength=len(endpoints))),
            listen=_int32(one[1] for one in listening),
        ),
    )


def _listening(axis: Axis, cluster: Cluster, at_hosts: AtHosts) -> list[tuple[int, int]]:
    """(endpoint, port word), ascending.

    At an address of Services it is the ports that any of them ever has there; a pod, in all its versions,
    listens on what its containers declare and on what slices list for any of its addresses; a node's address
    on what slices list for it, on node ports, and on the host ports of its pods.
    """
    listed: dict[Prefix, set[int]] = defaultdict(set)
    for one in cluster.slices:
        words = {port_word(port.protocol, port.port) for port in one.ports if port.port}
        for backend in one.backends:
            listed[prefix(backend.address)] |= words
    of_pod: dict[int, set[int]] = defaultdict(set)
    declared: dict[int, set[int]] = {}
    for endpoint, pod in axis.pods:
        end = axis.endpoints[endpoint]
        if id(pod.ports) not in declared:  # once for all replicas
            declared[id(pod.ports)] = {port_word(port.protocol, port.number) for port in pod.ports}
        of_pod[end.pod] |= declared[id(pod.ports)]
        if end.prefix is not None and end.prefix in listed:
            of_pod[end.pod] |= listed[end.prefix]
    of_services: dict[Prefix, set[int]] = defaultdict(set)
    for service in axis.services:
        for address in addresses_of(service):
            of_services[address] |= {port_word(port.protocol, port.port) for port in service.ports}
    at_nodes = {
        port_word(port.protocol, port.node_port)
        for service in cluster.services
        if service.type in AT_NODE_PORTS
        for port in service.ports
        if port.node_port
    }
    found: list[tuple[int, int]] = []
    for endpoint, end in enumerate(axis.endpoints):
        words = set()
        if end.kind == a.KIND_POD:
            words = of_pod[end.pod]
        elif end.kind == a.KIND_SERVICE and end.prefix is not None:
            words = of_services[end.prefix]
        elif end.kind == a.KIND_NODE and end.prefix is not None:
            words = at_nodes | listed.get(end.prefix, set()) | of_services.get(end.prefix, set())
            words |= at_hosts.get(endpoint, {}).keys()
        found += [(endpoint, word) for word in sorted(words)]
    return found


class _NodePorts(NamedTuple):
    """The fields of Doors of the same names."""

    node_port: Int32
    node_port_first: Int32
    node_port_start: Int64
    node_port_leads: Int32


def _node_ports(axis: Axis, cluster: Cluster, listings: Sequence[Listing], skew: int) -> _NodePorts:
    """Which service port a node's port leads to, and when."""
    with_doors = [service for service in cluster.services if service.type in AT_NODE_PORTS]
    number_of = {
        plain_service(service): number
        for number, service in enumerate(axis.services)
        if service.type in AT_NODE_PORTS
    }
    own = {(one.service, one.port): number for number, one in enumerate(listings)}
    claims: dict[int, list[tuple[int, Lifetime]]] = {}
    for service in with_doors:
        for port in service.ports:
            listing = own.get((number_of[plain_service(service)], port))
            if port.node_port and listing is not None:
                word = port_word(port.protocol, port.node_port)
                claims.setdefault(word, []).append((listing, service.lifetime))
    found = [segments(claims[word], skew) for word in sorted(claims)]
    flat = [segment for one in found for segment in one]
    leads = (segment.who(a.NOT_ONE, a.SEVERAL) for segment in flat)
    starts = np.array([segment.start for segment in flat], dtype=np.int64)
    return _NodePorts(_int32(sorted(claims)), _starts([len(one) for one in found]), starts, _int32(leads))


def _families(axis: Axis, endpoints: Int32) -> UInt8:
    """4 or 6 for an endpoint with an address, 0 for any other."""
    family = np.zeros(len(endpoints), dtype=np.uint8)
    found = (end.prefix.version if end.prefix is not None else 0 for end in axis.endpoints)
    family[: len(axis.endpoints)] = np.fromiter(found, dtype=np.uint8)
    return family


def _reached(axis: Axis, endpoints: Int32) -> Int32:
    """What Doors.reached says; of what is no address of a Service or a node, -1."""
    reached = np.full(len(endpoints), -1, dtype=np.int32)
    for endpoint, end in enumerate(axis.endpoints):
        if end.kind == a.KIND_NODE and end.prefix is not None:
            reached[endpoint] = end.node
    reached[list(axis.reached)] = list(axis.reached.values())
    return reached


def _locals(policies: Iterable[str]) -> UInt8:
    return np.fromiter((policy == "Local" for policy in policies), dtype=np.uint8)


def _changes(listing: Listing) -> list[int]:
    edges = {BEGINNING, *(m.start for m in listing.members), *(m.end for m in listing.members)}
    return sorted(edge for edge in edges if edge < END)


def _ways(listings: Sequence[Listing], endpoints: Int32, *, nodes_differ: bool) -> Int32:
    """Backends of one service port that policies do not tell apart have one number. ``nodes_differ``: to its
    own pods a node is not what others are."""
    numbers: list[int] = []
    treatment = endpoints[:, _TREATMENT].tolist()
    for listing in listings:
        known: dict[tuple[int, ...], int] = {}
        for member in listing.members:
            own = member.endpoint if nodes_differ and treatment[member.endpoint][-1] == a.KIND_NODE else -1
            key = (*treatment[member.endpoint], member.port, own)
            numbers.append(known.setdefault(key, len(known)))
    return _int32(numbers)


def _starts(counts: Sequence[int] | Int64) -> Int32:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _int32(values: Iterable[int]) -> Int32:
    return np.fromiter(values, dtype=np.int32)
