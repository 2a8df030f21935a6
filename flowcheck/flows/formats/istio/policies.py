"""Policies as Istio's proxies name them -> as they are written in the cluster.

Source: policyName in pilot/pkg/security/authz/builder/builder.go, GetAmbientPolicyConfigName in
pilot/pkg/model/authentication.go and staticStrictPolicyName in pilot/pkg/serviceregistry/ambient of
istio/istio 1.30; responseDetail in source/extensions/filters/common/rbac/utility.cc of Envoy;
AuthorizationRejectionError in src/proxy.rs of istio/ztunnel 1.30.
"""

from __future__ import annotations

import re

NOT_TOLD, ALLOWED, DENIED = 0, 1, 2
SOME_STRICT = "PeerAuthentication"
"""Any whose mode is STRICT: ztunnel has one rule for all of them, and names none."""
_BY_ENVOY = re.compile(r"rbac_access_denied_matched_policy\[(.*)\]", re.DOTALL)
_ONE = re.compile(r"ns\[([^\]]+)\]-policy\[([^\]]+)\]-rule\[")
_ASKED_ELSEWHERE = "ext_authz_denied"
_BY_ZTUNNEL = "connection closed due to policy rejection: "
_NO_POLICY = ("workload not found", "workload mismatch")
_NAMED = re.compile(r"explicitly denied by: ([^\s/]+)/(\S+)")
_CONVERTED, _STRICT = "converted_peer_authentication_", "istio_converted_static_strict"
_UNAUTHORIZED = "http status: 401"
Denial = tuple[int, list[str] | None]
"""mesh_action and mesh_policy_refs."""


def denied_by_envoy(*details: str | None) -> Denial:
    """Of what a record says of its answer, and of its connection's end. ``none`` in brackets: no policy
    allowed it."""
    for text in details:
        if text and (found := _BY_ENVOY.search(text)):
            named = _ONE.search(found[1])
            return DENIED, [f"AuthorizationPolicy/{named[1]}/{named[2]}"] if named else None
        if text and text.startswith(_ASKED_ELSEWHERE):
            return DENIED, None
    return NOT_TOLD, None


def denied_by_ztunnel(error: str) -> Denial:
    """Of the error of a connection that ended. The client's node is told no more than that it was refused;
    that of the server names who denied it, if it was not that nobody allowed it."""
    if error.startswith(_UNAUTHORIZED):
        return DENIED, None
    if not error.startswith(_BY_ZTUNNEL) or error.endswith(_NO_POLICY):
        return NOT_TOLD, None
    named = _NAMED.search(error)
    return DENIED, [_written(*named.groups())] if named else None


def _written(namespace: str, name: str) -> str:
    if name == _STRICT:
        return SOME_STRICT
    if name.startswith(_CONVERTED):
        return f"PeerAuthentication/{namespace}/{name.removeprefix(_CONVERTED)}"
    return f"AuthorizationPolicy/{namespace}/{name}"
