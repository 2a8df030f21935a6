"""Lines of a VPC flow log -> their fields, a column each.

Blocks of lines are taken apart as a whole. Where one line of a block is not like the others, the block is
read again, line by line: headers and what is broken are taken out, and only then are columns made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.aws.fields import (
    READ,
    VERSION_2,
    WHOLE,
    check,
    header_of,
    is_version_2,
    plain_name,
)
from flowcheck.flows.formats.aws.records import Fields
from flowcheck.flows.logs import cloudwatch
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.cloudwatch import Event
from flowcheck.flows.logs.columnwise import NULLS
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.source import Source

MOST_BEFORE = 1000
"""Lines among which there must be one that says what the fields are."""
_TEXT = pa.dictionary(pa.int32(), pa.string())
_BOM = b"\xef\xbb\xbf"


def read_text(source: Source, asked: Asked, account: Account) -> Iterator[Fields]:
    """**Raises**: FlowFormatError where nothing says which fields its records have."""
    reader = _Lines(source.path, tuple(map(plain_name, asked.fields)), account)
    if cloudwatch.is_wrapped(source.head()):
        for events in cloudwatch.events(source, account):
            yield from reader.each(events)
    else:
        for first, block in source.blocks():
            yield from reader.block(first, block)
    reader.end()


class _Layout:
    """Which field stands where."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.n = len(fields)
        read = [name if name in READ and name not in fields[:place] else "" for place, name in enumerate(fields)]
        self._names = [name or str(place) for place, name in enumerate(read)]
        self._read = [name for name in read if name]

    def columns(self, lines: bytes, *, checked: bool) -> dict[str, pa.Array]:
        """The fields of lines that all have so many. **Raises**: ArrowInvalid where one has not, or where, as
        numbers are ``checked``, one is none; those that are not come as text."""
        number = pa.int64() if checked else pa.string()
        table = csv.read_csv(
            pa.BufferReader(lines),
            csv.ReadOptions(column_names=self._names, use_threads=False, block_size=len(lines) + 1),
            csv.ParseOptions(delimiter=" ", quote_char=False, double_quote=False),
            csv.ConvertOptions(
                include_columns=self._read,
                column_types={name: number if name in WHOLE else _TEXT for name in self._read},
                null_values=list(NULLS),
                strings_can_be_null=True,
            ),
        )
        return {name: table.column(name).combine_chunks() for name in self._read}


class _Lines:
    """The lines of one log, in their order."""

    def __init__(self, path: str, fields: tuple[str, ...], account: Account) -> None:
        self._path, self._account = path, account
        self._layout = _Layout(fields) if fields else None
        self._before: list[int] = []

    def block(self, first: int, block: bytes) -> Iterator[Fields]:
        """Whole lines with their ends."""
        if self._layout is None:
            line, _, rest = block.partition(b"\n")
            if self._learn(line.removeprefix(_BOM)) and header_of(_text(line.removeprefix(_BOM))):
                first, block = first + 1, rest
        n = block.count(b"\n") + (not block.endswith(b"\n"))
        if self._layout is not None and n and block:
            try:
                columns = self._layout.columns(block, checked=True)
            except pa.ArrowInvalid:
                columns = {}
            if columns and all(len(column) == n for column in columns.values()):
                yield Fields(columns, np.arange(first, first + n))
                return
        yield from self.each(Event(number, text) for number, text in enumerate(block.split(b"\n"), first))

    def each(self, events: Iterable[Event]) -> Iterator[Fields]:
        """One line after the other."""
        kept: list[Event] = []
        for event in events:
            line = event.text.removeprefix(_BOM).strip()
            if not line:
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
                kept.append(event._replace(text=line))
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
        self._layout = _Layout(fields)
        for position in self._before:
            self._reject(position)
        self._before = []
        return True

    def _reject(self, position: int) -> None:
        self._account.read()
        self._account.reject("bad_record", position)

    def _is_whole(self, line: bytes) -> bool:
        assert self._layout is not None
        return line.count(b" ") + 1 == self._layout.n and b"\r" not in line and (line.isascii() or _text(line) != "")

    def _together(self, kept: list[Event]) -> Iterator[Fields]:
        if kept:
            assert self._layout is not None
            columns = self._layout.columns(b"\n".join(event.text for event in kept), checked=False)
            taken_in = [event.at for event in kept]
            known = any(at is not None for at in taken_in)
            yield Fields(
                columns, np.array([event.position for event in kept]), taken_in if known else None
            )


def _text(line: bytes) -> str:
    """A line as text; empty where it is none."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return ""
