"""Peers and subjects -> endpoints: whom one surely takes, and on what it hangs whether it takes others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import reduce
from typing import Literal, NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import UInt64
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules.answered import SURE, Answered, Logic, OpenQuestion
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.compile.rules.things import Things
from flowcheck.compile.rules.whole import WholeOnes
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Selector
from flowcheck.model.options import Options
from flowcheck.model.peers import (
    AddressBlock,
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    DomainNames,
    InSets,
    NodeQuery,
    Not,
    Peer,
    PodQuery,
    ServicePods,
    Subject,
    Where,
)
from flowcheck.model.policy import Policy
from flowcheck.model.ranges import AddressSet
from flowcheck.model.service import EndpointSlice, Service
from flowcheck.model.timeline import ALWAYS
from flowcheck.model.verdict import Reason

REASON_CODES = {reason: code for code, reason in enumerate(Reason)}
Side = Literal["subject", "in", "out"]
"""As what an end is asked: the subject; the peer that something comes from; the peer that it goes to."""


class Found(NamedTuple):
    """Whom a peer takes: ``surely``; and, apart from those, each with the question on which it hangs."""

    surely: UInt64
    perhaps: tuple[tuple[OpenQuestion, UInt64], ...] = ()


class PeerIndex:
    """Finds peers among the endpoints of one axis, each once. Callers must not change what they get."""

    def __init__(self, axis: Axis, cluster: Cluster, index: SelectorIndex, options: Options) -> None:
        self._cluster, self._index, self._options = cluster, index, options
        self.everyone, self.nobody = index.everyone, index.nobody
        self._logic = Logic(index.everyone)
        self._things = Things(axis, cluster, index, self._logic)
        self._whole = WholeOnes(axis, cluster, index.everyone)
        self._outside = index.external()
        self._found: dict[tuple[Peer, Side], Found] = {}

    def find(self, peer: Peer, side: Side) -> Found:
        """What is made of several, or of an expression, is one question for each reason."""
        key = peer, side
        if key not in self._found:
            answered = self._answer(peer, side)
            whose = "subject" if side == "subject" else "peer"
            asked = whose, _asked_for(peer)
            perhaps = (((reason, asked), words) for reason, words in answered.open if words.any())
            self._found[key] = Found(answered.yes, tuple(perhaps))
        return self._found[key]

    def _answer(self, peer: Peer, side: Side) -> Answered:
        index, logic = self._index, self._logic
        match peer:
            case AllOf(parts):
                return logic.all_of([self._answer(part, side) for part in parts])
            case AnyOf(parts):
                return logic.any_of([self._answer(part, side) for part in parts])
            case Not(part):
                return logic.negated(self._answer(part, side))
            case Anyone():
                return Answered(index.everyone)
            case PodQuery():
                taken = index.select_pods(peer)
                return Answered(taken.surely, _open(a.REASON_NO_NAMESPACE, taken.may, index.nobody))
            case NodeQuery():
                taken = index.select_nodes(peer.nodes)
                return Answered(taken.surely, _open(a.REASON_NO_NODE, taken.may, index.nobody))
            case DomainNames():
                return Answered(index.nobody, ((a.REASON_NEEDS_DNS, self._outside),) if side == "out" else ())
            case Where(what):
                found = self._things.where(what)
                if side != "subject":
                    return found
                own = self._things.own_nodes  # no subject is seen from a pod of its own
                return Answered(found.yes & ~own, tuple((why, words & ~own) for why, words in found.open))
            case AddressBlock():
                inside = self._inside(peer.cidr, peer.excepts, whole=peer.whole)
                return self._counting(peer, Answered(inside))
            case InSets():
                return self._counting(peer, self._in_sets(peer))
            case Backends():
                return self._listed(peer.namespace, peer.name)
            case ServicePods():
                return self._behind(peer)

    def _inside(self, cidr: str, excepts: Iterable[str] = (), *, whole: bool) -> UInt64:
        if not whole:
            return self._index.select_block(cidr, tuple(excepts))
        inside = self._whole.spread(self._index.select_block(cidr, ()))
        for gap in excepts:
            inside = inside & ~self._whole.spread(self._index.select_block(gap, ()))
        return inside

    def _counting(self, peer: AddressBlock | InSets, found: Answered) -> Answered:
        """What is found, without those whose addresses do not count."""
        index, things, logic = self._index, self._things, self._logic
        choice = {None: self._options.ipblock_matches_pods, True: "yes", False: "no"}[peer.may_match_pods]
        if choice == "yes" and peer.may_match_nodes:
            return found
        counts = index.everyone
        unsure: list[tuple[int, UInt64]] = []
        if choice != "yes":
            counts = counts & ~index.pods
            unsure += [(a.REASON_UNSUPPORTED_FIELD, index.pods)] if choice == "unknown" else []
        if not peer.may_match_nodes:
            counts = counts & ~things.nodes & ~things.may_be_nodes
            unsure.append((a.REASON_NO_NODE, things.may_be_nodes))
        return logic.all_of([found, Answered(counts, tuple(unsure))])

    def _in_sets(self, peer: InSets) -> Answered:
        versions: dict[str, list[AddressSet]] = {}
        for one in self._cluster.sets:
            versions.setdefault(str(one), []).append(one)
        return self._logic.lasting([self._in_set(peer, one) for one in own] for own in versions.values())

    def _in_set(self, peer: InSets, one: AddressSet) -> Answered:
        said = self._things.of_set(peer.what, one)
        if said is False:
            return Answered(self._index.nobody)
        blocks = (self._inside(cidr, whole=peer.whole) for cidr in one.cidrs)
        inside = reduce(np.bitwise_or, blocks, self._index.nobody)
        return Answered(inside) if said is True else Answered(self._index.nobody, ((said, inside),))

    def _listed(self, namespace: str, name: str) -> Answered:
        slices = slices_of(self._cluster, namespace, name)
        return self._logic.lasting([self._at(one) for one in versions] for versions in slices)

    def _at(self, one: EndpointSlice) -> Answered:
        return Answered(self._index.having(backend.address for backend in one.backends))

    def _behind(self, peer: ServicePods) -> Answered:
        versions: dict[str, list[Service]] = {}
        for one in self._cluster.services:
            if peer.namespace in (None, one.namespace) and peer.name in (None, one.name):
                versions.setdefault(str(one), []).append(one)
        meant = [own for own in versions.values() if any(peer.labels.matches(one.labels) for one in own)]
        if not any(self._leads_somewhere(one) for own in meant for one in own):
            return Answered(self._index.nobody, ((a.REASON_UNSUPPORTED_FIELD, self._index.everyone),))
        return self._logic.lasting([self._of_service(peer, one) for one in own] for own in meant)

    def _leads_somewhere(self, service: Service) -> bool:
        by_hand = slices_of(self._cluster, service.namespace, service.name)
        return service.selector is not None or any(True for _ in by_hand)

    def _of_service(self, peer: ServicePods, service: Service) -> Answered:
        if not peer.labels.matches(service.labels):
            return Answered(self._index.nobody)
        if service.selector is not None:
            chosen = PodQuery(service.namespace, pods=Selector.from_labels(service.selector))
            return Answered(self._index.select_pods(chosen).surely)
        outside = Answered(self._things.outside)
        return self._logic.all_of([self._listed(service.namespace, service.name), outside])


def subjects_of(policy: Policy, whom: Subject, index: PeerIndex) -> Iterator[tuple[UInt64, OpenQuestion]]:
    """Whom a policy selects, or isolates, surely and perhaps; one of which that is open, nobody surely."""
    surely, perhaps = index.find(whom, "subject")
    if policy.open_for:
        words = np.bitwise_or.reduce([surely, *(words for _, words in perhaps)])
        yield words, (REASON_CODES[policy.open_for], ("subject", str(policy)))
        return
    yield surely, SURE
    for question, words in perhaps:
        yield words, question


def slices_of(cluster: Cluster, namespace: str, name: str) -> Iterator[list[EndpointSlice]]:
    """The versions of each slice of a Service; one that never changed need not have a name."""
    found: dict[Hashable, list[EndpointSlice]] = {}
    for place, one in enumerate(cluster.slices):
        if (one.namespace, one.service) == (namespace, name):
            found.setdefault(place if one.lifetime == ALWAYS else one.name, []).append(one)
    yield from found.values()


def _open(reason: int, may: UInt64, nobody: UInt64) -> tuple[tuple[int, UInt64], ...]:
    return () if may is nobody else ((reason, may),)


def _asked_for(peer: Peer) -> Hashable:
    """What a question asks for: wherever the same is asked, the answer is one."""
    match peer:
        case PodQuery():
            return peer.namespaces
        case NodeQuery():
            return peer.nodes
        case AddressBlock() | DomainNames():
            return None
        case _:
            return peer
