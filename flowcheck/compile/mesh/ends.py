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
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import MeshSettings, identity
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.peers import Peer, Where, leaves, simple_peers
from flowcheck.model.policy import Policy

OWN, NONE, NOT_TOLD = 0, 1, 2
"""What an end proves as a client, where no record tells: its pod's own identity, nothing, or either."""
TCP, HTTP, EITHER = 0, 1, 2
"""For what a proxy takes a connection, likewise."""
NOBODY = -1
_SPOKEN = {None: EITHER, Carried.TCP: TCP, Carried.HTTP: HTTP}
_TCP_SLOT = int(a.PROTOCOL_SLOT[6])


class MeshEnds(NamedTuple):
    """client (endpoints,) uint8: OWN, NONE or NOT_TOLD. own (endpoints,) int32: which of the program's
    ``identities`` a pod has, in a mesh or not; NOBODY none or one of several. past (n,) int64: ascending
    pairs of endpoint and port that its connections go past its proxy to. spoken_at (n,) int64: ascending
    pairs of an endpoint (a Service's, too) and a TCP port; spoken (n,) uint8: for what is taken what comes
    there; EITHER anywhere else."""

    client: UInt8
    own: Int32
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
    for endpoint, pod in axis.pods:
        if axis.endpoints[endpoint].kind == a.KIND_POD:
            id_ = identity(domain, pod.namespace, pod.account)
            own[endpoint] = identities.setdefault(id_, len(identities))
            client[endpoint] = NONE if pod.mesh is None else OWN
    for endpoint, end in enumerate(axis.endpoints):
        versions = list(end.versions)
        if versions:
            clients, owns = set(client[versions].tolist()), set(own[versions].tolist())
            client[endpoint] = clients.pop() if len(clients) == 1 else NOT_TOLD
            own[endpoint] = owns.pop() if len(owns) == 1 else NOBODY
    return client, own, tuple(identities)


def past_of(axis: Axis) -> Int64:
    """(n,) ascending pairs: see :class:`MeshEnds`."""
    pods = ((endpoint, pod.mesh.outbound_past) for endpoint, pod in axis.pods if pod.mesh is not None)
    return np.array(sorted({place(e, port) for e, ports in pods for port in ports}), dtype=np.int64)


def spoken_where(listings: Sequence[Listing], endpoint_of: dict[int, list[int]]) -> tuple[Int64, UInt8]:
    """(spoken_at, spoken): see :class:`MeshEnds`. ``endpoint_of``: the endpoints of each Service."""
    said: dict[int, set[int]] = defaultdict(set)
    for listing in listings:
        if listing.slot != _TCP_SLOT:
            continue
        spoken = _SPOKEN[spoken_at(listing.port.app_protocol, listing.port.name)]
        for member in listing.members:
            said[place(member.endpoint, member.port)].add(spoken)
        for endpoint in endpoint_of.get(listing.service, ()):
            said[place(endpoint, listing.port.port)].add(spoken)
    places = sorted(said)
    kinds = [said[one].pop() if len(said[one]) == 1 else EITHER for one in places]
    return np.array(places, dtype=np.int64), np.array(kinds, dtype=np.uint8)


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
