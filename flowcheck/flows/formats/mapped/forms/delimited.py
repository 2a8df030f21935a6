"""Lines of values between separators -> blocks. A line with another number of values costs itself alone.

Values may stand in double quotes, as CSV has them (RFC 4180), but for line ends: a record is a line. Most
blocks of lines have nothing odd in them, and are taken apart as a whole; the others line by line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from flowcheck.flows.formats.mapped.forms.blocks import Block, positions_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.source import TOO_LONG, Lines, Source

_UNIT = b"\x1f"
"""Stands between values once quotes are undone: ASCII's unit separator."""
_MARK = b"\xef\xbb\xbf"
"""With which some programs begin text."""
_ODD = (b"\r", _UNIT, TOO_LONG, b"\n\n")


class Layout(NamedTuple):
    """``heading``: the names that a line says stand in the lines after it; none where it is neither that nor
    a record; None of a record. ``all_records``: whether none of some lines is a heading. ``names``: before
    any heading."""

    separator: bytes
    heading: Callable[[bytes], Sequence[str] | None]
    all_records: Callable[[bytes], bool]
    names: tuple[str, ...] = ()
    quoted: bool = True


def read_delimited(
    source: Source, layout: Layout, wanted: Sequence[str], account: Account
) -> Iterator[Block]:
    reader = _Reader(layout, wanted, account)
    for lines in source.lines():
        block = reader.at_once(lines)
        if block is not None:
            yield block
        else:
            yield from reader.one_by_one(lines)


class _Reader:
    """Use for the lines of one log, in their order."""

    def __init__(self, layout: Layout, wanted: Sequence[str], account: Account) -> None:
        self._layout, self._wanted, self._account = layout, wanted, account
        self._names: Sequence[str] = layout.names

    def at_once(self, lines: Lines) -> Block | None:
        """None where a line may be none of a record, or a broken one."""
        layout, text = self._layout, b"\n".join(lines.texts)
        n_separators = (len(self._names) - 1) * len(lines.texts)
        if (
            lines.first == 0
            or (layout.quoted and b'"' in text)
            or any(odd in text for odd in _ODD)
            or not lines.texts[0]
            or text.count(layout.separator) != n_separators
            or not layout.all_records(text)
        ):
            return None
        try:
            columns = self._columns(text.replace(layout.separator, _UNIT))
        except pa.ArrowException:
            return None
        n = len(lines.texts)
        if any(len(column) != n for column in columns.values()):
            return None
        self._account.read(n)
        return Block(np.arange(lines.first, lines.first + n), columns)

    def one_by_one(self, lines: Lines) -> Iterator[Block]:
        numbers: list[int] = []
        texts: list[bytes] = []
        for number, text in enumerate(lines.texts, lines.first):
            line = text.removeprefix(_MARK) if number == 0 else text
            if not line:
                continue
            said = self._layout.heading(line)
            if said is None:
                self._account.read()
                found = _values(line, self._layout, len(self._names))
                if found is None:
                    self._account.reject("bad_record", number)
                else:
                    numbers.append(number)
                    texts.append(found)
            elif said:
                if texts and tuple(said) != tuple(self._names):
                    yield Block(positions_of(numbers), self._columns(b"\n".join(texts)))
                    numbers, texts = [], []
                self._names = said
        if texts:
            yield Block(positions_of(numbers), self._columns(b"\n".join(texts)))

    def _columns(self, text: bytes) -> dict[str, pa.Array]:
        """The wanted columns of lines whose values have units between them."""
        names = self._names
        places = {name: str(place) for place, name in reversed(list(enumerate(names)))}
        taken = {name: places[name] for name in self._wanted if name in places}
        if not taken:
            return {}
        table = pc.read_csv(
            io.BytesIO(text + b"\n"),
            read_options=pc.ReadOptions(
                column_names=[str(place) for place in range(len(names))],
                use_threads=False,
                block_size=1 << 30,
            ),
            parse_options=pc.ParseOptions(
                delimiter=_UNIT.decode(), quote_char=False, newlines_in_values=False, ignore_empty_lines=False
            ),
            convert_options=pc.ConvertOptions(
                column_types={place: pa.binary() for place in taken.values()},
                include_columns=list(dict.fromkeys(taken.values())),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        return {name: table.column(place).combine_chunks() for name, place in taken.items()}


def _values(line: bytes, layout: Layout, n_names: int) -> bytes | None:
    """The values of a line, a unit separator between them; None where there are more or fewer."""
    if b"\r" in line or line == TOO_LONG or _UNIT in line:
        return None
    if layout.quoted and b'"' in line:
        line = _unquoted(line, layout.separator)
    else:
        line = line.replace(layout.separator, _UNIT)
    return line if line.count(_UNIT) == n_names - 1 else None


def _unquoted(line: bytes, separator: bytes) -> bytes:
    texts = csv.reader([line.decode(errors="surrogateescape")], delimiter=separator.decode(), strict=False)
    try:
        return _UNIT.join(text.encode(errors="surrogateescape") for text in next(texts))
    except (csv.Error, StopIteration):
        return b""


def names_in(line: bytes, separator: bytes) -> tuple[str, ...]:
    """The values of a heading."""
    texts = csv.reader([line.removeprefix(_MARK).decode(errors="replace")], delimiter=separator.decode())
    try:
        return tuple(text.strip() for text in next(texts))
    except (csv.Error, StopIteration):
        return ()
