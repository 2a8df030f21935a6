"""What was seen of each object: one sighting after another, in the order of their times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from flowcheck.history.sameness import says_the_same, unplaced
from flowcheck.history.sightings import Sighting
from flowcheck.history.values import Value
from flowcheck.model.cluster import Pod

Key = tuple[str, str, str]
"""Kind, namespace (empty where it has none), name."""


@dataclass(slots=True)
class Chronicle:
    """Objects in the order of the input, each object's sightings by their time."""

    _objects: dict[Key, list[Sighting]] = field(default_factory=dict)

    @property
    def kinds(self) -> set[str]:
        """The kinds of everything that was seen."""
        return {key[0] for key in self._objects}

    def twin(self, key: Key, sighting: Sighting) -> Sighting | None:
        """Another sighting of the object in the same snapshot, or where neither has a time."""
        known = self._objects.get(key)
        if not known or not sighting.is_state:
            return None
        place = bisect_right(known, sighting.seen, key=_seen)
        while place and known[place - 1].seen == sighting.seen:
            place -= 1
            if known[place].is_state and (known[place].when is None) == (sighting.when is None):
                return known[place]
        return None

    def contradiction(self, key: Key, sighting: Sighting) -> Sighting | None:
        """A sighting that says something else, where one of the two holds for all times."""
        known = self._objects.get(key, ())
        others = known if sighting.when is None else [one for one in known[:1] if one.when is None]
        for other in others:
            if other.value is not None and not says_the_same(other.value, sighting.value):
                return other
        return None

    def first(self, key: Key) -> Sighting | None:
        known = self._objects.get(key)
        return known[0] if known else None

    def add(self, key: Key, sighting: Sighting) -> None:
        """Keep a sighting. What says just the same as the one before shares its value: histories are long."""
        known = self._objects.get(key)
        if known is None:
            self._objects[key] = [sighting]
            return
        place = bisect_right(known, sighting.seen, key=_seen)
        before = known[place - 1] if place else None
        if before is not None and sighting.kept is None and _alike(before.value, sighting.value):
            own_times = before.own_times if before.own_times == sighting.own_times else sighting.own_times
            sighting = replace(sighting, value=before.value, own_times=own_times)
        known.insert(place, sighting)

    def fork(self) -> Chronicle:
        """Another that tells the same, for now."""
        return Chronicle({key: [*known] for key, known in self._objects.items()})

    def objects(self) -> Iterator[tuple[Key, list[Sighting]]]:
        """Each object with its sightings, in the order of the input."""
        yield from self._objects.items()


def _seen(sighting: Sighting) -> int:
    return sighting.seen


def _alike(before: Value | None, after: Value | None) -> bool:
    """Whether two values say just the same, their own lifetimes too."""
    if before is after:
        return before is not None
    if before is None or after is None or unplaced(before) != unplaced(after):
        return False
    return not (isinstance(before, Pod) and isinstance(after, Pod)) or before.lifetime == after.lifetime
