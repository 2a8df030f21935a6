"""JSON objects of a log, however they stand in it: one a line, or in lists and over several lines.

A log that is one list, or one object with a list of records in it, is taken apart piece by piece and never
held whole: what is held is one record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.source import BLOCK, MOST_LINE, Source
from flowcheck.flows.logs.text.wrapped import Unwrapper

_OPENS = rb'\{\s*"(?:records|Records|entries|events|items|logs)"\s*:\s*\['
"""An object whose first key has the list of records."""
_OPENED = re.compile(_OPENS)
_IN_LISTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[|\{[ \t\r]*\n|" + _OPENS + rb")")
"""How a log begins that has not one record a line."""
_BETWEEN = re.compile(rb'(?:\xef\xbb\xbf|[\s,:\[\]}]++|"[^"{}]*+")*+')
_NEXT = re.compile(rb"[}\]](?:\s*+,)?+\s*+(?=\{)")
"""Where a record may begin after one that is broken. What was matched is not tried again otherwise: of blanks
there may be millions."""
_BYTE = re.compile(r"\(byte (\d+)\)")
_LONGEST_NUMBER = 64
_raw = msgspec.json.Decoder(msgspec.Raw)


def objects_of(source: Source, account: Account) -> Iterator[list[tuple[int, bytes]]]:
    """(position, text) of every record, some thousands at a time, read by the account; what is broken comes
    as it stands. A position is the number of a line, or of a record where records do not stand one a line.

    **Raises**: FlowFormatError where a record that is not of one line is larger than MOST_LINE.
    """
    if not in_lists(source.head()):
        yield from _lines(source, account)
        return
    for records in _pieces(source):
        account.read(len(records))
        yield records


def in_lists(head: bytes) -> bool:
    """Whether a log that begins so has its records in lists, or over several lines."""
    return _IN_LISTS.match(head) is not None


def taken_apart(data: bytes, *, whole: bool) -> tuple[list[bytes], bytes]:
    """(the texts of the objects, what is left of one that is not all there). Of ``whole`` data nothing is
    left: what is cut off is the last text."""
    found: list[bytes] = []
    at = 0
    while True:
        at = _after(_BETWEEN, data, at)
        if (opened := _OPENED.match(data, at)) is not None:
            at = opened.end()
            continue
        if at == len(data):
            return found, b""
        end = _end(data, at, whole=whole)
        if end is None:
            return (found, data[at:]) if not whole else ([*found, data[at:]], b"")
        found.append(data[at:end])
        at = end


def _end(data: bytes, at: int, *, whole: bool) -> int | None:
    """Where a value ends; None where that is not among the data."""
    try:
        _raw.decode(memoryview(data)[at:])
    except RecursionError:
        message, fault = "", at
    except msgspec.DecodeError as error:
        message = str(error)
        found = _BYTE.search(message)
        fault = at + int(found[1]) if found is not None else len(data)
    else:
        return len(data)
    if "trailing characters" in message:
        return fault - 1  # msgspec names the byte after the first of what follows
    if "truncated" in message or (not whole and len(data) - fault < _LONGEST_NUMBER):
        return None
    following = _NEXT.search(data, at + 1)
    return following.end() if following is not None else None


def _after(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return found.end() if found is not None else at


def _lines(source: Source, account: Account) -> Iterator[list[tuple[int, bytes]]]:
    unwrapper = Unwrapper()
    for lines in source.lines():
        records = list(unwrapper.unwrap(lines))
        account.read(len(records))
        yield records
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def _pieces(source: Source) -> Iterator[list[tuple[int, bytes]]]:
    first, rest, whole = 0, b"", False
    with source.stream() as stream:
        while not whole:
            block = source.take(stream, BLOCK)
            whole = not block
            texts, rest = taken_apart(rest + block, whole=whole)
            if len(rest) > MOST_LINE:
                raise FlowFormatError(
                    f"record {first + len(texts)} is larger than {MOST_LINE >> 20} MiB",
                    where=source.path,
                    hint="write one record a line, for example by jq -c '.[]'",
                )
            if texts:
                yield list(enumerate(texts, first))
            first += len(texts)
