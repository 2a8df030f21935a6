"""When something was so: half-open intervals whose ends may be known only roughly.

Units: every instant is microseconds since 1970-01-01 UTC. Every object of a cluster has a
:class:`Lifetime`; an object that changes (a pod's labels, a policy's rules) stands once for each version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BEGINNING, END = -(1 << 62), 1 << 62
"""Before and after every instant."""


@dataclass(frozen=True, slots=True, order=True)
class Lifetime:
    """One version of an object: it may have been there in ``[start, end)`` and surely was in
    ``[sure_start, sure_end)``, which lies inside (or is empty: ``sure_start >= sure_end``).

    A watch event gives an exact edge: ``start == sure_start``. Two snapshots give a stretch between the one
    that still shows the version and the one that no longer does. Without any time it always was.
    """

    start: int = BEGINNING
    end: int = END
    sure_start: int = BEGINNING
    sure_end: int = END

    @classmethod
    def exact(cls, start: int = BEGINNING, end: int = END) -> Lifetime:
        return cls(start, end, start, end)

    def within(self, other: Lifetime) -> Lifetime:
        """The part of it that lies inside another lifetime."""
        return Lifetime(
            max(self.start, other.start),
            min(self.end, other.end),
            max(self.sure_start, other.sure_start),
            min(self.sure_end, other.sure_end),
        )

    def joined(self, later: Lifetime) -> Lifetime:
        """One that takes over from it without a gap, both together: what was there all along is sure even
        while it is open which of the two it was."""
        return Lifetime(
            min(self.start, later.start),
            max(self.end, later.end),
            min(self.sure_start, later.sure_start),
            max(self.sure_end, later.sure_end),
        )

    def continues(self, earlier: Lifetime, others: Iterable[Lifetime]) -> bool:
        """Whether what had the earlier lifetime may have gone on as this one all along: without a gap, and
        while it was not sure none of the others may have been there instead."""
        since, until = earlier.sure_end, self.sure_start
        if self.start > earlier.end or since >= until:
            return self.start <= earlier.end
        return not any(one.start < until and since < one.end for one in others)

    def unwatched(self, longer_than: int) -> tuple[Lifetime, ...]:
        """The stretches before it is sure and after, if they are longer than so many microseconds: it may
        have been there, and so may anybody whom no input tells of. What never ends is not looked for."""
        first, last = min(self.sure_start, self.end), max(self.sure_end, self.start)
        stretches = ((self.start, first), (last, self.end)) if first < last else ((self.start, self.end),)
        found: tuple[Lifetime, ...] = ()
        for start, end in stretches:
            if end - start > longer_than and start > BEGINNING and end < END:
                found = *found, Lifetime(start, end, END, BEGINNING)
        return found

    def unsure(self) -> Lifetime:
        """The same, of which no instant is sure."""
        return Lifetime(self.start, self.end, END, BEGINNING)

    def possible(self, at: int) -> bool:
        return self.start <= at < self.end

    def sure(self, at: int) -> bool:
        return self.sure_start <= at < self.sure_end


ALWAYS = Lifetime()


def joined_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of time (first and last instant) in their order; those that meet are one."""
    found: list[tuple[int, int]] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found
