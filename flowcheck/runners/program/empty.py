"""An answer about a cluster in which there is nothing to judge, or to judge by, is never a clean pass."""

from __future__ import annotations

from flowcheck.counted import counted
from flowcheck.engines.profiles import Enforced, apply, view_of
from flowcheck.errors import RunError
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import EngineView
from flowcheck.model.tiers import Layer
from flowcheck.runners.request import AuditRequest

_CNI = "leave --cni out, or name the plugin that the policies are written for"
_OTHERS = "--cni, --cluster-policies, --mesh and --staged say what is in force"


def enforced(cluster: Cluster, request: AuditRequest) -> Enforced:
    """What of a cluster is enforced.

    **Raises**: RunError where nothing is left."""
    switches = dict(request.switches)
    judged = apply(cluster, request.options, request.cni, switches, request.dns_map, request.mesh)
    check_enforced(cluster, judged, needs_policies=request.needs_policies)
    return judged


def check_enforced(cluster: Cluster, enforced: Enforced, *, needs_policies: bool) -> None:
    """``cluster``: as it is written; what of it is ``enforced``.

    **Raises**: RunError where nothing is left.
    """
    policies, judged = policies_of(cluster), judged_of(cluster, enforced)
    check_cluster(
        len(cluster.pods), policies, judged, view_of(enforced.cluster), needs_policies=needs_policies
    )


def policies_of(cluster: Cluster) -> int:
    """How many there are; one that changed counts once."""
    return len(set(map(str, cluster.policies_taken)))


def judged_of(cluster: Cluster, enforced: Enforced) -> int:
    """How many policies are asked: of those that are written, and of what an engine adds that denies."""
    written, previewed = set(map(str, cluster.policies_taken)), enforced.options.staged
    asked = (policy for policy in enforced.cluster.policies if previewed or not policy.staged)
    return sum(
        one.tier.layer is not Layer.NETWORK or bool(one.isolates) or str(one) in written for one in asked
    )


def check_cluster(pods: int, policies: int, judged: int, view: EngineView, *, needs_policies: bool) -> None:
    """``policies``: as they are written; how many of them are ``judged``.

    **Raises**: RunError where nothing is left.
    """
    if not pods:
        raise RunError(
            "the cluster has no pods and no workloads: every flow would be between strangers",
            hint="give --cluster the output of: kubectl get -A -o json "
            "namespaces,nodes,pods,services,endpointslices,networkpolicies,deployments,replicasets",
        )
    if not needs_policies:
        return
    if not policies:
        raise RunError(
            "there are no policies: every flow would be allowed",
            hint="add them with --policies (`kubectl get all` gives none), or say --allow-no-policies",
        )
    others = policies - sum(one.policies for one in view.left_out)
    if judged or (others and not view.enforces):
        return
    because = [*map(str, view.left_out)]
    if others:
        number = counted(others, "policy", "policies")
        because.append(f"{number} that {view.title} does not enforce, or that an option leaves out")
    raise RunError(
        f"no policy is judged, so every flow would be allowed: {'; '.join(because)}",
        hint=f"{_OTHERS if others else _CNI}; or say --allow-no-policies",
    )
