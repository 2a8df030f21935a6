"""The dialects: policy languages that are read. Those that are known but not read: ``kinds``.

A reader takes a :class:`~flowcheck.manifests.documents.Document` and gives the policy it means; what
the API server would refuse is reported to the document. ``reading`` calls the readers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowcheck.dialects import admin, calico, cilium, istio, kubernetes, linkerd
from flowcheck.manifests.documents import Document
from flowcheck.model.policy import Policy

Reader = Callable[[Document], Policy]

_CALICO: Mapping[str, Reader] = {
    "NetworkPolicy": calico.read_network_policy,
    "GlobalNetworkPolicy": calico.read_global_network_policy,
    "StagedNetworkPolicy": calico.read_staged_network_policy,
    "StagedGlobalNetworkPolicy": calico.read_staged_global_network_policy,
    "StagedKubernetesNetworkPolicy": kubernetes.read_staged_network_policy,
}

READERS: Mapping[tuple[str, str], Reader] = {
    ("networking.k8s.io", "NetworkPolicy"): kubernetes.read_network_policy,
    ("extensions", "NetworkPolicy"): kubernetes.read_network_policy,
    ("policy.networking.k8s.io", "AdminNetworkPolicy"): admin.read_admin_network_policy,
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"): admin.read_baseline_admin_network_policy,
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"): admin.read_cluster_network_policy,
    ("cilium.io", "CiliumNetworkPolicy"): cilium.read_cilium_network_policy,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): cilium.read_cilium_clusterwide_network_policy,
    ("security.istio.io", "AuthorizationPolicy"): istio.read_authorization_policy,
    ("security.istio.io", "PeerAuthentication"): istio.read_peer_authentication,
    ("policy.linkerd.io", "Server"): linkerd.read_server,
    ("policy.linkerd.io", "ServerAuthorization"): linkerd.read_server_authorization,
    ("policy.linkerd.io", "AuthorizationPolicy"): linkerd.read_authorization_policy,
    ("policy.linkerd.io", "MeshTLSAuthentication"): linkerd.read_mesh_tls_authentication,
    ("policy.linkerd.io", "NetworkAuthentication"): linkerd.read_network_authentication,
    **{("projectcalico.org", kind): reader for kind, reader in _CALICO.items()},
    **{("crd.projectcalico.org", kind): reader for kind, reader in _CALICO.items()},
}
"""By API group and kind, as ``kinds`` has them: languages give the same name to kinds of their own."""
