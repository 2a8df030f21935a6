"""An open log: its bytes, unpacked, and its lines. Opened only in workers, as a log may be hostile."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.footer import Footer, read_footer
from flowcheck.flows.files.hive import Key
from flowcheck.flows.files.inputs import FileIdentity
from flowcheck.opening import open_file

BLOCK = 1 << 20
BLOCKS = 8 << 20
"""Bytes that are read at once, as lines and as blocks of them."""
MOST_LINE = 16 << 20
"""Bytes: a line past it is no record of any format, and is rejected unread."""
TOO_LONG = b"\0"
"""Stands for a line past MOST_LINE."""
HEAD = 1 << 18
"""Bytes by which a log is recognised."""
PARQUET = b"PAR1"
_PACKED = re.compile(rb"(?P<gzip>\x1f\x8b)|(?P<zstd>\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)")


class Lines(NamedTuple):
    """Some lines, without their ends; ``first`` is the number of the first, from 0."""

    first: int
    texts: list[bytes]


class Block(NamedTuple):
    """Some lines with their ends: the bytes up to ``end``. Of a log's last line, the end may be missing."""

    text: bytearray
    end: int


class Source:
    """One log. Use as a context manager. gzip and zstd are told by how a file begins. ``heard``: called for
    every piece that was read, as some logs are read more than once before there is a row.

    **Raises**: FlowFormatError, OSError.
    """

    def __init__(self, path: str, expected: FileIdentity | None = None, keys: tuple[Key, ...] = ()) -> None:
        self.path, self.keys = path, keys
        self.heard: Callable[[], None] = lambda: None
        self._descriptor = open_file(path)
        status = os.fstat(self._descriptor)
        self.identity = FileIdentity.of(status)
        if not status.st_size:  # or it has none to tell, as files that some daemon makes up
            self.close()
            raise FlowFormatError("is empty", where=path)
        if expected is not None and expected != self.identity:
            self.close()
            raise _changed("since the audit began", path)

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)

    def check_unchanged(self) -> None:
        """Call after the last record: a file that was written to while it was read proves nothing."""
        if FileIdentity.of(os.fstat(self._descriptor)) != self.identity:
            raise _changed("while read", self.path)

    @property
    def descriptor(self) -> int:
        """Of the open file, for what reads at places of its own choice."""
        return self._descriptor

    def file(self) -> pa.NativeFile:
        """The bytes as they are stored."""
        return pa.OSFile(f"/proc/self/fd/{self._descriptor}")

    @property
    def is_parquet(self) -> bool:
        return os.pread(self._descriptor, len(PARQUET), 0) == PARQUET

    @cached_property
    def footer(self) -> Footer:
        """Of Parquet. **Raises**: as :func:`flowcheck.flows.files.footer.read_footer`."""
        return read_footer(self._descriptor, self.identity.size)

    def stream(self) -> pa.NativeFile:
        """The bytes from the beginning, unpacked."""
        found = _PACKED.match(os.pread(self._descriptor, 4, 0))
        return pa.CompressedInputStream(self.file(), found.lastgroup) if found else self.file()

    def head(self) -> bytes:
        """The first bytes, unpacked, up to HEAD."""
        with self.stream() as stream:
            return self.take(stream, HEAD)

    def lines(self) -> Iterator[Lines]:
        """All lines, in blocks; one without an end is the last. ``\\r`` before an end belongs to it."""
        first, rest, long = 0, b"", False
        with self.stream() as stream:
            while block := self.take(stream, BLOCK):
                texts = (rest + block).split(b"\n")
                rest = texts.pop()
                if long and texts:
                    texts[0], long = TOO_LONG, False
                if len(rest) > MOST_LINE:
                    rest, long = b"", True
                if texts:
                    yield Lines(first, [_whole(text) for text in texts])
                    first += len(texts)
        if rest or long:
            yield Lines(first, [TOO_LONG if long else _whole(rest)])

    def blocks(self) -> Iterator[Block]:
        """All lines, many at a time: for readers that take lines apart by themselves. What a block holds is
        gone when the next is asked for."""
        text, held, long = bytearray(BLOCKS), 0, False
        with self.stream() as stream:
            while n := self._read_into(stream, memoryview(text)[held:]):
                if long:
                    cut = text.find(b"\n", held, held + n)
                    if cut < 0:
                        continue
                    n, long = held + n - cut, False
                    text[held : held + n] = text[cut : cut + n]
                end = text.rfind(b"\n", held, held + n) + 1
                held += n
                if end:
                    yield Block(text, end)
                    held -= end
                    text[:held] = text[end : end + held]
                elif held > MOST_LINE:
                    text[:1], held, long = TOO_LONG, 1, True
                if held == len(text):
                    text = text + bytearray(BLOCKS)
        if held:
            yield Block(text, held)

    def _read_into(self, stream: pa.NativeFile, text: memoryview) -> int:
        self.heard()
        try:
            return int(stream.readinto(text))
        except OSError as error:
            raise self.damaged(error) from error

    def take(self, stream: pa.NativeFile, n_bytes: int) -> bytes:
        """The next bytes of :meth:`stream`."""
        self.heard()
        try:
            return bytes(stream.read(n_bytes))
        except OSError as error:
            raise self.damaged(error) from error

    def take_into(self, stream: pa.NativeFile, room: memoryview) -> int:
        """Fill it with the next bytes; returns how many there were: fewer than it holds at the end."""
        self.heard()
        held = 0
        try:
            while held < len(room) and (n_read := stream.readinto(room[held:])):
                held += n_read
        except OSError as error:
            raise self.damaged(error) from error
        return held

    def damaged(self, error: OSError) -> FlowFormatError:
        message = str(error).splitlines()[0][:200]
        return FlowFormatError(f"is packed, and damaged or cut off: {message}", where=self.path)


def _whole(text: bytes) -> bytes:
    if len(text) > MOST_LINE:
        return TOO_LONG
    return text[:-1] if text.endswith(b"\r") else text


def _changed(when: str, path: str) -> FlowFormatError:
    return FlowFormatError(f"changed {when}", where=path, hint="audit files that are no longer written to")
