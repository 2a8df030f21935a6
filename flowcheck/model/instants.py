"""Instants from texts, moments, numbers and names, and as text: microseconds since 1970-01-01 UTC.

Kubernetes writes whole seconds (meta/v1 Time) and microseconds (MicroTime); what is finer is cut off.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flowcheck.model.timeline import BEGINNING, END

SECOND = 1_000_000
LAST = 253_402_300_799 * SECOND
"""The last second of the year 9999."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_IN_NAME = re.compile(
    r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)[Tt_ ](\d\d)[:-]?(\d\d)[:-]?(\d\d)(?!\d)(\.\d{1,6}(?!\d))?"
    r"(?:([+-])(\d\d)[:]?([0134][05])(?!\d))?",
    re.ASCII,
)
_EPOCH_IN_NAME = re.compile(r"(?<!\d)[1-9]\d{9}(?!\d)", re.ASCII)


def instant_of(moment: datetime) -> int:
    """The instant of a moment; without a time zone it is read as UTC."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def instant_text(instant: int) -> str:
    """RFC 3339 in UTC."""
    return (_EPOCH + instant * _MICROSECOND).isoformat().replace("+00:00", "Z")


def span_text(start: int, end: int) -> str:
    """``from A until B``; an end that is none is left out."""
    since = f"from {instant_text(start)}" if start > BEGINNING else ""
    until = f"until {instant_text(end)}" if end < END else ""
    return " ".join(filter(None, (since, until))) or "always"


@lru_cache(maxsize=16384)
def parse_instant(text: str) -> int:
    """The instant an RFC 3339 text names; negative before 1970. Raises ValueError where it names none."""
    if len(text) > 40 or not _RFC3339.fullmatch(text):
        raise ValueError("is not a time: write 2026-03-10T10:05:00Z")
    try:
        time = instant_of(datetime.fromisoformat(text.upper()))
    except ValueError:
        raise ValueError("is not a time: there is no such day or hour") from None
    if time >= LAST + SECOND:
        raise ValueError("is not a time: it is after the year 9999")
    return time


def from_epoch(seconds: float) -> int:
    """The instant so many seconds after 1970 began. Raises ValueError outside the years 1970 to 9999."""
    if isinstance(seconds, bool) or not math.isfinite(seconds) or not 0 <= seconds <= LAST // SECOND:
        raise ValueError("is not a number of seconds since 1970")
    return round(seconds * SECOND)


def time_in_name(name: str) -> int | None:
    """The first time in a file's or folder's name: RFC 3339 with ``:``, ``-`` or nothing between its
    numbers, else ten digits of seconds since 1970. Without a zone it is UTC."""
    for match in _IN_NAME.finditer(name):
        year, month, day, hour, minute, second = map(int, match.groups()[:6])
        fraction, sign, hours, minutes = match.groups()[6:]
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue
        ahead = int(hours or 0) * 3600 + int(minutes or 0) * 60
        if ahead >= 15 * 3600:
            ahead = 0
        time = instant_of(moment) + round(float(fraction or 0) * SECOND)
        time -= (ahead if sign == "+" else -ahead) * SECOND
        if 0 <= time <= LAST:
            return time
    found = _EPOCH_IN_NAME.search(name)
    return from_epoch(int(found[0])) if found else None
