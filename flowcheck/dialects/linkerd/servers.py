"""Server: a port of pods, whom it lets in where no authorization does, and what is spoken there."""

from __future__ import annotations

from flowcheck.dialects.linkerd.form import NOBODY, metadata_of, own_namespace, policy_of, refuse, spec_of
from flowcheck.dialects.shared import as_written
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.selectors import read_selector
from flowcheck.manifests.validation import port_name_fault
from flowcheck.model.mesh.linkerd import Server
from flowcheck.model.peers import Access, PodQuery
from flowcheck.model.policy import Policy

_VERSIONS = ("v1beta3", "v1beta2", "v1beta1", "v1alpha1")
_SELECTORS = ("podSelector", "externalWorkloadSelector")
_WITHOUT_REQUESTS = ("opaque", "TLS")
_PROTOCOLS = ("unknown", "HTTP/1", "HTTP/2", "gRPC", *_WITHOUT_REQUESTS)
_LAST_PORT = 65535


def read_server(document: Document) -> Policy:
    """One Server. That of external workloads is for no pod."""
    place = spec_of(document, *_VERSIONS)
    known = (*_SELECTORS, "port", "proxyProtocol", "accessPolicy")
    spec = place.mapping(*known, required=("port",)) if place is not None else {}
    given = [name for name in _SELECTORS if name in spec]
    if place is not None and len(given) != 1:
        place.report(f"needs either {' or '.join(_SELECTORS)}")
    labels, created = metadata_of(document)
    selector = read_selector(spec[given[0]]) if given else None
    server = Server(
        _port(spec["port"]) if "port" in spec else "",
        _access(spec.get("accessPolicy")),
        _protocol(spec.get("proxyProtocol")) not in _WITHOUT_REQUESTS,
        tuple(sorted(labels.items())),
        created,
    )
    is_for_pods = selector is not None and given == ["podSelector"]
    subject = (
        PodQuery(namespace=own_namespace(document), pods=selector) if is_for_pods and selector else NOBODY
    )
    written = f"{given[0]}: {as_written(spec[given[0]].value)}" if given else ""
    return policy_of(document, server, subject=subject, written=written)


def _port(field: Field) -> int | str:
    """A text is a name, whatever stands in it."""
    if isinstance(field.value, str):
        if field.value.isdecimal():
            field.warn("is the name of a port, as it is quoted, and no port can have that name")
        elif fault := port_name_fault(field.value):
            field.warn(f"{fault}, so no port has that name")
        return field.value
    return field.number(1, _LAST_PORT) or ""


def _access(field: Field | None) -> Access:
    word = field.text() if field is not None else None
    if field is not None and word is not None and word not in tuple(Access):
        refuse(field, f"is none of {', '.join(Access)}", "it is as if it were absent")
        return Access.DENY
    return Access(word) if word is not None else Access.DENY


def _protocol(field: Field | None) -> str:
    """Linkerd's controller cannot read an object with another one: it is not kept at all."""
    return (field.one_of(*_PROTOCOLS) if field is not None else None) or _PROTOCOLS[0]
