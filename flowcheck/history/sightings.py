"""A sighting: one input's word of what an object was at a time, or that it was gone.

``sources`` gives every document its :class:`When`; ``versions`` makes versions with lifetimes of all
sightings of an object. Times are those of ``model.timeline``.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.history.values import Value
from flowcheck.manifests.envelopes import What
from flowcheck.model.cluster import Pod
from flowcheck.model.places import SourceLocation
from flowcheck.model.timeline import BEGINNING, Lifetime
from flowcheck.objects.times import NO_TIMES, OwnTimes


@dataclass(frozen=True, slots=True)
class When:
    """The object was so at ``seen``; what happened did so in ``[since, seen]``, at one instant where the
    two are equal. ``since`` None: after it was last seen."""

    seen: int
    what: What = What.STATE
    since: int | None = None

    @classmethod
    def exactly(cls, time: int, what: What) -> When:
        return cls(time, what, None if what is What.LISTED else time)


@dataclass(frozen=True, slots=True)
class Sighting:
    """``value`` None: gone, and nothing is told of what it was. ``when`` None: it holds for all times.
    ``kept``: the lifetime of the version that it is, from an inventory."""

    value: Value | None
    source: SourceLocation
    when: When | None = None
    own_times: OwnTimes = NO_TIMES
    kept: Lifetime | None = None

    @property
    def seen(self) -> int:
        return BEGINNING if self.when is None else self.when.seen

    @property
    def uid(self) -> str:
        return self.own_times.uid or (self.value.uid if isinstance(self.value, Pod) else "")

    @property
    def is_state(self) -> bool:
        return self.when is None or self.when.what is What.STATE
