"""Every kind of object that is known: those that are read, and those that restrict traffic in languages that
are not.

Whoever asks what an object is asks here: its reader, audit logs (which name resources, not kinds), whether it
has a namespace, what a misspelt kind may have been meant as. Of policies in other languages nothing is
evaluated; ``reading`` names each in a warning, since a verdict that leaves them out may allow what they
forbid. Staged policies enforce nothing and are none of them.

One file because whoever asks what a kind is asks for all of that.

Source: Kubernetes API groups; the custom resource definitions of each project; apimachinery meta
UnsafeGuessKindToResource for the names that paths have for kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple


class Role(Enum):
    """What a kind is read for."""

    POLICY = auto()
    PEER = auto()
    """Who talks, and by what name or address: a snapshot that holds none of it did not ask for it."""
    DETAIL = auto()
    """What more is told of those."""
    WORKLOAD = auto()
    RANGE = auto()
    """Where pods get their addresses from."""
    NAMED = auto()
    """What policies name beside pods and nodes: sets of addresses, tiers."""
    AGENT = auto()
    """How an agent is set that enforces policies."""
    ROUTE = auto()
    """How proxies divide what clients dial."""


class Kind(NamedTuple):
    """``plural`` is the resource: the name that paths and audit logs have for it. ``called`` is how it is
    called here, where another group has a kind of that name."""

    group: str
    kind: str
    plural: str
    role: Role
    namespaced: bool = True
    called: str = ""


def _calico(kind: str, plural: str, role: Role, *, namespaced: bool = True, called: str = "") -> list[Kind]:
    """A kind of Calico's as it is written, and as it is stored."""
    groups = ("projectcalico.org", "crd.projectcalico.org")
    return [Kind(group, kind, plural, role, namespaced, called) for group in groups]


_ADMIN = "policy.networking.k8s.io"

KINDS = (
    Kind("", "Namespace", "namespaces", Role.PEER, namespaced=False),
    Kind("", "Node", "nodes", Role.PEER, namespaced=False),
    Kind("", "Pod", "pods", Role.PEER),
    Kind("", "Service", "services", Role.PEER),
    Kind("discovery.k8s.io", "EndpointSlice", "endpointslices", Role.PEER),
    Kind("", "Endpoints", "endpoints", Role.DETAIL),
    Kind("", "ServiceAccount", "serviceaccounts", Role.DETAIL),
    Kind("cilium.io", "CiliumNode", "ciliumnodes", Role.DETAIL, namespaced=False),
    Kind("", "ReplicationController", "replicationcontrollers", Role.WORKLOAD),
    Kind("apps", "Deployment", "deployments", Role.WORKLOAD),
    Kind("apps", "ReplicaSet", "replicasets", Role.WORKLOAD),
    Kind("apps", "DaemonSet", "daemonsets", Role.WORKLOAD),
    Kind("apps", "StatefulSet", "statefulsets", Role.WORKLOAD),
    Kind("extensions", "Deployment", "deployments", Role.WORKLOAD),
    Kind("extensions", "ReplicaSet", "replicasets", Role.WORKLOAD),
    Kind("extensions", "DaemonSet", "daemonsets", Role.WORKLOAD),
    Kind("batch", "Job", "jobs", Role.WORKLOAD),
    Kind("batch", "CronJob", "cronjobs", Role.WORKLOAD),
    Kind("apps.openshift.io", "DeploymentConfig", "deploymentconfigs", Role.WORKLOAD),
    *_calico("IPPool", "ippools", Role.RANGE, namespaced=False),
    *_calico("BlockAffinity", "blockaffinities", Role.RANGE, namespaced=False),
    Kind("crd.projectcalico.org", "IPAMBlock", "ipamblocks", Role.RANGE, namespaced=False),
    *_calico("NetworkSet", "networksets", Role.NAMED),
    *_calico("GlobalNetworkSet", "globalnetworksets", Role.NAMED, namespaced=False),
    *_calico("HostEndpoint", "hostendpoints", Role.NAMED, namespaced=False),
    *_calico("Tier", "tiers", Role.NAMED, namespaced=False),
    Kind("networking.k8s.io", "ClusterCIDR", "clustercidrs", Role.RANGE, namespaced=False),
    Kind("cilium.io", "CiliumPodIPPool", "ciliumpodippools", Role.RANGE, namespaced=False),
    Kind("config.openshift.io", "Network", "networks", Role.RANGE, namespaced=False),
    Kind("cilium.io", "CiliumCIDRGroup", "ciliumcidrgroups", Role.NAMED, namespaced=False),
    Kind("", "ConfigMap", "configmaps", Role.AGENT),
    Kind("networking.istio.io", "VirtualService", "virtualservices", Role.ROUTE),
    Kind("networking.istio.io", "DestinationRule", "destinationrules", Role.ROUTE),
    Kind("gateway.networking.k8s.io", "HTTPRoute", "httproutes", Role.ROUTE),
    Kind("gateway.networking.k8s.io", "GRPCRoute", "grpcroutes", Role.ROUTE),
    Kind("gateway.networking.k8s.io", "TCPRoute", "tcproutes", Role.ROUTE),
    Kind("networking.k8s.io", "NetworkPolicy", "networkpolicies", Role.POLICY),
    Kind("extensions", "NetworkPolicy", "networkpolicies", Role.POLICY),
    Kind(_ADMIN, "AdminNetworkPolicy", "adminnetworkpolicies", Role.POLICY, namespaced=False),
    Kind(_ADMIN, "BaselineAdminNetworkPolicy", "baselineadminnetworkpolicies", Role.POLICY, namespaced=False),
    Kind(_ADMIN, "ClusterNetworkPolicy", "clusternetworkpolicies", Role.POLICY, namespaced=False),
    Kind("cilium.io", "CiliumNetworkPolicy", "ciliumnetworkpolicies", Role.POLICY),
    Kind(
        "cilium.io",
        "CiliumClusterwideNetworkPolicy",
        "ciliumclusterwidenetworkpolicies",
        Role.POLICY,
        namespaced=False,
    ),
    *_calico("NetworkPolicy", "networkpolicies", Role.POLICY, called="CalicoNetworkPolicy"),
    *_calico("GlobalNetworkPolicy", "globalnetworkpolicies", Role.POLICY, namespaced=False),
    *_calico("StagedNetworkPolicy", "stagednetworkpolicies", Role.POLICY),
    *_calico("StagedGlobalNetworkPolicy", "stagedglobalnetworkpolicies", Role.POLICY, namespaced=False),
    *_calico("StagedKubernetesNetworkPolicy", "stagedkubernetesnetworkpolicies", Role.POLICY),
    Kind("security.istio.io", "AuthorizationPolicy", "authorizationpolicies", Role.POLICY),
    Kind("security.istio.io", "PeerAuthentication", "peerauthentications", Role.POLICY),
)
"""Those that are read."""

POLICY_KINDS = frozenset(one.called or one.kind for one in KINDS if one.role is Role.POLICY)
PEER_KINDS = frozenset(one.kind for one in KINDS if one.role is Role.PEER)
ONLY_CALLED: Mapping[tuple[str, str], frozenset[str]] = {
    ("", "ConfigMap"): frozenset({"cilium-config", "istio"})
}
"""Of these kinds only the objects of these names are read: most others are no matter of ours."""
_ALL = frozenset((one.group, one.kind) for one in KINDS)
CLUSTER_SCOPED = frozenset((one.group, one.kind) for one in KINDS if not one.namespaced)
_CALLED = {(one.group, one.kind): one.called for one in KINDS if one.called}


def called(group: str, kind: str) -> str:
    """How a kind is called here: no two that are read are called the same, but for versions of one."""
    return _CALLED.get((group, kind), kind)


BESIDE_POLICIES: Mapping[str, frozenset[str]] = {
    "networking.k8s.io": frozenset({"Ingress", "IngressClass", "IPAddress", "ServiceCIDR", "ClusterCIDR"}),
    "policy.networking.k8s.io": frozenset(),
    "security.istio.io": frozenset({"RequestAuthentication"}),
}
"""The kinds without policies in the groups that have some; any other kind there is a typing error."""

_ANTREA = ("NetworkPolicy", "ClusterNetworkPolicy")

LANGUAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "access.smi-spec.io": ("Service Mesh Interface", ("TrafficTarget",)),
    "auth.consul.hashicorp.com": ("Consul", ("TrafficPermissions",)),
    "authentication.istio.io": ("Istio", ("Policy", "MeshPolicy")),
    "consul.hashicorp.com": ("Consul", ("ServiceIntentions",)),
    "crd.antrea.io": ("Antrea", _ANTREA),
    "crd.nsx.vmware.com": ("NSX", ("SecurityPolicy",)),
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
    "rbac.istio.io": ("Istio", ("ServiceRole", "ServiceRoleBinding", "RbacConfig", "ClusterRbacConfig")),
    "security.antrea.tanzu.vmware.com": ("Antrea", _ANTREA),
    "security.istio.io": ("Istio", ("RequestAuthentication",)),
    "security.kubearmor.com": (
        "KubeArmor",
        ("KubeArmorPolicy", "KubeArmorClusterPolicy", "KubeArmorHostPolicy"),
    ),
    "vpcresources.k8s.aws": ("AWS", ("SecurityGroupPolicy",)),
}
"""By API group: who made the language, and its kinds that may restrict traffic.

Istio's RequestAuthentication refuses only requests with a bad token, of which no record tells."""

_BY_NAME = re.compile(
    r"(?!Staged)\w{0,40}(?:NetworkPolicy|EgressFirewall|FirewallPolicy|FirewallRule|TrafficPermission)s?"
)
"""Kinds of groups that nobody told us of whose names say what they do."""

_GROUP = re.compile(r"[a-z0-9.-]{1,253}")
_ESCAPED = re.compile(r"[^A-Za-z0-9]")


@lru_cache(maxsize=4096)
def language_of(group: str, kind: str) -> str:
    """Whose language an object is in that may restrict traffic; empty: it restricts none, or is read."""
    name, kinds = LANGUAGES.get(group, ("", ()))
    if kind in kinds:
        return name
    if (group, kind) in _ALL or _is_built_in(group):
        return ""
    if not _GROUP.fullmatch(group) or not _BY_NAME.fullmatch(kind):
        return ""
    return name or group


def is_known(group: str) -> bool:
    """Whether the group is that of a known language."""
    return group in LANGUAGES


def is_passed_over(group: str, kind: str, name: str) -> bool:
    """Whether an object of a kind that is read is none of those that are."""
    return name not in ONLY_CALLED.get((group, kind), (name,))


def _is_built_in(group: str) -> bool:
    return "." not in group or group.endswith(".k8s.io")


_READ = {(one.group, one.plural): one.kind for one in KINDS}
_UNREAD = {
    (group, resource): kind
    for group, (_, kinds) in LANGUAGES.items()
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


def read_kind(group: str, resource: str) -> str:
    """The kind that is read, by the name that paths have for it (``pods``); empty: none."""
    return _READ.get((group, resource), "")


@lru_cache(maxsize=4096)
def unread_kind(group: str, resource: str) -> str:
    """The kind of a policy in another language, by the name that paths have for it (``egressfirewalls``);
    empty: none."""
    if (group, resource) in _READ:
        return ""
    plain = _ESCAPED.sub("", resource)
    kind = _UNREAD.get((group, plain), "")
    if kind or not group or _is_built_in(group) or plain.startswith("staged"):
        return kind
    endings = (ending for ending in _ENDINGS if plain.endswith(ending))
    return next((plain.removesuffix(one).capitalize() + _ENDINGS[one] for one in endings), "")
