"""What the process that reads tables says of each: msgpack records, each after its length in eight bytes."""

from __future__ import annotations

from typing import IO

import msgspec

MAX_MESSAGE = 64 << 20


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """All is imported: from here on, a death is the fault of the file that was being read."""


class Unreadable(msgspec.Struct, tag="unreadable", frozen=True):
    why: str


class Column(msgspec.Struct, frozen=True):
    """A column that is not what it should be, by its types. None: there is, or should be, none."""

    name: str
    expected: str | None
    found: str | None


class Misshapen(msgspec.Struct, tag="misshapen", frozen=True):
    """Other columns than an audit writes: nothing is added up."""

    columns: tuple[Column, ...]


class Cell(msgspec.Struct, frozen=True):
    """Edges alike in these words; an absent one is empty."""

    verdict: str
    reason: str
    observed: str
    records: int
    flows: int
    bytes: int


class Decided(msgspec.Struct, frozen=True):
    """What a rule or a default deny decided in one direction, by its name in edges.parquet."""

    direction: str
    name: str
    records: int
    flows: int


class Edges(msgspec.Struct, tag="edges", frozen=True):
    """``first`` and ``last``: microseconds since 1970, None without any edge."""

    rows: int
    cells: tuple[Cell, ...]
    decided: tuple[Decided, ...]
    first: int | None
    last: int | None


class Hits(msgspec.Struct, tag="hits", frozen=True):
    """``unused`` and ``open``: rules that decided nothing, and that did so only perhaps."""

    rows: int
    decided: tuple[Decided, ...]
    unused: int
    open: int


class FileRows(msgspec.Struct, frozen=True):
    """Violating rows of one input, and the first and last of their numbers."""

    file: str
    rows: int
    first: int
    last: int


class Violating(msgspec.Struct, tag="violations", frozen=True):
    """``kinds``: rows by kind of violation."""

    rows: int
    kinds: dict[str, int]
    files: tuple[FileRows, ...]


class PortSums(msgspec.Struct, frozen=True):
    """A service port, by its five columns as one text; ``unlocated`` connections have no endpoint."""

    port: str
    connections: int
    unlocated: int
    bytes: int


class Services(msgspec.Struct, tag="services", frozen=True):
    """``states``: service ports by state."""

    rows: int
    states: dict[str, int]
    ports: tuple[PortSums, ...]


class Load(msgspec.Struct, tag="load", frozen=True):
    rows: int
    ports: tuple[PortSums, ...]


Said = Unreadable | Misshapen | Edges | Hits | Violating | Services | Load
_decoder = msgspec.msgpack.Decoder(Ready | Said)


def send(stream: IO[bytes], message: Ready | Said) -> None:
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_MESSAGE:
        body = msgspec.msgpack.encode(Unreadable("it names more than can be compared"))
    stream.write(len(body).to_bytes(8, "little") + body)
    stream.flush()


def receive(stream: IO[bytes]) -> Ready | Said | None:
    """The next message, or None where the process has gone or talks nonsense."""
    n_bytes = int.from_bytes(stream.read(8), "little")
    body = stream.read(n_bytes) if n_bytes <= MAX_MESSAGE else b""
    try:
        return _decoder.decode(body) if len(body) == n_bytes else None
    except msgspec.MsgspecError:
        return None
