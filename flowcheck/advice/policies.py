"""Sentences about policies that stand but may not do what their writers think.

Made from the finished cluster; none of them changes a verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from flowcheck.advice.absent import absent
from flowcheck.counted import counted
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.labels import Operator, Selector
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.written import Authorization, PeerAuthentication
from flowcheck.model.policy import PodQuery, Policy
from flowcheck.model.verdict import Reason

_OLD = frozenset({"AdminNetworkPolicy", "BaselineAdminNetworkPolicy"})


def warnings(cluster: Cluster) -> Iterator[str]:
    """Every remark on the cluster's policies, in their order; on the last version of those that changed."""
    policies = list({str(policy): policy for policy in cluster.policies}.values())
    yield from _idle(cluster, policies)
    yield from absent(cluster, policies)
    cached = [service for service in cluster.services if service.cached]
    if cached:
        yield (
            f"a DNS cache runs on the nodes and may answer at the address of {cached[0]}: whether a flow to "
            f"there reached the cache or a backend is not known, so it is unknown ({Reason.AMBIGUOUS_DST})"
        )
    hosts = len({one.name for one in cluster.sets if one.kind == "HostEndpoint"})
    if hosts:
        said = counted(hosts, "HostEndpoint")
        yield f"{said}: what Calico's policies say of what hosts only forward is not judged"
    kinds = {policy.kind for policy in cluster.policies}
    if "ClusterNetworkPolicy" in kinds and kinds & _OLD:
        yield (
            "AdminNetworkPolicy and ClusterNetworkPolicy stand side by side: no API says in which order "
            "they apply; they are taken together by priority"
        )


class _LabelIndex:
    """Pods by namespace, each set of labels once, and the labels that occur in each namespace."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self.label_sets: dict[str, dict[frozenset[tuple[str, str]], Pod]] = defaultdict(dict)
        self.pairs: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for pod in pods:
            labels = frozenset(pod.labels.items())
            self.label_sets[pod.namespace].setdefault(labels, pod)
            self.pairs[pod.namespace] |= labels

    def any_match(self, namespace: str, selector: Selector) -> bool:
        pairs = self.pairs[namespace]
        for clause in selector.requirements:
            if clause.operator is Operator.IN and not any((clause.key, v) in pairs for v in clause.values):
                return False
        return any(selector.matches(pod.labels) for pod in self.label_sets[namespace].values())


def _idle(cluster: Cluster, judged: Iterable[Policy]) -> Iterator[str]:
    """Policies that select nobody, or only pods on the host network, which policies do not reach."""
    reached = _LabelIndex(pod for pod in cluster.pods if not pod.finished and not pod.host_network)
    on_host = _LabelIndex(pod for pod in cluster.pods if not pod.finished and pod.host_network)
    lonely: dict[str, list[Policy]] = defaultdict(list)
    for policy in judged:
        subject = policy.subject
        if not isinstance(subject, PodQuery) or _is_for_gateways(policy):
            continue
        names = list(cluster.namespaces if _is_mesh_wide(policy, cluster) else _namespaces(subject, cluster))
        if any(reached.any_match(name, subject.pods) for name in names):
            continue
        if any(on_host.any_match(name, subject.pods) for name in names):
            yield f"{policy} ({policy.source}) selects only pods on the host network, where it has no effect"
        elif policy.namespace and not reached.label_sets[policy.namespace]:
            lonely[policy.namespace].append(policy)
        else:
            yield f"{policy} ({policy.source}) selects no pod"
    for namespace, policies in lonely.items():
        more = f" and {len(policies) - 1} more" if len(policies) > 1 else ""
        yield f"namespace {namespace} has no pods, but policies: {policies[0]} ({policies[0].source}){more}"


def _is_for_gateways(policy: Policy) -> bool:
    return isinstance(policy.mesh, Authorization) and bool(policy.mesh.targets)


def _is_mesh_wide(policy: Policy, cluster: Cluster) -> bool:
    """Whether it is Istio's, and in the root namespace of its mesh."""
    root = (cluster.mesh or MeshSettings()).root_namespace
    return isinstance(policy.mesh, Authorization | PeerAuthentication) and policy.namespace == root


def _namespaces(subject: PodQuery, cluster: Cluster) -> Iterator[str]:
    if subject.namespaces is None:
        yield subject.namespace or ""
        return
    for namespace in cluster.namespaces.values():
        settled = namespace.described
        labels, selector = namespace.labels, subject.namespaces
        if selector.matches(labels) if settled else selector.may_match(labels):
            yield namespace.name
