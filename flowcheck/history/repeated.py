"""What was read of an object the last time, for a later input that holds it byte for byte the same.

Most objects of a snapshot are as they were in the one before, and reading a policy takes a millisecond.
Only for documents with a time; called by ``reading``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flowcheck.manifests.documents import Document
from flowcheck.objects.times import Stamps


class _Read(NamedTuple):
    digest: bytes
    seen: int
    value: Any
    stamps: Stamps


@dataclass(slots=True)
class Recall:
    """By API version, kind, namespace and name: the last document that was read without a problem."""

    _last: dict[tuple[str, str, str, str], _Read] = field(default_factory=dict)

    def find(self, document: Document, digest: bytes) -> tuple[Any, Stamps] | None:
        """What was read of the same text; not of a later one, as a pod knows when it was first seen."""
        last = self._last.get(_key(document))
        if last is None or document.when is None or last.seen > document.when.seen:
            return None
        return (last.value, last.stamps) if last.digest == digest else None

    def keep(self, document: Document, digest: bytes, value: Any, stamps: Stamps) -> None:
        if document.when is not None:
            self._last[_key(document)] = _Read(digest, document.when.seen, value, stamps)


def digest_of(document: Document) -> bytes:
    """Tells a dated document's JSON text from any other; empty where there is nothing to recall by."""
    return document.digest() if document.told is None and document.name else b""


def _key(document: Document) -> tuple[str, str, str, str]:
    return (document.api_version, document.kind, document.namespace, document.name)
