"""What Linkerd's policies share of form: their top, networks, references, and how its webhook refuses."""

from __future__ import annotations

import ipaddress

from flowcheck.dialects.shared import check_version, read_top
from flowcheck.manifests.blocks import plain_address, plain_cidr
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.labels import Labels
from flowcheck.model.mesh.linkerd import LinkerdWritten, Network, Reference
from flowcheck.model.mesh.tiers import SERVER
from flowcheck.model.peers import AnyOf, Subject, Where
from flowcheck.model.policy import Policy

GROUP = "policy.linkerd.io"
NOBODY = Where(AnyOf(()))
CORE = ""
_CORE = ("", "core")


def spec_of(document: Document, *versions: str) -> Field | None:
    """Where its spec stands; without one it is refused."""
    check_version(document, [f"{GROUP}/{one}" for one in versions])
    return read_top(document, required=("spec",)).get("spec")


def own_namespace(document: Document) -> str:
    return document.namespace or DEFAULT_NAMESPACE


def metadata_of(document: Document) -> tuple[Labels, str]:
    """Its labels, and its creationTimestamp."""
    meta = document.tree().get("metadata")
    found = meta if isinstance(meta, dict) else {}
    labels, created = found.get("labels"), found.get("creationTimestamp")
    given = labels if isinstance(labels, dict) else {}
    kept = {key: value for key, value in given.items() if isinstance(key, str) and isinstance(value, str)}
    return kept, created if isinstance(created, str) else ""


def policy_of(
    document: Document, mesh: LinkerdWritten, kind: str = "", subject: Subject = NOBODY, written: str = ""
) -> Policy:
    """``kind``: as it is called here, if not as there."""
    return Policy(
        kind or document.kind,
        own_namespace(document),
        document.name,
        SERVER,
        subject,
        source=document.source,
        written=written,
        mesh=mesh,
    )


def refuse(field: Field, message: str, effect: str) -> None:
    """Linkerd's webhook refuses the policy for this; ``effect``: what is made of it all the same."""
    field.warn(f"{message}: Linkerd's validation refuses it; where it is stored, {effect}")


def texts(field: Field | None) -> tuple[str, ...]:
    """The texts of a list."""
    found = [element.text() for element in field.elements()] if field is not None else []
    return tuple(text for text in found if text is not None)


def truth(field: Field | None) -> bool:
    if field is None:
        return False
    if not isinstance(field.value, bool):
        field.report("must be true or false")
    return field.value is True


def read_networks(field: Field | None) -> tuple[Network, ...]:
    """Each with its exceptions; an address stands for itself alone."""
    found = []
    for entry in field.elements() if field is not None else ():
        parts = entry.mapping("cidr", "except", required=("cidr",))
        cidr = _block(parts["cidr"]) if "cidr" in parts else None
        excepts = parts["except"].elements() if "except" in parts else ()
        taken = tuple(filter(None, map(_block, excepts)))
        if cidr is not None:
            found.append(Network(cidr, taken))
    return tuple(found)


def _block(field: Field) -> str | None:
    """A CIDR. Linkerd's controller cannot read an object with one that is none: it is not kept at all."""
    text = field.text()
    if text is None:
        return None
    try:
        if "/" in text:
            return str(plain_cidr(field.complaints, text, field.line))
        return str(ipaddress.ip_network(plain_address(field.complaints, text)))
    except ValueError:
        field.report("is neither an address nor a CIDR", "write one such as 10.0.0.0/8 or 10.0.0.1")
        return None


def read_reference(entry: Field, *, in_namespace: bool = True) -> tuple[Reference, str]:
    """Another object, and the group that is named, which may be the core group by either name."""
    names = ("group", "kind", "name", *(("namespace",) if in_namespace else ()))
    parts = entry.mapping(*names, required=("kind", "name"))
    group, kind, name = ((parts[one].text() or "") if one in parts else "" for one in names[:3])
    namespace = (parts["namespace"].text() or "") if "namespace" in parts else ""
    group = group.lower()
    return Reference(kind, name, namespace), CORE if group in _CORE else group


def is_kind(reference: Reference, group: str, *kinds: str, of: str = GROUP) -> bool:
    return group == of and reference.kind.lower() in {kind.lower() for kind in kinds}
