"""By which labels a policy can mean the pods of one workload and, where it may be, no others."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from flowcheck.counted import listed
from flowcheck.explaining.asking.whom import Whom
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.question import Asked
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.peers import Subject
from flowcheck.model.policy import Direction, Policy

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
    """Whom an added rule is for: the pods of an existing ``policy``, or those with ``labels``, of which a
    new policy isolates none if it ``frees``."""

    namespace: str
    labels: dict[str, str]
    policy: Policy | None = None
    notes: tuple[str, ...] = ()
    frees: bool = False


def pods_with(cluster: Cluster, namespace: str, labels: dict[str, str]) -> list[Pod]:
    """The pods that a podSelector with these matchLabels selects in a namespace."""
    return [pod for pod in _pods(cluster, namespace) if pod.labels.items() >= labels.items()]


def stable_labels(pod: Pod) -> dict[str, str]:
    return {key: value for key, value in sorted(pod.labels.items()) if key not in VOLATILE}


def workload_labels(
    cluster: Cluster, pod: Pod, seen: Callable[[str], bool] = lambda key: True
) -> dict[str, str]:
    """The fewest labels that mean the pods of this pod's workload and no others, of those that are ``seen``.

    Where there are none such: all the stable labels of the pod; where none is stable, all it has.
    """
    stable = {key: value for key, value in stable_labels(pod).items() if seen(key)}
    same = [p for p in _pods(cluster, pod.namespace) if p.workload == pod.workload]
    common = {key: value for key, value in stable.items() if all(p.labels.get(key) == value for p in same)}
    namings = [{key: common[key] for key in keys} for keys in NAMING if all(key in common for key in keys)]
    for labels in (*namings, common):
        if labels and all(p.workload == pod.workload for p in pods_with(cluster, pod.namespace, labels)):
            return labels
    return stable or {key: value for key, value in sorted(pod.labels.items()) if seen(key)}


def select(
    question: Asked,
    pod: Pod,
    isolating: Sequence[Policy],
    *,
    extends: Container[str],
    frees: bool,
    seen: Callable[[str], bool],
) -> Selection | None:
    """For whom the rule is written: never so that a pod is isolated that was not before.

    ``isolating`` are the policies of one tier that isolate the pod now; without any, a new policy isolates
    it, unless it ``frees``: it need not isolate. ``extends``: the kinds that rules are added to; ``seen``: by
    which labels pods may be selected. None: the pod has no labels to be selected by, and nothing isolates it.
    """
    cluster, direction = question.cluster, question.direction
    labels = workload_labels(cluster, pod, seen)
    meant = pods_with(cluster, pod.namespace, labels)
    own = [
        (policy, _selected(question, policy))
        for policy in isolating
        if policy.kind in extends and not policy.isolated
    ]
    for policy, selected in own:
        if policy.rules(direction) and {id(p) for p in selected} <= {id(p) for p in meant}:
            return Selection(pod.namespace, labels, policy)
    if not isolating or frees:
        isolated = bool(isolating) and all(_isolated(question, other, isolating[0]) for other in meant)
        if not labels and not frees:
            return None
        return Selection(pod.namespace, labels, None, _shared(pod, meant), frees=frees and not isolated)
    for choice in (labels, {key: value for key, value in sorted(pod.labels.items()) if seen(key)}):
        meant = pods_with(cluster, pod.namespace, choice)
        if choice and all(_isolated(question, other, isolating[0]) for other in meant):
            return Selection(pod.namespace, choice, None, _shared(pod, meant))
    if not own:
        return None
    policy, selected = min(own, key=lambda item: (len(item[1]), str(item[0])))
    note = f"{policy} selects {len(selected)} pods, and the rule is for all of them"
    return Selection(pod.namespace, labels, policy, (note,) if len(selected) > 1 else ())


def for_node(isolating: Sequence[Policy], direction: Direction) -> Selection | None:
    """The policy that isolates a node, to which the rule is added for all nodes that it selects."""
    own = [one for one in isolating if one.rules(direction) and not one.isolated]
    note = "the rule is for every node that the policy selects"
    return Selection("", {}, own[0], (note,)) if own else None


def _shared(pod: Pod, meant: Sequence[Pod]) -> tuple[str, ...]:
    others = sorted({str(p.workload) for p in meant} - {str(pod.workload)})
    return (f"the new policy selects {listed(others)} as well, which have the same labels",) if others else ()


def _pods(cluster: Cluster, namespace: str) -> list[Pod]:
    return [pod for pod in _all_pods(cluster) if pod.namespace == namespace]


def _all_pods(cluster: Cluster) -> list[Pod]:
    return [pod for pod in cluster.pods if not pod.finished and not pod.host_network]


def _selected(question: Asked, policy: Policy) -> list[Pod]:
    cluster = question.cluster
    pods = _pods(cluster, policy.namespace) if policy.namespace else _all_pods(cluster)
    return [pod for pod in pods if _is(question, pod, policy.subject)]


def _is(question: Asked, pod: Pod, subject: Subject) -> bool:
    end = Candidate(-1, "", pod.addresses[0] if pod.addresses else None, pod)
    return Whom(replace(question, subject=end), "subject").is_one_of(subject).match == "yes"


def _isolated(question: Asked, pod: Pod, like: Policy) -> bool:
    """Whether any policy of the tier isolates a pod."""
    return any(
        not policy.staged
        and policy.tier == like.tier
        and policy.namespace in ("", pod.namespace)
        and _is(question, pod, whom)
        for policy in question.cluster.policies
        for whom in policy.isolates_whom(question.direction)
    )
