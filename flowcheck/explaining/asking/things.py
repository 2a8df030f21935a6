"""Expressions, asked of an end of a flow or of a set of addresses: ``model/peers.py`` with the facts."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from flowcheck.explaining.asking.found import Found, all_of, any_of, known, negated
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.question import UNKNOWN_ID, Way
from flowcheck.explaining.words import clause_fault, in_mesh_by
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Node
from flowcheck.model.labels import Labels, Requirement
from flowcheck.model.mesh.requests import compiled
from flowcheck.model.peers import (
    Account,
    AllOf,
    AnyOf,
    Called,
    Carries,
    Expression,
    Family,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Presents,
)
from flowcheck.model.ranges import AddressSet
from flowcheck.model.verdict import Reason


def evaluate(what: Expression, leaf: Callable[[Expression], Found]) -> Found:
    match what:
        case AllOf(parts):
            return all_of(evaluate(part, leaf) for part in parts)
        case AnyOf(parts):
            return any_of(evaluate(part, leaf) for part in parts)
        case Not(part):
            return negated(evaluate(part, leaf))
        case _:
            return leaf(what)


def may_be_node(end: Candidate, cluster: Cluster) -> bool:
    """Whether an address outside may be that of a node nobody described."""
    return end.pod is None and end.node is None and not end.secondary and not cluster.lists_nodes


def described_node(end: Candidate, cluster: Cluster) -> Node | None:
    return next((one for one in cluster.nodes if one.name == end.node and one.described), None)


class Thing:
    """What an end is: a pod, a node, an address outside. ``who`` is what sentences call it; ``own_node``: it
    is the node of the pod at the other end."""

    def __init__(
        self, end: Candidate, who: str, cluster: Cluster, *, own_node: bool, way: Way | None = None
    ) -> None:
        self.end, self.who, self.cluster, self.own_node = end, who, cluster, own_node
        self.way = way

    def holds(self, what: Expression) -> Found:
        """What may be a node is asked as both, and open where they differ."""
        as_it_is = evaluate(what, lambda leaf: self._is(leaf, as_node=False))
        if not may_be_node(self.end, self.cluster):
            return as_it_is
        as_node = evaluate(what, lambda leaf: self._is(leaf, as_node=True))
        if (as_it_is.match, as_it_is.reason) == (as_node.match, as_node.reason):
            return as_it_is
        return Found("maybe", (f"not all nodes are described, so {self.who} may be one",), Reason.NO_NODE)

    @property
    def _kind(self) -> str:
        if self.end.pod is not None:
            return f"{self.who} is a pod"
        if self.end.node is not None:
            return f"{self.who} is {'the own node of the pod' if self.own_node else 'a node'}"
        return f"{self.who} is {'on a network beside' if self.end.secondary else 'outside'} the cluster"

    def _is(self, leaf: Expression, *, as_node: bool) -> Found:
        end, is_node = self.end, self.end.node is not None or as_node
        match leaf:
            case IsA(Kind.POD):
                return known(end.pod is not None, self._kind)
            case IsA(Kind.NODE):
                return known(is_node, self._kind)
            case IsA(Kind.OWN_NODE):
                if as_node:
                    return Found("maybe", (self._kind,), Reason.NO_NODE)
                fact = f"{self._kind}, not the pod's own" if is_node and not self.own_node else self._kind
                return known(self.own_node, fact)
            case IsA(Kind.OUTSIDE):
                return known(end.pod is None and not is_node, self._kind)
            case Family(version):
                if end.address is None:
                    return Found("maybe", (f"{self.who} has no known address",), Reason.UNSUPPORTED_FIELD)
                own = ipaddress.ip_address(end.address).version
                return known(own == version, f"{end.address} is of IPv{own}")
            case Called(name, namespace):
                if as_node and not namespace:
                    return Found("maybe", (self._kind,), Reason.NO_NODE)
                return known((namespace, name) == ("", end.node), self._kind)
            case Account(names):
                account = end.pod.account if end.pod is not None else ""
                fact = f"{self.who} runs as service account {account}" if end.pod is not None else self._kind
                return known(end.pod is not None and account in names, fact)
            case Carries(plane):
                carried_by = end.pod.mesh.plane if end.pod is not None and end.pod.mesh else None
                return known(carried_by is plane, f"{self.who} is {in_mesh_by(carried_by)}")
            case Presents(pattern):
                return self._presents(pattern)
            case Labelled(of, clause):
                return self._labelled(of, clause, as_node=as_node)
            case _:
                return known(False)

    def _presents(self, pattern: str) -> Found:
        presented = self.way.presented if self.way is not None else UNKNOWN_ID
        if presented is None:
            return known(False, f"{self.who} presents no identity")
        if presented == UNKNOWN_ID:
            why = f"no input tells which identity {self.who} presents, if any"
            return Found("maybe", (why,), Reason.NEEDS_IDENTITY)
        return known(compiled(pattern).fullmatch(presented) is not None, f"{self.who} presents {presented}")

    def _labelled(self, of: Of, clause: Requirement, *, as_node: bool) -> Found:
        end, pod = self.end, self.end.pod
        if of is Of.OWN:
            if pod is not None:
                return _of_labels(clause, pod.labels, self.who)
            node = described_node(end, self.cluster)
            if as_node or (end.node is not None and node is None):
                why = f"no input describes {self.who}'s node, so its labels are not known"
                return Found("maybe", (why,), Reason.NO_NODE)
            return _of_labels(clause, node.labels if node else {}, self.who)
        if pod is None:
            return known(clause.matches({}), self._kind)
        if of is Of.NAMESPACE:
            labels, described = self.cluster.namespace_labels(pod)
            if not described and clause.key not in labels:
                why = f"no input describes namespace {pod.namespace}, so its label {clause.key} is not known"
                return Found("maybe", (why,), Reason.NO_NAMESPACE)
            if clause.key == NAMESPACE_NAME_LABEL:
                return known(clause.matches(labels), f"{self.who} is in namespace {pod.namespace}")
            return _of_labels(clause, labels, f"namespace {pod.namespace}")
        account = self.cluster.accounts.get((pod.namespace, pod.account))
        if account is None:
            why = f"no input describes service account {pod.namespace}/{pod.account}"
            return Found("maybe", (why,), Reason.NO_SERVICE_ACCOUNT)
        return _of_labels(clause, account, f"service account {pod.account}")


def of_set(one: AddressSet, what: Expression, cluster: Cluster) -> Found:
    """Whether an expression holds of a set of addresses."""

    def holds(leaf: Expression) -> Found:
        match leaf:
            case Called(name, namespace):
                return known((one.namespace, one.name) == (namespace, name), f"{one} has it")
            case Labelled(Of.OWN, clause):
                return _of_labels(clause, one.labels, str(one))
            case Labelled(Of.NAMESPACE, clause):
                labels, described = _space(one.namespace, cluster)
                if not described and clause.key not in labels:
                    why = f"no input describes namespace {one.namespace} of {one}"
                    return Found("maybe", (why,), Reason.NO_NAMESPACE)
                return _of_labels(clause, labels, f"the namespace of {one}")
            case Labelled(Of.ACCOUNT, clause):
                return known(clause.matches({}), f"{one} has no service account")
            case _:
                return known(False, f"{one} is a set of addresses")

    return evaluate(what, holds)


def _space(namespace: str, cluster: Cluster) -> tuple[Labels, bool]:
    """The labels of a set's namespace, and whether those are all; one of the whole cluster has none."""
    if not namespace:
        return {}, True
    space = cluster.namespaces.get(namespace)
    return (space.labels, space.described) if space else ({NAMESPACE_NAME_LABEL: namespace}, False)


def _of_labels(clause: Requirement, labels: Labels, whose: str) -> Found:
    return known(clause.matches(labels), clause_fault(clause, labels, whose))
