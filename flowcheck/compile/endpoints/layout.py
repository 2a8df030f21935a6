"""The endpoint axis: one index for every pod address, node, service and address block.

A pod with two addresses has two endpoints, because a CIDR matches an address, not a pod; a pod or
workload without an address has one. A pod or node that changed has endpoints for each version. Order: three
endpoints that stand for "several owners", "a name nobody has" and "nobody at that time", then pods, nodes,
services, timed addresses (which stand for whoever has the address at the time), address blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain

import numpy as np

from flowcheck import arrays as a
from flowcheck.compile.endpoints.addresses import ROOTS, Prefix, prefix
from flowcheck.compile.endpoints.alike import VisibleLabels
from flowcheck.compile.endpoints.asked import Asked
from flowcheck.compile.endpoints.axis import Axis, Claims, Endpoint, PodVersion, identity
from flowcheck.compile.endpoints.nodes import add_hosts
from flowcheck.compile.endpoints.ownership import Segment, joined
from flowcheck.compile.endpoints.versions import held
from flowcheck.compile.endpoints.virtual import add_services
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.ranges import PRIVATE, SEEN, Within
from flowcheck.model.timeline import BEGINNING, Lifetime

ONLY_NAMED = "(unknown name)"
"""Who the log gives a name that nobody known has."""
SECONDARY = "(secondary interface)"
"""Follows the name of a pod, or its workload, where it is reached beside the cluster's network."""


def build_axis(cluster: Cluster, asked: Asked, skew: int = 0, ranges: Sequence[str] = ()) -> Axis:
    """Lay out the axis for a cluster and what its policies ask of it.

    ``ranges`` are those a person gives beside what the cluster tells. Units: ``skew`` in microseconds, see
    :mod:`flowcheck.compile.endpoints.ownership`.
    """
    axis = Axis(sampled=cluster.sampled, sees_own=asked.own_nodes)
    axis.ambiguous = axis.add(Endpoint(a.KIND_AMBIGUOUS, group="(several owners)"))
    axis.unresolved = axis.add(Endpoint(a.KIND_UNRESOLVED, group=ONLY_NAMED))
    axis.nobody = axis.add(Endpoint(a.KIND_UNRESOLVED, group="(nobody's at the time)"))
    axis.torn = axis.add(Endpoint(a.KIND_AMBIGUOUS, group="(several owners)"))
    claims = axis.claims
    _add_pods(axis, cluster, claims, axis.node_numbers, whole=asked.whole)
    add_hosts(axis, cluster, claims, axis.node_numbers)
    several = add_services(axis, cluster, claims, skew)
    for address, claimed in claims.items():
        axis.owners[address] = _owner(axis, held(axis, claimed, skew), several.get(address, axis.ambiguous))
    told = cluster.pod_ranges(ranges)
    axis.ranges = tuple(dict.fromkeys(prefix(cidr) for cidr, teller in told.items() if teller != SEEN))
    unlisted = [prefix(cidr) for cidr in PRIVATE] if cluster.services_unlisted else []
    _add_blocks(axis, dict.fromkeys(map(prefix, told)), asked.blocks, unlisted)
    return axis


def _owner(axis: Axis, found: list[Segment[int]], several: int) -> int:
    """The endpoint of an address: its one owner, or a timed endpoint where that depends on the time; what
    stands for ``several`` owners."""

    def one(segment: Segment[int]) -> int:
        if len(segment.owners) < 2:
            return segment.owners[0] if segment.owners else axis.nobody
        secondary = any(axis.endpoints[owner].kind == a.KIND_SECONDARY for owner in segment.owners)
        return axis.torn if secondary else several

    if len(found) == 1 and not found[0].inferred:
        return one(found[0])
    axis.timed.append(
        [
            segment if len(segment.owners) == 1 else Segment(segment.start, (one(segment),), segment.sure)
            for segment in found
        ]
    )
    return axis.add(Endpoint(a.KIND_TIMED, group="", node=len(axis.timed) - 1))


def _add_pods(
    axis: Axis, cluster: Cluster, claims: Claims, node_numbers: dict[str, int], *, whole: bool
) -> None:
    live = [pod for pod in cluster.pods if not pod.finished]
    identities = list(map(identity, live))
    n_versions = Counter(identities)
    named = {(pod.namespace, pod.name) for pod in live if not pod.template}
    unaddressed: list[Prefix | None] = [None]
    versions: dict[Hashable, int] = {}
    own: dict[tuple[int, Prefix | None], int] = {}
    visible = VisibleLabels(cluster)
    for pod, same in zip(live, identities, strict=True):
        if pod.host_network:
            continue
        number = axis.pod_numbers.setdefault(same, len(axis.pod_numbers))
        name = str(pod.workload) if pod.template else f"{pod.namespace}/Pod/{pod.name}"
        node = node_numbers.setdefault(pod.node, len(node_numbers)) if pod.node else -1
        apart = _told_apart_by(pod, cluster, visible, whole=whole) if n_versions[same] > 1 else same
        who = versions.setdefault(apart, len(versions))
        ends = []
        for address in dict.fromkeys(map(prefix, pod.addresses)) or unaddressed:
            end = own.get((who, address))
            if end is None:
                group = str(pod.workload)
                end = own[who, address] = axis.add(
                    Endpoint(a.KIND_POD, group, name, pod.namespace, address, number, node)
                )
                axis.pods.append((end, pod))
            ends.append(end)
            if address is not None:
                claims[address].append((end, pod.lifetime))
        axis.lives[number].append((tuple(ends), pod.lifetime))
        if pod.secondary_addresses:
            _add_secondary(axis, pod, number, claims)
        by_name = not pod.template or (pod.namespace, pod.name) not in named
        axis.name_pod(pod, number, who, tuple(ends), pod.lifetime, by_name=by_name)
    axis.with_uid = {end for end, pod in axis.pods if pod.uid}
    _join_names(axis)


def _join_names(axis: Axis) -> None:
    """Let versions that are one endpoint go by a name once, of pods whose uid says that they are one pod."""
    known: dict[tuple[PodVersion, Lifetime], tuple[PodVersion, Lifetime]] = {}
    for versions in chain(axis.by_pod.values(), axis.by_uid.values(), axis.by_workload.values()):
        if len(versions) == 1:
            continue
        found = joined(
            versions, lambda version: axis.with_uid.issuperset(version.endpoints), axis.otherwise_named
        )
        if len(found) < len(versions):  # what was joined is one object too, whichever name it goes by
            found = [known.setdefault(one, one) for one in found]
        versions[:] = found


def _add_secondary(axis: Axis, pod: Pod, number: int, claims: Claims) -> None:
    """One endpoint for each address of a pod's further interfaces, whatever version of it."""
    for address in dict.fromkeys(prefix(text) for text in pod.secondary_addresses):
        known = [end for end, _ in claims[address] if axis.endpoints[end].pod == number]
        end = next((end for end in known if axis.endpoints[end].kind == a.KIND_SECONDARY), -1)
        if end < 0:
            name, group = (f"{of} {SECONDARY}" for of in (f"{pod.namespace}/Pod/{pod.name}", pod.workload))
            end = axis.add(Endpoint(a.KIND_SECONDARY, group, name, pod.namespace, address, pod=number))
        claims[address].append((end, pod.lifetime))


def _told_apart_by(pod: Pod, cluster: Cluster, visible: VisibleLabels, *, whole: bool) -> Hashable:
    """All of a pod that policies and names can tell versions by, but for its address; for all of its
    addresses, where it counts with them."""
    labels, described = cluster.namespace_labels(pod)
    return (
        *(
            *identity(pod),
            pod.workload,
            pod.owners,
            pod.node,
            pod.ports,
            pod.init_ports,
            pod.account,
            pod.mesh,
        ),
        pod.addresses if whole else (),
        visible.of(pod.labels, labels, described=described),
        described,
    )


def _add_blocks(
    axis: Axis, ranges: Iterable[Prefix], blocks: Iterable[str], unlisted: Sequence[Prefix]
) -> None:
    """``ranges`` are pods', ``unlisted`` those in which any address nobody has may be a Service's."""
    named = set(map(prefix, blocks))
    pods, virtual = Within(ranges), Within(unlisted)
    for network in sorted({*ROOTS, *ranges, *named, *unlisted} - set(axis.owners), key=str):
        of_pods = network in pods
        kind = a.KIND_UNRESOLVED if of_pods else a.KIND_BLOCK
        group = f"{network} (nobody's)" if of_pods else str(network)
        may_be_virtual = not of_pods and network in virtual
        axis.owners[network] = axis.add(Endpoint(kind, group, prefix=network, unlisted=may_be_virtual))


def timed_table(axis: Axis) -> a.TimedTable:
    """The segments of all timed endpoints as arrays."""
    flat = [segment for found in axis.timed for segment in found]
    counts = [len(found) for found in axis.timed]
    return a.TimedTable(
        first=np.cumsum([0, *counts]).astype(np.int32),
        start=np.array([segment.start for segment in flat] or [BEGINNING], dtype=np.int64),
        endpoint=np.array([segment.owners[0] for segment in flat] or [0], dtype=np.int32),
        inferred=np.array([segment.inferred for segment in flat] or [False], dtype=np.uint8),
    )
