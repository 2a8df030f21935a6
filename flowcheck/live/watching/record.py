"""What a watch knows and writes: changes as they come, notes of how far all was told, another file in time.

Its threads follow one resource each and meet here, one at a time.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flowcheck.history.notes import Missed, Missing, Note, Told
from flowcheck.live.snapshot import Clock
from flowcheck.live.watching.files import Files
from flowcheck.live.watching.followed import Change, Followed
from flowcheck.live.watching.lines import event_line, note_line
from flowcheck.live.watching.recovery import Recovered
from flowcheck.model.instants import instant_text
from flowcheck.model.timeline import joined_spans

BEHIND = 180_000_000
"""Microseconds without a word after which a resource is behind."""
JUMP = 5_000_000
"""Microseconds that a clock may be put back without its being followed."""


@dataclass(slots=True)
class Record:
    """``rotate_size`` bytes, or ``rotate_after`` microseconds, are the most of one file. ``missed``: times of
    which not all changes are known; a note tells of them."""

    files: Files
    clock: Clock
    rotate_size: int
    rotate_after: int
    server: str = ""
    watch: str = field(default_factory=lambda: secrets.token_hex(8))
    followed: dict[str, Followed] = field(default_factory=dict)
    missing: dict[str, Missing] = field(default_factory=dict)
    missed: list[tuple[int, int]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _silent: set[str] = field(default_factory=set)
    _last: int = 0
    _closed: bool = False

    def now(self) -> int:
        """The time, which does not run back within a file where the clock was put right by a little."""
        now = self.clock()
        self._last = self._last if now <= self._last <= now + JUMP else now
        return self._last

    def begin(self) -> None:
        """The first file, of what was listed."""
        with self._lock:
            self._begin_file()

    def go_on(self, found: Recovered) -> None:
        """Write on in the file of before; what is followed has what is known. Kinds that are served no more
        have no objects."""
        with self._lock:
            path = self.files.last()
            assert path is not None
            self.watch = found.watch
            self.files.go_on(path, found.size, found.begun)
            kinds = {one.resource.called for one in self.followed.values()}
            for kind in found.objects.keys() - kinds if not self.missing else ():
                for told in found.objects[kind].values():
                    self.files.append(event_line("DELETED", told, self.now(), found.heard))
            self.note()

    def change(
        self, one: Followed, changes: Iterable[Change], version: str, since: int | None = None
    ) -> None:
        """Changes of one resource, which lead up to a version. ``since``: when they may have happened at the
        earliest, if not just now: others of that time may be still to come."""
        with self._lock:
            if self._closed:
                return
            time = self.now()
            for what, told in changes:
                self.files.append(event_line(what, told, time, since, one.title, version))
            one.version = version
            if since is None:
                one.heard = max(one.heard, time)
            if self._is_due(time):
                self._begin_file()

    def heard(self, one: Followed, time: int | None = None) -> None:
        """All was told up to now, or up to a time before."""
        with self._lock:
            one.heard = max(one.heard, self.now() if time is None else time)

    def reached(self, one: Followed, version: str) -> None:
        """All was told up to a version."""
        with self._lock:
            one.version = version or one.version

    def add(self, one: Followed, listed: Iterable[bytes], version: str, begun: int) -> None:
        """Follow another resource, or one whose changes are not all known: from a list of it, which was asked
        for at ``begun``: what came after that it may not tell."""
        with self._lock:
            since = one.heard or begun
            self.followed[one.title] = one
            self.change(one, one.replace(listed), version, since)
            if one.heard:
                self.missed = joined_spans([*self.missed, (since, self.now())])
            self.heard(one, begun)

    def drop(self, one: Followed) -> None:
        """It is served no more, and nothing of it is there."""
        with self._lock:
            self.change(one, one.replace(()), "", one.heard)
            self.followed.pop(one.title, None)
            self.note()

    def lose(self, one: Followed, why: str) -> None:
        """Nothing can be told of a resource now."""
        with self._lock:
            if one.lost != why:
                one.lost = why
                self.missing[one.resource.title] = Missing(one.resource.title, why)
                self.note()

    def is_silent(self, groups: Mapping[str, str]) -> None:
        """Groups that are served and do not answer, with why."""
        with self._lock:
            silent = {
                group: Missing(group, f"its API does not answer: {why}") for group, why in groups.items()
            }
            before = {key: one for key, one in self.missing.items() if key in self._silent}
            self.missing = {key: one for key, one in self.missing.items() if key not in before} | silent
            self._silent = set(silent)
            if before != silent:
                self.note()

    def find(self, one: Followed) -> None:
        """It is told of again."""
        with self._lock:
            one.lost = ""
            if self.missing.pop(one.resource.title, None):
                self.note()

    def note(self) -> None:
        """Write how far all was told."""
        with self._lock:
            if not self._closed and self.files.path is not None:
                now = self.now()
                self.files.append(note_line(self._note(self.files.begun, now), now))
                self.files.settle()

    def close(self) -> None:
        """The last word. Whatever comes after it is not written."""
        with self._lock:
            try:
                self.note()
            finally:
                self._closed = True
                self.files.close()

    def _is_due(self, now: int) -> bool:
        """Whether a file is large or old enough; not while something is behind, as a file begins with what is
        there."""
        full = self.files.size > self.rotate_size or now - self.files.begun > self.rotate_after
        return full and all(one.lost or one.heard > now - BEHIND for one in self.followed.values())

    def _begin_file(self) -> None:
        now = self.now()
        if self.files.path is not None:
            self.files.append(note_line(self._note(self.files.begun, now), now))
        self.missed = []
        self.files.begin(now, self._start(now))

    def _start(self, now: int) -> Iterator[bytes]:
        yield note_line(self._note(now, now), now)
        for one in self.followed.values():
            for told in one.objects.values():
                yield event_line("ADDED", told, now)

    def _note(self, begun: int, now: int) -> Note:
        known = [one for one in self.followed.values() if one.version]
        told = [one.heard for one in known if not one.lost] or [one.heard for one in known]
        return Note(
            taken=instant_text(begun),
            until=instant_text(min([now, *told])),
            server=self.server,
            kinds=tuple(dict.fromkeys(one.resource.called for one in self.followed.values() if not one.lost)),
            missing=tuple(self.missing.values()),
            watch=self.watch,
            missed=tuple(Missed(*map(instant_text, span)) for span in self.missed),
            told={
                one.title: Told(one.version, instant_text(one.heard))
                for one in self.followed.values()
                if one.version
            },
        )
