"""An answer about a cluster in which there is nothing to judge, or to judge by, is never a clean pass."""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.errors import RunError
from flowcheck.model.left_out import LeftOut


def check_cluster(pods: int, policies: int, others: Sequence[LeftOut], *, needs_policies: bool) -> None:
    """``others``: those of the policies that are left out.

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
    if others and policies == sum(one.policies for one in others):
        raise RunError(
            f"no policy is judged, so every flow would be allowed: {'; '.join(map(str, others))}",
            hint="leave --cni out, or name the plugin that the policies are written for; or say "
            "--allow-no-policies",
        )
    if not policies:
        raise RunError(
            "there are no policies: every flow would be allowed",
            hint="add them with --policies (`kubectl get all` gives none), or say --allow-no-policies",
        )
