"""Who has an address, at the time of a flow.

A pod or a node (``holdings.py``); where none of them ever is, a Service, or one of several that share it
(which, only the port tells: ``translation.py``); else somebody unknown inside the cluster's ranges
(unresolved), else an external address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from flowcheck.model.places import NOWHERE
from flowcheck.model.ranges import PRIVATE
from flowcheck.model.service import Service
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.reference.ends import End, Resolved, canonical, family, inside
from flowcheck.reference.holdings import Holdings, has_uid
from flowcheck.reference.moments import Claim, candidates, continued, moments, outside, surely

STRANGER = End(None, stranger=True)


class AddressOwners:
    """Everybody in a cluster, by address."""

    def __init__(self, holdings: Holdings, skew: int, ranges: Sequence[str] = ()) -> None:
        self.holdings = holdings
        self.cluster = holdings.cluster
        self.skew = skew
        self.ranges = self.cluster.pod_ranges(ranges)
        self.at_address: dict[str, list[Claim[End]]] = defaultdict(list)
        for claim in holdings.claims():
            self.at_address[claim.holder.address or ""].append(claim)
        for address, claims in self.at_address.items():
            self.at_address[address] = continued(claims, has_uid, holdings.not_as)
        for claim in holdings.devices():
            self.at_address[claim.holder.address or ""].append(claim)
        self.services: dict[str, list[Claim[Service]]] = defaultdict(list)
        for service in self.cluster.services:
            for address in {*map(canonical, (*service.cluster_ips, *service.external_ips))}:
                self.services[address].append(Claim(plain_service(service), service.lifetime))

    def resolve(self, address: str, at: int) -> Resolved:
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
        own = candidates(versions[end.who], at, self.skew) if has_uid(end) else []
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
        return continued(found, has_uid, self.holdings.not_at), versions

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

    def about(self, lifetime: Lifetime, at: int) -> bool:
        """Whether something may have been there at a time, by a clock that differs by the skew."""
        return any(map(lifetime.possible, moments([lifetime], at, self.skew)))


def plain_service(service: Service) -> Service:
    """The Service without all that tells versions apart and no flow depends on."""
    return replace(service, lifetime=ALWAYS, source=NOWHERE, labels={})
