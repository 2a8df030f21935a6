"""What a person typed for an end -> the endpoints it may mean.

Taken: an address, ``NS/POD``, ``NS/WORKLOAD``, ``NS/KIND/NAME`` as reports print it, ``Node/NAME``. Endpoints
that no policy tells apart are one :class:`Candidate`: a workload of a thousand pods is a handful of cases.
A name that nobody has is an error that lists the nearest ones.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from difflib import get_close_matches

from flowcheck import arrays as a
from flowcheck.compile import Program, axis_of
from flowcheck.compile.backends import Backends
from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import members
from flowcheck.counted import listed
from flowcheck.errors import CompileError, RunError
from flowcheck.explaining.compiled import endpoint_at
from flowcheck.explaining.ends import Candidate, Kind, Party, as_address, kind_of
from flowcheck.explaining.mesh.judged import seen_by
from flowcheck.explaining.selection import stable_labels
from flowcheck.model.called import names_of
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.service import Backend, Service

_CLASSES = [a.INGRESS_SUBJECT, a.INGRESS_PEER, a.EGRESS_SUBJECT, a.EGRESS_PEER, a.KIND]
_KIND_WORDS = {
    "deploy": "deployment",
    "sts": "statefulset",
    "ds": "daemonset",
    "rs": "replicaset",
    "po": "pod",
}
_FORMS = "write NS/POD, NS/WORKLOAD, NS/KIND/NAME, Node/NAME or an IP address"


class Finder:
    """Finds ends in one program's cluster. ``by_waypoint``: those of what a waypoint passes on."""

    def __init__(self, program: Program, *, by_waypoint: bool = False) -> None:
        if program.cluster is None:
            raise CompileError("the program was stripped of its cluster, so it cannot be explained")
        self.by_waypoint = by_waypoint and program.mesh is not None
        self.program = program
        self.cluster: Cluster = program.cluster
        self.axis = axis_of(self.cluster, program.options)
        self.backends = Backends(self.cluster)
        self.pod_at = dict(self.axis.pods)
        self._endpoints = program.tables.endpoints

    def find(self, given: str) -> Party:
        """Anything but a Service.

        Raises: RunError where nobody has the name; its hint lists the nearest names.
        """
        address = as_address(given)
        if address:
            end = self.at(address)
            return Party(given, kind_of(end), end.name, (end,))
        parts = given.split("/")
        if len(parts) == 2 and parts[0] == "Node":
            return self._node(given, parts[1])
        if len(parts) == 2 and all(parts):
            return self._named(given, parts[0], parts[1], "")
        if len(parts) == 3 and all(parts):
            return self._named(given, parts[0], parts[2], parts[1].partition(".")[0].lower())
        raise self.not_found(given, f"{given!r} names no end of a connection", _FORMS)

    def at(self, address: str) -> Candidate:
        """Who is at an address."""
        return self.end_of(endpoint_at(self.program, address), address)

    def end_of(self, endpoint: int, address: str | None = None) -> Candidate:
        """An endpoint of the axis, with the address it was asked by or its own."""
        found = self.axis.endpoints[endpoint]
        own = str(found.prefix.network_address) if found.prefix is not None else None
        if found.kind == a.KIND_POD:
            return Candidate(endpoint, found.name, own, pod=self.pod_at[endpoint], members=(found.name,))
        if found.kind == a.KIND_NODE:
            node = found.name.removeprefix("Node/")
            return Candidate(endpoint, found.name, own, node=node, members=(found.name,))
        if found.kind == a.KIND_SECONDARY:
            return Candidate(endpoint, found.name, own, members=(found.name,), secondary=True)
        name = address or found.name
        if found.kind == a.KIND_BLOCK:
            return Candidate(endpoint, name, address, members=(name,), unlisted=found.unlisted)
        if found.kind == a.KIND_AMBIGUOUS:
            there = {e.name for e in self.axis.endpoints if address and e.prefix == prefix(address)}
            owners = sorted(there - {""})
            why = f"{address} belongs to several: {', '.join(owners)}"
            if found.name:
                why = f"{name} is the address of {found.name}, where a cache on the client's node may answer"
            settle = "ask for the one that is meant by its name, as NS/POD"
            return Candidate(endpoint, name, address, lost="ambiguous", why_lost=why, settle=settle)
        if found.kind == a.KIND_SERVICE and not found.name:
            why = f"{name} is the address of several Services, not of who answered"
            settle = "ask for a pod behind it by its name, as NS/POD"
        elif found.name:
            why = f"{name} is the address of {found.name}, not of who answered"
            settle = "ask for a pod behind it by its name, as NS/POD"
        elif found.prefix is not None:
            why = self._in_range(found.prefix, name)
            settle = "take the snapshot at the time of the traffic, or name the pod"
        else:
            why = "its pod is on the host network of a node that is not known"
            settle = "give a snapshot that has the pod's node: spec.nodeName, or its addresses"
        return Candidate(endpoint, name, address, lost="unresolved", why_lost=why, settle=settle)

    def _in_range(self, block: Prefix, name: str) -> str:
        """Why an address nobody has is not one outside: the range of pods that its block lies in."""
        ranges = self.cluster.pod_ranges(self.program.options.cluster_ranges)
        around = [block.supernet(new_prefix=length) for length in range(block.prefixlen + 1)]
        of_cidr = {prefix(cidr): (cidr, teller) for cidr, teller in ranges.items()}
        cidr, teller = next(of_cidr[network] for network in reversed(around) if network in of_cidr)
        return f"{name} lies in {cidr}, where pods get their addresses ({teller}), but no known pod has it"

    def services_at(self, address: str) -> list[Service]:
        """The Services that have a virtual address."""
        wanted = prefix(address)
        return [s for s in self.cluster.services if wanted in map(prefix, (*s.cluster_ips, *s.external_ips))]

    def endpoint_of(self, service: Service) -> int | None:
        """Where its address is on the axis, if it has one."""
        return endpoint_at(self.program, service.cluster_ips[0]) if service.cluster_ips else None

    def nodes_at(self, address: str) -> list[str]:
        """The nodes that have an address, as reports name them."""
        wanted = prefix(address)
        found = (e for e in self.axis.endpoints if e.kind == a.KIND_NODE and e.prefix == wanted)
        return list(dict.fromkeys(end.name for end in found))

    def at_backend(self, namespace: str, backend: Backend) -> Candidate:
        """A listed backend: the pod it names where that pod has the address, else who is at the address."""
        wanted = prefix(backend.address)
        for endpoint in self.axis.of_pod(namespace, backend.pod):
            if self.axis.endpoints[endpoint].prefix == wanted:
                return self.end_of(endpoint)
        return self.at(backend.address)

    def collapse(self, ends: Iterable[Candidate], apart: Iterable[Hashable] = ()) -> tuple[Candidate, ...]:
        """One end for all that policies treat alike; ``apart`` are pod and node numbers never merged."""
        special = frozenset(apart)
        kept: dict[tuple[Hashable, ...], list[Candidate]] = {}
        for end in ends:
            columns = self._endpoints[end.endpoint].tolist()
            places = [(column, columns[column]) for column in (a.POD, a.NODE)]
            key = (*(columns[c] for c in _CLASSES), end.port, end.lost, *(p for p in places if p in special))
            if end.pod is not None:  # whatever a proposed rule would tell apart
                key = (*key, end.pod.workload, *stable_labels(end.pod).items())
            else:
                key = (*key, end.address)
            if self.program.mesh is not None:
                key = (*key, *seen_by(self.program.mesh, end))
            kept.setdefault(key, []).append(end)
        return tuple(
            replace(same[0], members=tuple(dict.fromkeys(name for end in same for name in end.members)))
            for same in kept.values()
        )

    def place_of(self, end: Candidate) -> list[tuple[int, int]]:
        """What must stay apart from others where this end is the source: itself, and its node's pods."""
        columns = self._endpoints[end.endpoint].tolist()
        return [(a.POD, columns[a.POD])] if end.pod else [(a.NODE, columns[a.NODE])] if end.node else []

    def _node(self, given: str, name: str) -> Party:
        if name not in self.axis.node_endpoints:
            raise self.not_found(given, f"there is no node {name!r}", _FORMS)
        ends = self.collapse(self.end_of(endpoint) for endpoint in self.axis.node_endpoints[name])
        return Party(given, "node", f"Node/{name}", ends)

    def _named(self, given: str, namespace: str, name: str, kind: str) -> Party:
        """A pod of that name, else the pods of a workload of that name."""
        kind = _KIND_WORDS.get(kind, kind)
        if (namespace, name) in self.axis.by_pod and kind in ("", "pod"):
            return self._pod(given, namespace, name)
        key = (namespace, f"{kind}/{name}" if kind else name)
        chosen = members(self.axis.by_workload.get(key, []))
        if chosen:
            return self._workload(given, key, chosen)
        raise self.not_found(given, f"there is no {_what(kind)} {namespace}/{name}", "")

    def _pod(self, given: str, namespace: str, name: str) -> Party:
        found = [self.end_of(endpoint) for endpoint in self.axis.of_pod(namespace, name)]
        ends = self.collapse(found, [(a.NODE, int(self._endpoints[e.endpoint][a.NODE])) for e in found])
        pods = [p for p in self.cluster.pods if (p.namespace, p.name) == (namespace, name) and not p.finished]
        if len(ends) == 1 or not ends[0].pod:
            shown = ends
        else:  # the same pod at several addresses, which policies tell apart
            shown = tuple(replace(end, members=(f"{end.name} at {end.address}",)) for end in ends)
        notes = _on_host(pods)
        kind: Kind = "pod" if ends[0].pod else kind_of(ends[0])
        return Party(given, kind, found[0].name, shown, tuple(notes))

    def _workload(self, given: str, key: tuple[str, str], chosen: list[int]) -> Party:
        """A workload stands for none of its pods in particular, so it has endpoints of its own."""
        own = self.program.by_workload[key].ends[0]
        by_class = {tuple(self._endpoints[e][_CLASSES].tolist()): e for e in own}
        found = [self.end_of(endpoint) for endpoint in dict.fromkeys(chosen)]
        if len({(tuple(self._endpoints[e.endpoint][[a.KIND, a.POD, a.NODE]].tolist())) for e in found}) > 1:
            found = [
                replace(e, endpoint=by_class[tuple(self._endpoints[e.endpoint][_CLASSES].tolist())])
                for e in found
            ]
        pods = self._pods_of(*key)
        kinds = sorted({str(pod.workload) for pod in pods})
        notes = _on_host(pods)
        if pods and all(pod.template for pod in pods):
            notes.append("it has no pods in the snapshot: its template stands for them")
        return Party(given, "workload", " and ".join(kinds), self.collapse(found), tuple(notes))

    def _pods_of(self, namespace: str, name: str) -> list[Pod]:
        return [
            pod
            for pod in self.cluster.pods
            if pod.namespace == namespace and not pod.finished and name in names_of(pod)
        ]

    def not_found(self, given: str, message: str, hint: str) -> RunError:
        """The error for a name nobody has, with the nearest names there are."""
        finished = [p for p in self.cluster.pods if p.finished and f"{p.namespace}/{p.name}" == given]
        if finished:
            return RunError(f"the pod {given} has finished: it sends nothing and no policy is for it")
        names = {f"{namespace}/{name}" for namespace, name in (*self.axis.by_pod, *self.axis.by_workload)}
        names = {name for name in names if name.count("/") == 1 and not name.endswith("*")}
        services = {f"{s.namespace}/svc/{s.name}" for s in self.cluster.services}
        nodes = {f"Node/{name}" for name in self.axis.node_endpoints}
        short = given.rpartition("/")[2]
        everything = sorted(names | services | nodes)
        near = [name for name in everything if name.rpartition("/")[2] == short]
        near += get_close_matches(given, everything, n=4, cutoff=0.6)
        near = list(dict.fromkeys(near))[:4]
        return RunError(message, hint=f"did you mean {' or '.join(near)}?" if near else hint or _FORMS)


def _what(kind: str) -> str:
    return kind if kind else "pod or workload"


def _on_host(pods: Iterable[Pod]) -> list[str]:
    nodes = sorted({pod.node for pod in pods if pod.host_network})
    if not nodes:
        return []
    return [
        f"on the host network: to policies it is its node, {listed(nodes)}, which no selector of pods or "
        "namespaces selects, and an ipBlock around its address does"
    ]
