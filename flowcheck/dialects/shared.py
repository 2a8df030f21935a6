"""What policy languages share of form: an object's version and top, and where the peers of a rule stand."""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.model.policy import Direction

PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
"""The field of a rule that names its peers."""


def check_version(document: Document, versions: Sequence[str]) -> None:
    """Report an object of another version; the first is the one to write."""
    if document.api_version not in versions:
        document.report("is of a version that is not read", f"write {versions[0]}", path="apiVersion")


def read_top(document: Document, *, required: tuple[str, ...] = ()) -> dict[str, Field]:
    """The fields that every API object may have."""
    return document.root().mapping("apiVersion", "kind", "metadata", "spec", "status", required=required)
