"""By which labels a policy can mean the pods of one workload and, where it may be, no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowcheck.counted import listed
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.policy import Direction, PodQuery, Policy, Tier

VOLATILE = frozenset(
    {
        "pod-template-hash",
        "pod-template-generation",
        "controller-revision-hash",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/job-completion-index",
    }
)
"""Labels that controllers give and change with every roll-out, pod or run."""

NAMING = (
    ("app.kubernetes.io/name", "app.kubernetes.io/instance"),
    ("app.kubernetes.io/name",),
    ("app",),
    ("k8s-app",),
    ("name",),
)
"""Labels that people name workloads by, the most telling first."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom an added rule is for: the pods of an existing ``policy``, or those with ``labels``."""

    namespace: str
    labels: dict[str, str]
    policy: Policy | None = None
    notes: tuple[str, ...] = ()


def pods_with(cluster: Cluster, namespace: str, labels: dict[str, str]) -> list[Pod]:
    """The pods that a podSelector with these matchLabels selects in a namespace."""
    return [pod for pod in _pods(cluster, namespace) if pod.labels.items() >= labels.items()]


def stable_labels(pod: Pod) -> dict[str, str]:
    return {key: value for key, value in sorted(pod.labels.items()) if key not in VOLATILE}


def workload_labels(cluster: Cluster, pod: Pod) -> dict[str, str]:
    """The fewest labels that mean the pods of this pod's workload and no others.

    Where there are none such: all the stable labels of the pod; where none is stable, all it has.
    """
    stable = stable_labels(pod)
    same = [p for p in _pods(cluster, pod.namespace) if p.workload == pod.workload]
    common = {key: value for key, value in stable.items() if all(p.labels.get(key) == value for p in same)}
    namings = [{key: common[key] for key in keys} for keys in NAMING if all(key in common for key in keys)]
    for labels in (*namings, common):
        if labels and all(p.workload == pod.workload for p in pods_with(cluster, pod.namespace, labels)):
            return labels
    return stable or dict(sorted(pod.labels.items()))


def select(cluster: Cluster, pod: Pod, direction: Direction, isolating: Sequence[Policy]) -> Selection | None:
    """For whom the rule is written: never so that a pod is isolated that was not before.

    ``isolating`` are the NetworkPolicies that isolate the pod now; without any, a new policy isolates it.
    None: the pod has no labels to be selected by, and nothing isolates it.
    """
    labels = workload_labels(cluster, pod)
    meant = pods_with(cluster, pod.namespace, labels)
    own = [(policy, _selected(cluster, policy)) for policy in isolating if policy.namespace == pod.namespace]
    for policy, selected in own:
        if policy.rules(direction) and {id(p) for p in selected} <= {id(p) for p in meant}:
            return Selection(pod.namespace, labels, policy)
    if not isolating:
        return Selection(pod.namespace, labels, None, _shared(pod, meant)) if labels else None
    for choice in (labels, dict(sorted(pod.labels.items()))):
        meant = pods_with(cluster, pod.namespace, choice)
        if choice and all(_isolated(cluster, other, direction) for other in meant):
            return Selection(pod.namespace, choice, None, _shared(pod, meant))
    policy, selected = min(own, key=lambda item: (len(item[1]), str(item[0])))
    note = f"{policy} selects {len(selected)} pods, and the rule is for all of them"
    return Selection(pod.namespace, labels, policy, (note,) if len(selected) > 1 else ())


def _shared(pod: Pod, meant: Sequence[Pod]) -> tuple[str, ...]:
    others = sorted({str(p.workload) for p in meant} - {str(pod.workload)})
    return (f"the new policy selects {listed(others)} as well, which have the same labels",) if others else ()


def _pods(cluster: Cluster, namespace: str) -> list[Pod]:
    return [
        pod
        for pod in cluster.pods
        if pod.namespace == namespace and not pod.finished and not pod.host_network
    ]


def _selected(cluster: Cluster, policy: Policy) -> list[Pod]:
    return [p for p in _pods(cluster, policy.namespace) if _selects(policy, p)]


def _selects(policy: Policy, pod: Pod) -> bool:
    return isinstance(policy.subject, PodQuery) and policy.subject.pods.matches(pod.labels)


def _isolated(cluster: Cluster, pod: Pod, direction: Direction) -> bool:
    return any(
        policy.tier == Tier.NETWORK_POLICY
        and direction in policy.isolates
        and policy.namespace == pod.namespace
        and _selects(policy, pod)
        for policy in cluster.policies
    )
