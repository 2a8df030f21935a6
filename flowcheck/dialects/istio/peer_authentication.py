"""PeerAuthentication: whether a client must prove its identity by mutual TLS.

``portLevelMtls`` is by the number of the pod's port, and counts only beside labels to select by. Which of
several policies counts, the widest or the oldest, ``engines.istio`` finds.
"""

from __future__ import annotations

from flowcheck.dialects.istio.form import read_labels, top_of
from flowcheck.dialects.shared import as_written
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.mesh.tiers import PEER_AUTHENTICATION
from flowcheck.model.mesh.written import Mode, PeerAuthentication
from flowcheck.model.peers import PodQuery
from flowcheck.model.policy import Policy

_LAST_PORT = 65535


def read_peer_authentication(document: Document) -> Policy:
    """One PeerAuthentication. Without a spec it says nothing, and is not passed over for that."""
    place, meta = top_of(document)
    spec = place.mapping("selector", "mtls", "portLevelMtls") if place is not None else {}
    namespace = document.namespace or DEFAULT_NAMESPACE
    selector = read_labels(spec.get("selector"))
    ports = _ports(spec["portLevelMtls"]) if "portLevelMtls" in spec else ()
    has_selector = bool(selector.requirements)
    if "portLevelMtls" in spec and not has_selector:
        field, hint = spec["portLevelMtls"], "add a selector with labels"
        if "uid" in meta:  # stored by an older schema
            field.warn("stands in a policy that selects no workloads: Istio ignores it")
            ports = ()
        else:
            field.report("may only stand in a policy that selects workloads", hint)
    created = meta.get("creationTimestamp")
    written = f"selector: {as_written(spec['selector'].value)}" if "selector" in spec else "no selector"
    return Policy(
        document.kind,
        namespace,
        document.name,
        PEER_AUTHENTICATION,
        PodQuery(namespace=namespace, pods=selector),
        source=document.source,
        written=written,
        mesh=PeerAuthentication(
            _mode(spec.get("mtls")), ports, has_selector, created if isinstance(created, str) else ""
        ),
    )


def _ports(field: Field) -> tuple[tuple[int, Mode], ...]:
    entries = field.entries()
    if not entries:
        field.report("needs a port, or must be left out")
    found = []
    for key, entry in entries.items():
        mode = _mode(entry)
        if not (key.isascii() and key.isdecimal() and 0 < int(key) <= _LAST_PORT):
            entry.report(f"must be under the number of a port, 1 to {_LAST_PORT}", 'write it as in "8080":')
        else:
            found.append((int(key), mode))
    return tuple(sorted(found))


def _mode(field: Field | None) -> Mode:
    parts = field.mapping("mode") if field is not None else {}
    word = parts["mode"].one_of(*Mode) if "mode" in parts else None
    return Mode(word) if word is not None else Mode.UNSET
