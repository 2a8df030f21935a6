"""Objects that restrict traffic in languages that are not read: which they are, by API group and kind.

Nothing here evaluates them. ``reading`` names each in a warning, since a verdict that leaves them out
may allow what they forbid. Staged policies enforce nothing and are none of them.

Source: the custom resource definitions of each project; apimachinery meta UnsafeGuessKindToResource for the
names that paths have for kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_ANTREA = ("NetworkPolicy", "ClusterNetworkPolicy")
_CALICO = ("NetworkPolicy", "GlobalNetworkPolicy", "HostEndpoint")

KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "access.smi-spec.io": ("Service Mesh Interface", ("TrafficTarget",)),
    "auth.consul.hashicorp.com": ("Consul", ("TrafficPermissions",)),
    "authentication.istio.io": ("Istio", ("Policy", "MeshPolicy")),
    "cilium.io": ("Cilium", ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")),
    "consul.hashicorp.com": ("Consul", ("ServiceIntentions",)),
    "crd.antrea.io": ("Antrea", _ANTREA),
    "crd.nsx.vmware.com": ("NSX", ("SecurityPolicy",)),
    "crd.projectcalico.org": ("Calico", _CALICO),
    "ingressnodefirewall.openshift.io": ("OpenShift", ("IngressNodeFirewall",)),
    "k8s.cni.cncf.io": ("Multus", ("MultiNetworkPolicy",)),
    "k8s.ovn.org": ("OVN-Kubernetes", ("EgressFirewall",)),
    "kubeovn.io": ("Kube-OVN", ("SecurityGroup", "Subnet")),
    "kuma.io": ("Kuma", ("MeshTrafficPermission", "TrafficPermission", "MeshPassthrough")),
    "network.openshift.io": ("OpenShift", ("EgressNetworkPolicy", "NetNamespace")),
    "networking.gke.io": ("GKE", ("FQDNNetworkPolicy",)),
    "networking.k8s.aws": (
        "AWS",
        ("ApplicationNetworkPolicy", "ClusterNetworkPolicy", "ClusterPolicyEndpoint", "PolicyEndpoint"),
    ),
    "neuvector.com": ("NeuVector", ("NvSecurityRule", "NvClusterSecurityRule")),
    "nsx.vmware.com": ("NSX", ("SecurityPolicy",)),
    "policy.linkerd.io": (
        "Linkerd",
        (
            "AuthorizationPolicy",
            "EgressNetwork",
            "MeshTLSAuthentication",
            "NetworkAuthentication",
            "Server",
            "ServerAuthorization",
        ),
    ),
    "projectcalico.org": ("Calico", _CALICO),
    "rbac.istio.io": ("Istio", ("ServiceRole", "ServiceRoleBinding", "RbacConfig", "ClusterRbacConfig")),
    "security.antrea.tanzu.vmware.com": ("Antrea", _ANTREA),
    "security.istio.io": ("Istio", ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication")),
    "security.kubearmor.com": (
        "KubeArmor",
        ("KubeArmorPolicy", "KubeArmorClusterPolicy", "KubeArmorHostPolicy"),
    ),
    "vpcresources.k8s.aws": ("AWS", ("SecurityGroupPolicy",)),
}
"""By API group: who made the language, and its kinds that may restrict traffic."""

_BY_NAME = re.compile(
    r"(?!Staged)\w{0,40}(?:NetworkPolicy|EgressFirewall|FirewallPolicy|FirewallRule|TrafficPermission)s?"
)
"""Kinds of groups that nobody told us of whose names say what they do."""

_GROUP = re.compile(r"[a-z0-9.-]{1,253}")
_ESCAPED = re.compile(r"[^A-Za-z0-9]")


@lru_cache(maxsize=4096)
def language_of(group: str, kind: str) -> str:
    """Whose language an object is in that may restrict traffic; empty: it restricts none, or is read."""
    name, kinds = KINDS.get(group, ("", ()))
    if kind in kinds:
        return name
    if _is_built_in(group) or not _GROUP.fullmatch(group) or not _BY_NAME.fullmatch(kind):
        return ""
    return name or group


def is_known(group: str) -> bool:
    """Whether the group is that of a known language."""
    return group in KINDS


def _is_built_in(group: str) -> bool:
    return "." not in group or group.endswith(".k8s.io")


_RESOURCES = {
    (group, resource): kind
    for group, (_, kinds) in KINDS.items()
    for kind in kinds
    for resource in (kind.lower(), kind.lower().removesuffix("y") + "ies", kind.lower() + "s")
}


_ENDINGS = {
    "networkpolicies": "NetworkPolicy",
    "egressfirewalls": "EgressFirewall",
    "firewallpolicies": "FirewallPolicy",
    "firewallrules": "FirewallRule",
    "trafficpermissions": "TrafficPermission",
}


@lru_cache(maxsize=4096)
def kind_of_resource(group: str, resource: str) -> str:
    """The kind of such an object, by the name that paths have for it (``egressfirewalls``); empty: none."""
    plain = _ESCAPED.sub("", resource)
    kind = _RESOURCES.get((group, plain), "")
    if kind or not group or _is_built_in(group) or plain.startswith("staged"):
        return kind
    endings = (ending for ending in _ENDINGS if plain.endswith(ending))
    return next((plain.removesuffix(one).capitalize() + _ENDINGS[one] for one in endings), "")
