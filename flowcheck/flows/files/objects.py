"""Which flow files lie under what is named in an object store.

Prefixes are listed level by level, several at once, so that one that cannot hold the asked time costs no
request. What is left out is listed with its reason, as it is of folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from flowcheck.errors import RunError
from flowcheck.flows.files.finding import HIDDEN, NOT_FLOWS, RESULTS_MARK, hidden
from flowcheck.flows.files.partitions import BY_FOLDER, BY_NAME, Pruned, Window, file_outside, folder_outside
from flowcheck.flows.files.tables import WAY_OUT, is_of_iceberg, kind_by_log
from flowcheck.stores.trouble import trouble_of
from flowcheck.stores.uri import StorePath, name_of, odd_key
from flowcheck.stores.waiting import together

if TYPE_CHECKING:
    from flowcheck.stores.arrow import Store
    from flowcheck.stores.levels import Entry

AT_ONCE = 16
"""Listings, of a level."""
_MAGIC = re.compile(r"[*?[]")


class Found(NamedTuple):
    """An object, whether it was named itself, and why it is left out if it is. ``failed``: it should have
    been read."""

    uri: str
    named: bool
    size: int = 0
    modified_ns: int = 0
    left_out: str = ""
    failed: bool = False


def find_objects(path: StorePath, window: Window, pruned: Pruned) -> Iterator[Found]:
    """Every object under a path: an object, a prefix, or a pattern of either. What is pruned is counted.

    **Raises**: RunError where there is none, or the store does not tell.
    """
    arrow = import_module("flowcheck.stores.arrow")
    try:
        search = _Search(path, arrow.store_at(path.place, path.access), window, pruned)
        yield from search.run()
    except arrow.ERRORS as error:
        raise trouble_of(error).error(path.uri) from None


class _Search:
    def __init__(self, path: StorePath, store: Store, window: Window, pruned: Pruned) -> None:
        self._path, self._store, self._window, self._pruned = path, store, window, pruned
        self._level_of = store.levels()
        self._matched_outside = False

    def run(self) -> Iterator[Found]:
        place = self._path.place
        parts = place.path.split("/")
        magic = next((at for at, part in enumerate(parts) if at and _MAGIC.search(part)), len(parts))
        if magic == len(parts):
            yield from self._named(place.path, as_prefix=place.key.endswith("/") or not place.key)
            return
        matches = list(self._matching("/".join(parts[:magic]), parts[magic:]))
        if not matches and not self._matched_outside:
            raise RunError("no such object or prefix", where=self._path.uri, hint="check the pattern")
        yield from (self._of(one, named=True) for one in matches if not one.is_prefix)
        yield from self._below([one.path for one in matches if one.is_prefix])

    def _named(self, path: str, *, as_prefix: bool) -> Iterator[Found]:
        """An object if there is one of this name, else what lies below it."""
        entry = None if as_prefix else self._store.look(path)
        if entry is not None and not entry.is_prefix:
            yield self._of(entry, named=True)
            return
        found = self._level_of(path)
        if not found:
            raise RunError(
                "no such object or prefix", where=self._path.uri, hint="check the key; case counts"
            )
        yield from self._below([], [(path, found)])

    def _matching(self, base: str, patterns: list[str]) -> Iterator[Entry]:
        """A part of a pattern matches within one level."""
        for entry in self._level_of(base):
            name = name_of(entry.path)
            if fnmatchcase(name, patterns[0]) and (not hidden(name) or hidden(patterns[0])):
                if self._is_outside(entry):
                    self._matched_outside = True
                elif len(patterns) == 1:
                    yield entry
                elif entry.is_prefix:
                    yield from self._matching(entry.path, patterns[1:])

    def _below(self, prefixes: list[str], known: Iterable[tuple[str, list[Entry]]] = ()) -> Iterator[Found]:
        """All that lies under some prefixes, level by level; ``known``: what lies in others."""
        levels = [*known]
        while prefixes or levels:
            levels += zip(prefixes, together(self._level_of, prefixes, AT_ONCE), strict=True)
            waiting: list[str] = []
            for base, entries in levels:
                yield from self._level(base, entries, waiting)
            prefixes, levels = waiting, []

    def _level(self, base: str, entries: list[Entry], waiting: list[str]) -> Iterator[Found]:
        """What one prefix holds; prefixes that are to be listed next are put among ``waiting``."""
        names = {name_of(entry.path) for entry in entries}
        if RESULTS_MARK in names:
            if base != self._path.place.path:
                return
            entries = [entry for entry in entries if name_of(entry.path) not in NOT_FLOWS]
        kind = self._table(base, names)
        if kind:
            why = f"a table of {kind}, which is not read where it lies; {WAY_OUT[kind]}"
            yield Found(self._at(base), True, left_out=why, failed=True)
            return
        for entry in entries:
            name = name_of(entry.path)
            if odd := odd_key(name):
                yield Found(self._at(entry.path), True, entry.size, left_out=odd, failed=True)
            elif hidden(name):
                yield Found(self._at(entry.path), False, entry.size, left_out=HIDDEN)
            elif self._is_outside(entry):
                continue
            elif entry.is_prefix:
                waiting.append(entry.path)
            else:
                yield self._of(entry, named=False)

    def _is_outside(self, entry: Entry) -> bool:
        """Whether nothing of the asked time can be in it; then it is counted."""
        if entry.is_prefix:
            outside = folder_outside(entry.path.split("/"), self._window)
            self._pruned.folders[BY_FOLDER] += outside
        else:
            outside = file_outside(name_of(entry.path), self._window)
            self._pruned.files[BY_NAME] += outside
        return outside

    def _table(self, base: str, names: set[str]) -> str:
        kind = kind_by_log(names)
        if not kind and "metadata" in names and "data" in names:
            inside = map(name_of, (entry.path for entry in self._level_of(f"{base}/metadata")))
            kind = "Iceberg" if is_of_iceberg(inside) else ""
        return kind

    def _of(self, entry: Entry, *, named: bool) -> Found:
        return Found(self._at(entry.path), named, entry.size, entry.modified_ns)

    def _at(self, path: str) -> str:
        return self._path.place.uri(path)
