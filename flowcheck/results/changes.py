"""Which policy to change so that it allows what is denied: of all that deny it, the one for these pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from functools import cache

from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.policy import Direction, PodQuery, Policy

DEFAULT_DENY = "default-deny by "


class Choices:
    """Looks policies up by the names that decisions have."""

    def __init__(self, cluster: Cluster | None) -> None:
        self._policies: dict[str, list[Policy]] = defaultdict(list)
        self._pods: dict[str, dict[Hashable, Pod]] = defaultdict(dict)
        for policy in cluster.policies if cluster else ():
            self._policies[str(policy)].append(policy)
        for pod in cluster.pods if cluster else ():
            if not pod.finished and not pod.host_network:
                # Most pods of a workload have the same labels: one of them stands for all.
                self._pods[pod.namespace][pod.workload, *pod.labels.items()] = pod
        self._own = cache(self._workloads)

    def to_change(self, deciders: Iterable[str], ends: Mapping[str, str]) -> tuple[str, ...]:
        """Of the ``deciders`` of a denial, the rules that deny and the policies that a rule can be added to.

        One that isolates is such where it has rules of that direction and selects the pods of this workload
        and no others: what is added to it is for nobody else. ``ends``: the workload by direction.
        """
        chosen, sides = [], [(direction, ends[direction.value]) for direction in Direction]
        for text in deciders:
            name = text.removeprefix(DEFAULT_DENY)
            if name == text or any(workload in self._own(name, direction) for direction, workload in sides):
                chosen.append(name)
        return tuple(chosen)

    def _workloads(self, name: str, direction: Direction) -> frozenset[str]:
        """Of which a policy of this name isolates the pods, with rules of this direction, and no others."""
        chosen = [p for p in self._policies[name] if direction in p.isolates and p.rules(direction)]
        selected = [self._selected(policy) for policy in chosen]
        return frozenset(workload for workloads in selected if len(workloads) == 1 for workload in workloads)

    def _selected(self, policy: Policy) -> frozenset[str]:
        """The workloads of the pods that a NetworkPolicy selects."""
        subject = policy.subject
        if not isinstance(subject, PodQuery):
            return frozenset()
        pods = self._pods[subject.namespace or ""].values()
        return frozenset(str(pod.workload) for pod in pods if subject.pods.matches(pod.labels))
