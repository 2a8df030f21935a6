"""The needed parts of an object as JSON text, to be kept in an inventory and read again as it was read here.

Of metadata only name, namespace and labels, and what a policy of Istio hangs on; no managed fields. Each part
stands on the line it had, counted from where the object began, so that a rule's place is the same when read
again.
"""

from __future__ import annotations

import json
from typing import Any

from flowcheck.dialects.istio.authorization import DRY_RUN
from flowcheck.manifests.documents import Document
from flowcheck.manifests.stored import STORED_METADATA, stored_metadata
from flowcheck.manifests.text.trees import Mapping, Sequence
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.model.mesh.routes import DestinationRule, Route
from flowcheck.model.policy import Policy
from flowcheck.model.ranges import AddressSet, PodRanges
from flowcheck.model.service import Service
from flowcheck.objects.network.agents import Agent

WITH_TEXT = (Policy, Service, PodRanges, AddressSet, Agent, Route, DestinationRule, list)
"""The values whose objects are kept as text."""
_PARTS = ("spec", "specs", "data", "addressType", "endpoints", "ports", "subsets")
_META = ("name", "namespace", "labels")


def needed_text(document: Document, name: str) -> str:
    """The object under a name, without what says nothing about traffic."""
    tree = document.tree()
    meta = tree.get("metadata") or {}
    kept: dict[str, Any] = {"apiVersion": document.api_version, "kind": document.kind}
    kept["metadata"] = {key: meta[key] for key in _META if meta.get(key) is not None} | {"name": name}
    if stored := stored_metadata(document, meta):
        own = {key: stored[key] for key in _META if key in stored}
        kept["metadata"]["annotations"] = {STORED_METADATA: json.dumps(own)}
    kept |= {key: tree[key] for key in _PARTS if tree.get(key) is not None}
    if document.group == "security.istio.io":
        kept["metadata"] |= _of_mesh(meta)
    balancer = (tree.get("status") or {}).get("loadBalancer") if document.kind == "Service" else None
    if balancer is not None:
        kept["status"] = {"loadBalancer": balancer}
    if document.group == "cilium.io":
        kept |= {key: tree[key] for key in ("status",) if tree.get(key) is not None}
    writer = _Writer(document.source.line)
    writer.write(kept, tree.lines if isinstance(tree, Mapping) else {})
    return "".join(writer.parts)


def _of_mesh(meta: dict[str, Any]) -> dict[str, Any]:
    """What else of its metadata a policy of Istio hangs on: when it was made, and whether it is a dry run."""
    annotations = meta.get("annotations") or {}
    kept = {"annotations": {DRY_RUN: annotations[DRY_RUN]}} if DRY_RUN in annotations else {}
    created = meta.get("creationTimestamp")
    return kept if created is None else {**kept, "creationTimestamp": created}


class _Writer:
    """JSON with line breaks where the tree had them."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.parts: list[str] = []

    def write(self, value: Any, lines: dict[Any, int]) -> None:
        if isinstance(value, dict):
            self._items(
                "{}", [(f"{json.dumps(_text(key))}:", one, lines.get(key, 0)) for key, one in value.items()]
            )
        elif isinstance(value, list):
            places = value.lines if isinstance(value, Sequence) else [0] * len(value)
            self._items("[]", [("", one, line) for one, line in zip(value, places, strict=True)])
        else:
            self.parts.append(json.dumps(_text(value)))

    def _items(self, brackets: str, items: list[tuple[str, Any, int]]) -> None:
        self.parts.append(brackets[0])
        for place, (key, value, line) in enumerate(items):
            self.parts.append("," if place else "")
            if line > self.line:
                self.parts.append("\n" * (line - self.line))
                self.line = line
            self.parts.append(key)
            self.write(value, value.lines if isinstance(value, Mapping) else {})
        self.parts.append(brackets[1])


def _text(value: Any) -> Any:
    return value.text if isinstance(value, Ambiguous) else value
