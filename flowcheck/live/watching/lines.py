"""One line of a watch's file: an event with its object and its time, or a note.

It is what ``kubectl get -w --output-watch-events -o json`` prints, with ``time``; ``since`` where it was
heard of later than it may have happened; ``version`` is the resourceVersion of ``resource`` to go on from.

Source: meta/v1 WatchEvent.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flowcheck.history.notes import Note, note_object
from flowcheck.model.instants import instant_text


class Line(msgspec.Struct, omit_defaults=True):
    """An event of a watch. ``type``: ADDED, MODIFIED, DELETED, or BOOKMARK with a note as its object;
    ``time``: when it was heard of; ``since``: when it may have happened at the earliest, if not just then."""

    type: str
    time: str
    object: msgspec.Raw
    since: str = ""
    resource: str = ""
    version: str = ""


_decoder = msgspec.json.Decoder(Line)


def event_line(
    what: str, told: bytes, time: int, since: int | None = None, resource: str = "", version: str = ""
) -> bytes:
    earliest = "" if since is None else instant_text(since)
    line = Line(what, instant_text(time), msgspec.Raw(told), earliest, resource, version)
    return msgspec.json.encode(line) + b"\n"


def note_line(note: Note, time: int) -> bytes:
    told = msgspec.json.encode(note_object(note))
    return msgspec.json.encode(Line("BOOKMARK", instant_text(time), msgspec.Raw(told))) + b"\n"


def read_line(text: bytes) -> Line:
    """Raises: msgspec.DecodeError."""
    return _decoder.decode(text)


class Head(msgspec.Struct, rename="camel"):
    """What tells one object from another, and one of its lives from the next."""

    class Meta(msgspec.Struct):
        name: str = ""
        namespace: str = ""
        uid: str = ""

    api_version: str = ""
    kind: str = ""
    metadata: Meta = msgspec.field(default_factory=Meta)

    @property
    def key(self) -> str:
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]


def head_of(told: bytes | msgspec.Raw) -> Head:
    return msgspec.json.decode(told, type=Head)


def encoded(told: dict[str, Any]) -> bytes:
    return msgspec.json.encode(told, order="sorted")
