"""What parent and worker say to each other: msgpack records, each after its length in four bytes.

Nothing that travels can run anything where it is read: a worker has read files that may be hostile.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import msgspec

from flowcheck.balance.count.tally import PackedEntries
from flowcheck.flows.files.hive import Key
from flowcheck.flows.files.inputs import FileIdentity
from flowcheck.flows.logs.converted import Conversion
from flowcheck.flows.logs.form import Asked
from flowcheck.results.census import Census
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.records.findings import Example
from flowcheck.results.records.ledger import Rejected, Stored

MAX_MESSAGE = 64 << 20


class Setup(msgspec.Struct, tag="setup", frozen=True):
    """Read the filters, and with ``program`` what is judged and counted by, from the inherited file; without
    it files are only converted. ``asked``: what was said of logs."""

    program: bool
    folder: str
    since_us: int | None
    until_us: int | None
    namespaces: tuple[str, ...]
    keep_columns: bool
    asked: Asked = Asked()


class Inspect(msgspec.Struct, tag="inspect", frozen=True):
    """Check a file's footer, and convert it where it is a log; the answer is Inspected or Failed. A path is
    bytes: it need not be text."""

    file: int
    path: bytes
    identity: FileIdentity
    keys: tuple[Key, ...]


class Judge(msgspec.Struct, tag="judge", frozen=True):
    """Judge ``rows`` rows of a file from ``first_row`` on; ``name`` is its path as results have it. Where it
    is ``converted`` from a log, its rows say which record each is of."""

    file: int
    task: int
    path: bytes
    name: str
    identity: FileIdentity
    keys: tuple[Key, ...]
    first_row: int
    rows: int
    converted: bool = False


Order = Setup | Inspect | Judge


class Converted(msgspec.Struct, frozen=True):
    """A log's rows lie in the run's folder, under a name of their own."""

    conversion: Conversion
    name: str
    identity: FileIdentity


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The program is loaded: from here on, a death is the fault of the file that was being read."""


class Inspected(msgspec.Struct, tag="inspected", frozen=True):
    """A file that can be judged. ``stored``: where it is Parquet; ``columns``: where they are canonical."""

    file: int
    row_groups: tuple[int, ...]
    warnings: tuple[str, ...]
    converted: Converted | None = None
    stored: Stored | None = None
    columns: tuple[str, ...] = ()


class Advanced(msgspec.Struct, tag="advanced", frozen=True):
    """Rows judged since the last word, for the progress bar."""

    rows: int


class JudgedTask(msgspec.Struct, tag="judged", frozen=True):
    """One task is done; its part lies in the folder under ``part``."""

    file: int
    task: int
    part: str


class Failed(msgspec.Struct, tag="failed", frozen=True):
    """The file cannot be judged: a code, a sentence, and the SHA-256 of what was refused."""

    file: int
    reason: str
    detail: str
    sha256: str | None = None


class Unwritable(msgspec.Struct, tag="unwritable", frozen=True):
    """A part could not be written: no fault of the file, and the end of the run."""

    errno: int
    detail: str


Answer = Ready | Inspected | Advanced | JudgedTask | Failed | Unwritable


class Part(msgspec.Struct, frozen=True):
    """What one task found. ``edges`` are the bytes of (edges, 8) int64 entries.

    ``examples`` holds, for each violating edge key (three words), its first violating row;
    ``violations_bytes`` is the size of the file that lies beside the part (0: there is none).
    """

    rows: int
    judged: int
    unknown: int
    filtered: int
    rejected: tuple[Rejected, ...]
    edges: bytes
    examples: tuple[tuple[tuple[int, int, int], Example], ...]
    violations: int
    violations_bytes: int
    census: Census
    load: PackedEntries | None
    recorded: RecordedCounts


_orders = msgspec.msgpack.Decoder(Order)
_answers = msgspec.msgpack.Decoder(Answer)


def send(stream: BinaryIO, message: Order | Answer) -> None:
    body = msgspec.msgpack.encode(message)
    stream.write(struct.pack("<I", len(body)) + body)
    stream.flush()


def receive_order(stream: BinaryIO) -> Order | None:
    """The next order, or None when the parent has gone."""
    body = _receive(stream)
    return None if body is None else _orders.decode(body)


def receive_answer(stream: BinaryIO) -> Answer | None:
    """The next answer, or None when the worker has gone or talks nonsense."""
    body = _receive(stream)
    try:
        return None if body is None else _answers.decode(body)
    except msgspec.MsgspecError:
        return None


def _receive(stream: BinaryIO) -> bytes | None:
    head = _read(stream, 4)
    if head is None:
        return None
    (length,) = struct.unpack("<I", head)
    return _read(stream, length) if length <= MAX_MESSAGE else None


def _read(stream: BinaryIO, n_bytes: int) -> bytes | None:
    """Exactly so many bytes of a stream that may be unbuffered, or None where it ends before."""
    body = bytearray()
    while len(body) < n_bytes:
        more = stream.read(n_bytes - len(body))
        if not more:
            return None
        body += more
    return bytes(body)
