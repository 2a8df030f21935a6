"""What stands around an object and says what became of it: an event of a watch, an entry of an audit log.

Source: meta/v1 WatchEvent; audit.k8s.io/v1 Event (``audit_log``).
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, NamedTuple

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.model.instants import from_epoch, parse_instant


class What(Enum):
    """What was seen. CREATED to GONE say that something happened at that moment."""

    STATE = auto()
    """In a snapshot: so it was then, whenever it became so."""
    LISTED = auto()
    """At the beginning of a watch, or created while it ran: the event is the same."""
    CREATED = auto()
    CHANGED = auto()
    STATUS_CHANGED = auto()
    """Only its status, so labels and rules were the same before."""
    COLLECTED = auto()
    """Deleted with others of its kind, and told as it was before: a pod then ends like any other."""
    LEAVING = auto()
    """Its end was asked for; whether that came at once is not told."""
    GONE = auto()
    KEPT = auto()
    """A whole version with its lifetime, as an inventory keeps it."""
    HEARD = auto()
    """Nothing of any object: a watch says how far it has told (``history.notes``)."""


class Event(NamedTuple):
    """Of a watch: what happened to the object inside, and when, if the event bears a time; ``since``: at the
    earliest, where it was heard of later."""

    what: What
    time: int | None
    since: int | None = None


class Write(NamedTuple):
    """Of an audit log: what was done to the object inside, and when."""

    what: What
    time: int


class Enveloped(NamedTuple):
    """An object as it stands in a file; without an envelope it was not said what became of it."""

    document: Document
    envelope: Event | Write | None = None


EVENTS = {"ADDED": What.LISTED, "MODIFIED": What.CHANGED, "DELETED": What.GONE}
"""The types of a watch's events."""

EMPTY_EVENTS = ("BOOKMARK", "ERROR")
"""Those that tell of no object."""


NOTE = "SnapshotNote"
"""The kind of what flowcheck's own snapshots and watches say of themselves: see ``history.notes``."""


def holds_note(inside: Any) -> bool:
    """Whether what stands in an event, as JSON text or a tree, is a note."""
    if isinstance(inside, msgspec.Raw | bytes):
        return NOTE.encode() in bytes(inside)
    return isinstance(inside, dict) and inside.get("kind") == NOTE


def event_time(document: Document, time: Any) -> int | None:
    """The time in the envelope of a document's event: RFC 3339, or seconds since 1970."""
    if time is None:
        return None
    try:
        if isinstance(time, str) and parse_instant(time) >= 0:
            return parse_instant(time)
        if isinstance(time, int | float):
            return from_epoch(time)
        raise ValueError("is not a time")
    except ValueError as error:
        document.report(f"the event's time {error}", "2026-03-10T10:05:00Z, or seconds since 1970")
    return None
