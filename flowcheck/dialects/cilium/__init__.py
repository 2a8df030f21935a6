"""Cilium's own policies: CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.

What is absent, and what it means (null is absent):

    endpointSelector: {}          every pod of the namespace; clusterwide every pod, no node
    ingress, egress, their Deny   one entry at least in one of them, else the agent refuses
    an entry in a direction       isolates it, deny entries too, unless enableDefaultDeny says false
    enableDefaultDeny: true       nothing, where the direction has no entry
    an entry {}                   nobody, though it isolates
    toPorts without peers         everyone
    fromEndpoints: []             nobody
    fromEndpoints: [{}]           every pod of the namespace; clusterwide every pod
    fromEntities: [all]           everyone

Within the tier deny beats allow, whatever either says of; all allow rules add up; what no rule of any tier
is about is then denied to whom a policy isolates. What the agent refuses has no effect, and is warned of.

Read here as written; what the agent's settings change (which labels count, what blocks match, host policies),
``flowcheck.engines.cilium`` puts on top.

Source: cilium.io/v2 types and CRDs of v1.20.
"""

from flowcheck.dialects.cilium.policies import (
    read_cilium_clusterwide_network_policy,
    read_cilium_network_policy,
)

__all__ = ["read_cilium_clusterwide_network_policy", "read_cilium_network_policy"]
