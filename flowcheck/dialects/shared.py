"""What policy languages share of form: an object's version and top, and where the peers of a rule stand."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.model.policy import Direction

PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
"""The field of a rule that names its peers."""
_PLAIN = re.compile(r"(?!.*: )[A-Za-z0-9$_/.(][^{}\[\]\",#\n]*(?<! )")
_LONGEST = 300


def check_version(document: Document, versions: Sequence[str]) -> None:
    """Report an object of another version; the first is the one to write."""
    if document.api_version not in versions:
        document.report("is of a version that is not read", f"write {versions[0]}", path="apiVersion")


def read_top(document: Document, *, required: tuple[str, ...] = ()) -> dict[str, Field]:
    """The fields that every API object may have."""
    return document.root().mapping("apiVersion", "kind", "metadata", "spec", "status", required=required)


def as_written(value: Any) -> str:
    """A value of a document on one line, as YAML has it between braces; a very long one is cut."""
    text = _flow(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, dict):
        return "{" + ", ".join([f"{_flow(key)}: {_flow(inner)}" for key, inner in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join([_flow(inner) for inner in value]) + "]"
    return value.text if isinstance(value, Ambiguous) else json.dumps(value, default=str)


@lru_cache(1 << 14)  # the same few hundred labels and words stand everywhere
def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
