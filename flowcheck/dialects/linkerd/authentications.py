"""MeshTLSAuthentication and NetworkAuthentication: identities and networks that an AuthorizationPolicy refers
to, from whatever namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flowcheck.dialects.linkerd.form import (
    CORE,
    is_kind,
    own_namespace,
    policy_of,
    read_networks,
    read_reference,
    refuse,
    spec_of,
    texts,
)
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.model.mesh.linkerd import Identities, MeshTlsAuthentication, NetworkAuthentication
from flowcheck.model.policy import Policy

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_ID = re.compile(rf"(\*|{_LABEL})(\.{_LABEL})*")
_SPIFFE = "spiffe://"


def read_mesh_tls_authentication(document: Document) -> Policy:
    place = spec_of(document, "v1alpha1")
    spec = place.mapping("identities", "identityRefs") if place is not None else {}
    if place is not None and len(spec) != 1:
        place.report("needs either identities or identityRefs")
    for name in spec:
        if spec[name].value == []:
            spec[name].report("needs an entry")
    names = read_names(spec.get("identities"))
    refs = spec["identityRefs"].elements() if "identityRefs" in spec else ()
    found = _referred(refs, own_namespace(document))
    is_void = found is None
    return policy_of(
        document, MeshTlsAuthentication(Identities(names, *(found or ((), ()))), is_void=is_void)
    )


def read_names(field: Field | None) -> tuple[str, ...]:
    """Identities: whole, or what follows a leading ``*``."""
    names = texts(field)
    for name in names:
        if field is not None and not (name.startswith(_SPIFFE) or _ID.fullmatch(name)):
            refuse(field, f"`{name[:63]}` is no identity", "it is compared as it stands")
    return names


def _referred(
    entries: Iterable[Field], own: str
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]] | None:
    """Service accounts and namespaces; None: there is one of another kind, for which all is passed over."""
    accounts, namespaces, is_void = [], [], False
    for entry in entries:
        reference, group = read_reference(entry)
        if is_kind(reference, group, "ServiceAccount", of=CORE):
            accounts.append((reference.namespace or own, reference.name))
        elif is_kind(reference, group, "Namespace", of=CORE):
            if reference.namespace:
                refuse(entry, "a Namespace is in no namespace", "that is passed over")
            namespaces.append(reference.name)
        else:
            refuse(entry, "must be a ServiceAccount or a Namespace", "nobody is authenticated")
            is_void = True
    return None if is_void else (tuple(accounts), tuple(namespaces))


def read_network_authentication(document: Document) -> Policy:
    place = spec_of(document, "v1alpha1")
    spec = place.mapping("networks", required=("networks",)) if place is not None else {}
    networks = read_networks(spec.get("networks"))
    if "networks" in spec and not networks:
        refuse(spec["networks"], "is empty", "nobody is authenticated")
    return policy_of(document, NetworkAuthentication(networks))
