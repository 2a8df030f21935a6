"""One resource, followed: watched from where it was told to, again and again, and listed anew where the
server does not know any more what happened.

A watch ends after some minutes, as the server has it, and goes on from the same place. One that is silent for
longer than bookmarks take is taken for dead. What is told right after a while without a word may have
happened at any time in it: up to the version that the server is at when it can be asked again.

Source: Kubernetes API concepts, "Efficient detection of changes", "410 Gone responses", "Watch bookmarks".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from flowcheck.errors import RunError
from flowcheck.live import asking
from flowcheck.live.listing import kept, list_all
from flowcheck.live.server import (
    ApiServer,
    BusyError,
    ExpiredError,
    ForbiddenError,
    NotThereError,
    UnauthorizedError,
    refuse_status,
)
from flowcheck.live.snapshot import FORBIDDEN
from flowcheck.live.watching.followed import Followed
from flowcheck.live.watching.lines import encoded
from flowcheck.live.watching.record import Record
from flowcheck.live.watching.troubles import Troubles

SILENCE = 180.0
"""Seconds without a word after which a watch is dead: bookmarks come about once a minute."""
SHORT = 1.0
"""Seconds: what ends sooner is not asked again at once."""
LATE = 1_000_000
"""Microseconds without a watch after which what comes first may be of that time."""
AGAIN = 300.0
"""Seconds after which a question is put again that was refused."""
LASTING = 60_000_000
"""Microseconds after which what is not served is taken for gone, and what is forbidden for that."""


class _ListVersion(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _At(msgspec.Struct):
    metadata: _ListVersion


class _Event(msgspec.Struct):
    type: str
    object: dict[str, Any]


class Follower:
    """Follows one resource. ``troubles`` hears of what goes wrong."""

    def __init__(
        self, server: ApiServer, record: Record, one: Followed, stop: threading.Event, troubles: Troubles
    ) -> None:
        self.server, self.record, self.one, self.stop, self.troubles = server, record, one, stop, troubles
        self._since = self._refused_since = 0
        self._behind = False
        self._until: int | None = None

    def run(self) -> None:
        """Until it is stopped, or what it follows is served no more. Raises: OutputError."""
        waits = asking.pauses()
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                self._once()
                if time.monotonic() - began > SHORT:
                    waits = asking.pauses()
                else:
                    self.stop.wait(next(waits))
            except ExpiredError:
                self.one.version = ""
            except ForbiddenError:
                if self.one.heard and not self.one.lost and not self._lasts():
                    self.stop.wait(next(waits))
                    continue
                self.record.lose(self.one, FORBIDDEN)
                self.troubles.tell(self.one, f"{FORBIDDEN}: it is asked again every {AGAIN / 60:.0f} minutes")
                self.stop.wait(AGAIN)
            except NotThereError:
                if self._lasts():
                    self.record.drop(self.one)
                    return
                self.stop.wait(next(waits))
            except UnauthorizedError:
                self.troubles.tell(
                    self.one, "the credentials are not taken (401): renew them, and it goes on"
                )
                self._renew()
                self.stop.wait(next(waits))
            except (BusyError, RunError) as error:
                self.troubles.tell(self.one, f"{error}: it is asked again")
                self.stop.wait(next(waits))

    def _once(self) -> None:
        """List if need be, then watch until the server ends it."""
        if not self.one.version:
            self._list()
        for event in self._events():
            if self._behind:
                self._until, self._behind = self._reached(), False
            self._take(event)
        if self._until is None and not self._behind:
            self.record.heard(self.one)

    def _list(self) -> None:
        begun = self.record.now()
        told = list_all(self.server, self.one.resource, self.one.narrowed, lambda ask: ask())
        self.record.add(self.one, map(encoded, told.objects), told.version, begun)
        self._fine()

    def _opened(self) -> None:
        """The watch is there: what happened since anything was heard comes first."""
        self._since, self._until = self.one.heard, None
        self._behind = self.record.now() - self._since >= LATE

    def _reached(self) -> int | None:
        """The version that the server is at: what is up to there may have happened before."""
        query: dict[str, str | int] = {**self.one.narrowed, "limit": 1}
        version = self.server.get(self.one.resource.path, _At, query).metadata.resource_version
        return int(version) if version.isdecimal() else None

    def _events(self) -> Iterator[_Event]:
        query = {
            **self.one.narrowed,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self.one.version,
        }
        for line in self.server.lines(self.one.resource.path, query, SILENCE, self._opened):
            if self.stop.is_set():
                return
            try:
                yield msgspec.json.decode(line, type=_Event)
            except (msgspec.DecodeError, RecursionError):
                raise BusyError("what it tells is no JSON") from None

    def _take(self, event: _Event) -> None:
        if event.type == "ERROR":
            code = event.object.get("code")
            refuse_status(code if isinstance(code, int) else 500, b"", self.one.resource.path)
            return
        self._fine()
        meta = event.object.get("metadata") or {}
        version = str(meta.get("resourceVersion", ""))
        if self._until is not None and version.isdecimal() and int(version) > self._until:
            self._until = None
        if event.type != "BOOKMARK":
            changes = self.one.take(event.type, encoded(kept(self.one.resource, event.object)))
            since = None if self._until is None else self._since
            self.record.change(self.one, changes, version, since)
            return
        self.record.reached(self.one, version)
        if self._until is not None and version.isdecimal() and int(version) == self._until:
            self._until = None
        if self._until is None:
            self.record.heard(self.one)

    def _lasts(self) -> bool:
        """Whether a refusal is not that of a server that just began: it knows of some resources, and of who
        may do what, a little later."""
        now = self.record.now()
        self._refused_since = self._refused_since or now
        return now - self._refused_since > LASTING

    def _fine(self) -> None:
        self._refused_since = 0
        self.troubles.over(self.one)
        if self.one.lost:
            self.record.find(self.one)

    def _renew(self) -> None:
        try:
            self.server.connection.renew()
        except RunError as error:
            self.troubles.tell(self.one, str(error))
