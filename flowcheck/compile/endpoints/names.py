"""Names for endpoints, and endpoints for names.

A flow may name a pod (by its uid, or by namespace and name) or a workload. What a name means depends on the
time, as an address does. The name of a workload with several pods stands for none of them in particular, so
it gets endpoints of its own, one for each way policies treat its pods. One file because both kinds of names
are settled by the same segments and treatments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Meaning, Names
from flowcheck.compile.endpoints.addresses import prefix
from flowcheck.compile.endpoints.axis import Axis, PodVersion, PodVersions, members
from flowcheck.compile.endpoints.ownership import Segment, segments
from flowcheck.model.cluster import Cluster

_TREATMENT = [a.INGRESS_SUBJECT, a.INGRESS_PEER, a.EGRESS_SUBJECT, a.EGRESS_PEER, a.KIND, a.NODE]
"""The columns by which policies tell endpoints apart."""


class Naming(NamedTuple):
    """endpoints, own_peer: as in ``Tables``, groups numbered, more endpoints appended; names in its order.
    ``address_of``: the address of each of several endpoints that a pod's name stands for.
    ``alike``: as it was given, of all endpoints; (0,) where it was not."""

    endpoints: Int32
    own_peer: Int32
    names: tuple[str, ...]
    groups: tuple[str, ...]
    namespaces: tuple[str, ...]
    by_pod: Names[tuple[str, str]]
    by_uid: Names[str]
    by_workload: Names[tuple[str, str]]
    address_of: dict[int, str]
    alike: Int32


def name_endpoints(axis: Axis, endpoints: Int32, skew: int, alike: Int32 | None = None) -> Naming:
    """Number the groups and settle what every recorded name may mean. endpoints (n, 8 or 10) int32: own_peer
    in the last columns. alike (n,) int32: by what else they are told apart."""
    n_columns = endpoints.shape[1]
    if alike is not None:
        endpoints = np.column_stack([endpoints, alike])
    namer = _Namer(axis, endpoints, skew)
    by_pod = {key: namer.of_pod(versions) for key, versions in axis.by_pod.items()}
    by_uid = {key: namer.of_pod(versions) for key, versions in axis.by_uid.items()}
    by_workload = {key: namer.of_workload(key, versions) for key, versions in axis.by_workload.items()}
    extra = np.array(namer.extra, dtype=np.int32).reshape(-1, endpoints.shape[1])
    whole, own_peer, beside = np.split(np.vstack([endpoints, extra]), [8, n_columns], axis=1)
    return Naming(
        endpoints=np.ascontiguousarray(whole),
        own_peer=np.ascontiguousarray(own_peer.reshape(-1, 2)),
        names=tuple(namer.names),
        groups=tuple(namer.groups),
        namespaces=tuple(namer.namespaces),
        by_pod=by_pod,
        by_uid=by_uid,
        by_workload=by_workload,
        address_of=namer.address_of,
        alike=np.ascontiguousarray(beside.ravel()),
    )


def node_names(axis: Axis) -> tuple[str, ...]:
    """The nodes' names, by their numbers."""
    found = {end.node: end.name.removeprefix("Node/") for end in axis.endpoints if end.kind == a.KIND_NODE}
    found |= {axis.endpoints[endpoint].node: pod.node for endpoint, pod in axis.pods if pod.node}
    return tuple(found.get(number, "") for number in range(max(found, default=-1) + 1))


def locate_addresses(axis: Axis, cluster: Cluster) -> dict[str, int]:
    """The endpoint of every address of a pod or a backend, as it is written there."""
    texts = {text for pod in cluster.pods for text in pod.addresses}
    texts |= {backend.address for one in cluster.slices for backend in one.backends}
    return {text: axis.find(prefix(text)) for text in texts if text}


class _Part(NamedTuple):
    """What of a workload one pod is for a stretch of time: numbers of versions, and their endpoints."""

    who: tuple[int, ...]
    placed: tuple[int, ...]
    inferred: bool


_NOTHING = _Part((), (), False)


class _Namer:
    """The names so far, and the endpoints that only names need."""

    def __init__(self, axis: Axis, endpoints: Int32, skew: int) -> None:
        self._axis, self._skew = axis, skew
        seen = [*_TREATMENT, *range(8, endpoints.shape[1])]
        self._treatments: list[tuple[int, ...]] = list(map(tuple, endpoints[:, seen].tolist()))
        self.groups: dict[str, int] = {}
        endpoints[:, a.GROUP] = [self.groups.setdefault(e.group, len(self.groups)) for e in axis.endpoints]
        self._rows: list[list[int]] = endpoints.tolist()
        self.names = [e.name for e in axis.endpoints]
        self.namespaces = [e.namespace for e in axis.endpoints]
        self.extra: list[list[int]] = []
        self.address_of: dict[int, str] = {}
        self._doubtful: dict[str, int] = {}
        self._by_name: dict[int, int] = {}
        self._workloads: dict[tuple[str, str, tuple[int, ...]], Meaning] = {}
        self._known: dict[tuple[int, ...], list[Segment[PodVersion]]] = {}
        self._pods: dict[tuple[int, ...], Meaning] = {}

    def of_pod(self, versions: PodVersions) -> Meaning:
        """A pod's name: one version at a time; where it may be one of several, nobody in particular."""
        key = tuple(map(id, versions))
        if key not in self._pods:
            found = self._segments(versions)
            self._pods[key] = Meaning(
                tuple([s.start for s in found]),
                tuple([self._one_of(s.owners) for s in found]),
                tuple([bool(s.owners) and not s.sure for s in found]),
            )
        return self._pods[key]

    def of_workload(self, key: tuple[str, str], versions: PodVersions) -> Meaning:
        """A workload's name: all its pods that may be there at the time; where that is one, that one.

        Most chains of owners are of one workload, so that all their names mean the same.
        """
        same = (key[0], self._axis.workload_names[key], tuple(map(id, versions)))
        if same not in self._workloads:
            self._workloads[same] = self._all_pods(key, versions)
        return self._workloads[same]

    def _all_pods(self, key: tuple[str, str], versions: PodVersions) -> Meaning:
        stands_for, anyone = dict[int, int](), tuple[int, ...]()
        pods: dict[int, PodVersions] = {}
        for version in versions:
            pods.setdefault(version[0].pod, []).append(version)
        changes: dict[int, list[tuple[int, _Part]]] = {}
        for pod, own in pods.items():
            for segment in self._segments(own):
                changes.setdefault(segment.start, []).append((pod, self._part(segment)))
        there: dict[int, _Part] = {}
        placed: dict[int, tuple[int, ...]] = {}
        who: dict[int, int] = defaultdict(int)
        n_inferred = n_placed = 0
        found: list[tuple[int, tuple[int, ...], bool]] = []
        for start in sorted(changes):
            for pod, part in changes[start]:  # only what changes is counted: there are as many starts as pods
                before = there.get(pod, _NOTHING)
                there[pod], placed[pod] = part, part.placed
                n_inferred += part.inferred - before.inferred
                n_placed += bool(part.placed) - bool(before.placed)
                for come in part.who:
                    who[come] += 1
                for gone in before.who:
                    who[gone] -= 1
                    if not who[gone]:
                        del who[gone]
            if not stands_for and len(who) != 1:
                stands_for = self._any_pod(key, members(versions))
                anyone = tuple(dict.fromkeys(stands_for.values()))
            if len(who) == 1:
                ends = self._told_apart(chain.from_iterable(placed.values()))
            elif len(anyone) == 1:  # mostly all of its pods are treated alike
                ends = anyone if n_placed else ()
            else:
                ends = tuple(dict.fromkeys(stands_for[end] for one in placed.values() for end in one))
            inferred = n_inferred > 0
            if not found or (ends, inferred) != found[-1][1:]:
                found.append((start, ends, inferred))
        starts, meant, doubts = zip(*found, strict=True)
        return Meaning(starts, meant, doubts)

    def _part(self, segment: Segment[PodVersion]) -> _Part:
        owners = segment.owners
        if not owners:
            return _NOTHING
        if len(owners) == 1 and len(owners[0].endpoints) == 1:  # mostly
            return _Part((owners[0].who,), owners[0].endpoints, not segment.sure)
        placed = tuple(self._placed(owners))
        return _Part(tuple(version.who for version in owners), placed, not segment.sure)

    def _segments(self, versions: PodVersions) -> list[Segment[PodVersion]]:
        """Mostly the same for a pod's name, for its uid and for its part of the workload."""
        key = tuple(map(id, versions))
        if key not in self._known:
            self._known[key] = segments(versions, self._skew)
        return self._known[key]

    def _one_of(self, owners: tuple[PodVersion, ...]) -> tuple[int, ...]:
        """The endpoints of one version: one, or if policies tell them apart all, each with its address."""
        if not owners:
            return ()
        if len(owners) == 1 and len(owners[0].endpoints) == 1:  # mostly
            return (self._unaddressed(owners[0].endpoints[0]),)
        if len({version.who for version in owners}) > 1:
            return (self._doubt(owners),)
        placed = tuple(dict.fromkeys(self._placed(owners)))
        if len({self._treatments[endpoint] for endpoint in placed}) == 1:
            return (self._unaddressed(placed[0]),)
        ends = tuple(self._unaddressed(endpoint) for endpoint in placed)
        for end, endpoint in zip(ends, placed, strict=True):
            address = self._axis.endpoints[endpoint].prefix
            if address is not None:
                self.address_of[end] = str(address.network_address)
        return ends

    def _placed(self, owners: tuple[PodVersion, ...]) -> Iterator[int]:
        """The endpoints of a pod's versions; without an address only of who never had any meanwhile."""
        for who in dict.fromkeys(version.who for version in owners):
            ends = [end for version in owners if version.who == who for end in version.endpoints]
            yield from [end for end in ends if self._axis.endpoints[end].prefix is not None] or ends

    def _told_apart(self, endpoints: Iterable[int]) -> tuple[int, ...]:
        """Of endpoints that policies treat alike, the first."""
        known: dict[tuple[int, ...], int] = {}
        for endpoint in endpoints:
            known.setdefault(self._treatments[endpoint], endpoint)
        return tuple(self._unaddressed(endpoint) for endpoint in known.values())

    def _unaddressed(self, endpoint: int) -> int:
        """A node that a name stands for: none of its addresses was seen, so none of its node ports."""
        end = self._axis.endpoints[endpoint]
        if end.kind != a.KIND_NODE:
            return endpoint
        if endpoint not in self._by_name:
            self._by_name[endpoint] = self._add(self._rows[endpoint], end.name, end.group, end.namespace)
        return self._by_name[endpoint]

    def _doubt(self, owners: tuple[PodVersion, ...]) -> int:
        """The endpoint "one of several versions", by the name of one."""
        ends = [self._axis.endpoints[e] for version in owners for e in version.endpoints]
        named = min(ends, key=lambda end: end.name)
        if named.name not in self._doubtful:
            row = self._rows[self._axis.ambiguous]
            self._doubtful[named.name] = self._add(row, named.name, named.group, named.namespace)
        return self._doubtful[named.name]

    def _any_pod(self, key: tuple[str, str], everyone: list[int]) -> dict[int, int]:
        """For each endpoint of a workload's pods, the one that stands for any pod treated like it."""
        known: dict[tuple[int, ...], int] = {}
        stands_for = {}
        name = self._axis.workload_names[key]
        for endpoint in everyone:
            treatment = self._treatments[endpoint]
            if treatment not in known:
                known[treatment] = self._add(self._rows[endpoint], name, name, key[0])
                self.extra[-1][a.POD] = self.extra[-1][a.NODE] = -1
            stands_for[endpoint] = known[treatment]
        return stands_for

    def _add(self, like: list[int], name: str, group: str, namespace: str) -> int:
        self.extra.append([*like])
        self.extra[-1][a.GROUP] = self.groups.setdefault(group, len(self.groups))
        self.names.append(name)
        self.namespaces.append(namespace)
        return len(self.names) - 1
