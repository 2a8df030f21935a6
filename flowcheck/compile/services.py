"""Services as arrays: what a flow to a virtual address or a node port is judged at, and who listens where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, ServiceTable, UInt8
from flowcheck.compile.addresses import Prefix, prefix
from flowcheck.compile.axis import Axis
from flowcheck.compile.backends import Listing
from flowcheck.compile.endpoints import plain_service
from flowcheck.compile.ownership import segments
from flowcheck.model.cluster import Cluster, ServicePort
from flowcheck.model.timeline import BEGINNING, END, Lifetime

AT_NODE_PORTS = ("NodePort", "LoadBalancer")
"""The types of Services that every node has ports for. Source: core/v1 ServiceType."""

_WAY = [a.INGRESS_SUBJECT, a.INGRESS_PEER, a.EGRESS_SUBJECT, a.EGRESS_PEER, a.KIND]


def build_services(
    axis: Axis, cluster: Cluster, listings: Sequence[Listing], facts: Int32, skew: int
) -> ServiceTable:
    """facts (endpoints, 8) int32: as in ``Tables.endpoints``."""
    members = [member for listing in listings for member in listing.members]
    per_service = np.bincount([one.service for one in listings], minlength=len(axis.services))
    segments = [_changes(listing) for listing in listings]
    backend = _int32(member.endpoint for member in members)
    is_pod = facts[backend, a.KIND] == a.KIND_POD
    serving = sorted(
        {
            (member.endpoint, listing.slot, member.port, number)
            for number, listing in enumerate(listings)
            for member in listing.members
        }
    )
    listening = _listening(axis, cluster, listings)
    return ServiceTable(
        first=_starts(per_service),
        slot=_int32(one.slot for one in listings),
        port=_int32(one.port.port for one in listings),
        **_node_ports(axis, cluster, listings, skew)._asdict(),
        family=_families(axis, facts),
        segment_first=_starts([len(one) for one in segments]),
        segment_start=np.array([start for one in segments for start in one], dtype=np.int64),
        backend_first=_starts([len(one.members) for one in listings]),
        backend=backend,
        backend_port=_int32(member.port for member in members),
        backend_family=_int32(member.family for member in members),
        backend_start=np.array([member.start for member in members], dtype=np.int64),
        backend_end=np.array([member.end for member in members], dtype=np.int64),
        backend_rank=_int32(member.rank for member in members),
        backend_way=_ways(listings, facts),
        backend_pod=facts[backend, a.POD].astype(np.int32),
        backend_node=np.where(is_pod, facts[backend, a.NODE], -1).astype(np.int32),
        serving_first=_starts(np.bincount([one[0] for one in serving], minlength=len(facts))),
        serving_slot=_int32(one[1] for one in serving),
        serving_port=_int32(one[2] for one in serving),
        serving=_int32(one[3] for one in serving),
        listen_first=_starts(np.bincount([one[0] for one in listening], minlength=len(facts))),
        listen=_int32(one[1] for one in listening),
    )


def _listening(axis: Axis, cluster: Cluster, listings: Sequence[Listing]) -> list[tuple[int, int]]:
    """(endpoint, slot << 16 | port), ascending.

    A Service listens on its own ports; a pod, in all its versions, on what its containers declare and on what
    slices list for any of its addresses; a node's address on what slices list for it, and on node ports.
    """
    listed: dict[Prefix, set[int]] = defaultdict(set)
    for one in cluster.slices:
        words = {_word(port) for port in one.ports if port.port}
        for backend in one.backends:
            listed[prefix(backend.address)] |= words
    of_pod: dict[int, set[int]] = defaultdict(set)
    for endpoint, pod in axis.pods:
        end = axis.endpoints[endpoint]
        of_pod[end.pod] |= {int(a.PROTOCOL_SLOT[port.protocol]) << 16 | port.number for port in pod.ports}
        of_pod[end.pod] |= listed.get(end.prefix, set()) if end.prefix is not None else set()
    of_service: dict[int, set[int]] = defaultdict(set)
    for listing in listings:
        of_service[listing.service].add(_word(listing.port))
    at_nodes = {
        int(a.PROTOCOL_SLOT[port.protocol]) << 16 | port.node_port
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
        elif end.kind == a.KIND_SERVICE:
            words = of_service[end.node]
        elif end.kind == a.KIND_NODE and end.prefix is not None:
            words = at_nodes | listed.get(end.prefix, set())
        found += ((endpoint, word) for word in sorted(words))
    return found


def _word(port: ServicePort) -> int:
    return int(a.PROTOCOL_SLOT[port.protocol]) << 16 | port.port


class _NodePorts(NamedTuple):
    """The fields of ServiceTable of the same names."""

    node_port: Int32
    node_port_first: Int32
    node_port_start: Int64
    node_port_leads: Int32


def _node_ports(axis: Axis, cluster: Cluster, listings: Sequence[Listing], skew: int) -> _NodePorts:
    """Which service port a node's port leads to, and when."""
    number_of = {plain_service(service): number for number, service in enumerate(axis.services)}
    own = {(one.service, one.port): number for number, one in enumerate(listings)}
    claims: dict[int, list[tuple[int, Lifetime]]] = {}
    for service in cluster.services:
        for port in service.ports if service.type in AT_NODE_PORTS else ():
            listing = own.get((number_of[plain_service(service)], port))
            if port.node_port and listing is not None:
                word = int(a.PROTOCOL_SLOT[port.protocol]) << 16 | port.node_port
                claims.setdefault(word, []).append((listing, service.lifetime))
    found = [segments(claims[word], skew) for word in sorted(claims)]
    flat = [segment for one in found for segment in one]
    leads = (-1 if not s.owners else s.owners[0] if len(s.owners) == 1 else -2 for s in flat)
    starts = np.array([segment.start for segment in flat], dtype=np.int64)
    return _NodePorts(_int32(sorted(claims)), _starts([len(one) for one in found]), starts, _int32(leads))


def _families(axis: Axis, facts: Int32) -> UInt8:
    """4 or 6 for an endpoint with an address, 0 for any other."""
    family = np.zeros(len(facts), dtype=np.uint8)
    found = (end.prefix.version if end.prefix is not None else 0 for end in axis.endpoints)
    family[: len(axis.endpoints)] = np.fromiter(found, dtype=np.uint8)
    return family


def _changes(listing: Listing) -> list[int]:
    edges = {BEGINNING, *(m.start for m in listing.members), *(m.end for m in listing.members)}
    return sorted(edge for edge in edges if edge < END)


def _ways(listings: Sequence[Listing], facts: Int32) -> Int32:
    """Backends of one service port that policies do not tell apart have one number."""
    numbers: list[int] = []
    way_of = facts[:, _WAY].tolist()
    for listing in listings:
        ways: dict[tuple[int, ...], int] = {}
        for member in listing.members:
            key = (*way_of[member.endpoint], member.port)
            numbers.append(ways.setdefault(key, len(ways)))
    return _int32(numbers)


def _starts(counts: Sequence[int] | Int64) -> Int32:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _int32(values: Iterable[int]) -> Int32:
    return np.fromiter(values, dtype=np.int32)
