"""The clock and the API server of a changing cluster: what happens when, and what a watcher is told of it."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

Document = dict[str, Any]


class Agenda:
    """Actions at instants, done in order of time; those of one instant in the order they were planned."""

    def __init__(self, start: int) -> None:
        self.now = start
        self._planned: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, time: int, action: Callable[[], None]) -> None:
        """Plan an action, at the earliest now."""
        heapq.heappush(self._planned, (max(time, self.now), self._count, action))
        self._count += 1

    def after(self, delay: int, action: Callable[[], None]) -> None:
        self.at(self.now + delay, action)

    def run(self, until: int) -> None:
        """Do everything planned up to ``until``, that instant included."""
        while self._planned and self._planned[0][0] <= until:
            self.now, _, action = heapq.heappop(self._planned)
            action()
        self.now = until


class Key(NamedTuple):
    kind: str
    namespace: str
    name: str


class Event(NamedTuple):
    """One watch event: ``text`` is the object as compact JSON, as it was at ``time``."""

    time: int
    type: str
    key: Key
    text: str


@dataclass(slots=True)
class Api:
    """Keeps what each object is now and the events so far."""

    agenda: Agenda
    events: list[Event]
    present: set[Key]

    def put(self, document: Document) -> None:
        """ADDED if there is no object of this kind and name, else MODIFIED."""
        key = key_of(document)
        self._tell("MODIFIED" if key in self.present else "ADDED", key, document)
        self.present.add(key)

    def delete(self, document: Document) -> None:
        key = key_of(document)
        self._tell("DELETED", key, document)
        self.present.discard(key)

    def _tell(self, type_: str, key: Key, document: Document) -> None:
        text = json.dumps(document, separators=(",", ":"))
        self.events.append(Event(self.agenda.now, type_, key, text))


def key_of(document: Document) -> Key:
    metadata = document["metadata"]
    return Key(document["kind"], metadata.get("namespace", ""), metadata["name"])


def replay(events: Iterable[Event], times: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
    """At each of the times, in order, the objects there are then, sorted by kind, namespace and name."""
    present: dict[Key, str] = {}
    waiting = iter(events)
    event = next(waiting, None)
    for time in times:
        while event is not None and event.time <= time:
            if event.type == "DELETED":
                present.pop(event.key, None)
            else:
                present[event.key] = event.text
            event = next(waiting, None)
        yield time, [present[key] for key in sorted(present)]
