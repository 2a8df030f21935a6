"""The events of one watch, in their order -> when each of them happened.

``kubectl get -w -o json --output-watch-events`` prints no time. It can be added to each event while
it is printed, which makes every edge exact:

    kubectl get pods,networkpolicies -A -w -o json --output-watch-events \\
        | jq -c --unbuffered '. + {time: now}' > watch.jsonl

Without it a change is of the newest time that its object carries, if that is newer than what the object
carried before. Else (a label was changed, and managedFields were left out; or it is gone, which no object
says of itself: its deletionTimestamp is when that was asked for) it lies somewhere between the events around
it that have a time. What is listed was seen when the next event with a time happened, at the latest: the
watch may have begun long after the newest time in the object.

Source: meta/v1 WatchEvent; kubectl get --output-watch-events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowcheck.errors import ManifestError
from flowcheck.history.sightings import What, When
from flowcheck.manifests.documents import Document
from flowcheck.model.instants import from_epoch, instant
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.objects.times import NO_STAMPS, Stamps, read_stamps

UNTOLD = ("BOOKMARK", "ERROR")
"""The types of events that tell of no object."""

WHAT = {"ADDED": What.LISTED, "MODIFIED": What.CHANGED, "DELETED": What.GONE}


@dataclass(slots=True)
class Event:
    """One event. ``told`` is the time in its envelope."""

    document: Document
    what: What
    told: int | None


def read_told(document: Document, time: Any) -> int | None:
    """The time in the envelope of a document's event: RFC 3339, or seconds since 1970."""
    if time is None:
        return None
    try:
        if isinstance(time, str) and instant(time) >= 0:
            return instant(time)
        if isinstance(time, int | float):
            return from_epoch(time)
        raise ValueError("is not a time")
    except ValueError as error:
        document.report(f"the event's time {error}", "2026-03-10T10:05:00Z, or seconds since 1970")
    return None


def listed_again(events: list[Event]) -> Document | None:
    """The first object that is listed while it is there: the watch was begun anew in the same file."""
    there: dict[tuple[str, str, str], str] = {}
    for event in events:
        document = event.document
        key = (document.kind, document.namespace, document.name)
        uid = _stamps(document).uid
        if event.what is What.LISTED and there.get(key) == uid:
            return document
        if event.what is What.GONE:
            there.pop(key, None)
        else:
            there[key] = uid
    return None


def place_events(events: list[Event]) -> None:
    """Give every event's document its ``when``."""
    carried: dict[tuple[str, str, str], int] = {}
    latest = BEGINNING
    pending: set[int] = set()
    for place, event in enumerate(events):
        document = event.document
        key = (document.kind, document.namespace, document.name)
        if event.told is not None:
            document.when = When.exactly(event.told, event.what)
            continue
        stamps = _stamps(document)
        before = carried.get(key)
        own = _own_time(event.what, stamps, before)
        carried[key] = max(before or BEGINNING, stamps.newest or BEGINNING)
        if own is not None:
            document.when = When.exactly(own, event.what)
            latest = max(latest, own)
        else:
            since = max(latest, carried[key])
            document.when = When(END, event.what, None if event.what is What.LISTED else since)
            pending.add(place)
    _bound(events, pending)


def _stamps(document: Document) -> Stamps:
    try:
        return read_stamps(document)
    except ManifestError:
        return NO_STAMPS


def _own_time(what: What, stamps: Stamps, before: int | None) -> int | None:
    """When an event happened, as far as its object tells."""
    if what in (What.LISTED, What.GONE) or stamps.newest is None:
        return None
    if before is None:
        return stamps.newest if stamps.written == stamps.newest else None
    return stamps.newest if stamps.newest > before else None


def _bound(events: list[Event], pending: set[int]) -> None:
    """An event without a time happened at the latest when the next one with a time did."""
    later = END
    for place in range(len(events) - 1, -1, -1):
        document, what = events[place].document, events[place].what
        when = document.when
        if when is None:
            continue
        if place in pending:
            seen = later if when.since is None else max(later, when.since)
            document.when = When(seen, what, when.since)
        elif what is not What.LISTED:
            later = min(later, when.seen)
