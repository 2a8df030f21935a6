"""A sighting: one input's word of what an object was at a time, or that it was gone.

``streams`` gives every document its :class:`When`; ``history`` makes versions with lifetimes of all
sightings of an object. Times are those of ``model.timeline``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal

from flowcheck.model.cluster import Pod
from flowcheck.model.policy import SourceLocation
from flowcheck.model.timeline import BEGINNING, Lifetime
from flowcheck.objects.times import NO_STAMPS, Stamps

At = int | Literal["mtime"] | None
"""The time of inputs whose names tell none: an instant, each file's own modification time, or no time."""


class What(Enum):
    """What was seen. CREATED to GONE say that something happened at that moment."""

    STATE = auto()
    """In a snapshot: so it was then, whenever it became so."""
    LISTED = auto()
    """At the beginning of a watch, or created while it ran: the event is the same."""
    CREATED = auto()
    CHANGED = auto()
    STATUS_CHANGED = auto()
    """Only its status, so labels and rules were the same before."""
    COLLECTED = auto()
    """Deleted with others of its kind, and told as it was before: a pod then ends like any other."""
    LEAVING = auto()
    """Its end was asked for; whether that came at once is not told."""
    GONE = auto()
    TOLD = auto()
    """A whole version with its lifetime, as an inventory has it."""


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
    ``told``: the lifetime of the version that it is, from an inventory."""

    value: Any
    source: SourceLocation
    when: When | None = None
    stamps: Stamps = NO_STAMPS
    told: Lifetime | None = None

    @property
    def seen(self) -> int:
        return BEGINNING if self.when is None else self.when.seen

    @property
    def uid(self) -> str:
        return self.stamps.uid or (self.value.uid if isinstance(self.value, Pod) else "")

    @property
    def is_state(self) -> bool:
        return self.when is None or self.when.what is What.STATE
