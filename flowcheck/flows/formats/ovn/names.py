"""Names of ACLs -> the policies that they are of.

OVN-Kubernetes: ``NP:NAMESPACE:NAME:Ingress:0``, ``NP:NAMESPACE:Ingress`` (what isolates the pods of a
namespace, and no policy's own), ``ANP:NAME:Egress:1``, ``BANP:NAME:Egress:0``, ``EF:NAMESPACE:3``; in older
releases ``NAMESPACE_NAME`` or ``NAMESPACE_NAME_0``. Kube-OVN: ``np/NAME.NAMESPACE/ingress/IPv4/0``,
``anp/NAME/...``, ``banp/NAME/...``. A name is cut after 63 characters: a policy's name that nothing follows
may be cut.
"""

from __future__ import annotations

import re

FIREWALL = "EgressFirewall"
"""Of a namespace, always called default."""
_KINDS = {"ANP": "AdminNetworkPolicy", "BANP": "BaselineAdminNetworkPolicy"}
_FORMS = re.compile(
    r"NP:(?P<namespace>[^:]+):(?P<name>[^:]+):(?:Ingress|Egress)\b.*"
    r"|(?P<tier>B?ANP):(?P<tiered>[^:]+):(?:Ingress|Egress)\b.*"
    r"|EF:(?P<firewall>[^:]+):[0-9]*"
    r"|np/(?P<np>[^/]+)\.(?P<np_namespace>[^./]+)/.*"
    r"|(?P<lower>b?anp)/(?P<lower_name>[^/]+)/.*"
    r"|(?P<old_namespace>[a-z0-9-]+)_(?P<old>[a-z0-9.-]+)(?:_[0-9]+)?"
)
MOST_OLD = 62
"""Characters: an old name of more may be cut."""


def policy_of(name: str) -> str | None:
    """``kind/namespace/name``; None where it names no policy."""
    found = _FORMS.fullmatch(name)
    if found is None:
        return None
    if found["namespace"]:
        return f"NetworkPolicy/{found['namespace']}/{found['name']}"
    if found["np"]:
        return f"NetworkPolicy/{found['np_namespace']}/{found['np']}"
    if found["firewall"]:
        return f"{FIREWALL}/{found['firewall']}/default"
    if found["old"]:
        return f"NetworkPolicy/{found['old_namespace']}/{found['old']}" if len(name) <= MOST_OLD else None
    tier = found["tier"] or found["lower"].upper()
    return f"{_KINDS[tier]}/{found['tiered'] or found['lower_name']}"
