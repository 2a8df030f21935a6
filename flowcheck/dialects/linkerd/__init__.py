"""Linkerd's policies: Server, ServerAuthorization, AuthorizationPolicy, MeshTLSAuthentication,
NetworkAuthentication, as they are written.

What is absent, and what it means:

    accessPolicy                    deny: only authorizations let in
    proxyProtocol                   unknown: the proxy finds out
    networks of a client            those of the cluster
    requiredAuthenticationRefs: []  nothing is required: everybody
    namespace of a reference        the policy's own
    group of a reference            the core group

All authentications that an AuthorizationPolicy refers to must hold; of one's identities or networks any. A
group and a kind in a reference are compared whatever their case.

The API server refuses what the schema of the kind forbids: those are problems. What only Linkerd's webhook
refuses may be in the cluster all the same (its failurePolicy is Ignore): a warning, and the meaning that its
policy controller gives it. What proxies make of a policy hangs on the mesh: ``flowcheck.engines.linkerd``.

Source: Linkerd edge-26.8.3 charts/linkerd-crds/templates/policy; policy-controller/runtime/src/admission.rs,
policy-controller/k8s/api/src/policy, policy-controller/k8s/index/src/inbound.
"""

from flowcheck.dialects.linkerd.authentications import (
    read_mesh_tls_authentication,
    read_network_authentication,
)
from flowcheck.dialects.linkerd.authorizations import read_authorization_policy, read_server_authorization
from flowcheck.dialects.linkerd.servers import read_server

__all__ = [
    "read_authorization_policy",
    "read_mesh_tls_authentication",
    "read_network_authentication",
    "read_server",
    "read_server_authorization",
]
