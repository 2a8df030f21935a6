"""Calico: NetworkPolicy and GlobalNetworkPolicy of projectcalico.org/v3, as written and as stored
(crd.projectcalico.org/v1), enforced and staged.

    absent selector            everyone the policy may select
    absent end of a rule       everyone, addresses of nobody known too
    selector: all()            every pod, network set and host endpoint; no other address
    absent ports, protocol     everything, ICMP too
    isolates                   types, if the tier's defaultAction is Deny
    order of decision          tiers by order and name, policies by order and name/namespace/kind, rules as
                               written; Log goes on, Pass leaves the tier

``tokens`` and ``selectors`` are the language of selectors, ``labels`` says whose label a key means, ``ends``
whom a selector takes. ``entities``, ``ports``, ``http`` are parts of ``rules``; ``policies`` puts them
together. Tiers, network sets and host endpoints are objects, not policies: see ``flowcheck.objects``.

Source: Calico v3.32, api/pkg/apis/projectcalico/v3, and what its parts do with it (see each module).
"""

from flowcheck.dialects.calico.policies import (
    read_global_network_policy,
    read_network_policy,
    read_staged_global_network_policy,
    read_staged_network_policy,
)

__all__ = [
    "read_global_network_policy",
    "read_network_policy",
    "read_staged_global_network_policy",
    "read_staged_network_policy",
]
