"""The policies of a cluster as Cilium enforces them, by its agent's settings.

    its own kinds          in the tier Normal; those that the settings refuse are left out, and named
    NetworkPolicy          there too; its rules are in force, and isolate, whatever policyTypes says
    ClusterNetworkPolicy   in Admin or Baseline, asked rule by rule: a policy's name and place never count
    AdminNetworkPolicy     not read by Cilium, as BaselineAdminNetworkPolicy

What comes from a pod's own node is let in where no rule speaks against it; isolation is asked last of all.
Whom selectors and blocks stand for: ``sight.py``.

Source: cilium v1.20 pkg/k8s network_policy.go and cluster_network_policy.go, pkg/policy repository.go and
mapstate.go.
"""

from flowcheck.engines.cilium.enforcing import enforced, options

__all__ = ["enforced", "options"]
