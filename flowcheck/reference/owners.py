"""Who is at an end, at the time of a flow, by all that was recorded of it.

A recorded pod that nobody known is at the time is unresolved, whoever has the address; so is whoever has a
namespace recorded beside an address that is nobody's in the cluster.
By a Service's address or a pod's secondary interface, else a recorded pod uid, else a pod's name, else the
address (``addresses.py``), else a workload's name: the first that anybody answers to at that time. A pod on
the cluster's network that is recorded beside an address that no such pod can have is nobody in particular.
Who it is about a time says ``moments.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flowcheck.model.cluster import Pod
from flowcheck.model.ranges import SEEN
from flowcheck.model.timeline import Lifetime
from flowcheck.reference.addresses import AddressOwners
from flowcheck.reference.ends import End, Resolved, canonical, family, inside
from flowcheck.reference.flow import Recorded
from flowcheck.reference.holdings import has_uid
from flowcheck.reference.moments import (
    Claim,
    candidates,
    continued,
    distinct,
    stretches,
    surely,
)

INDIRECT = ("Deployment", "Rollout", "CronJob")
"""Workloads that make what makes pods."""


@dataclass(frozen=True)
class Named:
    """Somebody found by name, and the addresses they had."""

    end: End
    addresses: tuple[str, ...]


class Owners:
    """Everybody in a cluster, by whatever was recorded of them."""

    def __init__(self, addresses: AddressOwners) -> None:
        self.addresses = addresses
        self.skew = addresses.skew
        self.holdings = holdings = addresses.holdings
        # Of a host-network pod without node and address nobody can say where it is.
        self.named = [p for p in holdings.pods if not p.host_network or p.node or p.addresses]
        self.of_node: dict[str, list[Claim[End]]] = defaultdict(list)
        for claim in holdings.claims():
            self.of_node[claim.holder.node or ""].append(claim)
        self.bounded = self._bounded()

    def _bounded(self) -> set[int]:
        """The IP versions whose ranges are told: there are some, and no known pod lies outside them."""
        told = [cidr for cidr, teller in self.addresses.ranges.items() if teller != SEEN]
        pods = {canonical(a) for pod in self.holdings.pods if not pod.host_network for a in pod.addresses}
        outside = {family(a) for a in pods if not any(inside(a, cidr) for cidr in told)}
        return {family(cidr.partition("/")[0]) for cidr in told} - outside

    def resolve(self, recorded: Recorded, at: int) -> Resolved:
        """The first that anybody answers to, in the order of the module's rule."""
        address, namespace, pod, workload, uid = recorded
        there = self.addresses.resolve(canonical(address), at) if address else None
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

    def disagrees(self, recorded: Recorded, resolved: Resolved, at: int) -> bool:
        """Whether the pod recorded by uid or name is one thing, and the address beside it another's."""
        if resolved.by not in ("uid", "name") or not recorded.address:
            return False
        there = self.addresses.resolve(canonical(recorded.address), at).only
        if there is None or (resolved.only is None and resolved.name != there.address):
            return False
        return resolved.only is None or there.who != resolved.only.who

    def _resolve_pod(self, pods: Sequence[Pod], recorded: Recorded, at: int) -> Resolved | None:
        """One pod, at the recorded address if it had that, else at all of its own. None: not there then."""
        named = (claim for pod in pods for claim in self._named(pod))
        claims = continued(named, lambda one: has_uid(one.end), self._not_named)
        found = candidates(claims, at, self.skew)
        ends = distinct(one.end for one in found)
        if len(ends) != 1:
            return Resolved(min(end.name for end in ends), lost="ambiguous") if ends else None
        at_all = list(placed(found))
        at_one = [end for end in at_all if recorded.address and end.address == canonical(recorded.address)]
        return Resolved(ends[0].name, tuple(at_one or at_all), sure=surely(claims, found, at, self.skew))

    def _resolve_workload(self, namespace: str, workload: str, at: int) -> Resolved | None:
        """The pods of a workload there are, once per address each is seen at.

        Several go by their workload's name, unless they all are one node on whose network they are.
        """
        there = [p for p in self.named if p.namespace == namespace]
        pods = [p for p in there if goes_by(p, workload)] or [p for p in there if may_make(p, workload)]
        several: dict[tuple[str, str, bool], list[Claim[Named]]] = defaultdict(list)
        for pod in pods:
            several[pod.name, pod.uid, pod.template] += self._named(pod)
        for key, claims in several.items():
            several[key] = continued(claims, lambda one: has_uid(one.end), self._not_named)
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

    def _named(self, pod: Pod) -> Iterator[Claim[Named]]:
        """What a pod holds under its name; a host-network pod without address has its node's."""
        own = tuple(map(canonical, pod.addresses))
        for address in own if pod.host_network and not pod.node else (None,):
            for claim in self.holdings.of_pod(pod, address):
                end = replace(claim.holder, address=None)
                if own or end.node is None:
                    yield Claim(Named(end, own), claim.lifetime)
                else:
                    yield from self._known(end, claim.lifetime)

    def _not_named(self, named: Named) -> Iterator[Lifetime]:
        """When the pod was not what was found by its name."""
        for pod in self.holdings.versions_of(named.end):
            if Named(self.holdings.as_pod(pod, None), tuple(map(canonical, pod.addresses))) != named:
                yield pod.lifetime

    def _known(self, node: End, lifetime: Lifetime) -> Iterator[Claim[Named]]:
        """A node at every address that it is known by, as long as that is so."""
        held = [c for c in self.of_node[node.node or ""] if replace(c.holder, address=None) == node]
        for stretch in stretches(lifetime, [claim.lifetime for claim in held]):
            there = distinct(c.holder.address or "" for c in held if c.lifetime.possible(stretch.start))
            yield Claim(Named(node, tuple(there)), stretch)


def placed(found: Sequence[Named]) -> Iterator[End]:
    """Whoever was found, at each of their addresses; without one only who never had any meanwhile."""
    for end in distinct(one.end for one in found):
        known = distinct(a for one in found if one.end == end for a in one.addresses)
        yield from (replace(end, address=address) for address in known or (None,))


def goes_by(pod: Pod, text: str) -> bool:
    """Whether any link of a pod's chain of owners goes by this: ``web``, ``Deployment/web`` in any case, or
    ``deployment.apps/web``; also as reports have it, with the namespace before. Or whether this is how the
    names of the pods begin that its own controller makes: ``web-6b687c8dcb-*``."""
    *before, name = text.split("/")
    kind = before[-1].split(".")[0].lower() if before else None
    links = (pod.workload, *pod.owners)
    if any(link.name == name and kind in (None, link.kind.lower()) for link in links):
        return True
    if not pod.template:
        links = links[1:2] or links
    elif pod.workload.kind in INDIRECT:
        links = links[1:]
    begun = name[:-2] if name.endswith("-*") and not before else ""
    return begun in [link.name for link in links if link.kind != "Pod"]


def may_make(pod: Pod, text: str) -> bool:
    """Whether names that begin so may be of pods that a workload without any would make."""
    above, _, made = text.removesuffix("-*").rpartition("-")
    hashed = 8 <= len(made) <= 10 and set(made) <= set("bcdfghjklmnpqrstvwxz2456789")
    timed = len(made) == 8 and made.isdecimal()
    makes = pod.template and pod.workload.kind in INDIRECT and pod.workload.name == above
    return makes and text.endswith("-*") and (hashed or timed)
