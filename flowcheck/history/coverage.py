"""What the dated inputs speak of: which snapshot would have shown an object, which stream would have told.

A ``kubectl get`` that did not ask for a kind says nothing about it, and one for a single namespace
nothing about others. So a snapshot speaks for the kinds it holds, and a file whose objects lie in
one namespace only for that one. The same holds for a watch; an audit log is the whole cluster's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from flowcheck.history.dated import Dated
from flowcheck.history.notes import Note
from flowcheck.history.sightings import When
from flowcheck.kinds import called
from flowcheck.manifests.envelopes import What
from flowcheck.model.instants import instant_text, parse_instant
from flowcheck.model.timeline import BEGINNING, END, joined_spans

AUDIT_LOG = "audit log"
"""All files of audit entries together are one stream."""


@dataclass(slots=True)
class _Part:
    """One file's share of a snapshot, or a stream, from ``first`` to ``last`` as far as its times are known.

    ``name`` is the stream's, or that of its last file. ``listed`` are the kinds that a watch lists at its
    beginning, as it does unless it was told not to.
    """

    name: str = ""
    kinds: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)
    whole: bool = False
    first: int = END
    last: int = BEGINNING

    def speaks_for(self, kind: str, namespace: str) -> bool:
        if kind not in self.kinds:
            return False
        return not namespace or self.whole or len(self.namespaces) != 1 or namespace in self.namespaces


@dataclass(slots=True)
class Coverage:
    """Filled document by document; asked when all have been read."""

    _snapshots: dict[int, dict[str, _Part]] = field(default_factory=lambda: defaultdict(dict))
    _streams: dict[str, _Part] = field(default_factory=lambda: defaultdict(_Part))
    _times: list[int] = field(default_factory=list)
    _watch_of: dict[str, str] = field(default_factory=dict)
    """By file, the watch that it is a part of, where notes tell."""
    _missed: set[tuple[int, int]] = field(default_factory=set)

    def note_taken(self, file: str, when: When, note: Note) -> None:
        """What a file says of itself: the kinds that were asked for, in all namespaces; up to when a watch
        has told of all, and what it missed."""
        if when.what is What.STATE:
            part = self._snapshots[when.seen].setdefault(file, _Part())
        else:
            self._watch_of[file] = note.watch
            part = self._streams[note.watch]
            part.name = file
            part.listed |= set(note.kinds)
            part.first = min(part.first, parse_instant(note.taken))
            part.last = max(part.last, when.seen)
            self._missed |= {(parse_instant(one.since), parse_instant(one.until)) for one in note.missed}
        part.whole = True
        part.kinds |= set(note.kinds)

    def note(self, dated: Dated, *, audited: bool) -> None:
        """A document of a dated input, which ``audited`` says is an audit log."""
        document, when = dated.document, dated.when
        if when is None or when.what is What.KEPT:
            return
        if when.what is What.STATE:
            part = self._snapshots[when.seen].setdefault(document.source.file, _Part())
        else:
            file = document.source.file
            part = self._streams[AUDIT_LOG if audited else self._watch_of.get(file, file)]
            part.name = part.name or file
            part.whole = part.whole or audited
            if when.what is What.LISTED:
                part.listed.add(called(document.group, document.kind))
            if when.seen < END:
                part.last = max(part.last, when.seen)
                if when.since is not None:
                    part.first = min(part.first, when.since)
        part.kinds.add(called(document.group, document.kind))
        if document.namespace:
            part.namespaces.add(document.namespace)

    def close(self, broken_watches: set[str]) -> None:
        """Everything has been noted. A watch that ended with an error is not one that tells of everything."""
        for name in {self._watch_of.get(file, file) for file in broken_watches} & self._streams.keys():
            del self._streams[name]
        self._times = sorted(self._snapshots)

    def samples(self, kind: str) -> bool:
        """Whether snapshots alone tell of a kind, or a watch that missed something: in between, others may
        have come and gone."""
        shown = any(kind in part.kinds for parts in self._snapshots.values() for part in parts.values())
        followed = any(kind in part.kinds for part in self._streams.values())
        return (shown and not followed) or bool(self._missed)

    def known_until(self, kinds: Collection[str]) -> int:
        """The last snapshot, if no stream tells of any of the kinds after it, nor an audit log of
        anything."""
        if not self._times:
            return END
        last = self._times[-1]
        told = (
            part.last >= last and (part.whole or not part.kinds.isdisjoint(kinds))
            for part in self._streams.values()
        )
        return END if any(told) else last

    def missing(
        self, kind: str, namespace: str, after: int, before: int, files: Collection[str]
    ) -> int | None:
        """The first snapshot strictly between two instants that would have shown an object of that kind.

        Not one that was taken while a stream was telling of the object: the stream's word counts. ``files``
        are those whose streams told of it.
        """
        place = bisect_right(self._times, after)
        while place < len(self._times) and self._times[place] < before:
            time = self._times[place]
            if self._shows(time, kind, namespace) and not self._told(time, kind, namespace, files):
                return time
            place += 1
        return None

    def before(self, kind: str, namespace: str, time: int) -> int:
        """The last snapshot before an instant that would have shown such an object; BEGINNING: none."""
        place = bisect_right(self._times, time - 1)
        for earlier in reversed(self._times[:place]):
            if self._shows(earlier, kind, namespace):
                return earlier
        return BEGINNING

    def followed(self, kind: str, namespace: str, files: Collection[str]) -> bool:
        """Whether the last stream of such objects tells of this one, and goes on after the last snapshot.

        What a watch does not list when it begins may have gone before that. ``files`` as in ``missing``.
        """
        last = self.before(kind, namespace, END)
        streams = [
            (part.last, name)
            for name, part in self._streams.items()
            if part.speaks_for(kind, namespace) and part.last >= last
        ]
        return bool(streams) and self._vouches(max(streams)[1], kind, files)

    def shown_between(self, kind: str, namespace: str, after: int, before: int) -> bool:
        """Whether a snapshot strictly between two instants would have shown such an object."""
        times = self._times[bisect_right(self._times, after) :]
        return any(self._shows(time, kind, namespace) for time in times if time < before)

    def told_until(self, kind: str, namespace: str, files: Collection[str]) -> int:
        """The last word of any stream that would have told of the end of such an object; BEGINNING: of none.
        ``files`` as in ``missing``."""
        last = (
            part.last
            for name, part in self._streams.items()
            if part.speaks_for(kind, namespace) and self._vouches(name, kind, files)
        )
        return max(last, default=BEGINNING)

    def _last_words(self) -> Iterator[str]:
        """kubectl's watch ends by itself, silently: nothing tells such an end from a quiet time."""
        latest = self._times[-1] if self._times else BEGINNING
        watches = [
            (part.last, part.name)
            for name, part in self._streams.items()
            if name != AUDIT_LOG and part.last > latest
        ]
        if watches:
            last, name = min(watches)
            others = f" (of {len(watches)} the first to fall silent)" if len(watches) > 1 else ""
            yield (
                f"the last event of the watch {name}{others} is of {instant_text(last)}: what it follows is "
                "taken as unchanged from then on; a watch may end without a word, so take a snapshot after it"
            )

    def _vouches(self, name: str, kind: str, files: Collection[str]) -> bool:
        if kind not in self._streams[name].listed or name in files:
            return True
        return any(self._watch_of.get(file) == name for file in files)

    def _shows(self, time: int, kind: str, namespace: str) -> bool:
        return any(part.speaks_for(kind, namespace) for part in self._snapshots[time].values())

    def _told(self, time: int, kind: str, namespace: str, files: Collection[str]) -> bool:
        return any(
            part.speaks_for(kind, namespace)
            and part.first <= time <= part.last
            and self._vouches(name, kind, files)
            for name, part in self._streams.items()
        )

    def warnings(self, kinds: frozenset[str]) -> Iterator[str]:
        """What is taken for granted: that kinds which later snapshots do not hold were not asked for, and
        that watches have gone on."""
        yield from self._last_words()
        for since, until in joined_spans(self._missed):
            yield (
                f"the watch missed what came and went from {instant_text(since)} to {instant_text(until)}: "
                "it is not known"
            )
        last_of: dict[str, int] = {}
        for time in self._times:
            for part in self._snapshots[time].values():
                last_of.update(dict.fromkeys(part.kinds, time))
        for kind, last in sorted(last_of.items()):
            if (
                kind in kinds
                and last < self._times[-1]
                and not any(kind in part.kinds for part in self._streams.values())
            ):
                yield (
                    f"no snapshot after {instant_text(last)} holds any {kind}: taken as not asked for, so it "
                    "is unknown which were there from then on (what has no time holds for all times)"
                )
