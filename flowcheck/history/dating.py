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

from collections.abc import Sequence

from flowcheck.errors import ManifestError
from flowcheck.history.dated import Dated
from flowcheck.history.sightings import When
from flowcheck.kinds import called
from flowcheck.manifests.documents import Document
from flowcheck.manifests.envelopes import Event, What
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.objects.times import NO_TIMES, OwnTimes, read_own_times

_Key = tuple[str, str, str]


def listed_again(events: Sequence[tuple[Document, Event]]) -> Document | None:
    """The first object that is listed while it is there: the watch was begun anew in the same file."""
    there: dict[_Key, str] = {}
    for document, (what, *_) in events:
        key, uid = _key(document), _own_times(document).uid
        if what is What.LISTED and there.get(key) == uid:
            return document
        if what is What.GONE:
            there.pop(key, None)
        else:
            there[key] = uid
    return None


def date_events(events: Sequence[tuple[Document, Event]]) -> list[Dated]:
    """The objects of a watch's events, each with its time."""
    carried: dict[_Key, int] = {}
    latest = BEGINNING
    found: list[When] = []
    pending: set[int] = set()
    for document, (what, time, since) in events:
        if time is not None:
            heard_late = since is not None and since <= time and what is not What.LISTED
            found.append(When(time, what, since) if heard_late else When.exactly(time, what))
            continue
        key, own_times = _key(document), _own_times(document)
        before = carried.get(key)
        own = _own_time(what, own_times, before)
        carried[key] = max(before or BEGINNING, own_times.newest or BEGINNING)
        if own is not None:
            found.append(When.exactly(own, what))
            latest = max(latest, own)
        else:
            since = max(latest, carried[key])
            pending.add(len(found))
            found.append(When(END, what, None if what is What.LISTED else since))
    _bound(found, pending)
    return [Dated(document, when) for (document, _), when in zip(events, found, strict=True)]


def _key(document: Document) -> _Key:
    return (called(document.group, document.kind), document.namespace, document.name)


def _own_times(document: Document) -> OwnTimes:
    try:
        return read_own_times(document)
    except ManifestError:
        return NO_TIMES


def _own_time(what: What, own_times: OwnTimes, before: int | None) -> int | None:
    """When an event happened, as far as its object tells."""
    if what in (What.LISTED, What.GONE) or own_times.newest is None:
        return None
    if before is None:
        return own_times.newest if own_times.written == own_times.newest else None
    return own_times.newest if own_times.newest > before else None


def _bound(whens: list[When], pending: set[int]) -> None:
    """An event without a time happened at the latest when the next one with a time did."""
    later = END
    for place in range(len(whens) - 1, -1, -1):
        when = whens[place]
        if place in pending:
            seen = later if when.since is None else max(later, when.since)
            whens[place] = When(seen, when.what, when.since)
        elif when.what is not What.LISTED:
            later = min(later, when.seen)
