"""Selector -> bits: which endpoints a pod query, an address block or a node query stands for.

Label postings are bitsets, made when first asked for, so that a selector is a few ANDs over words. Of a
namespace or node that no input describes the labels are not known: a selector that asks for them may take it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable
from functools import reduce
from itertools import chain
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64, UInt64
from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules import bitset
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.labels import Labels, Operator, Requirement, Selector
from flowcheck.model.peers import PodQuery


class Taken(NamedTuple):
    """Whom a query takes: ``surely``, and who it ``may`` take, depending on labels that no input tells."""

    surely: UInt64
    may: UInt64


class _Space(NamedTuple):
    """The endpoints of all pods whose namespace had these labels; ``described``: they are all it has."""

    labels: Labels
    described: bool
    members: list[int]


_ANY = "", ""
"""The label, which no object has, that spaces go by whose labels are not all known."""


class SelectorIndex:
    """Answers queries about one axis with bitsets, each computed once. Callers must not change them."""

    def __init__(self, axis: Axis, cluster: Cluster) -> None:
        self._axis = axis
        self._cluster = cluster
        self._n = len(axis.endpoints)
        self._postings: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._members: dict[str, list[int]] = defaultdict(list)
        self._spaces: dict[Hashable, _Space] = {}
        self._by_label: dict[tuple[str, str], list[_Space]] | None = None
        around: dict[str, list[int]] = {}
        for endpoint, pod in axis.pods:
            self._members[pod.namespace].append(endpoint)
            if pod.namespace_labels is not None:
                self._space_of(pod).append(endpoint)
            else:  # all such pods of a namespace are in one space
                space = around.get(pod.namespace)
                if space is None:
                    space = around[pod.namespace] = self._space_of(pod)
                space.append(endpoint)
            for key, value in pod.labels.items():
                self._postings[key][value].append(endpoint)
        self.pods = bitset.from_indices([endpoint for endpoint, _ in axis.pods], self._n)
        self.everyone = bitset.from_indices(list(range(self._n)), self._n)
        self.nobody = bitset.empty(self._n)
        self._queries: dict[PodQuery, Taken] = {}
        self._scopes: dict[Selector, Taken] = {}
        self._cache: dict[object, UInt64] = {}
        self._sort_addresses()

    def select_pods(self, query: PodQuery) -> Taken:
        """The pods of a query. Nodes, services and address blocks are never among them."""
        if query not in self._queries:
            if query.namespaces is not None:
                found = self._namespaces(query.namespaces)
            else:
                found = Taken(self._namespace(query.namespace or ""), self.nobody)
            if query.pods.requirements:
                labelled = self._labels(query.pods)
                may = self.nobody if found.may is self.nobody else found.may & labelled
                found = Taken(found.surely & labelled, may)
            self._queries[query] = found
        return self._queries[query]

    def select_block(self, cidr: str, excepts: tuple[str, ...]) -> UInt64:
        """Every endpoint whose address lies inside the block, pods and nodes too."""
        key = ("block", cidr, excepts)
        if key not in self._cache:
            inside = self._inside(cidr).copy()
            for exception in excepts:
                inside &= ~self._inside(exception)
            self._cache[key] = inside
        return self._cache[key]

    def having(self, addresses: Iterable[str]) -> UInt64:
        """Every endpoint that has one of the addresses alone."""
        single = (self._single(prefix(address)) for address in addresses)
        return bitset.from_indices([end for ends in single for end in ends], self._n)

    def _single(self, address: Prefix) -> list[int]:
        keys, order = self._sorted[address.version]
        found: list[int] = order[_slice(keys, address)].tolist()
        return found

    def labelled(self, clause: Requirement) -> UInt64:
        """The pods whose labels a clause takes."""
        return self._requirement(clause)

    def spaces(self) -> Iterable[tuple[Labels, bool, list[int]]]:
        """(labels of a namespace at a time, whether those are all it has, its pods' endpoints)."""
        return self._spaces.values()

    def select_nodes(self, nodes: Selector) -> Taken:
        """Every address of the nodes that carry the labels. Where no input describes any node, an address
        outside the cluster may be one's."""
        described = {endpoint for endpoint, _ in self._axis.nodes}
        chosen = [endpoint for endpoint, node in self._axis.nodes if nodes.matches(node.labels)]
        named = [e for e in self._of_kind(a.KIND_NODE, a.KIND_OWN_NODE) if e not in described]
        surely = [*chosen, *named] if nodes.must_match({}) else chosen
        may = [] if nodes.must_match({}) else named
        if not self._cluster.lists_nodes:
            may = [*may, *self._of_kind(a.KIND_BLOCK)]
        return Taken(bitset.from_indices(surely, self._n), bitset.from_indices(may, self._n))

    def external(self) -> UInt64:
        """The address blocks outside the cluster, and secondary interfaces, which are not on its network."""
        return bitset.from_indices(self._of_kind(a.KIND_BLOCK, a.KIND_SECONDARY), self._n)

    def _of_kind(self, *kinds: int) -> list[int]:
        return [i for i, end in enumerate(self._axis.endpoints) if end.kind in kinds]

    def _namespace(self, name: str) -> UInt64:
        return self._once(("namespace", name), self._members.get(name, []))

    def _namespaces(self, selector: Selector) -> Taken:
        if selector not in self._scopes:
            surely: list[int] = []
            may: list[int] = []
            for space in self._spaces_for(selector):
                if selector.matches(space.labels) if space.described else selector.must_match(space.labels):
                    surely += space.members
                elif not space.described and selector.may_match(space.labels):
                    may += space.members
            perhaps = bitset.from_indices(may, self._n) if may else self.nobody
            self._scopes[selector] = Taken(bitset.from_indices(surely, self._n), perhaps)
        return self._scopes[selector]

    def _spaces_for(self, selector: Selector) -> Iterable[_Space]:
        """All, or fewer, among them all that it may take: most selectors want one value of a label."""
        wanted = next((one for one in selector.requirements if one.operator is Operator.IN), None)
        if wanted is None:
            return self._spaces.values()
        if self._by_label is None:
            self._by_label = defaultdict(list)
            for space in self._spaces.values():
                for item in space.labels.items() if space.described else (_ANY,):
                    self._by_label[item].append(space)
        found = [self._by_label.get((wanted.key, value), []) for value in wanted.values]
        return chain(*found, self._by_label.get(_ANY, []))

    def _space_of(self, pod: Pod) -> list[int]:
        """The endpoints of all pods whose namespace had the same labels as this one's, in this namespace."""
        labels, described = self._cluster.namespace_labels(pod)
        key = (pod.namespace, frozenset(labels.items()), described)
        return self._spaces.setdefault(key, _Space(labels, described, [])).members

    def _labels(self, selector: Selector) -> UInt64:
        return reduce(np.bitwise_and, map(self._requirement, selector.requirements))

    def _requirement(self, requirement: Requirement) -> UInt64:
        values = self._postings.get(requirement.key, {})
        match requirement.operator:
            case Operator.IN:
                return self._any_value(requirement.key, requirement.values)
            case Operator.NOT_IN:
                return self.pods & ~self._any_value(requirement.key, requirement.values)
            case Operator.EXISTS:
                return self._any_value(requirement.key, values)
            case Operator.DOES_NOT_EXIST:
                return self.pods & ~self._any_value(requirement.key, values)
            case _:
                return self._any_value(requirement.key, filter(requirement.takes, values))

    def _any_value(self, key: str, values: Iterable[str]) -> UInt64:
        postings = self._postings.get(key, {})
        found = [self._once(("label", key, value), postings[value]) for value in values if value in postings]
        return reduce(np.bitwise_or, found, self.nobody) if len(found) != 1 else found[0]

    def _once(self, key: object, members: list[int]) -> UInt64:
        if key not in self._cache:
            self._cache[key] = bitset.from_indices(members, self._n)
        return self._cache[key]

    def _sort_addresses(self) -> None:
        """Endpoints by first address, per family, so that a CIDR is a slice."""
        self._sorted: dict[int, tuple[list[tuple[int, int]], Int64]] = {}
        for version in (4, 6):
            rows = sorted(
                (e.prefix.first, e.prefix.prefixlen, i)
                for i, e in enumerate(self._axis.endpoints)
                if e.prefix is not None and e.prefix.version == version
            )
            order = np.array([i for _, _, i in rows], dtype=np.int64)
            self._sorted[version] = ([(start, length) for start, length, _ in rows], order)

    def _inside(self, cidr: str) -> UInt64:
        key = ("cidr", cidr)
        if key not in self._cache:
            network = prefix(cidr)
            keys, order = self._sorted[network.version]
            chosen = order[_slice(keys, network)]
            self._cache[key] = bitset.from_indices(chosen.tolist(), self._n)
        return self._cache[key]


def _slice(keys: list[tuple[int, int]], network: Prefix) -> slice:
    """Prefixes inside a network sort between its own (start, length) and its last address."""
    first = (network.first, network.prefixlen)
    return slice(bisect_left(keys, first), bisect_right(keys, (network.last, 128)))
