"""The admin tiers: AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy.

The kinds share their form: ordered rules with an action and no isolation, so that what no rule
matches falls through to the next tier. They differ in these:

    kind                          tier         action             ports field   priority
    AdminNetworkPolicy            Admin        Allow Deny Pass    ports         spec.priority
    BaselineAdminNetworkPolicy    Baseline     Allow Deny         ports         0 (there is one)
    ClusterNetworkPolicy          spec.tier    Accept Deny Pass   protocols     spec.priority

A rule needs at least one peer here. A peer of a kind that is unknown, because a newer API has it,
fails closed as the API demands: an allow rule with one matches nothing, a deny or pass rule denies
everyone. A name that is nearly a known one is a typing error and is refused.

A CRD takes more than any library reads: selectors that are none, any text as the name of a port, named ports
beside networks, domain names in rules that do not allow. A rule with such a thing is ``unread``, with the
most it may be about as its peers and ports; so is a policy whose subject is such.

Source: policy.networking.k8s.io/v1alpha1, v1alpha2 and v1beta1 (which has the shape of v1alpha2, and is what
a server with both stores and prints), types and CRDs of both channels; the peers of v0.1.1
(``namespaces: {namespaceSelector: ...}``) are read too.
"""

from flowcheck.dialects.admin.policies import (
    read_admin_network_policy,
    read_baseline_admin_network_policy,
    read_cluster_network_policy,
)

__all__ = ["read_admin_network_policy", "read_baseline_admin_network_policy", "read_cluster_network_policy"]
