"""A line of OVN's ACL log -> its parts."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from flowcheck.flows.logs.text.decoding import decoded

_LOGGED = re.compile(
    rb'\|acl_log[^|]*\|[A-Z]+\|name=(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<bare>[^,]*)),'
    rb' verdict="?(?P<verdict>[a-z<>]+)"?, severity="?[a-z<>]+"?'
    rb'(?:, direction="?(?P<direction>[a-zA-Z<>-]+)"?)?: ?(?P<packet>.*)$'
)
_TIME = re.compile(
    rb"(?:^|[\s>])([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)[ |]"
)
"""Of ovn-controller, or of who carried its line: then it has none of its own."""
_LOST = re.compile(rb"\|acl_log[^|]*\|[A-Z]+\|Dropped [0-9]+ log messages")
_text = msgspec.json.Decoder(str)


class Logged(NamedTuple):
    """``time``: RFC 3339, or microseconds since 1970 UTC; None where none of a year is there. ``packet``: its
    fields as OVS prints them, its kind under ``""``."""

    time: str | int | None
    name: str
    verdict: str
    direction: str
    packet: dict[str, str]


class Carried(msgspec.Struct, gc=False):
    """The JSON of journald, or of a log collector, around a line."""

    message: str | None = None
    MESSAGE: str | None = None
    collected: str | None = msgspec.field(default=None, name="@timestamp")
    received: int | None = msgspec.field(default=None, name="__REALTIME_TIMESTAMP")


_carried = msgspec.json.Decoder(Carried, strict=False)


def uncarried(text: bytes) -> tuple[bytes, str | int | None]:
    """The line of ovn-controller in a line, and when whoever carried it says it was."""
    if not text.startswith(b"{"):
        return text, None
    found = decoded(_carried, text)
    if found is None:
        return text, None
    return (found.message or found.MESSAGE or "").encode(), found.collected or found.received


def logged(line: bytes, carried_at: str | int | None) -> Logged | None:
    """None where it is no line of an ACL, or broken."""
    parts = _LOGGED.search(line)
    if parts is None:
        return None
    own = _TIME.search(line, 0, parts.start() + 1)
    kind, *fields = parts["packet"].decode("utf-8", "replace").strip().split(",")
    packet = {"": kind}
    for field in fields:
        key, equals, value = field.partition("=")
        if equals:
            packet[key] = value
    return Logged(
        own[1].decode() if own is not None else carried_at,
        _name(parts["quoted"], parts["bare"]),
        parts["verdict"].decode(),
        (parts["direction"] or b"").decode(),
        packet,
    )


def tells_of_losses(line: bytes) -> bool:
    """Whether ovn-controller says that it left lines out."""
    return _LOST.search(line) is not None


def _name(quoted: bytes | None, bare: bytes | None) -> str:
    if quoted is not None and (text := decoded(_text, quoted)) is not None:
        return text
    return (bare or quoted or b"").decode("utf-8", "replace").strip('" ')
