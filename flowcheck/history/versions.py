"""All sightings of one object -> its versions, each with its lifetime.

Two sightings that say the same make one version. Where they differ, the old version surely was until
the last sighting that shows it, the new one surely from the first that shows it, and either may have been
in between; an event tells the instant. What an object tells of its own times narrows that down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, TypeVar

from flowcheck.history.coverage import Coverage
from flowcheck.history.sameness import says_the_same, with_own_lifetime
from flowcheck.history.sightings import Sighting, When
from flowcheck.history.values import Value
from flowcheck.manifests.envelopes import What
from flowcheck.model.cluster import Pod
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from flowcheck.objects.times import OwnTimes

T = TypeVar("T", covariant=True)


class Version(NamedTuple, Generic[T]):
    value: T
    lifetime: Lifetime


def versions_of(
    sightings: Sequence[Sighting], kind: str, namespace: str, coverage: Coverage
) -> list[Version[Value]]:
    """The versions of one object, oldest first, from its sightings in the order of their times."""
    fold = _Fold(kind, namespace, coverage)
    for sighting in _spread(sightings):
        fold.look_for_absence(sighting.seen)
        fold.take(sighting)
    fold.look_for_absence(END)
    return fold.finish()


def _spread(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Versions from an inventory as sightings of their beginning and end, among those of other inputs."""
    kept = [one for one in sightings if one.kept is not None]
    plain = [one for one in sightings if one.kept is None]
    for place, one in enumerate(kept):
        life = one.kept or ALWAYS
        whole = replace(life, end=END, sure_end=END)
        value = None if one.value is None else with_own_lifetime(one.value, whole)
        created = None if life.start == BEGINNING else life.start
        own_times = OwnTimes(one.uid, created, life.sure_start)
        plain.append(Sighting(value, one.source, When(life.sure_start, What.CHANGED, life.start), own_times))
        if life.sure_start < life.sure_end < END:
            plain.append(Sighting(value, one.source, When(life.sure_end), own_times))
        goes_on = place + 1 < len(kept) and (kept[place + 1].kept or ALWAYS).start <= life.end
        if life.end < END and not goes_on:
            plain.append(Sighting(None, one.source, When(life.end, What.GONE, life.sure_end), own_times))
    return sorted(plain, key=lambda one: one.seen) if kept else plain


@dataclass(slots=True)
class _Open:
    """The version that the sightings so far end with.

    Its content surely was there from ``settled`` on, and a pod with that content surely had its addresses
    from ``owned`` on. ``always``: an input without a time holds it. ``leaving``: its end was asked for then.
    """

    value: Value
    uid: str
    start: int
    settled: int
    owned: int
    always: bool
    leaving: int = END


class _Fold:
    """``past`` are the uids of objects that are over: what is told of them later comes too late. ``files``
    are those whose streams told of the object."""

    def __init__(self, kind: str, namespace: str, coverage: Coverage) -> None:
        self.kind, self.namespace, self.coverage = kind, namespace, coverage
        self.done: list[Version[Value]] = []
        self.open: _Open | None = None
        self.absent: _Open | None = None
        self.last_seen = BEGINNING
        self.past: set[str] = set()
        self.files: set[str] = set()

    def look_for_absence(self, until: int) -> None:
        """Close the open version if a snapshot before ``until`` would have shown it and does not."""
        if self.open is None or self.open.always:
            return
        time = self.coverage.missing(self.kind, self.namespace, self.last_seen, until, self.files)
        if time is not None:
            absent, before = self.open, len(self.done)
            self._close(self._last_known(time), time)
            self.absent = absent if len(self.done) > before else None
            self.last_seen = time

    def take(self, sighting: Sighting) -> None:
        """Go on with the next sighting."""
        uid = sighting.uid
        if self.absent is not None and uid and uid == self.absent.uid:
            self._reopen(self.absent)
        self.absent = None
        if uid not in self.past:
            self._take(sighting)
        self.last_seen = max(self.last_seen, sighting.seen)
        if not sighting.is_state:
            self.files.add(sighting.source.file)

    def _take(self, sighting: Sighting) -> None:
        when = sighting.when
        since = self.last_seen if when is None or when.since is None else when.since
        gone = when is not None and when.what is What.GONE
        if when is not None and when.what is What.LEAVING:
            if self.open is not None and self._is_open(sighting):
                self.open.leaving = min(self.open.leaving, when.seen)
            return
        if sighting.value is not None and not (gone and self._is_open(sighting)):
            self._see(sighting, sighting.value, since)
        if gone and self.open is not None:
            ended = sighting.own_times.ended
            self._close(since if ended is None else min(since, ended), sighting.seen)

    def finish(self) -> list[Version[Value]]:
        """Every version; the open one goes on."""
        if self.open is not None:
            certain = self.open.always or self.coverage.followed(self.kind, self.namespace, self.files)
            self._close(END if certain else self._last_known(END), END)
        return sorted(self.done, key=lambda version: version.lifetime.start)

    def _last_known(self, until: int) -> int:
        """Until when the object surely was there: no stream that told of it has told of its end. Unless a
        snapshot lacks it meanwhile: then that stream has lost it."""
        if not self.files:
            return self.last_seen
        told = self.coverage.told_until(self.kind, self.namespace, self.files)
        lost = told >= until or self.coverage.shown_between(self.kind, self.namespace, self.last_seen, told)
        return self.last_seen if lost else max(self.last_seen, told)

    def _reopen(self, absent: _Open) -> None:
        """A snapshot did not show an object that a later one shows: it was never away."""
        self.done.pop()
        self.past.discard(absent.uid)
        self.open = absent

    def _is_open(self, sighting: Sighting) -> bool:
        uid = sighting.uid
        return self.open is not None and (not uid or self.open.uid in ("", uid))

    def _see(self, sighting: Sighting, value: Value, since: int) -> None:
        if self.open is None or not self._is_open(sighting):
            self._begin(sighting, value)
        elif says_the_same(self.open.value, value):
            self._extend(self.open, sighting)
        else:
            self._change(self.open, sighting, value, since)
        ended = _own(sighting).end
        if ended < END and self.open is not None:
            self._close(ended, ended)

    def _begin(self, sighting: Sighting, value: Value) -> None:
        """An object that was not there before, or not known of; one of the same name ends where it begins."""
        start, settled = self._beginning(sighting)
        if self.open is not None:
            end = sighting.seen if start == BEGINNING else start
            self._close(min(self.last_seen, end), end)
        if start == BEGINNING and sighting.when is not None:
            earlier = self.coverage.before(self.kind, self.namespace, sighting.seen)
            start = max(self.last_seen, earlier)
        elif self.done and not sighting.uid and start < self.done[-1].lifetime.end:
            start, settled = self.done[-1].lifetime.end, sighting.seen
        owned, always = _own(sighting).sure_start, sighting.when is None
        self.open = _Open(value, sighting.uid, start, settled, owned, always)

    def _beginning(self, sighting: Sighting) -> tuple[int, int]:
        """When an object began, as far as it tells (else BEGINNING), and since when it surely was so."""
        start, when = _own(sighting).start, sighting.when
        if when is None:
            return start, start
        if when.what is What.CREATED:
            return when.seen, when.seen
        if start == BEGINNING and sighting.own_times.created is not None:
            start = sighting.own_times.created
        return start, self._settled(sighting, start)

    @staticmethod
    def _settled(sighting: Sighting, start: int) -> int:
        """Since when an object that was first seen like this surely was so."""
        own_times, when = sighting.own_times, sighting.when
        if own_times.written is not None and start > BEGINNING:
            return min(max(start, own_times.written), sighting.seen)
        changed = when is not None and when.what in (What.CHANGED, What.GONE)
        return sighting.seen if start == BEGINNING or own_times.rewritten or changed else start

    def _extend(self, version: _Open, sighting: Sighting) -> None:
        own = _own(sighting)
        version.leaving = END
        version.owned = min(version.owned, own.sure_start)
        version.uid = version.uid or sighting.uid
        version.always = version.always or sighting.when is None
        before = version.value
        if isinstance(sighting.value, Pod) and isinstance(before, Pod) and not before.addresses:
            version.value = sighting.value
            version.start = max(version.start, own.start)

    def _change(self, version: _Open, sighting: Sighting, value: Value, since: int) -> None:
        """The same object, with other content; a pod that finished some time takes no part from then on."""
        version.leaving = END
        seen, written = sighting.seen, sighting.own_times.written
        if written is not None and since < written < seen:
            since = seen = written
        self._close(since, seen)
        if isinstance(value, Pod) and value.finished:
            return
        own = _own(sighting)
        uid = sighting.uid or version.uid
        self.past.discard(uid)
        self.open = _Open(value, uid, since, seen, own.sure_start, version.always)

    def _close(self, sure_end: int, end: int) -> None:
        """The open version ends; one that could not have been at any time is left out."""
        version, self.open = self.open, None
        if version is None:
            return
        if version.uid:
            self.past.add(version.uid)
        if end > version.start:
            sure_start = max(version.start, version.settled, version.owned)
            lifetime = Lifetime(version.start, end, sure_start, min(sure_end, version.leaving, end))
            self.done.append(Version(version.value, lifetime))


def _own(sighting: Sighting) -> Lifetime:
    """What a pod tells of its own lifetime. Other objects do not."""
    return sighting.value.lifetime if isinstance(sighting.value, Pod) else ALWAYS
