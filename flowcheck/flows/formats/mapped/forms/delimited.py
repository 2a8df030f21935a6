"""Lines of values between separators -> blocks. A line with another number of values costs itself alone.

Values may stand in double quotes, as CSV has them (RFC 4180), but for line ends: a record is a line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv as pc

from flowcheck.flows.formats.mapped.forms.blocks import Block, positions_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.source import TOO_LONG, Source

_UNIT = b"\x1f"
"""Stands between values once quotes are undone: ASCII's unit separator."""
_MARK = b"\xef\xbb\xbf"
"""With which some programs begin text."""


class Layout(NamedTuple):
    """``heading``: the names that a line says stand in the lines after it; none where it is neither that nor
    a record; None of a record. ``names``: before any heading."""

    separator: bytes
    heading: Callable[[bytes], Sequence[str] | None]
    names: tuple[str, ...] = ()
    quoted: bool = True


def read_delimited(
    source: Source, layout: Layout, wanted: Sequence[str], account: Account
) -> Iterator[Block]:
    names: Sequence[str] = layout.names
    numbers: list[int] = []
    texts: list[bytes] = []
    for lines in source.lines():
        for number, text in enumerate(lines.texts, lines.first):
            line = text.removeprefix(_MARK) if number == 0 else text
            if not line:
                continue
            said = layout.heading(line)
            if said is None:
                account.read()
                found = _values(line, layout, len(names))
                if found is None:
                    account.reject("bad_record", number)
                else:
                    numbers.append(number)
                    texts.append(found)
            elif said:
                if texts and tuple(said) != tuple(names):
                    yield _block(numbers, texts, names, wanted)
                    numbers, texts = [], []
                names = said
        if texts:
            yield _block(numbers, texts, names, wanted)
            numbers, texts = [], []


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


def _block(
    numbers: Sequence[int], texts: Sequence[bytes], names: Sequence[str], wanted: Sequence[str]
) -> Block:
    places = {name: str(place) for place, name in reversed(list(enumerate(names)))}
    taken = {name: places[name] for name in wanted if name in places}
    if not taken:
        return Block(positions_of(numbers), {})
    table = pc.read_csv(
        io.BytesIO(b"\n".join(texts) + b"\n"),
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
    columns = {name: table.column(place).combine_chunks() for name, place in taken.items()}
    return Block(positions_of(numbers), columns)


def names_in(line: bytes, separator: bytes) -> tuple[str, ...]:
    """The values of a heading."""
    texts = csv.reader([line.removeprefix(_MARK).decode(errors="replace")], delimiter=separator.decode())
    try:
        return tuple(text.strip() for text in next(texts))
    except (csv.Error, StopIteration):
        return ()
