"""A Parquet file taken apart into chunks, pages and footer, and put together again with a lie or without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.flows.accounting.thrift import I32, I64, Field, Fields, get, put, read_struct, write_struct

DATA, DICTIONARY, DATA_V2 = 0, 2, 3
HEADERS = {DATA: 5, DICTIONARY: 7, DATA_V2: 8}
"""Kinds of pages, and the field of a page's header that is the header of that kind."""


@dataclass
class Page:
    """``values``: how many its body holds, none of a dictionary's, whatever the header comes to say."""

    header: Fields
    body: bytes
    values: int

    @property
    def own_header(self) -> Fields:
        found: Fields = get(self.header, HEADERS[get(self.header, 1)])
        return found

    def bytes(self) -> bytes:
        return write_struct(self.header) + self.body


@dataclass
class Chunk:
    """``said``: its ColumnChunk in the footer. ``before``, ``inside``, ``behind``: bytes around its pages;
    the second are behind the last, and still the chunk's."""

    column: int
    said: Fields
    pages: list[Page]
    before: bytes = b""
    inside: bytes = b""
    behind: bytes = b""
    stale: bool = False

    @property
    def metadata(self) -> Fields:
        found: Fields = get(self.said, 3)
        return found


@dataclass
class Parts:
    """``chunks`` as they lie in the file; what the footer says is that of ``footer``, which shares its
    ColumnChunks with them."""

    chunks: list[Chunk]
    footer: Fields
    tail: bytes = b""
    trailing: bytes = b""
    hidden: list[Chunk] = field(default_factory=list)

    def copy(self) -> Parts:
        """What is shared in it is shared in its copy."""
        copy = Copier()
        return replace(
            self,
            footer=copy.of(self.footer),
            chunks=[copy.chunk(chunk) for chunk in self.chunks],
            hidden=[copy.chunk(chunk) for chunk in self.hidden],
        )

    @property
    def groups(self) -> list[Fields]:
        found: list[Fields] = get(self.footer, 4)[1]
        return found

    def whole(self) -> bytes:
        """The file. Chunks are said to lie where they do, but for those that are ``stale``."""
        out = bytearray(b"PAR1")
        for chunk in self.chunks:
            out += chunk.before
            begin = len(out)
            first_data = begin
            for page in chunk.pages:
                if get(page.header, 1) == DICTIONARY:
                    first_data = len(out) + len(page.bytes())
                out += page.bytes()
            out += chunk.inside
            if not chunk.stale:
                put(chunk.metadata, 7, len(out) - begin)
                put(chunk.metadata, 9, first_data)
                if first_data > begin:
                    put(chunk.metadata, 11, begin)
            out += chunk.behind
        out += self.tail
        footer = write_struct(self.footer) + self.trailing
        return bytes(out + footer + len(footer).to_bytes(4, "little") + b"PAR1")

    def held(self) -> list[int]:
        """How many values lie in the file, by column, whatever headers say."""
        return self._summed(lambda page: page.values)

    def counted(self) -> list[int]:
        """How many values the headers of all pages count."""
        return self._summed(lambda page: 0 if get(page.header, 1) == DICTIONARY else get(page.own_header, 1))

    def _summed(self, of: Callable[[Page], int]) -> list[int]:
        rows = [0] * (1 + max(chunk.column for chunk in self.chunks))
        for chunk in [*self.chunks, *self.hidden]:
            rows[chunk.column] += sum(map(of, chunk.pages))
        return rows


class Copier:
    """Four times as fast as ``deepcopy``, which knows nothing of what it copies."""

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """Of a field's value."""
        if isinstance(value, tuple):
            return tuple(map(self.of, value))
        if not isinstance(value, list | Field):
            return value
        if id(value) not in self._known:
            fresh = (
                [*map(self.of, value)]
                if isinstance(value, list)
                else Field(value.number, value.kind, self.of(value.value))
            )
            self._known[id(value)] = fresh
        return self._known[id(value)]

    def chunk(self, chunk: Chunk) -> Chunk:
        pages = [replace(page, header=self.of(page.header)) for page in chunk.pages]
        return replace(chunk, said=self.of(chunk.said), pages=pages)


def take_apart(data: bytes) -> Parts:
    """An honest file, but for its indexes and filters, which are left out."""
    size = int.from_bytes(data[-8:-4], "little")
    footer, _ = read_struct(data, len(data) - 8 - size)
    chunks = []
    for group in get(footer, 4)[1]:
        for column, said in enumerate(get(group, 1)[1]):
            said[:] = [one for one in said if one.number <= 3]
            metadata = get(said, 3)
            metadata[:] = [one for one in metadata if one.number not in (14, 15)]
            begin = get(metadata, 11) or get(metadata, 9)
            chunks.append(Chunk(column, said, _pages(data, begin, begin + get(metadata, 7))))
    return Parts(chunks, footer)


def _pages(data: bytes, at: int, end: int) -> list[Page]:
    pages = []
    while at < end:
        header, body = read_struct(data, at)
        at = body + get(header, 3)
        kind = get(header, 1)
        values = 0 if kind == DICTIONARY else get(header, HEADERS[kind], 1)
        pages.append(Page(header, data[body:at], values))
    assert at == end
    return pages


def as_index(parts: Parts, chunk: Chunk, begin: int, size: int) -> None:
    """Name some bytes as a chunk's offset index."""
    put(chunk.said, 4, begin, I64)
    put(chunk.said, 5, size, I32)
