"""What there is to know of ends before a mesh's policies are asked: what they prove, and for what connections
to them are taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import PORT_BITS, Int32, Int64, UInt8
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.members import Listing
from flowcheck.compile.mesh.spoken import spoken_at
from flowcheck.compile.rules.bitset import SetPool
from flowcheck.compile.rules.directions import Rulebook
from flowcheck.compile.rules.peers import Side
from flowcheck.compile.rules.settled import judged_as
from flowcheck.compile.rules.subjects import partition
from flowcheck.model import protocols
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import MeshSettings, identity
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.peers import DataPlane, Peer, Where, leaves, simple_peers
from flowcheck.model.policy import Policy

OWN, NONE, NOT_TOLD = 0, 1, 2
"""What an end proves as a client, where no record tells: its pod's own identity, nothing, or either."""
TCP, HTTP, EITHER = 0, 1, 2
"""For what a proxy takes a connection, likewise."""
NOBODY = -1
ALL_PORTS = 65535
"""Of one pod that go past its proxy: it proves nothing to anybody."""
_SPOKEN = {None: EITHER, Carried.TCP: TCP, Carried.HTTP: HTTP}
_TCP_SLOT = int(a.PROTOCOL_SLOT[protocols.TCP])


class MeshEnds(NamedTuple):
    """client (endpoints,) uint8: OWN, NONE or NOT_TOLD. own (endpoints,) int32: which of the program's
    ``identities`` a pod has, in a mesh or not; NOBODY none or one of several. differ (endpoints,) uint8: 1
    where clients_differ of a pod, or of any behind a Service. like (endpoints,) int32: the end on the
    axis that is like one that only names need; it stands for that in pairs. past (n,) int64: ascending pairs
    of endpoint and port that its connections go past its proxy to. spoken_at (n,) int64: ascending pairs of
    an endpoint (a Service's, too) and a TCP port; spoken (n,) uint8: for what is taken what comes
    there; EITHER anywhere else."""

    client: UInt8
    own: Int32
    differ: UInt8
    like: Int32
    past: Int64
    spoken_at: Int64
    spoken: UInt8


def place(endpoint: int, port: int) -> int:
    """A pair of endpoint and port."""
    return endpoint << PORT_BITS | port


def of_pods(axis: Axis, cluster: Cluster) -> tuple[UInt8, Int32, tuple[str, ...]]:
    """(client, own, identities) of the ends on the axis; where an end is a pod in one of several versions,
    what these share."""
    domain = (cluster.mesh or MeshSettings()).trust_domain
    client = np.full(len(axis.endpoints), NONE, dtype=np.uint8)
    own = np.full(len(axis.endpoints), NOBODY, dtype=np.int32)
    identities: dict[str, int] = {}
    past = {endpoint for endpoint, pod in axis.pods if pod.mesh is not None and pod.mesh.outbound_past}
    for endpoint, pod in axis.pods:
        if axis.endpoints[endpoint].kind == a.KIND_POD:
            id_ = identity(domain, pod.namespace, pod.account)
            own[endpoint] = identities.setdefault(id_, len(identities))
            goes_past = pod.mesh is None or len(pod.mesh.outbound_past) >= ALL_PORTS
            client[endpoint] = NONE if goes_past else OWN
    for endpoint, end in enumerate(axis.endpoints):
        versions = list(end.versions)
        if versions:
            clients, owns = set(client[versions].tolist()), set(own[versions].tolist())
            surely = len(clients) == 1 and not any(version in past for version in versions)
            client[endpoint] = clients.pop() if surely else NOT_TOLD
            own[endpoint] = owns.pop() if len(owns) == 1 else NOBODY
    return client, own, tuple(identities)


def differing(axis: Axis, listings: Sequence[Listing]) -> UInt8:
    """(ends on the axis,) uint8: see :class:`MeshEnds`."""
    differ = np.zeros(len(axis.endpoints), dtype=np.uint8)
    differ[[endpoint for endpoint, pod in axis.pods if pod.mesh is not None and pod.mesh.clients_differ]] = 1
    of_services = {one.service for one in listings if any(differ[member.endpoint] for member in one.members)}
    for endpoint, end in enumerate(axis.endpoints):
        is_service = end.kind == a.KIND_SERVICE and end.node in of_services
        differ[endpoint] |= is_service or any(differ[version] for version in end.versions)
    return differ


def past_alike(axis: Axis) -> Int32:
    """(ends on the axis,) int32: the same ports go past the proxies of those of one number."""
    alike = np.zeros(len(axis.endpoints), dtype=np.int32)
    known: dict[frozenset[int], int] = {frozenset(): 0}
    for endpoint, pod in axis.pods:
        if pod.mesh is not None:
            alike[endpoint] = known.setdefault(pod.mesh.outbound_past, len(known))
    return alike


def past_of(axis: Axis) -> Int64:
    """(n,) ascending pairs: see :class:`MeshEnds`."""
    meshed = ((endpoint, pod.mesh.outbound_past) for endpoint, pod in axis.pods if pod.mesh is not None)
    pods = ((endpoint, ports) for endpoint, ports in meshed if len(ports) < ALL_PORTS)
    return np.array(sorted({place(e, port) for e, ports in pods for port in ports}), dtype=np.int64)


class Spoken(NamedTuple):
    """at (n,) int64, as_ (n,) uint8: ``spoken_at`` and ``spoken`` of :class:`MeshEnds`. alike (ends on the
    axis,) int32: at those of one number the same is spoken everywhere."""

    at: Int64
    as_: UInt8
    alike: Int32


def spoken_where(axis: Axis, listings: Sequence[Listing]) -> Spoken:
    """By what Services say of their ports, at their own addresses and wherever in time they lead: to a pod at
    whichever of its addresses. Of a gateway's they say nothing: its listeners are set otherwise."""
    gateways = {e for e, pod in axis.pods if pod.mesh is not None and pod.mesh.plane is DataPlane.GATEWAY}
    said: dict[int, set[int]] = defaultdict(set)
    ends_of: dict[tuple[str, int], list[int]] = defaultdict(list)
    for endpoint, end in enumerate(axis.endpoints):
        if end.pod >= 0:
            ends_of["pod", end.pod].append(endpoint)
        elif end.kind == a.KIND_SERVICE:
            ends_of["service", end.node].append(endpoint)
    for listing in listings:
        if listing.slot != _TCP_SLOT:
            continue
        spoken = _SPOKEN[spoken_at(listing.port.app_protocol, listing.port.name)]
        if any(member.endpoint in gateways for member in listing.members):
            spoken = EITHER
        for member in listing.members:
            pod = axis.endpoints[member.endpoint].pod
            for endpoint in ends_of["pod", pod] if pod >= 0 else [member.endpoint]:
                said[place(endpoint, member.port)].add(spoken)
        for endpoint in ends_of["service", listing.service]:
            said[place(endpoint, listing.port.port)].add(spoken)
    places = sorted(said)
    kinds = [said[one].pop() if len(said[one]) == 1 else EITHER for one in places]
    by_end: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one, kind in zip(places, kinds, strict=True):
        by_end[one >> PORT_BITS].append((one & (1 << PORT_BITS) - 1, kind))
    known: dict[tuple[tuple[int, int], ...], int] = {(): 0}
    alike = np.zeros(len(axis.endpoints), dtype=np.int32)
    for endpoint, own in by_end.items():
        alike[endpoint] = known.setdefault(tuple(own), len(known))
    return Spoken(np.array(places, dtype=np.int64), np.array(kinds, dtype=np.uint8), alike)


def told_apart(axis: Axis, rulebook: Rulebook, policies: Iterable[Policy], beside: Sequence[Int32]) -> Int32:
    """(ends on the axis,) int32: those of one number are told apart by nothing that the policies ask, and by
    no value in ``beside``."""
    pool = SetPool(len(axis.endpoints))
    used: list[int] = []
    for policy in policies:
        for peer, side in _asked(policy):
            found = rulebook.peers.find(peer, side)
            used += [pool.add(found.surely), *(pool.add(words) for _, words in found.perhaps)]
        for rule in policy.ingress:
            for port in rule.ports or ():
                aims = rulebook.aims.resolve(port)
                used += [pool.add(aim.destinations) for aim in aims if aim.destinations is not None]
    versions = {number: end.versions for number, end in enumerate(axis.endpoints) if end.versions}
    sets = np.array(used, dtype=np.int32)
    classes = partition(pool.matrix(), sets, judged_as(axis)).mixed(versions).class_of
    _, numbers = np.unique(np.stack([classes, *beside]), axis=1, return_inverse=True)
    return numbers.ravel().astype(np.int32)


def _asked(policy: Policy) -> Iterator[tuple[Peer, Side]]:
    """All that its answers are made of: of an expression each leaf by itself."""
    subjects = [*policy.subjects(), *(rule.subject for rule in policy.ingress if rule.subject is not None)]
    peers = [peer for rule in policy.ingress for peer in rule.peers or ()]
    sides: list[tuple[list[Peer], Side]] = [([*subjects], "subject"), (peers, "in")]
    for whole, side in sides:
        for one in whole:
            for simple in simple_peers(one):
                if isinstance(simple, Where):
                    yield from ((Where(leaf), side) for leaf in leaves(simple.what))
                else:
                    yield simple, side
