"""Expressions -> answers: of which endpoints one holds, and of which sets of addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from flowcheck import arrays as a
from flowcheck.arrays import UInt64
from flowcheck.compile.endpoints.addresses import Prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules import bitset
from flowcheck.compile.rules.answered import Answered, Logic
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.labels import Labels, Requirement
from flowcheck.model.mesh.membership import MeshSettings, identity
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

T = TypeVar("T")
Said = bool | int
"""Yes, no, or the reason code for which it is open."""


class Things:
    """What the ends on an axis are. ``may_be_nodes``: addresses outside that may be undescribed nodes."""

    def __init__(self, axis: Axis, cluster: Cluster, index: SelectorIndex, logic: Logic) -> None:
        self._axis, self._cluster, self._index, self._logic = axis, cluster, index, logic
        self._n = len(axis.endpoints)
        self.own_nodes = self._of_kind(a.KIND_OWN_NODE)
        self.nodes = self._of_kind(a.KIND_NODE) | self.own_nodes
        self.outside = index.everyone & ~index.pods & ~self.nodes
        blocks = self._of_kind(a.KIND_BLOCK)
        self.may_be_nodes = index.nobody if cluster.lists_nodes else blocks
        self._described = {endpoint: node.labels for endpoint, node in axis.nodes}
        self._undescribed = self.nodes & ~self._set(self._described)
        self._by_label: dict[str, list[tuple[Labels, UInt64]]] = {}
        self._known: dict[tuple[Expression, bool], Answered] = {}

    def where(self, what: Expression) -> Answered:
        """What may be a node nobody described is asked as both, and is what both say."""
        as_it_is = self._evaluate(what, as_node=False)
        unsure = self.may_be_nodes
        if not unsure.any():
            return as_it_is
        as_node = self._evaluate(what, as_node=True)
        no = unsure & ~self._logic.possible(as_it_is) & ~self._logic.possible(as_node)
        yes = unsure & as_it_is.yes & as_node.yes
        alike = dict(as_node.open)
        others = [
            (reason, words & (~unsure | alike.get(reason, self._index.nobody)))
            for reason, words in as_it_is.open
        ]
        open_alike = self._logic.possible(Answered(self._index.nobody, tuple(others)))
        either = (a.REASON_NO_NODE, unsure & ~yes & ~no & ~open_alike)
        return Answered((as_it_is.yes & ~unsure) | yes, (*others, either))

    def of_set(self, what: Expression, one: AddressSet) -> Said:
        """Whether it holds for a set; the reason code where that is open."""
        match what:
            case AllOf(parts):
                return _first_not(True, [self.of_set(part, one) for part in parts])
            case AnyOf(parts):
                return _first_not(False, [self.of_set(part, one) for part in parts])
            case Not(part):
                answer = self.of_set(part, one)
                return not answer if isinstance(answer, bool) else answer
            case Called(name, namespace):
                return (one.namespace, one.name) == (namespace, name)
            case Labelled(Of.OWN, clause):
                return clause.matches(one.labels)
            case Labelled(Of.NAMESPACE, clause) if one.namespace:
                known = self._cluster.namespaces.get(one.namespace)
                labels = known.labels if known else {NAMESPACE_NAME_LABEL: one.namespace}
                told = (known is not None and known.described) or clause.key in labels
                return clause.matches(labels) if told else a.REASON_NO_NAMESPACE
            case Labelled(_, clause):
                return clause.matches({})
            case _:
                return False

    def _evaluate(self, what: Expression, *, as_node: bool) -> Answered:
        key = what, as_node
        if key not in self._known:
            self._known[key] = self._found(what, as_node)
        return self._known[key]

    def _found(self, what: Expression, as_node: bool) -> Answered:
        match what:
            case AllOf(parts):
                return self._logic.all_of([self._evaluate(part, as_node=as_node) for part in parts])
            case AnyOf(parts):
                return self._logic.any_of([self._evaluate(part, as_node=as_node) for part in parts])
            case Not(part):
                return self._logic.negated(self._evaluate(part, as_node=as_node))
            case _:
                found = self._leaf(what)
        if not as_node:
            return found
        match what:  # the same, but for addresses that are taken for a node's
            case IsA(Kind.NODE):
                return Answered(found.yes | self.may_be_nodes, found.open)
            case IsA(Kind.OUTSIDE):
                return Answered(found.yes & ~self.may_be_nodes, found.open)
            case IsA(Kind.OWN_NODE) | Labelled(Of.OWN, _) | Called(_, ""):
                unknown = (a.REASON_NO_NODE, self.may_be_nodes)
                return Answered(found.yes & ~self.may_be_nodes, (*found.open, unknown))
            case _:
                return found

    def _leaf(self, leaf: Expression) -> Answered:
        match leaf:
            case IsA(kind):
                whole = {Kind.POD: self._index.pods, Kind.NODE: self.nodes, Kind.OWN_NODE: self.own_nodes}
                return Answered(whole.get(kind, self.outside))
            case Family(version):
                return self._families(version)
            case Called(name, ""):
                called, ends = f"Node/{name}", enumerate(self._axis.endpoints)
                return Answered(self.nodes & self._set(e for e, end in ends if end.name == called))
            case Account(names):
                return Answered(self._set(e for e, pod in self._axis.pods if pod.account in names))
            case Carries(plane, default):
                pods = ((e, pod.mesh) for e, pod in self._axis.pods if pod.mesh)
                carried = (e for e, mesh in pods if mesh.plane is plane and default in (None, mesh.default))
                return Answered(self._set(carried))
            case Presents(pattern):
                others = (a.REASON_NEEDS_IDENTITY, self._index.everyone & ~self._index.pods)
                return Answered(self._set(self._presenting(pattern)), (others,))
            case Labelled(Of.OWN, clause):
                return self._own(clause)
            case Labelled(of, clause):
                beside = self.nodes | self.outside if clause.matches({}) else self._index.nobody
                found = self._spaces(clause) if of is Of.NAMESPACE else self._accounts(clause)
                return Answered(found.yes | beside, found.open)
            case _:
                return Answered(self._index.nobody)

    def _presenting(self, pattern: str) -> Iterable[int]:
        """Pods, each by the id that its certificate has. Whoever else proves an identity, it is not known."""
        domain = (self._cluster.mesh or MeshSettings()).trust_domain
        for endpoint, pod in self._axis.pods:
            if compiled(pattern).fullmatch(identity(domain, pod.namespace, pod.account)):
                yield endpoint

    def _families(self, version: int) -> Answered:
        def says(prefix: Prefix | None) -> Said:
            return a.REASON_UNSUPPORTED_FIELD if prefix is None else prefix.version == version

        return self._sorted(((e, end.prefix) for e, end in enumerate(self._axis.endpoints)), says)

    def _own(self, clause: Requirement) -> Answered:
        found = self._index.labelled(clause)
        if clause.matches({}):
            found = found | self.outside
        for labels, nodes in self._nodes_by(clause.key):
            if clause.matches(labels):
                found = found | nodes
        return Answered(found, ((a.REASON_NO_NODE, self._undescribed),))

    def _nodes_by(self, key: str) -> list[tuple[Labels, UInt64]]:
        """The described nodes by their value of one label, or that they have none: once for all clauses."""
        if key not in self._by_label:
            ends: dict[str | None, list[int]] = defaultdict(list)
            for endpoint, labels in self._described.items():
                ends[labels.get(key)].append(endpoint)
            self._by_label[key] = [
                ({} if value is None else {key: value}, self._set(some)) for value, some in ends.items()
            ]
        return self._by_label[key]

    def _spaces(self, clause: Requirement) -> Answered:
        def says(labels: Labels, described: bool) -> Said:
            return clause.matches(labels) if described or clause.key in labels else a.REASON_NO_NAMESPACE

        found = ((members, says(labels, described)) for labels, described, members in self._index.spaces())
        return self._sorted(((e, said) for members, said in found for e in members), lambda said: said)

    def _accounts(self, clause: Requirement) -> Answered:
        def says(labels: Labels | None) -> Said:
            return a.REASON_NO_SERVICE_ACCOUNT if labels is None else clause.matches(labels)

        labels_of = self._cluster.accounts.get
        return self._sorted(((e, labels_of((p.namespace, p.account))) for e, p in self._axis.pods), says)

    def _sorted(self, items: Iterable[tuple[int, T]], says: Callable[[T], Said]) -> Answered:
        yes: list[int] = []
        open_for: dict[int, list[int]] = defaultdict(list)
        for endpoint, about in items:
            said = says(about)
            if said is True:
                yes.append(endpoint)
            elif said is not False:
                open_for[said].append(endpoint)
        return Answered(self._set(yes), tuple((why, self._set(ends)) for why, ends in open_for.items()))

    def _set(self, endpoints: Iterable[int]) -> UInt64:
        return bitset.from_indices(list(endpoints), self._n)

    def _of_kind(self, *kinds: int) -> UInt64:
        return self._set(i for i, end in enumerate(self._axis.endpoints) if end.kind in kinds)


def _first_not(usual: bool, found: list[Said]) -> Said:
    """The opposite if any says that; else the first that is open; else as usual."""
    if any(said is (not usual) for said in found):
        return not usual
    return next((said for said in found if said is not usual), usual)
