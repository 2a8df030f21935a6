"""A table as CSV: what a query of Log Analytics is exported as. Its rows become JSON objects of columns.

The portal writes times as a browser in English of the USA does: ``3/10/2026, 9:21:00.500 AM``. Those of other
languages are not read: their order of day and month is not told.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import msgspec

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.source import Source

_MARK, _ZONE = "TimeGenerated", " [UTC]"
_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}), (\d{1,2})(:\d\d:\d\d(?:\.\d{1,9})?) ([AP])M")
_encode = msgspec.json.Encoder().encode


def is_table(head: bytes) -> bool:
    """Whether a log that begins so is CSV with a time among the names of its columns."""
    first = head.partition(b"\n")[0]
    return _MARK.encode() in first and not first.lstrip().startswith((b"{", b"["))


def header_of(head: bytes) -> list[str]:
    """The names of the columns, without the zone that the portal puts behind those of times."""
    return _names(head.partition(b"\n")[0])


def rows_of(source: Source, account: Account) -> Iterator[list[tuple[int, bytes]]]:
    """(number of the line, row), many at a time, read by the account; a row of another length is rejected.

    Numbers are of lines, from 0; the header is one of them, and no record.
    """
    names: list[str] = []
    for lines in source.lines():
        rows = []
        for number, text in enumerate(lines.texts, lines.first):
            names, values = names or _names(text), _values(text)
            if _MARK in values or f"{_MARK}{_ZONE}" in values or not text.strip():
                continue  # the header, which joined files repeat
            account.read()
            if len(values) == len(names):
                row = dict(zip(names, values, strict=True))
                rows.append((number, _encode({**row, _MARK: _time(row.get(_MARK, ""))})))
            else:
                account.reject("bad_record", number)
        yield rows


def _time(text: str) -> str:
    """RFC 3339 of a time of the portal; any other as it stands."""
    found = _TIME.fullmatch(text)
    if found is None:
        return text
    month, day, year, hour, rest, half = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}T{int(hour) % 12 + 12 * (half == 'P'):02}{rest}Z"


def _names(line: bytes) -> list[str]:
    return [value.removesuffix(_ZONE) for value in _values(line)]


def _values(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8-sig")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []
