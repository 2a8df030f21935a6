"""What policies ask for and no input tells: sentences that name what to give.

Made from the finished cluster. The verdicts that hang on it are unknown; see ``model/verdict.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.counted import agreeing, counted, listed
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Labels, Selector
from flowcheck.model.policy import NodeQuery
from flowcheck.model.ranges import SEEN
from flowcheck.model.verdict import Reason


def gaps(cluster: Cluster) -> Iterator[str]:
    """At most one sentence for each kind of object that is missing."""
    yield from _namespaces(cluster)
    yield from _nodes(cluster)
    yield from _services(cluster)
    yield from _ranges(cluster)


def _namespaces(cluster: Cluster) -> Iterator[str]:
    known = {pod.namespace: cluster.namespace_labels(pod) for pod in cluster.pods if not pod.finished}
    undescribed = {name: labels for name, (labels, described) in known.items() if not described}
    if not undescribed:
        return
    missing: dict[str, None] = {}
    asking = 0
    for policy in cluster.policies:
        selectors = {query.namespaces for query in policy.pod_queries() if query.namespaces is not None}
        unanswered = [
            name for name in undescribed if any(_is_open(one, undescribed[name]) for one in selectors)
        ]
        asking += bool(unanswered)
        missing |= dict.fromkeys(unanswered)
    if missing:
        yield (
            f"no input describes namespace {listed(sorted(missing))}, and {_policies(asking)} for labels of "
            f"namespaces: what hangs on them is unknown ({Reason.NO_NAMESPACE}); add what "
            "kubectl get namespaces -o json prints"
        )


def _nodes(cluster: Cluster) -> Iterator[str]:
    asking = sum(any(isinstance(peer, NodeQuery) for peer in policy.peers()) for policy in cluster.policies)
    missing = dict.fromkeys(node.name for node in cluster.nodes if not node.described)
    if asking and (missing or not cluster.lists_nodes):
        what = f"node {listed(sorted(missing))}" if cluster.lists_nodes else "any node"
        yield (
            f"no input describes {what}, and {_policies(asking)} for labels of nodes: what hangs on them is "
            f"unknown ({Reason.NO_NODE}); add what kubectl get nodes -o json prints"
        )


def _services(cluster: Cluster) -> Iterator[str]:
    if cluster.services_unlisted and cluster.policies:
        yield (
            "no input has the Service default/kubernetes, which every cluster has, so others are missing: "
            f"a flow to a private address that nobody has is unknown ({Reason.NO_SERVICE}); add what "
            "kubectl get services,endpointslices -A -o json prints"
        )


def _ranges(cluster: Cluster) -> Iterator[str]:
    """Pods that do not follow the ranges that nodes and pools tell: those may be nobody's."""
    told = {teller for teller in cluster.pod_ranges().values() if teller != SEEN}
    seen = [cidr for one in cluster.ranges if one.kind == SEEN for cidr in one.cidrs]
    if told and seen:
        yield (
            f"pods have addresses in {listed(sorted(seen))}, outside the ranges by {listed(sorted(told))}: "
            "unless --cluster-range says where pods are, all around those that are known is taken for "
            "pods' too"
        )


def _is_open(selector: Selector, known: Labels) -> bool:
    return selector.may_match(known) and not selector.must_match(known)


def _policies(number: int) -> str:
    return f"{counted(number, 'policy', 'policies')} {agreeing(number, 'asks', 'ask')}"
