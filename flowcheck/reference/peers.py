"""Whether an end is one of those that a peer, or the subject of a policy, stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flowcheck.model.labels import Requirement
from flowcheck.model.options import Options
from flowcheck.model.peers import (
    Account,
    AddressBlock,
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    Called,
    Carries,
    DomainNames,
    Expression,
    Family,
    InSets,
    IsA,
    Kind,
    Labelled,
    NodeQuery,
    Not,
    Of,
    Peer,
    PodQuery,
    Presents,
    ServicePods,
    Where,
)
from flowcheck.model.ranges import AddressSet
from flowcheck.model.service import Service
from flowcheck.model.verdict import Reason
from flowcheck.reference.answers import Answer, Open, Whose, all_of, any_of, lasting, negated
from flowcheck.reference.ends import End, canonical, family, inside
from flowcheck.reference.requests import Presented, proves
from flowcheck.reference.surroundings import Surroundings, listed_in


@dataclass(frozen=True)
class Asking:
    """One end of a question, as subject or as peer. ``own_node``: it is the node of the pod at the other end;
    ``goes_out``: it is the destination of what the subject sends; ``presents``: the identity it proves."""

    end: End
    of: Whose
    around: Surroundings
    options: Options
    own_node: bool = False
    goes_out: bool = False
    presents: Presented = None

    def is_one_of(self, peer: Peer) -> Answer:
        """What hangs on several things is one question, for the first reason there is."""
        answer = self._is(peer)
        whole = isinstance(peer, AllOf | AnyOf | Not | Where | InSets | Backends | ServicePods)
        return Open(answer.reason, self.of, peer) if whole and isinstance(answer, Open) else answer

    def _is(self, peer: Peer) -> Answer:
        end = self.end
        match peer:
            case AllOf(parts):
                return all_of(map(self._is, parts))
            case AnyOf(parts):
                return any_of(map(self._is, parts))
            case Not(part):
                return negated(self._is(part))
            case Anyone():
                return True
            case PodQuery():
                return self._in_query(peer)
            case Where(what):
                return self._thing(what)
            case AddressBlock():
                return self._in_block(peer)
            case InSets():
                return self._in_sets(peer)
            case NodeQuery():
                return self._in_nodes(peer)
            case DomainNames():
                return self.goes_out and end.pod is None and end.node is None and Open(Reason.NEEDS_DNS)
            case Backends():
                slices = self.around.slices(peer.namespace, peer.name)
                return lasting([end.address in listed_in(one) for one in versions] for versions in slices)
            case ServicePods():
                return self._behind(peer)

    def _in_query(self, query: PodQuery) -> Answer:
        """Whether it is a pod with the labels, in the namespace or a namespace with the labels."""
        pod = self.end.pod
        if pod is None or not query.pods.matches(pod.labels):
            return False
        if query.namespaces is None:
            return query.namespace == pod.namespace
        labels = pod.namespace_labels or {}
        if self.end.namespace_described:
            return query.namespaces.matches(labels)
        if query.namespaces.must_match(labels):
            return True
        return query.namespaces.may_match(labels) and Open(Reason.NO_NAMESPACE, self.of, query.namespaces)

    def _in_nodes(self, query: NodeQuery) -> Answer:
        """Whether it is a node with the labels. Any address outside may be one of nodes nobody described."""
        end = self.end
        if end.node_labels is not None:
            return query.nodes.matches(end.node_labels)
        if end.node is not None and query.nodes.must_match({}):
            return True
        return (end.node is not None or end.may_be_node) and Open(Reason.NO_NODE, "peer", query.nodes)

    # -- addresses -------------------------------------------------------------------------------------

    def _in_block(self, block: AddressBlock) -> Answer:
        return all_of((self._inside(block.cidr, block.excepts, block.whole), self._counts(block)))

    def _inside(self, cidr: str, excepts: Iterable[str], whole: bool) -> bool:
        own = [address for address in (self._addresses() if whole else [self.end.address]) if address]
        gaps = [gap for gap in excepts if any(inside(address, gap) for address in own)]
        return not gaps and any(inside(address, cidr) for address in own)

    def _addresses(self) -> list[str]:
        """All that a pod or node has; else the one asked about."""
        if self.end.pod is not None:
            return [canonical(address) for address in self.end.pod.addresses] or [self.end.address or ""]
        nodes = (node for node in self.around.cluster.nodes if node.name == self.end.node)
        told = [canonical(address) for node in nodes for address in node.addresses]
        return [*told, self.end.address or ""]

    def _counts(self, block: AddressBlock | InSets) -> Answer:
        """Whether addresses count for what the end is."""
        if self.end.pod is not None:
            if block.may_match_pods is not None:
                return block.may_match_pods
            choice = self.options.ipblock_matches_pods
            return Open(Reason.UNSUPPORTED_FIELD) if choice == "unknown" else choice == "yes"
        if self.end.node is not None or block.may_match_nodes:
            return block.may_match_nodes
        return Open(Reason.NO_NODE) if self.end.may_be_node else True

    def _in_sets(self, peer: InSets) -> Answer:
        sets = self.around.sets()
        found = lasting([self._in_set(peer, one) for one in versions] for versions in sets)
        return all_of((found, self._counts(peer)))

    def _in_set(self, peer: InSets, one: AddressSet) -> Answer:
        there = any(self._inside(cidr, (), peer.whole) for cidr in one.cidrs)
        return there and self._evaluate(peer.what, lambda leaf: self.around.set_is(one, leaf))

    def _behind(self, peer: ServicePods) -> Answer:
        services = self.around.services(peer)
        slices = {str(s): self.around.slices(s.namespace, s.name) for versions in services for s in versions}
        reached = (v.selector is not None or bool(slices[str(v)]) for versions in services for v in versions)
        if not any(reached):
            return Open(Reason.UNSUPPORTED_FIELD)

        def takes(service: Service) -> Answer:
            pod = self.end.pod
            if not peer.labels.matches(service.labels):
                return False
            if service.selector is not None:
                mine = pod is not None and pod.namespace == service.namespace
                return mine and pod is not None and service.selector.items() <= pod.labels.items()
            if pod is not None or self.end.node is not None:
                return False
            listed = (
                [self.end.address in listed_in(s) for s in versions] for versions in slices[str(service)]
            )
            return lasting(listed)

        return lasting([takes(one) for one in versions] for versions in services)

    # -- what a thing is -------------------------------------------------------------------------------

    def _thing(self, what: Expression) -> Answer:
        """What may be a node nobody described is asked as both, and is what both say."""
        as_it_is = self._evaluate(what, lambda leaf: self._end_is(leaf, as_node=False))
        if not self.end.may_be_node:
            return as_it_is
        as_node = self._evaluate(what, lambda leaf: self._end_is(leaf, as_node=True))
        return as_it_is if as_it_is == as_node else Open(Reason.NO_NODE)

    def _evaluate(self, what: Expression, leaf: Callable[[Expression], Answer]) -> Answer:
        match what:
            case AllOf(parts):
                return all_of(self._evaluate(part, leaf) for part in parts)
            case AnyOf(parts):
                return any_of(self._evaluate(part, leaf) for part in parts)
            case Not(part):
                return negated(self._evaluate(part, leaf))
            case _:
                return leaf(what)

    def _end_is(self, leaf: Expression, *, as_node: bool) -> Answer:
        end, is_node = self.end, self.end.node is not None or as_node
        match leaf:
            case IsA(Kind.POD):
                return end.pod is not None
            case IsA(Kind.NODE):
                return is_node
            case IsA(Kind.OWN_NODE):
                return Open(Reason.NO_NODE) if as_node else self.own_node
            case IsA(Kind.OUTSIDE):
                return end.pod is None and not is_node
            case Family(version):
                return (
                    Open(Reason.UNSUPPORTED_FIELD) if end.address is None else family(end.address) == version
                )
            case Called(name, namespace):
                known = (namespace, name) == ("", end.node)
                return Open(Reason.NO_NODE) if as_node and not namespace else known
            case Account(names):
                return end.pod is not None and end.pod.account in names
            case Carries(plane, default):
                mesh = end.pod.mesh if end.pod is not None else None
                return mesh is not None and mesh.plane is plane and default in (None, mesh.default)
            case Presents(pattern):
                return proves(self.presents, pattern)
            case Labelled(of, clause):
                return self._labelled(of, clause, as_node=as_node)
            case _:
                return False

    def _labelled(self, of: Of, clause: Requirement, *, as_node: bool) -> Answer:
        end, pod = self.end, self.end.pod
        if of is Of.OWN:
            if pod is not None:
                return clause.matches(pod.labels)
            if as_node or (end.node is not None and end.node_labels is None):
                return Open(Reason.NO_NODE)
            return clause.matches(end.node_labels or {})
        if pod is None:
            return clause.matches({})
        if of is Of.NAMESPACE:
            labels = pod.namespace_labels or {}
            known = end.namespace_described or clause.key in labels
            return clause.matches(labels) if known else Open(Reason.NO_NAMESPACE)
        account = self.around.account_labels(pod)
        return Open(Reason.NO_SERVICE_ACCOUNT) if account is None else clause.matches(account)
