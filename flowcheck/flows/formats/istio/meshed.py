"""What a record of Envoy tells of the client's identity, of the request, and of what the mesh decided.

Identities are in no record unless somebody asks for them: %DOWNSTREAM_PEER_URI_SAN%, or what Istio's metrics
call source_principal and connection_security_policy. They and decisions are of the connection that came in,
so only the proxy before the server tells them of the one that a row is about.
"""

from __future__ import annotations

import msgspec

from flowcheck.flows.formats.istio.policies import ALLOWED, NOT_TOLD, denied_by_envoy
from flowcheck.flows.logs.rows import Meshed

NO_IDENTITY = "none"
"""Of src_principal: the proxy saw none."""
_NOTHING = (None, "", "-")
_SPIFFE = "spiffe://"
Text = str | None


class Told(msgspec.Struct, gc=False):
    """The fields that are read here."""

    method: Text = None
    path: Text = None
    authority: Text = None
    requested_server_name: Text = None
    response_code_details: Text = None
    connection_termination_details: Text = None
    downstream_peer_uri_san: Text | msgspec.UnsetType = msgspec.UNSET
    source_principal: Text = None
    connection_security_policy: Text = None


def meshed_of(told: Told, is_server: bool, *, passed: bool, tls: bool = True) -> Meshed:
    """``is_server``: the proxy is the one before the server. ``passed``: it let what came reach it. ``tls``:
    without an identity in it a record tells that there was none, as the client's TLS ends at the proxy."""
    meshed = Meshed(
        http_method=_text(told.method),
        http_path=_without_query(_text(told.path)),
        http_host=_lower(told.authority),
        mesh_action=NOT_TOLD,
    )
    if is_server:
        meshed.tls_server_name = _lower(told.requested_server_name)
        principal = _principal(told)
        meshed.src_principal = None if principal == NO_IDENTITY and not tls else principal
        details = told.response_code_details, told.connection_termination_details
        meshed.mesh_action, meshed.mesh_policy_refs = denied_by_envoy(*details)
        if passed and not meshed.mesh_action:
            meshed.mesh_action = ALLOWED
    return meshed


def _principal(told: Told) -> str | None:
    """The client's SPIFFE id. Of several only the mesh knows which it is; with none but a server's name as
    Istio's clients send it, which they do with a certificate only, it is not told."""
    san = told.downstream_peer_uri_san
    for text in (told.source_principal, None if san is msgspec.UNSET else san):
        ids = [one.strip() for one in (text or "").split(",") if "/ns/" in one]
        if len(ids) == 1:
            return ids[0] if ids[0].startswith(_SPIFFE) else f"{_SPIFFE}{ids[0]}"
        if ids:
            return None
    if (told.requested_server_name or "").startswith("outbound_"):
        return None
    is_plain = told.connection_security_policy == "none" or san in _NOTHING
    return NO_IDENTITY if is_plain else None


def _text(value: Text) -> Text:
    return None if value in _NOTHING else value


def _lower(value: Text) -> Text:
    return value.lower() if value and value not in _NOTHING else None


def _without_query(path: Text) -> Text:
    return path and path.partition("?")[0].partition("#")[0]
