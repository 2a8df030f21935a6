"""Records and arrays in a file, in sections that are loaded when asked for; arrays are mapped, not read.

A section is what ``encoding.py`` makes of a value, with its arrays after it, so that processes that map the
file share them. Nothing in it can make a reader run anything; but a kernel trusts the numbers in arrays, so
that only files that this user wrote are ever loaded.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

from flowcheck.runners.program.decoding import DamagedError, Decoder
from flowcheck.runners.program.encoding import ALIGNED, Encoder

_DIGEST, _SIZE = 32, 4
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
T = TypeVar("T")
Key = TypeVar("Key")


class Section(msgspec.Struct, frozen=True):
    """Where its form lies in the file, and where its arrays do: (offset, bytes) after the head."""

    form: tuple[int, int]
    arrays: tuple[int, int]


def write_sections(file: BinaryIO, sections: Mapping[str, object]) -> None:
    """The SHA-256 of the rest, the size of the table of sections, this table, the sections."""
    pieces: list[bytes | memoryview] = []
    table: dict[str, Section] = {}
    size = 0

    def place(piece: bytes | memoryview) -> int:
        nonlocal size
        padding = -size % ALIGNED
        pieces.extend((bytes(padding), piece))
        size += padding + len(piece)
        return size - len(piece)

    for name, value in sections.items():
        encoder = Encoder()
        form = msgspec.msgpack.encode(encoder.encode(value))
        at = place(form)
        first = place(b"")
        for offset, array in encoder.arrays:
            if place(array.reshape(-1).view("u1").data) != first + offset:
                raise AssertionError("an array is not where its form says")
        table[name] = Section((at, len(form)), (first, encoder.n_bytes))
    head = msgspec.msgpack.encode(table)
    head = struct.pack("<I", len(head)) + head
    pieces.insert(0, head + bytes(-(_DIGEST + len(head)) % ALIGNED))
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    file.write(digest.digest())
    for piece in pieces:
        file.write(piece)
    file.flush()


class Stored:
    """Sections in a file, by its descriptor; ``begin``: where, a multiple of ALIGNED. What is loaded may be
    written to: nobody else sees it.

    **Raises**: DamagedError where it is not such a file, or with ``check`` not what was written."""

    def __init__(self, descriptor: int, begin: int = 0, *, check: bool = False) -> None:
        try:
            self._bytes = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY))[begin:]
        except ValueError as error:
            raise DamagedError("it is empty") from error
        if check and hashlib.sha256(self._bytes[_DIGEST:]).digest() != self._bytes[:_DIGEST]:
            raise DamagedError("its checksum is another")
        try:
            (size,) = struct.unpack("<I", self._bytes[_DIGEST : _DIGEST + _SIZE])
            head = self._bytes[_DIGEST + _SIZE : _DIGEST + _SIZE + size]
            self._table = msgspec.msgpack.decode(head, type=dict[str, Section])
        except (struct.error, *_UNREADABLE) as error:
            raise DamagedError("its head cannot be read") from error
        after_head = -(-(_DIGEST + _SIZE + size) // ALIGNED) * ALIGNED
        self._body = self._bytes[after_head:]

    def copy_to(self, file: BinaryIO) -> None:
        """The whole of it."""
        file.write(self._bytes)
        file.flush()

    def load(self, name: str) -> Any:
        """**Raises**: DamagedError."""
        section = self._table.get(name)
        if section is None:
            raise DamagedError(f"there is no section {name}")
        try:
            form = msgspec.msgpack.decode(self._piece(section.form))
            return Decoder(self._piece(section.arrays)).decode(form)
        except _UNREADABLE as error:
            raise DamagedError(f"section {name} cannot be read") from error

    def _piece(self, place: tuple[int, int]) -> memoryview:
        offset, n_bytes = place
        if offset < 0 or n_bytes < 0 or offset + n_bytes > len(self._body):
            raise DamagedError("a section runs past the end")
        return self._body[offset : offset + n_bytes]


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
