"""Objects that are fetched before workers come to them, as many as there is room for on the disk.

Workers read files of the run's folder as they read any other: they speak to no store.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowcheck.flows.files.inputs import FileIdentity, InputFile
from flowcheck.stores.uri import place_of

if TYPE_CHECKING:
    from flowcheck.stores.fetching import Fetcher
    from flowcheck.stores.wanted import News, Span

MOST_FILES = 64
MOST_BYTES = 1 << 30
"""Of objects that are on the disk or on their way at the same time; of one that is larger, its own."""


class Ahead:
    """Use as a context manager; what is left of objects goes with it. ``look``: whether part of an object
    may do, ``hashed``: whether its SHA-256 is asked for."""

    def __init__(
        self, inputs: Sequence[InputFile], folder: Path, *, look: bool = False, hashed: bool = False
    ) -> None:
        self._inputs, self._folder = inputs, folder
        self._look, self._hashed = look, hashed
        self._waiting: deque[int] = deque()
        self._under_way: set[int] = set()
        self._held: dict[int, int] = {}
        self._stack = ExitStack()
        self._fetching: Any = None
        self._fetcher: Fetcher | None = None

    def __enter__(self) -> Ahead:
        if any(is_wanted(one) for one in self._inputs):
            self._fetching = import_module("flowcheck.stores.fetching")
            self._fetcher = self._stack.enter_context(self._fetching.Fetcher())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        for number in list(self._held):
            self.release(number)

    @property
    def descriptor(self) -> int | None:
        """Can be read from where there is news; None where nothing is to be fetched."""
        return None if self._fetcher is None else self._fetcher.descriptor

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._under_way)

    def ask(self, numbers: Iterable[int]) -> None:
        """Fetch these, one after the other, as there is room."""
        self._waiting += numbers
        self._begin()

    def go_on(self, number: int, unread: Sequence[Span]) -> None:
        assert self._fetcher is not None
        self._fetcher.go_on(number, unread)

    def news(self) -> list[News]:
        found = [] if self._fetcher is None else self._fetcher.news()
        for one in found:
            if not one.looked_at:
                self._under_way.discard(one.number)
            if one.reason or one.error:
                self.release(one.number)
        return found

    def place(self, number: int) -> tuple[bytes, FileIdentity]:
        """Where an object lies, and as what."""
        path = self._path(number)
        return os.fsencode(path), FileIdentity.of(os.stat(path))

    def release(self, number: int) -> None:
        """Nobody will ask for it any more."""
        if number in self._under_way and self._fetcher is not None:
            self._fetcher.drop(number)
            self._under_way.discard(number)
        if self._held.pop(number, None) is not None:
            with suppress(OSError):
                self._path(number).unlink()
            self._begin()

    def _begin(self) -> None:
        while self._waiting and self._fetcher is not None:
            one = self._inputs[self._waiting[0]]
            full = sum(self._held.values()) + one.identity.size > MOST_BYTES
            if self._held and (full or len(self._held) >= MOST_FILES):
                return
            number = self._waiting.popleft()
            self._held[number] = one.identity.size
            self._under_way.add(number)
            place = place_of(one.path)
            assert one.access is not None
            arrow = import_module("flowcheck.stores.arrow")
            wanted = import_module("flowcheck.stores.wanted").Wanted(
                number,
                arrow.store_at(place, one.access),
                place.path,
                one.identity.size,
                one.identity.modified_ns,
                self._path(number),
                self._look,
                self._hashed,
            )
            self._fetcher.fetch(wanted)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.object"


def is_wanted(one: InputFile) -> bool:
    """Whether it is to be fetched."""
    return one.access is not None and not one.skipped
