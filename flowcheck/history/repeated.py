"""What was read of an object the last time, for a later input that holds it byte for byte the same.

Most objects of a snapshot are as they were in the one before, and reading a policy takes a millisecond.
Only for documents with a time; called by ``reading``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from flowcheck.history.dated import Dated
from flowcheck.history.values import Value
from flowcheck.objects.times import OwnTimes


class _Read(NamedTuple):
    digest: bytes
    seen: int
    value: Value
    own_times: OwnTimes


@dataclass(slots=True)
class Repeated:
    """By API version, kind, namespace and name: the last document that was read without a problem."""

    _last: dict[tuple[str, str, str, str], _Read] = field(default_factory=dict)

    def find(self, dated: Dated, digest: bytes) -> tuple[Value, OwnTimes] | None:
        """What was read of the same text; not of a later one, as a pod knows when it was first seen."""
        last = self._last.get(_key(dated))
        if last is None or dated.when is None or last.seen > dated.when.seen:
            return None
        return (last.value, last.own_times) if last.digest == digest else None

    def keep(self, dated: Dated, digest: bytes, value: Value, own_times: OwnTimes) -> None:
        if dated.when is not None:
            self._last[_key(dated)] = _Read(digest, dated.when.seen, value, own_times)


def digest_of(dated: Dated) -> bytes:
    """Tells a dated document's JSON text from any other; empty where there is nothing to find it by."""
    if dated.when is None or dated.kept is not None or not dated.document.name:
        return b""
    return dated.document.digest()


def _key(dated: Dated) -> tuple[str, str, str, str]:
    document = dated.document
    return (document.api_version, document.kind, document.namespace, document.name)
