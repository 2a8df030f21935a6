"""What the readers of exported kinds share: metadata, labels, addresses, protocols.

Only the fields that are named here are decoded (``annotations.py`` has its own way to the few it reads);
managed fields, environments and Secret data never are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from flowcheck.manifests.blocks import plain_address
from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import label_key_fault, label_value_fault
from flowcheck.model.labels import Labels
from flowcheck.model.protocols import PROTOCOLS, TCP


class Owner(msgspec.Struct, gc=False):
    """meta/v1 OwnerReference."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class ObjectMeta(msgspec.Struct, rename="camel", gc=False):
    """meta/v1 ObjectMeta, as far as it is read."""

    labels: dict[str, str] | None = None
    uid: str | None = None
    creation_timestamp: Any = None
    owner_references: list[Owner] | None = None


class LabelledObject(msgspec.Struct, gc=False):
    metadata: ObjectMeta | None = None


def read_labels(document: Document, meta: ObjectMeta | None, path: str = "metadata.labels") -> Labels:
    """The labels, each of which must be one that the API server takes."""
    labels = (meta.labels if meta else None) or {}
    for key, value in labels.items():
        if fault := label_key_fault(key) or label_value_fault(value):
            document.report(fault, path=f"{path}.{key}")
    return labels


def read_addresses(document: Document, texts: Iterable[str | None], path: str) -> tuple[str, ...]:
    """Canonical addresses, each once; empty ones are left out, wrong ones reported."""
    found: dict[str, None] = {}
    for text in texts:
        if not text:
            continue
        try:
            found[plain_address(document, text)] = None
        except ValueError:
            document.report("is not an IP address", path=path)
    return tuple(found)


def read_protocol(document: Document, name: str | None, path: str) -> int:
    """The IANA number; TCP where the manifest says nothing."""
    number = PROTOCOLS.get(name or "TCP")
    if number is None:
        document.report("must be TCP, UDP or SCTP", path=path)
    return number or TCP
