"""Objects -> local files, by threads: many requests at once, each object's bytes where they belong in its
file.

Nothing is looked into here but where a Parquet file says that its footer begins; the file is opened by who
may die of it. An object counts as fetched when all bytes asked for have come, and it is still the one that
was listed.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from flowcheck.stores.arrow import ERRORS
from flowcheck.stores.trouble import Trouble, trouble_of
from flowcheck.stores.waiting import Crew
from flowcheck.stores.wanted import (
    CANNOT_FETCH,
    CHANGED,
    HINT,
    SINCE,
    Fetch,
    News,
    Span,
    Wanted,
    gone_or,
    missing,
)

AT_ONCE = 32
"""Requests. 200 objects of 256 KiB, 30 ms away: 20.7 s one by one, 1.25 by 16, 0.80 by 32, 0.67 by 64; one of
256 MiB 2.7, and 0.6 from 4 on."""
WORTH_LOOKING = 4 << 20
"""Bytes of an object from which its footer is looked at before the rest is asked for, where that may save
some."""
TAIL = 64 << 10
"""Bytes that most often have all of a footer."""
MOST_FOOTER = 16 << 20
"""Bytes of a footer that a worker would read."""
TRIES = 3
"""Of a range that was cut short; what fails at once is tried again by Arrow."""
_PIECE = 1 << 20
_MAGIC = b"PAR1"
_ENDING = 8
"""Bytes: how long the footer is, and the magic word."""


class Fetcher:
    """Use as a context manager. ``descriptor`` can be read from whenever there is news."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._news: deque[News] = deque()
        self._fetches: dict[int, Fetch] = {}
        self._crew = Crew(at_once, self._failed)

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        """What is under way is not waited for longer than a moment."""
        if self._crew.end(within=0.3):  # else one of them would tell whoever has that number next
            os.close(self.descriptor)

    def fetch(self, wanted: Wanted) -> None:
        self._fetches[wanted.number] = fetch = Fetch(wanted)
        self._crew.do(fetch, partial(self._begin, fetch))

    def go_on(self, number: int, unread: Sequence[Span]) -> None:
        """Fetch the rest of an object that was looked at, but for what nobody will ask for."""
        fetch = self._fetches[number]
        fetch.unread = unread
        self._ask(fetch)

    def drop(self, number: int) -> None:
        """Of an object that was looked at: nobody will ask for the rest."""
        os.close(self._fetches.pop(number).descriptor)

    def news(self) -> list[News]:
        """What has become of objects since this was last asked."""
        try:
            os.eventfd_read(self.descriptor)
        except BlockingIOError:
            return []
        found = []
        while self._news:
            found.append(self._news.popleft())
            if not found[-1].looked_at:
                self._fetches.pop(found[-1].number, None)
        return found

    def _failed(self, fetch: Fetch, error: Exception) -> None:
        """A bug: who waits for this object would wait for ever."""
        detail = f"{type(error).__name__} while it was fetched"
        self._stop(fetch, News(fetch.wanted.number, reason="internal_error", detail=detail))

    def _tell(self, news: News) -> None:
        self._news.append(news)
        os.eventfd_write(self.descriptor, 1)

    def _begin(self, fetch: Fetch) -> None:
        wanted = fetch.wanted
        try:
            fetch.object = opened = wanted.store.open(wanted.path)
        except ERRORS as error:
            self._lose(fetch, trouble_of(error))
            return
        listed = wanted.modified_ns // 1_000_000_000
        modified = opened.modified
        if opened.size != wanted.size or (modified and listed and int(modified.timestamp()) != listed):
            self._lose(fetch, Trouble(SINCE, HINT))
            return
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            fetch.descriptor = os.open(wanted.target, flags, 0o600)
            os.ftruncate(fetch.descriptor, wanted.size)
        except OSError as error:
            self._stop(fetch, News(wanted.number, error=error))
            return
        if wanted.look and wanted.size >= WORTH_LOOKING and self._footer(fetch):
            self._tell(News(wanted.number, looked_at=True))
        elif fetch.lost:
            os.close(fetch.descriptor)
        else:
            self._ask(fetch)

    def _footer(self, fetch: Fetch) -> bool:
        """Fetch the footer, if it is one of Parquet."""
        size = fetch.wanted.size
        tail = self._take(fetch, size - TAIL, size)
        if tail is None or tail[-4:] != _MAGIC:
            return False
        begin = size - _ENDING - int.from_bytes(tail[-_ENDING:-4], "little")
        if not max(4, size - MOST_FOOTER) <= begin < size:
            return False
        spans = [(0, 4)] + ([(begin, size - TAIL)] if begin < size - TAIL else [])
        return all(self._take(fetch, *span) is not None for span in spans)

    def _ask(self, fetch: Fetch) -> None:
        """Queue the ranges that are missing; those of one object come before other objects."""
        spans = list(missing(fetch.wanted.size, [*fetch.there, *fetch.unread]))
        if not spans:
            self._crew.do(fetch, partial(self._finish, fetch), first=True)
            return
        fetch.ranges = len(spans)
        self._crew.do(fetch, *(partial(self._range, fetch, *span) for span in spans), first=True)

    def _range(self, fetch: Fetch, begin: int, end: int) -> None:
        if not fetch.lost:
            self._take(fetch, begin, end)
        with fetch.lock:
            fetch.ranges -= 1
            last = not fetch.ranges
        if last and fetch.lost:
            os.close(fetch.descriptor)
        elif last:
            self._finish(fetch)

    def _take(self, fetch: Fetch, begin: int, end: int) -> bytes | None:
        """Some bytes of the object, put in its file; None where they do not come."""
        assert fetch.object is not None
        data = b""
        for attempt in range(TRIES):
            try:
                data = fetch.object.read_at(end - begin, begin)
            except ERRORS as error:
                self._lose(fetch, gone_or(trouble_of(error)))
                return None
            if len(data) == end - begin:
                break
            time.sleep(0.1 * 4**attempt)
        else:
            cut = f"{len(data)} of {end - begin} bytes came from byte {begin} on"
            self._lose(fetch, Trouble(cut, "the object may be another by now, or the connection bad"))
            return None
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(fetch.descriptor, memoryview(data)[written:], begin + written)
        except OSError as error:
            self._stop(fetch, News(fetch.wanted.number, error=error))
            return None
        fetch.there.append((begin, end))
        return data

    def _finish(self, fetch: Fetch) -> None:
        """Hold the object against what it was when it was opened; whole or lost, it is done with."""
        wanted, sha256 = fetch.wanted, None
        assert fetch.object is not None
        try:
            same = wanted.store.open(wanted.path).version == fetch.object.version
        except ERRORS as error:
            self._lose(fetch, gone_or(trouble_of(error)))
        else:
            if not same:
                self._lose(fetch, Trouble(CHANGED, HINT))
        if not fetch.lost and wanted.hashed and not fetch.unread:
            sha256 = self._hash(fetch)
        os.close(fetch.descriptor)
        if not fetch.lost:
            self._tell(News(wanted.number, sha256=sha256))

    def _hash(self, fetch: Fetch) -> str | None:
        digest = hashlib.sha256()
        for at in range(0, fetch.wanted.size, _PIECE):
            digest.update(os.pread(fetch.descriptor, _PIECE, at))
            if self._crew.over:
                return None
        return digest.hexdigest()

    def _lose(self, fetch: Fetch, trouble: Trouble) -> None:
        changed = trouble.message in (CHANGED, SINCE)
        reason = "unreadable" if changed else CANNOT_FETCH
        self._stop(fetch, News(fetch.wanted.number, reason=reason, detail=str(trouble)))

    def _stop(self, fetch: Fetch, news: News) -> None:
        """Told once, of whatever comes first."""
        with fetch.lock:
            told, fetch.lost = fetch.lost, True
        if not told:
            self._tell(news)
