"""Python objects in a file, in sections that are loaded when asked for; arrays are mapped, not read.

A section is a pickle (protocol 5) whose arrays lie beside it, so that processes that map the file share them.
Only files that this user has written, in folders that nobody else may write to, are ever loaded.
"""

from __future__ import annotations

import hashlib
import mmap
import pickle
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

ALIGNED = 64
"""Bytes: arrays begin at a cache line."""

T = TypeVar("T")
Key = TypeVar("Key")


class Section(msgspec.Struct, frozen=True):
    """Where its pickle lies in the file, and where its arrays do: (offset, bytes) each."""

    pickled: tuple[int, int]
    arrays: tuple[tuple[int, int], ...]


def write_sections(path: Path, sections: Mapping[str, object]) -> None:
    """The SHA-256 of the rest, the size of the table of sections, this table, the sections."""
    pieces: list[bytes | pickle.PickleBuffer | memoryview] = []
    table: dict[str, Section] = {}
    size = 0

    def place(piece: Any, n_bytes: int) -> tuple[int, int]:
        nonlocal size
        padding = -size % ALIGNED
        pieces.extend((bytes(padding), piece))
        size += padding + n_bytes
        return size - n_bytes, n_bytes

    for name, value in sections.items():
        buffers: list[pickle.PickleBuffer] = []
        body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        pickled = place(body, len(body))
        table[name] = Section(pickled, tuple(place(b.raw(), b.raw().nbytes) for b in buffers))
    head = msgspec.msgpack.encode(table)
    head = struct.pack("<I", len(head)) + head
    pieces.insert(0, head + bytes(-(32 + len(head)) % ALIGNED))
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    with path.open("wb") as file:
        file.write(digest.digest())
        for piece in pieces:
            file.write(piece)


class Stored:
    """A file of sections. What is loaded may be written to: nobody else sees it.

    **Raises**: ValueError where it is not such a file, or with ``check`` not what was written."""

    def __init__(self, path: Path, *, check: bool = False) -> None:
        with path.open("rb") as file:
            self._bytes = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        if check and hashlib.sha256(self._bytes[32:]).digest() != self._bytes[:32]:
            raise ValueError(f"{path} is damaged")
        (size,) = struct.unpack("<I", self._bytes[32:36])
        self._table = msgspec.msgpack.decode(self._bytes[36 : 36 + size], type=dict[str, Section])
        self._begin = -(-(36 + size) // ALIGNED) * ALIGNED

    def load(self, name: str) -> Any:
        section = self._table[name]
        return pickle.loads(self._piece(section.pickled), buffers=map(self._piece, section.arrays))

    def _piece(self, place: tuple[int, int]) -> memoryview:
        offset, n_bytes = place
        return self._bytes[self._begin + offset : self._begin + offset + n_bytes]


class _Later(Generic[T]):
    """What is made when it is first looked at."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    @cached_property
    def _value(self) -> T:
        return self._make()


class LaterObject(_Later[T]):
    """Stands for a value of which only attributes are asked."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value, name)


class LaterSequence(_Later[Sequence[T]], Sequence[T]):
    def __getitem__(self, place: Any) -> Any:
        return self._value[place]

    def __len__(self) -> int:
        return len(self._value)


class LaterMapping(_Later[Mapping[Key, T]], Mapping[Key, T]):
    def __getitem__(self, key: Key) -> T:
        return self._value[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)
