"""Which policies to change so that they allow what is denied: of all that deny it, those for these pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.written import Authorization
from flowcheck.model.policy import Direction, PodQuery, Policy

DEFAULT_DENY = "default-deny by "
_Alike = tuple[str, frozenset[tuple[str, str]]]
"""A namespace and all labels of pods in it, which no selector tells apart."""


class Change(NamedTuple):
    """``policies``: rules that deny, and policies that a rule can be added to. ``to_add``: the directions
    that need a policy more, as none of those that deny is for these pods alone. All of it is needed."""

    policies: tuple[str, ...]
    to_add: tuple[str, ...]


class Choices:
    """Looks policies up by the names that decisions have."""

    def __init__(self, cluster: Cluster | None) -> None:
        self._policies: dict[str, list[Policy]] = defaultdict(list)
        self._pods: dict[str, dict[_Alike, dict[str, str]]] = defaultdict(dict)
        self._alike: dict[str, set[_Alike]] = defaultdict(set)
        for policy in cluster.policies if cluster else ():
            self._policies[str(policy)].append(policy)
        for pod in cluster.pods if cluster else ():
            if not pod.finished and not pod.host_network:
                alike = pod.namespace, frozenset(pod.labels.items())
                self._pods[pod.namespace][alike] = dict(pod.labels)
                self._alike[str(pod.workload)].add(alike)
        self._isolated = cache(self._isolated_anew)

    def to_change(self, denied: Mapping[Direction, Iterable[str]], ends: Mapping[str, str]) -> Change:
        """``denied``: what denies, by the directions that are denied; ``ends``: the workload by direction.

        A policy that isolates can be added to where it has rules of that direction and selects the pods of
        this workload, or such as have the same labels, and no others: what is added to it is for nobody else.
        """
        chosen: dict[str, None] = {}
        to_add = []
        for direction, deciders in denied.items():
            names = {text: text.removeprefix(DEFAULT_DENY) for text in deciders}
            own = self._alike[ends[direction.value]]
            found = [
                name
                for text, name in names.items()
                if name == text or any(one and one <= own for one in self._isolated(name, direction))
            ]
            chosen |= dict.fromkeys(found)
            to_add += [] if found else [direction.value]
        return Change(tuple(chosen), tuple(to_add))

    def in_mesh(self, deciders: Sequence[str]) -> tuple[str, ...]:
        """What to change of a mesh's policies that deny: rules that do; or, as its policies that allow add
        up, one of those, the one for the fewest workloads."""
        names = [text.removeprefix(DEFAULT_DENY) for text in deciders]
        if list(deciders) == names:
            return tuple(names)
        return (min(names, key=lambda name: (not any(map(_has_selector, self._policies[name])), name)),)

    def _isolated_anew(self, name: str, direction: Direction) -> list[frozenset[_Alike]]:
        """Whom each policy of this name isolates that has rules of this direction."""
        chosen = [p for p in self._policies[name] if direction in p.isolates and p.rules(direction)]
        return [self._selected(policy) for policy in chosen]

    def _selected(self, policy: Policy) -> frozenset[_Alike]:
        """The pods that a policy of a namespace selects."""
        subject = policy.subject
        if not isinstance(subject, PodQuery):
            return frozenset()
        pods = self._pods[subject.namespace or ""].items()
        return frozenset(alike for alike, labels in pods if subject.pods.matches(labels))


def _has_selector(policy: Policy) -> bool:
    return isinstance(policy.mesh, Authorization) and policy.mesh.has_selector
