"""Lines of a VPC flow log -> their fields.

Blocks of lines are taken apart as a whole. Where one line of a block is not like the others, the block is
read again, line by line: headers and what is broken are taken out, and only then are columns made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.aws.fields import (
    VERSION_2,
    check,
    header_of,
    is_version_2,
    plain_name,
    separator_of,
)
from flowcheck.flows.formats.aws.layout import Layout
from flowcheck.flows.formats.aws.records import Fields
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.text import cloudwatch
from flowcheck.flows.logs.text.cloudwatch import Event
from flowcheck.flows.logs.text.source import Block, Source

MOST_BEFORE = 1000
"""Lines among which there must be one that says what the fields are."""
_ENDS = re.compile(rb"[\r\n]")
_BOM = b"\xef\xbb\xbf"


def read_text(source: Source, asked: Asked, account: Account) -> Iterator[Fields]:
    """**Raises**: FlowFormatError where nothing says which fields its records have."""
    reader = _Lines(source.path, tuple(map(plain_name, asked.fields)), account)
    if cloudwatch.is_wrapped(source.head()):
        for events in cloudwatch.events(source, account):
            yield from reader.each(events)
    else:
        for block in source.blocks():
            yield from reader.block(block)
    reader.end()


class _Lines:
    """The lines of one log, in their order."""

    def __init__(self, path: str, fields: tuple[str, ...], account: Account) -> None:
        self._path, self._account = path, account
        self._layout = Layout(fields) if fields else None
        self._before: list[int] = []
        self._line = 0

    def block(self, block: Block) -> Iterator[Fields]:
        """Lines with their ends, all at once where they are alike."""
        text, begin, end = block.text, 0, block.end
        if self._line == 0:
            first = text.find(b"\n", 0, end) + 1 or end
            line = bytes(text[:first]).removeprefix(_BOM)
            header = header_of(_text(line))
            if header or self._layout is None:
                self._learn(line)
            if header:
                begin, self._line = first, 1
        if self._layout is not None and begin < end and text.find(b"\r", begin, end) < 0:
            columns = self._layout.alike(memoryview(text)[begin:end])
            if columns:
                n = len(next(iter(columns.values())))
                yield Fields(columns, np.arange(self._line, self._line + n))
                self._line += n
                return
        lines = bytes(text[begin:end]).removesuffix(b"\n").split(b"\n") if begin < end else []
        yield from self.each(Event(number, line) for number, line in enumerate(lines, self._line))
        self._line += len(lines)

    def each(self, events: Iterable[Event]) -> Iterator[Fields]:
        """One line after the other."""
        kept: list[Event] = []
        for event in events:
            line = event.text.removeprefix(_BOM).rstrip(b"\r\n")
            if not line.strip():
                continue
            if (self._layout is None or b"addr" in line) and header_of(_text(line)):
                yield from self._together(kept)
                kept = []
                self._learn(line)
            elif self._layout is None and not self._learn(line):
                self._before.append(event.position)
                if len(self._before) > MOST_BEFORE:
                    self.end()
            elif self._is_whole(line):
                kept.append(event._replace(text=line if line.isascii() else _text(line).encode()))
            else:
                self._reject(event.position)
        yield from self._together(kept)

    def end(self) -> None:
        """Call after the last line."""
        if self._layout is None and self._before:
            raise FlowFormatError(
                "has no header, and its lines are not of the default format: nothing says what they hold",
                where=self._path,
                hint="say --fields with the fields of the flow log's format, in their order",
            )

    def _learn(self, line: bytes) -> bool:
        """Whether a line says what the fields are: a header names them, version 2 has its own."""
        text = _text(line)
        check(text.split()[:5], self._path)
        fields = header_of(text) or (VERSION_2 if is_version_2(text) else ())
        if not fields:
            return False
        check(fields, self._path)
        self._layout = Layout(fields, separator_of(text) if header_of(text) else " ")
        for position in self._before:
            self._reject(position)
        self._before = []
        return True

    def _reject(self, position: int) -> None:
        self._account.read()
        self._account.reject("bad_record", position)

    def _is_whole(self, line: bytes) -> bool:
        """Whether it can be taken apart together with others."""
        assert self._layout is not None
        return line.count(self._layout.separator.encode()) + 1 == self._layout.n and not _ENDS.search(line)

    def _together(self, kept: list[Event]) -> Iterator[Fields]:
        if not kept:
            return
        assert self._layout is not None
        columns = self._layout.each(b"\n".join(event.text for event in kept))
        positions = np.array([event.position for event in kept])
        taken_in = [event.at for event in kept]
        yield Fields(columns, positions, taken_in if any(at is not None for at in taken_in) else None)


def _text(line: bytes) -> str:
    """A line as text; what is no UTF-8 spoils the field that it stands in."""
    return line.decode("utf-8", "replace")
