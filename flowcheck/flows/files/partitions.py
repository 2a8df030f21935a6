"""Which folders and files cannot hold what began in an asked time, by what their names tell of theirs.

A folder tells a stretch of time by its keys (``year=2026/month=03/day=10/hour=09``, ``date=2026-03-10``,
...) or, of AWS, GCP and Azure, by where it stands. That may be the time of records, or of their delivery: so
a folder counts as far as a margin around its time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote

from flowcheck.counted import counted
from flowcheck.model.instants import instant_of

Span = tuple[int, int]
"""From, included, and to, excluded: microseconds since 1970."""

MINUTE = 60_000_000
MARGIN = 60 * MINUTE
"""On either side of what a folder tells, unless another is asked for."""
LONGEST_RECORD = 10 * MINUTE
"""Of a VPC flow log: how long before its end a record may have begun.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html, "Aggregation interval".
"""
PER_FILE = 5 * MINUTE
"""A file of a VPC flow log holds the records that end in the five minutes before the time in its name, or in
those after it: AWS's pages of different years say either, so both count.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html: "recorded in the previous 5
minutes"; an older flow-logs-s3.html: one of 16:20 has "records for 16:15:01 to 16:20:00".
"""
BY_FOLDER = "outside --since and --until, by the folder's name"
BY_NAME = "outside --since and --until, by the file's name"

_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T _-](\d\d)(?::?[0-5]\d){0,2}Z?)?")
_DAYS = ("date", "dt", "day", "ds", "event_date")
_STEPS = (
    {"year", "yyyy", "y"},
    {"month", "mm", "m"},
    {"day", "dd", "d"},
    {"hour", "hh", "h", "hr"},
)
"""Keys in their order. Finer ones are not believed: Azure's ``h=09/m=00`` holds all of the hour."""
_BARE = ("vpcflowlogs", "vpc_flows")
"""Folders of AWS and GCP below which year, month, day and perhaps hour stand bare; AWS's region comes
first."""
_VPC_FILE = re.compile(r"\d{12}_vpcflowlogs_.+_(\d{8}T\d{4})Z_[0-9A-Za-z]+\.[a-z.]+")


class Window(NamedTuple):
    """The time that is asked for; None: no end. ``margin``: None stands for what each layout has by
    itself."""

    since: int | None = None
    until: int | None = None
    margin: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether all of time is in it."""
        return self.since is None and self.until is None

    def misses(self, span: Span, early: int, late: int) -> bool:
        """Whether nothing that began in it can lie in what tells this span: records may have begun ``early``
        before it, and be ``late`` after it."""
        begins, ends = span
        after = self.until is not None and begins - early >= self.until
        return after or (self.since is not None and ends + late <= self.since)


class Pruned(NamedTuple):
    """What was left out unread: counts of folders and of files, by the reason."""

    folders: Counter[str]
    files: Counter[str]

    @classmethod
    def nothing(cls) -> Pruned:
        return cls(Counter(), Counter())

    def told(self) -> Iterator[str]:
        """``22 folders, outside --since and --until, by the folder's name``."""
        for what, counts in (("folder", self.folders), ("file", self.files)):
            told = ((reason, count) for reason, count in sorted(counts.items()) if count)
            yield from (f"{counted(count, what)} {reason}" for reason, count in told)


ALWAYS = Window()


def folder_outside(parts: Sequence[str], window: Window) -> bool:
    """Whether nothing of the window can lie in a folder, by the names of it and all around it."""
    if window.is_open:
        return False
    span = span_of(parts)
    if span is None:
        return False
    if _is_vpc(parts):
        margin = window.margin or 0
        return window.misses(span, max(PER_FILE + LONGEST_RECORD, margin), margin)
    margin = MARGIN if window.margin is None else window.margin
    return window.misses(span, margin, margin)


def file_outside(name: str, window: Window) -> bool:
    """The same of a file, by its own name."""
    found = None if window.is_open else _VPC_FILE.fullmatch(name)
    if found is None:
        return False
    try:
        begin = instant_of(datetime.strptime(found[1], "%Y%m%dT%H%M"))
    except ValueError:
        return False
    margin = window.margin or 0
    return window.misses((begin, begin + PER_FILE), max(PER_FILE + LONGEST_RECORD, margin), margin)


def span_of(parts: Sequence[str]) -> Span | None:
    """What the names of folders, outermost first, tell together; None where they tell nothing, or what cannot
    be."""
    numbers: list[int] = []
    for number in _numbers(parts):
        if number is None:
            return None
        numbers += number
    if not numbers:
        return None
    try:
        return _span(numbers)
    except (ValueError, OverflowError):
        return None


def _numbers(parts: Sequence[str]) -> Iterator[list[int] | None]:
    """Year, month, day and hour, as they come; None for what is none of them at its place."""
    held, bare = 0, -1
    for place, part in enumerate(parts):
        if held == len(_STEPS):
            return
        name, equals, value = part.partition("=")
        if part in _BARE:
            bare = place + (2 if part == _BARE[0] else 1)
        elif not equals and place == bare and re.fullmatch(r"\d\d" if held else r"\d{4}", part):
            held, bare = held + 1, bare + 1
            yield [int(part)]
        if not equals:
            continue
        name, value = name.lower(), unquote(value)
        day = _DAY.fullmatch(value) if name in _DAYS and not held else None
        if day is not None:
            found = [int(number) for number in day.groups() if number is not None]
            held = len(found)
            yield found
        elif name in _STEPS[held]:
            held += 1
            yield [int(value)] if re.fullmatch(r"\d{1,4}", value) else None


def _span(numbers: Sequence[int]) -> Span:
    """Of a year, with or without month, day and hour."""
    year, month, day, *hour = (*numbers, *(1, 1)[len(numbers) - 1 :])
    begin = datetime(year, month, day, hour[0] if hour else 0)
    if len(numbers) == 1:
        end = datetime(year + 1, 1, 1)
    elif len(numbers) == 2:
        end = datetime(year + month // 12, month % 12 + 1, 1)
    else:
        end = begin + (timedelta(hours=1) if hour else timedelta(days=1))
    return instant_of(begin), instant_of(end)


def _is_vpc(parts: Sequence[str]) -> bool:
    return "vpcflowlogs" in parts or "aws-service=vpcflowlogs" in parts
