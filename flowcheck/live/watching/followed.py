"""What is known of one resource: its objects as they were last told, and how far it was told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from flowcheck.live.discovery import Resource
from flowcheck.live.watching.lines import head_of


class Change(NamedTuple):
    """``what``: ADDED, MODIFIED or DELETED; ``told``: the object as JSON, as it was last if it is gone."""

    what: str
    told: bytes


@dataclass(slots=True)
class Followed:
    """``narrowed``: the selector of its questions. ``version``: the resourceVersion up to which all was told,
    empty: none. ``heard``: when that was, microseconds since 1970. ``lost``: why nothing is told now."""

    resource: Resource
    narrowed: dict[str, str]
    objects: dict[str, bytes] = field(default_factory=dict)
    version: str = ""
    heard: int = 0
    lost: str = ""

    @property
    def title(self) -> str:
        """Which no other has: ``pods``, ``configmaps/istio``."""
        return "/".join([self.resource.title, *(one.rpartition("=")[2] for one in self.narrowed.values())])

    def take(self, what: str, told: bytes) -> Iterator[Change]:
        """An event of the server's, as far as it changes anything that is kept."""
        head = head_of(told)
        known = self.objects.get(head.key)
        if what == "DELETED":
            if known is not None:
                del self.objects[head.key]
                yield Change("DELETED", known)
            return
        if known == told:
            return
        if known is not None and head_of(known).metadata.uid != head.metadata.uid:
            yield Change("DELETED", known)
            known = None
        self.objects[head.key] = told
        yield Change("ADDED" if known is None else "MODIFIED", told)

    def replace(self, listed: Iterable[bytes]) -> Iterator[Change]:
        """What is there now, all of it: the changes that lead to it."""
        there = {head_of(told).key: told for told in listed}
        for key, known in list(self.objects.items()):
            if key not in there:
                del self.objects[key]
                yield Change("DELETED", known)
        for told in there.values():
            yield from self.take("ADDED", told)
