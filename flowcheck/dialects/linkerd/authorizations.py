"""ServerAuthorization and AuthorizationPolicy: which clients Servers let in."""

from __future__ import annotations

from collections import Counter

from flowcheck.dialects.linkerd.authentications import read_names
from flowcheck.dialects.linkerd.form import (
    CORE,
    is_kind,
    own_namespace,
    policy_of,
    read_networks,
    read_reference,
    refuse,
    spec_of,
    truth,
)
from flowcheck.dialects.shared import as_written
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.selectors import read_selector
from flowcheck.model.labels import EVERYTHING, Selector
from flowcheck.model.mesh.linkerd import (
    Identities,
    LinkerdAuthorization,
    Reference,
    ServerAuthorization,
)
from flowcheck.model.policy import Policy

CALLED = "LinkerdAuthorizationPolicy"
"""What an AuthorizationPolicy of Linkerd is called here, as Istio has one, too."""
SERVER, NAMESPACE, HTTP_ROUTE, GRPC_ROUTE = "Server", "Namespace", "HTTPRoute", "GRPCRoute"
MESH_TLS, NETWORK, ACCOUNT = "MeshTLSAuthentication", "NetworkAuthentication", "ServiceAccount"
_GATEWAY = "gateway.networking.k8s.io"
_IGNORED = "Linkerd passes over the policy"


def read_server_authorization(document: Document) -> Policy:
    place = spec_of(document, "v1beta1", "v1alpha1")
    names = ("server", "client")
    spec = place.mapping(*names, required=names) if place is not None else {}
    server = _servers(spec["server"]) if "server" in spec else EVERYTHING
    client = spec["client"].mapping("networks", "unauthenticated", "meshTLS") if "client" in spec else {}
    unauthenticated = truth(client.get("unauthenticated"))
    identities, is_void = _identities(client.get("meshTLS"), own_namespace(document))
    if "client" in spec and unauthenticated and "meshTLS" in client:
        refuse(client["meshTLS"], "stands beside unauthenticated: true", "it is passed over")
    elif "client" in spec and not unauthenticated and "meshTLS" not in client:
        spec["client"].warn("has neither unauthenticated: true nor meshTLS, so it authorizes nobody")
        is_void = True
    written = f"server: {as_written(spec['server'].value)}" if "server" in spec else ""
    found = ServerAuthorization(
        server,
        read_networks(client.get("networks")),
        None if unauthenticated else identities,
        is_void and not unauthenticated,
    )
    return policy_of(document, found, written=written)


def _servers(field: Field) -> str | Selector:
    parts = field.mapping("name", "selector")
    if len(parts) != 1:
        field.report("needs either name or selector")
    if "name" in parts:
        return parts["name"].text() or ""
    return read_selector(parts["selector"]) if "selector" in parts else EVERYTHING


def _identities(field: Field | None, own: str) -> tuple[Identities, bool]:
    """Whom meshTLS names, and whether that is nobody."""
    if field is None:
        return Identities(), False
    parts = field.mapping("unauthenticatedTLS", "identities", "serviceAccounts")
    names = read_names(parts.get("identities"))
    accounts = []
    for entry in parts["serviceAccounts"].elements() if "serviceAccounts" in parts else ():
        inner = entry.mapping("name", "namespace", required=("name",))
        name, space = (((inner[one].text() or "") if one in inner else "") for one in ("name", "namespace"))
        accounts.append((space or own, name))
    if truth(parts.get("unauthenticatedTLS")):
        if names or accounts:
            refuse(parts["unauthenticatedTLS"], "stands beside identities", "those are passed over")
        return Identities(("*",)), False
    if not names and not accounts:
        field.warn("names no identity, so nobody is authorized")
    return Identities(names, tuple(accounts)), not names and not accounts


def read_authorization_policy(document: Document) -> Policy:
    place = spec_of(document, "v1alpha1")
    names = ("targetRef", "requiredAuthenticationRefs")
    spec = place.mapping(*names, required=names) if place is not None else {}
    target = _target(spec["targetRef"], own_namespace(document)) if "targetRef" in spec else None
    entries = spec["requiredAuthenticationRefs"].elements() if "requiredAuthenticationRefs" in spec else []
    required = [_required(entry) for entry in entries]
    kinds = Counter(NETWORK if one.kind == NETWORK else MESH_TLS for one in required if one is not None)
    for kind, count in kinds.items():
        if count > 1:
            other = "" if kind == NETWORK else f" or {ACCOUNT}"
            refuse(spec[names[1]], f"has more than one {kind}{other}", _IGNORED)
    is_void = target is None or None in required or any(count > 1 for count in kinds.values())
    found = LinkerdAuthorization(
        target or Reference("", ""), tuple(one for one in required if one is not None), is_void
    )
    written = f"targetRef: {as_written(spec['targetRef'].value)}" if "targetRef" in spec else ""
    return policy_of(document, found, CALLED, written=written)


def _target(field: Field, own: str) -> Reference | None:
    reference, group = read_reference(field, in_namespace=False)
    if is_kind(reference, group, SERVER):
        return Reference(SERVER, reference.name)
    if is_kind(reference, group, NAMESPACE, of=CORE):
        if reference.name != own:
            refuse(field, "names another namespace", "it is for the policy's own")
        return Reference(NAMESPACE, own)
    if is_kind(reference, group, HTTP_ROUTE) or is_kind(reference, group, HTTP_ROUTE, of=_GATEWAY):
        return Reference(HTTP_ROUTE, reference.name)
    if is_kind(reference, group, GRPC_ROUTE, of=_GATEWAY):
        return Reference(GRPC_ROUTE, reference.name)
    refuse(field, f"must be a {SERVER}, a {NAMESPACE}, an {HTTP_ROUTE} or a {GRPC_ROUTE}", _IGNORED)
    return None


def _required(entry: Field) -> Reference | None:
    reference, group = read_reference(entry)
    for kind, of in ((MESH_TLS, "policy.linkerd.io"), (NETWORK, "policy.linkerd.io"), (ACCOUNT, CORE)):
        if is_kind(reference, group, kind, of=of):
            return Reference(kind, reference.name, reference.namespace)
    refuse(entry, f"must be a {MESH_TLS}, a {NETWORK} or a {ACCOUNT}", _IGNORED)
    return None
