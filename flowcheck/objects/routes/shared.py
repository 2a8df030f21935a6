"""What the readers of routes share of form."""

from __future__ import annotations

from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import label_key_fault, label_value_fault, name_fault

MOST_WEIGHT = 1_000_000
"""Source: gateway.networking.k8s.io/v1 BackendRef. Istio's own weights go further, to no purpose."""
LAST_PORT = 65535


def read_spec(document: Document, versions: tuple[str, ...]) -> Field | None:
    """The spec of an object of one of these versions, None where there is none."""
    group, _, version = document.api_version.rpartition("/")
    if version not in versions:
        document.report("is of a version that is not read", f"write {group}/{versions[0]}", path="apiVersion")
    known = ("apiVersion", "kind", "metadata", "spec", "status")
    return document.root().mapping(*known, required=("spec",)).get("spec")


def texts(field: Field | None) -> tuple[str, ...]:
    """A list of texts; those that are none are reported and left out."""
    found = (one.text() for one in field.elements()) if field is not None else ()
    return tuple(text for text in found if text)


def text(field: Field | None) -> str:
    return (field.text() or "") if field is not None else ""


def named(field: Field | None) -> str:
    """The name of an object."""
    name = text(field)
    if field is not None and name and (fault := name_fault(name)):
        field.report(fault)
    return name


def port(field: Field | None) -> int:
    """A port's number, 0 where none is given."""
    return (field.number(1, LAST_PORT) or 0) if field is not None else 0


def weight(field: Field | None, most: int, absent: int) -> int:
    number = field.number(0, most) if field is not None else None
    return absent if number is None else number


def labels(field: Field | None) -> tuple[tuple[str, str], ...]:
    """A map of labels, sorted; what cannot be one is reported."""
    found = {}
    for key, one in field.entries().items() if field is not None else ():
        value = one.text()
        if value is None:
            continue
        if fault := label_key_fault(key) or label_value_fault(value):
            one.report(fault)
        found[key] = value
    return tuple(sorted(found.items()))


def elements(parts: dict[str, Field], name: str) -> list[Field]:
    return parts[name].elements() if name in parts else []
