"""Istio's policies: AuthorizationPolicy and PeerAuthentication, as they are written.

What is absent, and what it means (null is absent, and so is an empty list):

    selector, targetRefs     every workload of the namespace; in the root namespace of the mesh
    selector: {}             the same
    action                   ALLOW
    rules of an ALLOW        nothing is let in; of any other action nothing is matched
    a rule {}                every connection, with or without an identity
    from, to, when           no restriction
    mtls, mode, UNSET        as the next wider policy says, and PERMISSIVE in the end

Rules of one policy, and entries of ``from`` and ``to``, are alternatives; all of ``when`` must hold, and all
fields of an entry; of one field's values any, of a ``not`` field's none. A policy with targetRefs is for
gateways and waypoints only.

The API server refuses what the schema of the kind forbids: those are problems. What only istiod's validation
refuses may be in the cluster all the same (its webhook may be off): a warning, and the meaning that proxies
give it. What proxies make of a policy hangs on the mesh: ``flowcheck.engines.istio``.

Source: security.istio.io/v1 of Istio 1.31, its CRDs with their CEL rules; pkg/config/validation,
pkg/config/security.
"""

from flowcheck.dialects.istio.authorization import read_authorization_policy
from flowcheck.dialects.istio.peer_authentication import read_peer_authentication

__all__ = ["read_authorization_policy", "read_peer_authentication"]
