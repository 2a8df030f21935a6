"""What Istio's policies share of form: their top, whom they select, and how istiod refuses."""

from __future__ import annotations

import re
from typing import Any

from flowcheck.dialects.shared import check_version, read_top
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.mesh.written import TargetRef

VERSIONS = ("security.istio.io/v1", "security.istio.io/v1beta1")
_LONGEST_VALUE, _MOST_TARGETS, _LONGEST_NAME, _LONGEST_KIND = 63, 16, 253, 63
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_GROUP = re.compile(rf"({_LABEL}(\.{_LABEL})*)?")
_KIND = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
_TARGETS = frozenset(
    {
        ("", "Service"),
        ("core", "Service"),
        ("networking.istio.io", "ServiceEntry"),
        ("gateway.networking.k8s.io", "Gateway"),
        ("gateway.networking.k8s.io", "GatewayClass"),
    }
)


def top_of(document: Document) -> tuple[Field | None, dict[Any, Any]]:
    """Where its spec stands, if it has one, and its metadata."""
    check_version(document, VERSIONS)
    top = read_top(document)
    meta = top["metadata"].value if "metadata" in top else None
    return top.get("spec"), meta if isinstance(meta, dict) else {}


def refuse(field: Field, message: str, effect: str = "") -> None:
    """istiod's validation refuses the policy for this; ``effect``: what proxies make of it all the same."""
    field.warn(f"{message}: Istio's validation refuses it{effect and '; where it is stored, ' + effect}")


def texts(field: Field | None) -> tuple[str, ...]:
    """The texts of a list."""
    found = [element.text() for element in field.elements()] if field is not None else []
    return tuple(text for text in found if text is not None)


def read_labels(field: Field | None) -> Selector:
    """``matchLabels`` of a selector, whose values may be any text, but for wildcards."""
    parts = field.mapping("matchLabels") if field is not None else {}
    labels = parts["matchLabels"].entries() if "matchLabels" in parts else {}
    if field is not None and not labels:
        field.warn("has no labels, so it selects every workload of its scope")
    found = []
    for key, value in sorted(labels.items()):
        text = value.text()
        if not key or "*" in key:
            value.report("a label's key may not be empty, and has no wildcards")
        if text is not None and ("*" in text or len(text) > _LONGEST_VALUE):
            value.report(f"a label's value has no wildcards, and at most {_LONGEST_VALUE} characters")
        elif text is not None:
            found.append(Requirement(key, Operator.IN, frozenset((text,))))
    return Selector(tuple(found))


def read_targets(spec: dict[str, Field]) -> tuple[TargetRef, ...]:
    """``targetRefs``, or the older ``targetRef``; beside them no selector may stand."""
    given = [name for name in ("selector", "targetRef", "targetRefs") if name in spec]
    if len(given) > 1:
        spec[given[-1]].report(f"may not stand beside {given[0]}", "leave one of them out")
    entries = spec["targetRefs"].elements() if "targetRefs" in spec else []
    if len(entries) > _MOST_TARGETS:
        spec["targetRefs"].report(f"has more than {_MOST_TARGETS} entries")
    if not entries and "targetRef" in spec:
        entries = [spec["targetRef"]]
    return tuple(_target(entry) for entry in entries)


def _target(entry: Field) -> TargetRef:
    parts = entry.mapping("group", "kind", "name", "namespace", required=("kind", "name"))
    group, kind, name, namespace = (
        (parts[one].text() or "") if one in parts else "" for one in ("group", "kind", "name", "namespace")
    )
    if len(group) > _LONGEST_NAME or not _GROUP.fullmatch(group):
        parts["group"].report("is no API group")
    if "kind" in parts and (len(kind) > _LONGEST_KIND or not _KIND.fullmatch(kind)):
        parts["kind"].report("is no kind")
    if "name" in parts and not 0 < len(name) <= _LONGEST_NAME:
        parts["name"].report(f"must have 1 to {_LONGEST_NAME} characters")
    if namespace:
        parts["namespace"].report("a target in another namespace cannot be named", "leave it out")
    if (group, kind) not in _TARGETS:
        said = "must be a Service, a ServiceEntry, a Gateway or a GatewayClass"
        refuse(entry, said, "nothing is selected by it")
    return TargetRef("" if group == "core" else group, kind, name)
