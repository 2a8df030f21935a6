"""What Istio's proxies ask, as policies of the mesh's layer: tiers, subjects, rules.

A workload is asked by its sidecar or by ztunnel, who take one policy in different ways (``sidecar.py``,
``ztunnel.py``); ``membership.py`` says which workloads are in the mesh, and by what. Policies of other
languages are not touched.

Source: Istio 1.31, ztunnel 1.30, as each file says.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.counted import counted, listed
from flowcheck.engines.istio.authorization import Authorizations, asks_identities
from flowcheck.engines.istio.membership import with_members
from flowcheck.engines.istio.peer_authentication import PeerAuthentications
from flowcheck.engines.istio.waypoints import waypoints_of
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.written import Authorization, AuthorizationAction, PeerAuthentication
from flowcheck.model.policy import Policy

__all__ = ("is_own", "policies", "remarks", "with_members")


def is_own(policy: Policy) -> bool:
    """Whether a policy is the mesh's, as written."""
    return isinstance(policy.mesh, Authorization | PeerAuthentication)


def policies(cluster: Cluster) -> Iterator[Policy]:
    """The policies that its proxies enforce."""
    settings = cluster.mesh or MeshSettings()
    own = [(one, one.mesh) for one in cluster.policies if isinstance(one.mesh, Authorization)]
    asking = frozenset(one.namespace for one, written in own if asks_identities(written))
    peers = [one for one in cluster.policies if isinstance(one.mesh, PeerAuthentication)]
    yield from PeerAuthentications(settings.root_namespace, asking).policies(peers, cluster.pods)
    authorizations = Authorizations(settings, waypoints_of(cluster))
    for policy, written in own:
        yield from authorizations.policies(policy, written)


def remarks(cluster: Cluster) -> Iterator[str]:
    """What a verdict may hang on, and what of the policies has no effect."""
    own = [one for one in cluster.policies if is_own(one)]
    root = (cluster.mesh or MeshSettings()).root_namespace
    if own and cluster.mesh is None:
        yield f"no ConfigMap istio tells how the mesh is set: its root namespace is taken to be {root}"
    if own and not any(pod.mesh for pod in cluster.pods):
        yield (
            "there are policies of Istio, but no pod with a proxy, nor one that labels put into the mesh: "
            "none of them is asked (give the pods as the cluster has them)"
        )
    untold = sorted({pod.namespace for pod in cluster.pods if own and _may_be_ambient(pod, cluster)})
    if untold:
        yield (
            f"no input describes namespace {listed(untold)}: pods there are taken to be in no mesh, unless "
            "they tell so themselves; add what kubectl get namespaces -o json prints"
        )
    ignored = [
        str(one)
        for one in own
        if isinstance(one.mesh, PeerAuthentication) and one.mesh.has_selector and one.namespace == root
    ]
    for name in ignored:
        yield f"{name} selects nothing: Istio passes over selectors in the root namespace there"
    audits = [
        one
        for one in own
        if isinstance(one.mesh, Authorization) and one.mesh.action is AuthorizationAction.AUDIT
    ]
    if audits:
        yield f"{counted(len(audits), 'policy', 'policies')} of Istio with action AUDIT: they refuse nothing"


def _may_be_ambient(pod: Pod, cluster: Cluster) -> bool:
    """Whether labels of its namespace, which are not known, may put it into the mesh."""
    return not (pod.mesh or pod.host_network or pod.finished or cluster.namespace_labels(pod)[1])
