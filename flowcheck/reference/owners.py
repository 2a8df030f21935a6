"""Who is at an end, at the time of a flow.

A recorded pod that nobody known is at the time is unresolved, whoever has the address; so is whoever has a
namespace recorded beside an address that is nobody's in the cluster.
By a Service's address or a pod's secondary interface, else a recorded pod uid, else a pod's name, else the
address, else a workload's name: the first that anybody answers to at that time. A pod on the cluster's
network that is recorded beside an address that no such pod can have is nobody in particular.
At an address: a pod or a node; where none of them ever is, a Service, or one of several that share it (which,
only the port tells: ``services.py``); else somebody unknown inside the cluster's ranges (unresolved), else an
external address.
Host-network pods have no address of their own: theirs are their node's while they live. Who it is about a
time says ``moments.py``.
A pod is one owner for as long as nothing changes that a policy or a name depends on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flowcheck.model.cluster import Cluster, Node, Pod, Service
from flowcheck.model.labels import Selector
from flowcheck.model.places import NOWHERE
from flowcheck.model.ranges import PRIVATE, SEEN
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.reference.ends import End, Resolved, canonical, family, inside
from flowcheck.reference.flow import Recorded
from flowcheck.reference.moments import (
    Claim,
    candidates,
    continued,
    distinct,
    moments,
    outside,
    shared,
    stretches,
    surely,
)

STRANGER = End(None, stranger=True)


@dataclass(frozen=True)
class Seen:
    """Somebody found by name, and the addresses they had."""

    end: End
    addresses: tuple[str, ...]


class Owners:
    """Everybody in a cluster, by address and by name."""

    def __init__(self, cluster: Cluster, skew: int, ranges: Sequence[str] = ()) -> None:
        self.cluster = cluster
        self.ranges = cluster.pod_ranges(ranges)
        self.skew = skew
        self.pods = [pod for pod in cluster.pods if not pod.finished]
        self.versions: dict[tuple[str, ...], list[Pod]] = defaultdict(list)
        for pod in self.pods:
            self.versions[End(None, pod=pod).who].append(pod)
        self.alike = dict(self._alike())
        self.bounded = self._bounded()
        # Of a host-network pod without node and address nobody can say where it is.
        self.named = [p for p in self.pods if not p.host_network or p.node or p.addresses]
        self.at_address: dict[str, list[Claim[End]]] = defaultdict(list)
        self.of_node: dict[str, list[Claim[End]]] = defaultdict(list)
        for claim in self._claims():
            self.at_address[claim.holder.address or ""].append(claim)
            self.of_node[claim.holder.node or ""].append(claim)
        for address, claims in self.at_address.items():
            self.at_address[address] = continued(claims, has_uid, self._not_as)
        for claim in self._devices():
            self.at_address[claim.holder.address or ""].append(claim)
        self.services: dict[str, list[Claim[Service]]] = defaultdict(list)
        for service in cluster.services:
            for address in {*map(canonical, (*service.cluster_ips, *service.external_ips))}:
                self.services[address].append(Claim(plain_service(service), service.lifetime))

    # -- what everybody holds ----------------------------------------------------------------------

    def _bounded(self) -> set[int]:
        """The IP versions whose ranges are told: there are some, and no known pod lies outside them."""
        told = [cidr for cidr, teller in self.ranges.items() if teller != SEEN]
        pods = {canonical(a) for pod in self.pods if not pod.host_network for a in pod.addresses}
        outside = {family(a) for a in pods if not any(inside(a, cidr) for cidr in told)}
        return {family(cidr.partition("/")[0]) for cidr in told} - outside

    def _claims(self) -> Iterator[Claim[End]]:
        for node in self.cluster.nodes:
            for address in map(canonical, node.addresses):
                yield Claim(labelled(End(address), node), node.lifetime)
        for pod in self.pods:
            for address in map(canonical, pod.addresses):
                yield from self._of_pod(pod, address)
            for address in map(canonical, pod.secondary_addresses if not pod.host_network else ()):
                yield Claim(End(address, secondary=(pod.namespace, pod.name, pod.uid)), pod.lifetime)
            if pod.host_address and pod.node:
                yield from self._of_node(pod.node, canonical(pod.host_address), pod.lifetime)

    def _devices(self) -> Iterator[Claim[End]]:
        """The tunnels and bridges of nodes, which their names do not stand for."""
        for node in self.cluster.nodes:
            for address in map(canonical, node.device_addresses):
                yield Claim(labelled(End(address), node), node.lifetime)
            for address in map(canonical, node.likely_addresses):
                yield Claim(labelled(End(address, likely=True), node), node.lifetime.unsure())

    def _of_pod(self, pod: Pod, address: str | None) -> Iterator[Claim[End]]:
        """A pod as itself; a host-network pod as the node it names, else the one at its address."""
        if not pod.host_network:
            yield Claim(self.as_pod(pod, address), pod.lifetime)
        elif pod.node:
            yield from self._of_node(pod.node, address, pod.lifetime)
        else:
            there = [n for n in self.cluster.nodes if address in [*map(canonical, n.addresses)]]
            yield from self._of_versions(there, End(address, node=address), pod.lifetime)

    def _of_node(self, name: str, address: str | None, lifetime: Lifetime) -> Iterator[Claim[End]]:
        """The node of this name, as it was meanwhile; it was there, known or not."""
        versions = [node for node in self.cluster.nodes if node.name == name]
        return self._of_versions(versions, End(address, node=name), lifetime)

    def _of_versions(self, nodes: Sequence[Node], unknown: End, lifetime: Lifetime) -> Iterator[Claim[End]]:
        for node in nodes:
            yield Claim(labelled(unknown, node), shared(lifetime, node.lifetime))
        for free in outside(lifetime, [node.lifetime for node in nodes]):
            yield Claim(unknown, free)

    def as_pod(self, pod: Pod, address: str | None) -> End:
        """The pod without all that tells versions apart and neither a policy nor a name depends on."""
        like = self.alike.get(id(pod), pod)
        labels, described = self.cluster.namespace_labels(like)
        plain = replace(
            pod,
            labels=like.labels,
            lifetime=ALWAYS,
            source=NOWHERE,
            ready=True,
            host_address="",
            addresses=(),
            secondary_addresses=(),
            namespace_labels=labels,
        )
        return End(address, pod=plain, namespace_described=described)

    def _alike(self) -> Iterator[tuple[int, Pod]]:
        """Of each version of a pod (by its id) the first that every selector there is treats as it does
        that."""
        for several in self.versions.values():
            first: dict[tuple[object, ...], Pod] = {}
            for pod in several:
                yield id(pod), first.setdefault(self._matched(pod), pod) if len(several) > 1 else pod

    def _matched(self, pod: Pod) -> tuple[object, ...]:
        """What every selector makes of a pod; of a namespace that no input describes, its labels as they
        are."""
        queries = [query for policy in self.cluster.policies for query in policy.pod_queries()]
        services = [Selector.from_labels(one.selector) for one in self.cluster.services if one.selector]
        labels, described = self.cluster.namespace_labels(pod)
        around = [query.namespaces.matches(labels) for query in queries if query.namespaces and described]
        of_pod = [one.matches(pod.labels) for one in (*(query.pods for query in queries), *services)]
        return described, tuple(around) if described else tuple(sorted(labels.items())), tuple(of_pod)

    def _not_at(self, end: End) -> Iterator[Lifetime]:
        """When the pod that an end is had not its address."""
        for pod in self.versions_of(end):
            if end.address not in {*map(canonical, pod.addresses)}:
                yield pod.lifetime

    def _not_as(self, end: End) -> Iterator[Lifetime]:
        """When the pod that an end is had not its address, or was not what it is."""
        yield from self._not_at(end)
        for pod in self.versions_of(end):
            if self.as_pod(pod, end.address) != end:
                yield pod.lifetime

    def _not_seen(self, seen: Seen) -> Iterator[Lifetime]:
        """When the pod was not what was found by its name."""
        for pod in self.versions_of(seen.end):
            if Seen(self.as_pod(pod, None), tuple(map(canonical, pod.addresses))) != seen:
                yield pod.lifetime

    # -- by whatever was recorded ------------------------------------------------------------------

    def resolve(self, recorded: Recorded, at: int) -> Resolved:
        """The first that anybody answers to, in the order of the module's rule."""
        address, namespace, pod, workload, uid = recorded
        there = self.resolve_address(canonical(address), at) if address else None
        if there is not None and there.firm:
            return there
        if uid:
            found = self._resolve_pod([p for p in self.named if p.uid == uid], recorded, at)
            if found is not None:
                return replace(self._beside(found, there), by="uid")
        if namespace and pod:
            called = [p for p in self.named if (p.namespace, p.name) == (namespace, pod)]
            for template in (False, True):
                found = self._resolve_pod([p for p in called if p.template is template], recorded, at)
                if found is not None:
                    return replace(self._beside(found, there), by="name")
        if there is not None:
            stranger = uid or (namespace and (pod or there.quality == "external"))
            return Resolved(canonical(address or ""), lost="unresolved") if stranger else there
        if namespace and workload:
            found = self._resolve_workload(namespace, workload, at)
            if found is not None:
                return found
        return Resolved("/".join(filter(None, (namespace, pod or workload))) or uid or "", lost="unresolved")

    def _beside(self, found: Resolved, there: Resolved | None) -> Resolved:
        """The recorded pod; nobody in particular where the address beside it can be no such pod's."""
        end = there.only if there is not None else None
        if end is None or end.address is None or not any(one.pod for one in found.ends):
            return found
        bounded = end.is_external and family(end.address) in self.bounded
        is_node = end.node is not None and not end.likely
        return Resolved(end.address, lost="ambiguous") if bounded or is_node else found

    def versions_of(self, end: End) -> list[Pod]:
        """The pod that an end is, in all its versions."""
        return self.versions.get(end.who, [])

    def disagrees(self, recorded: Recorded, resolved: Resolved, at: int) -> bool:
        """Whether the pod recorded by uid or name is one thing, and the address beside it another's."""
        if resolved.by not in ("uid", "name") or not recorded.address:
            return False
        there = self.resolve_address(canonical(recorded.address), at).only
        if there is None or (resolved.only is None and resolved.name != there.address):
            return False
        return resolved.only is None or there.who != resolved.only.who

    # -- by address --------------------------------------------------------------------------------

    def resolve_address(self, address: str, at: int) -> Resolved:
        claims = self.at_address.get(address)
        if claims:
            return self._only(claims, address, at)
        if address in self.services:
            return self._resolve_service(address, at)
        if any(inside(address, cidr) for cidr in self.ranges):
            return Resolved(address, lost="unresolved", by="address")
        outsider = End(
            address,
            may_be_node=not self.cluster.lists_nodes,
            may_be_virtual=self.cluster.services_unlisted and any(inside(address, cidr) for cidr in PRIVATE),
        )
        return Resolved(address, (outsider,), by="address")

    def pod_at(self, namespace: str, name: str, address: str, at: int) -> Resolved | None:
        """The pod of this name at this address; None where it is not there."""
        holders = self.at_address.get(address, ())
        claims = [
            claim
            for claim in holders
            if claim.holder.pod is not None
            and (claim.holder.pod.namespace, claim.holder.pod.name) == (namespace, name)
        ]
        found = self._only(claims, address, at)
        return None if found.lost == "unresolved" else found

    def _only(self, claims: Sequence[Claim[End]], address: str, at: int) -> Resolved:
        claims, versions = self._as_pods(claims)
        claims = [*claims, *self._strangers(claims)]
        found = candidates(claims, at, self.skew)
        secondary = any(end.secondary for end in found)
        if found == [STRANGER]:
            found = []
        if len(found) != 1:
            lost: Literal["ambiguous", "unresolved"] = "ambiguous" if found else "unresolved"
            return Resolved(address, lost=lost, by="address", firm=secondary)
        (end,) = found
        sure = surely(claims, [end], at, self.skew)
        own = candidates(versions.get(end.who, ()), at, self.skew)
        if len(own) > 1:
            end = replace(own[0], versions=tuple(own))
        elif own:
            (end,) = own
        return Resolved(end.name, (end,), by="address", version=family(address), sure=sure, firm=secondary)

    def _as_pods(
        self, claims: Sequence[Claim[End]]
    ) -> tuple[list[Claim[End]], dict[tuple[str, ...], list[Claim[End]]]]:
        """The claims, those of all versions of a pod as its first's; and which they were, by who it is."""
        first: dict[tuple[str, ...], End] = {}
        versions: dict[tuple[str, ...], list[Claim[End]]] = defaultdict(list)
        found = []
        for claim in claims:
            end = claim.holder
            if has_uid(end):
                end = first.setdefault(end.who, end)
                versions[end.who].append(claim)
            found.append(Claim(end, claim.lifetime))
        return continued(found, has_uid, self._not_at), versions

    def _strangers(self, claims: Sequence[Claim[End]]) -> Iterator[Claim[End]]:
        """Somebody whom no input tells of, wherever a pod may or may not have been for longer than the
        skew."""
        pods = [claim.lifetime for claim in claims if claim.holder.pod is not None]
        vacant = outside(ALWAYS, pods) if self.cluster.sampled and pods else []
        for stretch in (*(one for life in pods for one in life.unwatched(self.skew)), *vacant):
            yield Claim(STRANGER, stretch.unsure())

    def _resolve_service(self, address: str, at: int) -> Resolved:
        claims = self.services[address]
        found = candidates(claims, at, self.skew)
        if len(found) != 1:
            return Resolved(
                address,
                lost="unresolved",
                by="address",
                version=family(address),
                shared=bool(found),
                firm=bool(found),
            )
        return self.as_service(found[0], address, sure=surely(claims, found, at, self.skew))

    def as_service(self, service: Service, address: str, *, sure: bool, node: str | None = None) -> Resolved:
        """A Service at one of its addresses, which may be a node's; nobody in particular where a cache may
        answer there instead."""
        inner = address in map(canonical, service.cluster_ips)
        if inner and service.cached:
            return Resolved(str(service), lost="ambiguous", by="address", version=family(address))
        return Resolved(
            str(service),
            service=service,
            by="address",
            version=family(address),
            sure=sure,
            firm=True,
            inner=inner,
            node=node,
        )

    # -- by name -----------------------------------------------------------------------------------

    def _resolve_pod(self, pods: Sequence[Pod], recorded: Recorded, at: int) -> Resolved | None:
        """One pod, at the recorded address if it had that, else at all of its own. None: not there then."""
        seen = (claim for pod in pods for claim in self._seen(pod))
        claims = continued(seen, lambda one: has_uid(one.end), self._not_seen)
        found = candidates(claims, at, self.skew)
        ends = distinct(seen.end for seen in found)
        if len(ends) != 1:
            return Resolved(min(end.name for end in ends), lost="ambiguous") if ends else None
        at_all = list(placed(found))
        at_one = [end for end in at_all if recorded.address and end.address == canonical(recorded.address)]
        return Resolved(ends[0].name, tuple(at_one or at_all), sure=surely(claims, found, at, self.skew))

    def _resolve_workload(self, namespace: str, workload: str, at: int) -> Resolved | None:
        """The pods of a workload there are, once per address each is seen at.

        Several go by their workload's name, unless they all are one node on whose network they are.
        """
        pods = [p for p in self.named if p.namespace == namespace and goes_by(p, workload)]
        several: dict[tuple[str, str, bool], list[Claim[Seen]]] = defaultdict(list)
        for pod in pods:
            several[pod.name, pod.uid, pod.template] += self._seen(pod)
        for key, claims in several.items():
            several[key] = continued(claims, lambda one: has_uid(one.end), self._not_seen)
        found = [(claims, candidates(claims, at, self.skew)) for claims in several.values()]
        ends = tuple(distinct(end for _, seen in found for end in placed(seen)))
        if not ends:
            return None
        sure = all(surely(claims, seen, at, self.skew) for claims, seen in found if seen)
        if len(distinct(replace(end, address=None) for end in ends)) == 1:
            return Resolved(ends[0].name, ends, by="workload", sure=sure)
        name = str(min((pod.workload for pod in pods), key=str))
        return Resolved(
            name, tuple(replace(end, in_particular=False) for end in ends), by="workload", sure=sure
        )

    def _seen(self, pod: Pod) -> Iterator[Claim[Seen]]:
        """What a pod holds under its name; a host-network pod without address has its node's."""
        own = tuple(map(canonical, pod.addresses))
        for address in own if pod.host_network and not pod.node else (None,):
            for claim in self._of_pod(pod, address):
                end = replace(claim.holder, address=None)
                if own or end.node is None:
                    yield Claim(Seen(end, own), claim.lifetime)
                else:
                    yield from self._known(end, claim.lifetime)

    def _known(self, node: End, lifetime: Lifetime) -> Iterator[Claim[Seen]]:
        """A node at every address that it is known by, as long as that is so."""
        held = [c for c in self.of_node[node.node or ""] if replace(c.holder, address=None) == node]
        for stretch in stretches(lifetime, [claim.lifetime for claim in held]):
            there = distinct(c.holder.address or "" for c in held if c.lifetime.possible(stretch.start))
            yield Claim(Seen(node, tuple(there)), stretch)

    def about(self, lifetime: Lifetime, at: int) -> bool:
        """Whether something may have been there at a time, by a clock that differs by the skew."""
        return any(map(lifetime.possible, moments([lifetime], at, self.skew)))


def has_uid(end: End) -> bool:
    """Whether it is a pod that is known to be the same one in all its versions."""
    return end.pod is not None and bool(end.pod.uid)


def placed(found: Sequence[Seen]) -> Iterator[End]:
    """Whoever was found, at each of their addresses; without one only who never had any meanwhile."""
    for end in distinct(seen.end for seen in found):
        known = distinct(a for seen in found if seen.end == end for a in seen.addresses)
        yield from (replace(end, address=address) for address in known or (None,))


def labelled(end: End, node: Node) -> End:
    """The end as this node, whose labels nobody knows where no input describes it."""
    return replace(end, node=node.name, node_labels=node.labels if node.described else None)


def goes_by(pod: Pod, text: str) -> bool:
    """Whether any link of a pod's chain of owners goes by this: ``web``, ``Deployment/web`` in any case, or
    ``deployment.apps/web``; also as reports have it, with the namespace before."""
    *before, name = text.split("/")
    kind = before[-1].split(".")[0].lower() if before else None
    links = (pod.workload, *pod.owners)
    return any(link.name == name and kind in (None, link.kind.lower()) for link in links)


def plain_service(service: Service) -> Service:
    """The Service without all that tells versions apart and no flow depends on."""
    return replace(service, lifetime=ALWAYS, source=NOWHERE)
