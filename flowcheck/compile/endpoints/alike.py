"""What of a pod's labels a policy or a Service can see: versions of a pod that all treat alike are one.

A label that nobody asks for changes nothing. What is asked is which selectors match, so a change from one
value to another that no selector tells from it changes nothing either.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cached_property

from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Labels, Selector
from flowcheck.model.peers import Of, PodQuery


class VisibleLabels:
    """The selectors of a cluster: of pods, and of their namespaces. They are only gathered for pods that
    have several versions."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @cached_property
    def _of_pods(self) -> _Selectors:
        services = [Selector.from_labels(one.selector) for one in self._cluster.services if one.selector]
        return _Selectors([*(query.pods for query in self._queries()), *self._clauses(Of.OWN), *services])

    @cached_property
    def _of_namespaces(self) -> _Selectors:
        asked = [query.namespaces for query in self._queries() if query.namespaces]
        return _Selectors([*asked, *self._clauses(Of.NAMESPACE)])

    def _queries(self) -> Iterator[PodQuery]:
        return (query for policy in self._cluster.policies for query in policy.pod_queries())

    def _clauses(self, of: Of) -> Iterator[Selector]:
        asked = (one for policy in self._cluster.policies for one in policy.clauses())
        return (Selector((clause,)) for whose, clause in asked if whose is of)

    def of(self, pod: Labels, namespace: Labels, *, described: bool) -> Hashable:
        """What all of them make of a pod; labels of a namespace that is not described are all that is
        known."""
        around = self._of_namespaces.matching(namespace) if described else frozenset(namespace.items())
        return self._of_pods.matching(pod), around


class _Selectors:
    def __init__(self, selectors: list[Selector]) -> None:
        self._distinct = tuple(dict.fromkeys(selectors))
        self._keys = {clause.key for selector in self._distinct for clause in selector.requirements}
        self._known: dict[Hashable, frozenset[int]] = {}

    def matching(self, labels: Labels) -> frozenset[int]:
        asked = {key: value for key, value in labels.items() if key in self._keys}
        same = frozenset(asked.items())
        if same not in self._known:
            matching = (n for n, selector in enumerate(self._distinct) if selector.matches(asked))
            self._known[same] = frozenset(matching)
        return self._known[same]
