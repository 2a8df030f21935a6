"""Events of CloudWatch Logs, however they were taken out of it, and lines that never were in it.

Told apart line by line: the JSON of a subscription (``{"logEvents": [{"timestamp", "message"}]}``, several of
them one after another in what Firehose delivers), the answer of ``aws logs filter-log-events`` and
``get-log-events`` (``{"events": [...]}``, one document over many lines), one event a line
(``{"message": "..."}``, also as ``@message``), and what an export task writes to S3: the event's time, a
blank and its text. Any other line is an event without a time.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.decoding import decoded
from flowcheck.flows.logs.head import Head
from flowcheck.flows.logs.source import Lines, Source
from flowcheck.flows.logs.wrapped import Unwrapper

MOST_DOCUMENT = 256 << 20
"""Bytes of a document over many lines: a longer one is read as lines."""
_BETWEEN = re.compile(rb'\}\s*\{(?="messageType")')
_MESSAGE = re.compile(rb'"@?message"\s*:\s*("(?:[^"\\]|\\.)*")')
_EXPORTED = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z) (?=\S)")


class Event(NamedTuple):
    """``position``: the line's number; of events that lie in documents, their own, from 0. ``at``: when it
    was taken in: microseconds since 1970, or text."""

    position: int
    text: bytes
    at: int | str | None = None


class _Logged(msgspec.Struct):
    message: str
    timestamp: int | float | str | None = None

    def event(self, position: int) -> Event:
        return Event(position, self.message.encode(), _time(self.timestamp))


class _Document(msgspec.Struct, rename="camel"):
    """Any of them; none of it need be there."""

    message_type: str = ""
    log_events: list[_Logged] | None = None
    events: list[_Logged] | None = None
    message: str | None = None
    insights_message: str | None = msgspec.field(default=None, name="@message")
    timestamp: int | float | str | None = None
    insights_timestamp: int | float | str | None = msgspec.field(default=None, name="@timestamp")

    @property
    def logged(self) -> list[_Logged] | None:
        return self.log_events if self.log_events is not None else self.events


_document = msgspec.json.Decoder(_Document)
_string = msgspec.json.Decoder(str)


def events(source: Source, account: Account) -> Iterator[list[Event]]:
    """All events of a log, a block of lines at a time. What CloudWatch says of itself is left out, and told
    to the account, as is a line that was begun and never ended."""
    whole = _one_document(source)
    if whole is not None:
        yield [logged.event(position) for position, logged in enumerate(whole)]
        return
    unwrapper, position = Unwrapper(), 0
    for lines in source.lines():
        found: list[Event] = []
        for number, text in unwrapper.unwrap(lines):
            for part in _BETWEEN.sub(b"}\n{", text).split(b"\n") if b'"messageType"' in text else (text,):
                document = decoded(_document, part) if part[:1] == b"{" else None
                if document is None or (document.logged is None and _text_of(document) is None):
                    found.append(_line(number, part))
                elif document.logged is None:
                    at = document.timestamp if document.message is not None else document.insights_timestamp
                    found.append(Event(number, (_text_of(document) or "").encode(), _time(at)))
                elif document.message_type == "CONTROL_MESSAGE":
                    account.read()
                    account.leave_out("control_message")
                    position += 1
                else:
                    found += [logged.event(place) for place, logged in enumerate(document.logged, position)]
                    position += len(document.logged)
        yield found
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def texts_of(head: Head) -> list[str]:
    """The texts of the first events, by which a format is recognised."""
    begin = head.data.lstrip()[:1] == b"{"
    found = [decoded(_string, match[1]) for match in _MESSAGE.finditer(head.data)] if begin else []
    return [text for text in found if text] or [_line(0, line.encode()).text.decode() for line in head.lines]


def is_wrapped(head: bytes) -> bool:
    """Whether the beginning of a log is that of documents or of an export, not of plain lines."""
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return begin[:1] == b"{" or _EXPORTED.match(begin) is not None


def _text_of(document: _Document) -> str | None:
    return document.message if document.message is not None else document.insights_message


def _line(number: int, text: bytes) -> Event:
    exported = _EXPORTED.match(text)
    if exported is None:
        return Event(number, text)
    return Event(number, text[exported.end() :], exported[1].decode())


def _time(value: float | str | None) -> int | str | None:
    """Milliseconds since 1970 in microseconds; text as it is."""
    if value is None or isinstance(value, str):
        return value
    return int(value * 1000) if math.isfinite(value) else None


def _one_document(source: Source) -> list[_Logged] | None:
    """The events of a log that is one object over many lines; None of any other."""
    if next(source.lines(), Lines(0, [b""])).texts[0].strip() != b"{":
        return None
    with source.stream() as stream:
        document = decoded(_document, bytes(stream.read(MOST_DOCUMENT)))
    return None if document is None else document.logged
