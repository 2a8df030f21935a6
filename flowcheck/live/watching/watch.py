"""A folder that an API server is followed into, until something ends it.

Everything is listed first, or known from the last file; then a thread follows each resource. What is
installed later is followed too.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flowcheck.errors import RunError
from flowcheck.live.asking import patiently
from flowcheck.live.discovery import discover
from flowcheck.live.listing import list_all, selectors
from flowcheck.live.server import (
    ApiServer,
    ExpiredError,
    ForbiddenError,
    NotThereError,
    UnansweredError,
    UnauthorizedError,
)
from flowcheck.live.snapshot import FORBIDDEN, Clock, greet, in_order, serves, unauthorized
from flowcheck.live.watching.files import Files
from flowcheck.live.watching.followed import Followed
from flowcheck.live.watching.following import Follower
from flowcheck.live.watching.lines import encoded
from flowcheck.live.watching.record import Record
from flowcheck.live.watching.recovery import Recovered, recover
from flowcheck.live.watching.troubles import Troubles

NOTE_SECONDS, DISCOVERY_SECONDS = 30.0, 600.0


class Watch:
    """One process' part of a watch. ``failed`` gets what ends it from within."""

    def __init__(self, server: ApiServer, record: Record, say: Callable[[str], object]) -> None:
        self.server, self.record, self.say = server, record, say
        self.stop = threading.Event()
        self.failed: queue.SimpleQueue[BaseException] = queue.SimpleQueue()
        self._troubles = Troubles(say)
        self._running: set[str] = set()

    def begin(self) -> None:
        """List everything, or go on from the last file.

        Raises: RunError, OutputError.
        """
        self.record.server = greet(self.server)
        path = self.record.files.last()
        found = None if path is None else recover(path)
        for one in self._served():
            self.record.followed[one.title] = one
            if found is None:
                self._list(one)
            else:
                recall(one, found)
        if found is None:
            self.record.begin()
        else:
            self.record.go_on(found)

    def run(self) -> None:
        """Until something fails; a signal ends it from without.

        Raises: OutputError; whatever a thread raised.
        """
        for one in list(self.record.followed.values()):
            self._follow(one)
        again = time.monotonic() + DISCOVERY_SECONDS
        while True:
            try:
                raise self.failed.get(timeout=NOTE_SECONDS)
            except queue.Empty:
                self.record.note()
            if time.monotonic() > again:
                again = time.monotonic() + DISCOVERY_SECONDS
                self.discover()

    def discover(self) -> None:
        """Follow what is installed since; where the server does not answer, the next time."""
        try:
            found = list(self._served())
        except (UnansweredError, RunError):
            return
        for one in found:
            if one.title not in self._running:
                self._follow(one)

    def end(self) -> None:
        """Raises: OutputError."""
        self.stop.set()
        self.record.close()

    def _served(self) -> Iterator[Followed]:
        found = discover(self.server) if self._running else serves(self.server)
        self.record.is_silent(found.silent)
        for resource in in_order(found.resources):
            for narrowed in selectors(resource):
                yield Followed(resource, narrowed)

    def _list(self, one: Followed) -> None:
        """What cannot be listed now is tried again by its thread."""
        begun = self.record.now()
        try:
            told = list_all(self.server, one.resource, one.narrowed, patiently)
        except UnauthorizedError:
            raise unauthorized(self.server) from None
        except ForbiddenError:
            self.record.lose(one, FORBIDDEN)
        except NotThereError:
            return
        except (ExpiredError, UnansweredError) as error:
            self.record.lose(one, f"could not be listed: {error}")
        else:
            for _ in one.replace(map(encoded, told.objects)):
                pass  # the first file begins with them
            self.record.reached(one, told.version)
            self.record.heard(one, begun)

    def _follow(self, one: Followed) -> None:
        self._running.add(one.title)
        threading.Thread(target=self._guarded, args=(one,), name=one.title, daemon=True).start()

    def _guarded(self, one: Followed) -> None:
        try:
            Follower(self.server, self.record, one, self.stop, self._troubles).run()
        except BaseException as error:
            self.failed.put(error)
        finally:
            self._running.discard(one.title)


def open_watch(
    server: ApiServer,
    folder: Path,
    clock: Clock,
    rotate_size: int,
    rotate_after: int,
    say: Callable[[str], object],
) -> Watch:
    """Raises: RunError where another writes there, OutputError."""
    return Watch(server, Record(Files(folder), clock, rotate_size, rotate_after), say)


def recall(one: Followed, found: Recovered) -> None:
    """What the last file tells of it, and from where it goes on; what it does not tell is listed anew."""
    objects = found.objects.get(one.resource.called, {})
    name = next(iter(one.narrowed.values()), "").rpartition("=")[2]
    one.objects = {key: told for key, told in objects.items() if not name or key.endswith(f"/{name}")}
    one.version, one.heard = found.versions.get(one.title, ""), found.told.get(one.title, 0)
