"""A table as CSV: what a query of Log Analytics is exported as. Its rows become JSON objects of columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import msgspec

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.source import Source

_MARK, _ZONE = "TimeGenerated", " [UTC]"
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
                rows.append((number, _encode(dict(zip(names, values, strict=True)))))
            else:
                account.reject("bad_record", number)
        yield rows


def _names(line: bytes) -> list[str]:
    return [value.removesuffix(_ZONE) for value in _values(line)]


def _values(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8-sig")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []
