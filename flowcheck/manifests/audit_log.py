"""One entry of a Kubernetes audit log -> what it says happened to which object, and the object itself.

Only writes that were done count: stage ResponseComplete, verb create, update, patch, delete or
deletecollection, answered with 2xx, no dry run. Reads, other stages and kinds that are not read are passed
over. Of policies in languages that are not read it is only told which there are.

Who asks for metadata only is answered with metadata only (the garbage collector does): that tells that an
object is gone, or the labels of a namespace, and nothing else.

Source: audit.k8s.io/v1 Event, Level; meta/v1 DeleteOptions, PartialObjectMetadata; policy/v1 Eviction; the
deletion of pods: apiserver registry/core/pod strategy.go; of what finalizers hold: registry/generic/registry
store.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from flowcheck.kinds import read_kind, unread_kind
from flowcheck.manifests.envelopes import What
from flowcheck.manifests.text.json_items import decode_json
from flowcheck.model.instants import parse_instant

GROUP = "audit.k8s.io"

_VERBS = {
    "create": What.CREATED,
    "update": What.CHANGED,
    "patch": What.CHANGED,
    "delete": What.GONE,
    "deletecollection": What.COLLECTED,
}
_CREATED = 201
_METADATA_ONLY = "PartialObjectMetadata"
_NULL = msgspec.Raw(b"null")


class _Reference(msgspec.Struct, rename="camel"):
    resource: str = ""
    namespace: str = ""
    name: str = ""
    api_group: str = ""
    api_version: str = ""
    subresource: str = ""


class _Response(msgspec.Struct):
    code: int = 0


class _Event(msgspec.Struct, rename="camel"):
    level: str = ""
    stage: str = ""
    verb: str = ""
    request_uri: str = msgspec.field(default="", name="requestURI")
    stage_timestamp: Any = None
    object_ref: _Reference | None = None
    response_status: _Response | None = None
    request_object: msgspec.Raw = _NULL
    response_object: msgspec.Raw = _NULL


class _Meta(msgspec.Struct, rename="camel"):
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    finalizers: list[str] | None = None


class _Answer(msgspec.Struct):
    kind: Any = None
    metadata: Any = None


class _DeleteOptions(msgspec.Struct, rename="camel"):
    dry_run: list[str] | None = None
    delete_options: _DeleteOptions | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened at ``time`` to the object named by the rest. ``body`` is the object as it was answered,
    or a List of them; None where the answer was only that it is gone. ``metadata_only``: nothing but its
    metadata, under another kind."""

    what: What
    time: int
    api_version: str
    kind: str
    namespace: str
    name: str
    body: msgspec.Raw | None
    metadata_only: bool = False


class NoObjectError(Exception):
    """A write to an object that is read, of which the log does not keep what was written."""


def read_entry(text: msgspec.Raw) -> Entry | None:
    """The entry, if it tells of a write that was done to a kind that is read.

    Raises:
        NoObjectError: it does, but without the object, or without the names of those that were deleted.
        msgspec.ValidationError, ValueError: it is not an audit event, or has no time.
    """
    event: _Event = decode_json(text, _Event)
    where = event.object_ref
    if event.stage != "ResponseComplete" or event.verb not in _VERBS or where is None:
        return None
    other = unread_kind(where.api_group, where.resource)
    kind = read_kind(where.api_group, where.resource) or other
    code = (event.response_status or _Response()).code
    if not kind or not 200 <= code < 300 or _is_dry_run(event):
        return None
    if not isinstance(event.stage_timestamp, str):
        raise ValueError("has no stageTimestamp")
    answer = _answer(event.response_object)
    what, body = _told(event, answer, kind, other, code)
    if what is None:
        return None
    group = f"{where.api_group}/" if where.api_group else ""
    version = where.api_version or "v1"
    time = parse_instant(event.stage_timestamp)
    if time < 0:
        raise ValueError("has a stageTimestamp before 1970")
    partly = answer is not None and answer.kind == _METADATA_ONLY
    return Entry(what, time, group + version, kind, where.namespace, where.name, body, partly)


def _told(
    event: _Event, answer: _Answer | None, kind: str, other: str, code: int
) -> tuple[What | None, msgspec.Raw | None]:
    """What an entry says happened, None if nothing that counts, and the object if the log kept it."""
    answered = "" if answer is None else answer.kind if isinstance(answer.kind, str) else kind
    what, where = _VERBS[event.verb], event.object_ref or _Reference()
    if where.subresource:
        if where.subresource == "eviction" and kind == "Pod":
            return What.LEAVING, None
        if answered != kind or other:
            return None, None
        what = What.STATUS_CHANGED if where.subresource == "status" else What.CHANGED
    elif code == _CREATED and what is What.CHANGED:
        what = What.CREATED  # a patch by server-side apply
    if answered == _METADATA_ONLY and answer is not None:
        body = event.response_object if kind == "Namespace" else None
        return _of_metadata(what, kind, answer.metadata), body
    if not other and answered in (kind, f"{kind}List", "List"):
        return what, event.response_object
    if other or (what is What.GONE and answered):  # a Status: it is gone
        return what, None
    if what is What.GONE and where.name:
        return What.LEAVING, None
    raise NoObjectError(kind)


def _of_metadata(what: What, kind: str, metadata: Any) -> What | None:
    meta = msgspec.convert(metadata or {}, _Meta)
    if meta.deletion_timestamp and not (meta.deletion_grace_period_seconds or meta.finalizers):
        return What.GONE
    return what if kind == "Namespace" else None


def _is_dry_run(event: _Event) -> bool:
    """Whether it only was tried. Of a deletion the URI need not say so: its options may."""
    if "dryRun" in event.request_uri and parse_qs(urlsplit(event.request_uri).query).get("dryRun"):
        return True
    evicts = event.object_ref is not None and event.object_ref.subresource == "eviction"
    if not (evicts or event.verb.startswith("delete")) or _is_null(event.request_object):
        return False
    try:
        options = decode_json(event.request_object, _DeleteOptions)
    except msgspec.ValidationError:
        return False
    return bool(options.dry_run or (options.delete_options and options.delete_options.dry_run))


def _answer(text: msgspec.Raw) -> _Answer | None:
    return None if _is_null(text) else decode_json(text, _Answer)


def _is_null(text: msgspec.Raw) -> bool:
    return bytes(memoryview(text)[:4]) == b"null"
