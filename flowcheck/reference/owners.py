"""Who is at an end, at the time of a flow.

By a Service's address, else a recorded pod uid, else a pod's name, else the address, else a workload's name:
the first that anybody answers to at that time. At an address: a pod or a node; where none of them ever is, a
Service, or one of several that share it (which, only the port tells: ``services.py``); else somebody unknown
inside the cluster's ranges (unresolved), else an external address.
Host-network pods have no address of their own: theirs are their node's while they live. Who it is about a
time says ``moments.py``.
A pod is one owner for as long as nothing changes that a policy or a name depends on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Node, Pod, Service
from flowcheck.model.policy import NOWHERE
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.reference.ends import End, Resolved, canonical, family, inside
from flowcheck.reference.flow import Recorded
from flowcheck.reference.moments import (
    Claim,
    candidates,
    distinct,
    moments,
    outside,
    shared,
    stretches,
    surely,
)


@dataclass(frozen=True)
class Seen:
    """Somebody found by name, and the addresses they had."""

    end: End
    addresses: tuple[str, ...]


class Owners:
    """Everybody in a cluster, by address and by name."""

    def __init__(self, cluster: Cluster, skew: int, ranges: Sequence[str] = ()) -> None:
        self.cluster = cluster
        self.ranges = [*ranges, *(cidr for node in cluster.nodes for cidr in node.pod_cidrs)]
        self.skew = skew
        self.pods = [pod for pod in cluster.pods if not pod.finished]
        # Of a host-network pod without node and address nobody can say where it is.
        self.named = [p for p in self.pods if not p.host_network or p.node or p.addresses]
        self.at_address: dict[str, list[Claim[End]]] = defaultdict(list)
        self.of_node: dict[str, list[Claim[End]]] = defaultdict(list)
        for claim in self._claims():
            self.at_address[claim.holder.address or ""].append(claim)
            self.of_node[claim.holder.node or ""].append(claim)
        self.services: dict[str, list[Claim[Service]]] = defaultdict(list)
        for service in cluster.services:
            for address in {*map(canonical, (*service.cluster_ips, *service.external_ips))}:
                self.services[address].append(Claim(plain_service(service), service.lifetime))

    # -- what everybody holds ----------------------------------------------------------------------

    def _claims(self) -> Iterator[Claim[End]]:
        for node in self.cluster.nodes:
            for address in map(canonical, node.addresses):
                yield Claim(End(address, node=node.name, node_labels=node.labels), node.lifetime)
        for pod in self.pods:
            for address in map(canonical, pod.addresses):
                yield from self._of_pod(pod, address)
            if pod.host_address and pod.node:
                yield from self._of_node(pod.node, canonical(pod.host_address), pod.lifetime)

    def _of_pod(self, pod: Pod, address: str | None) -> Iterator[Claim[End]]:
        """A pod as itself; a host-network pod as the node it names, else the one at its address."""
        if not pod.host_network:
            yield Claim(End(address, pod=self.plain(pod)), pod.lifetime)
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
            end = replace(unknown, node=node.name, node_labels=node.labels)
            yield Claim(end, shared(lifetime, node.lifetime))
        for free in outside(lifetime, [node.lifetime for node in nodes]):
            yield Claim(unknown, free)

    def plain(self, pod: Pod) -> Pod:
        """The pod without all that tells versions apart and neither a policy nor a name depends on."""
        labels = pod.namespace_labels
        if labels is None:
            namespace = self.cluster.namespaces.get(pod.namespace)
            labels = namespace.labels if namespace is not None else {NAMESPACE_NAME_LABEL: pod.namespace}
        return replace(
            pod,
            lifetime=ALWAYS,
            source=NOWHERE,
            ready=True,
            host_address="",
            addresses=(),
            namespace_labels=labels,
        )

    # -- by whatever was recorded ------------------------------------------------------------------

    def resolve(self, recorded: Recorded, at: int) -> Resolved:
        """The first that anybody answers to, in the order of the module's rule."""
        address, namespace, pod, workload, uid = recorded
        if address:
            there = self.resolve_address(canonical(address), at)
            if there.service is not None or there.shared:
                return there
        if uid:
            found = self._resolve_pod([p for p in self.named if p.uid == uid], recorded, at)
            if found is not None:
                return replace(found, by="uid")
        if namespace and pod:
            called = [p for p in self.named if (p.namespace, p.name) == (namespace, pod)]
            for template in (False, True):
                found = self._resolve_pod([p for p in called if p.template is template], recorded, at)
                if found is not None:
                    return replace(found, by="name")
        if address:
            return self.resolve_address(canonical(address), at)
        if namespace and workload:
            found = self._resolve_workload(namespace, workload, at)
            if found is not None:
                return found
        return Resolved("/".join(filter(None, (namespace, pod or workload))) or uid or "", lost="unresolved")

    def versions_of(self, end: End) -> list[Pod]:
        """The pod that an end is, in all its versions."""
        return [pod for pod in self.pods if End(None, pod=pod).who == end.who]

    def disagrees(self, recorded: Recorded, resolved: Resolved, at: int) -> bool:
        """Whether the pod recorded by uid or name is one thing, and the address beside it another's."""
        if resolved.by not in ("uid", "name") or resolved.only is None or not recorded.address:
            return False
        there = self.resolve_address(canonical(recorded.address), at).only
        return there is not None and there.who != resolved.only.who

    # -- by address --------------------------------------------------------------------------------

    def resolve_address(self, address: str, at: int) -> Resolved:
        claims = self.at_address.get(address)
        if claims:
            return self._only(claims, address, at)
        if address in self.services:
            return self._resolve_service(address, at)
        if any(inside(address, cidr) for cidr in self.ranges):
            return Resolved(address, lost="unresolved", by="address")
        return Resolved(address, (End(address),), by="address")

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
        found = candidates(claims, at, self.skew)
        if len(found) != 1:
            return Resolved(address, lost="ambiguous" if found else "unresolved", by="address")
        (end,) = found
        return Resolved(
            end.name, (end,), by="address", version=family(address), sure=surely(claims, [end], at, self.skew)
        )

    def _resolve_service(self, address: str, at: int) -> Resolved:
        claims = self.services[address]
        found = candidates(claims, at, self.skew)
        if len(found) != 1:
            return Resolved(
                address, lost="unresolved", by="address", version=family(address), shared=bool(found)
            )
        return self.as_service(found[0], address, sure=surely(claims, found, at, self.skew))

    def as_service(self, service: Service, address: str, *, sure: bool, node: str | None = None) -> Resolved:
        """A Service at one of its addresses, which may be a node's."""
        return Resolved(
            str(service),
            service=service,
            by="address",
            version=family(address),
            sure=sure,
            inner=address in map(canonical, service.cluster_ips),
            node=node,
        )

    # -- by name -----------------------------------------------------------------------------------

    def _resolve_pod(self, pods: Sequence[Pod], recorded: Recorded, at: int) -> Resolved | None:
        """One pod, at the recorded address if it had that, else at all of its own. None: not there then."""
        claims = [claim for pod in pods for claim in self._seen(pod)]
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
        wanted = (namespace, workload)
        pods = [p for p in self.named if (p.workload.namespace, p.workload.name) == wanted]
        several: dict[tuple[str, str, bool], list[Claim[Seen]]] = defaultdict(list)
        for pod in pods:
            several[pod.name, pod.uid, pod.template] += self._seen(pod)
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


def placed(found: Sequence[Seen]) -> Iterator[End]:
    """Whoever was found, at each of their addresses; without one only who never had any meanwhile."""
    for end in distinct(seen.end for seen in found):
        known = distinct(a for seen in found if seen.end == end for a in seen.addresses)
        yield from (replace(end, address=address) for address in known or (None,))


def plain_service(service: Service) -> Service:
    """The Service without all that tells versions apart and no flow depends on."""
    return replace(service, lifetime=ALWAYS, source=NOWHERE)
