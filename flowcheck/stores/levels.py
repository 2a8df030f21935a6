"""What lies below a prefix, as one listing of all of it -> what lies directly under each prefix in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Entry(NamedTuple):
    """What a listing tells. ``size`` of a prefix is 0. ``modified_ns``: since 1970."""

    path: str
    is_prefix: bool
    size: int = 0
    modified_ns: int = 0


Lister = Callable[[str], list[Entry]]
"""What lies directly under a prefix."""


class Levels:
    """For one walk from a prefix down: what was listed is not listed again, and each prefix is asked for
    once. Several threads may ask. ``everything``: all objects under a prefix, however deep."""

    def __init__(self, everything: Callable[[str], Iterable[Entry]]) -> None:
        self._everything = everything
        self._known: dict[str, set[Entry]] = {}

    def of(self, path: str) -> list[Entry]:
        if path not in self._known:
            self._learn(path)
        return sorted(self._known.pop(path, ()))

    def _learn(self, root: str) -> None:
        for entry in self._everything(root):
            self._know(root, entry)

    def _know(self, root: str, entry: Entry) -> None:
        """It, and every prefix on the way to it; an empty name is one, too."""
        path, child = entry.path, entry
        while path != root:
            path = path.rpartition("/")[0]
            level = self._known.setdefault(path, set())
            if child in level:
                return
            level.add(child)
            child = Entry(path, True)
