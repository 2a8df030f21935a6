"""What the words on the command line stand for: times and ages, counts and percentages, reports, inputs.

Each is a click parameter type; a word that means nothing is a usage error that says what would.
"""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from flowcheck.errors import RunError
from flowcheck.model.instants import instant_of
from flowcheck.reports import FORMATS
from flowcheck.stores.uri import Access, StorePath, check_endpoint, is_uri

_AGE = re.compile(r"(\d{1,6})(s|m|h|d|w)")
_AGE_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)%")


class Value(click.ParamType):  # type: ignore[type-arg]  # generic only in newer click
    """A click type whose ``parse`` raises ValueError with the sentence to show."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str | int | float):
            return value
        try:
            return self.parse(str(value))
        except (ValueError, OverflowError) as error:
            self._refuse(str(error), param, ctx)

    def parse(self, text: str) -> Any:
        raise NotImplementedError

    def _refuse(self, why: str, param: click.Parameter | None, ctx: click.Context | None) -> NoReturn:
        self.fail(why, param, ctx)


class Moment(Value):
    """An instant: RFC 3339, a date (its midnight in UTC), or an age counted back from now."""

    name = "time"

    def parse(self, text: str) -> datetime:
        age = _AGE.fullmatch(text)
        if age:
            return datetime.now(UTC) - timedelta(**{_AGE_UNITS[age[2]]: int(age[1])})
        problem = f"{text!r} is not a time; write 2026-01-31T10:00:00Z, 2026-01-31, or an age such as 6h"
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(problem) from None
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return moment.replace(tzinfo=UTC)
        if not re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", text):
            raise ValueError(problem)
        if moment.tzinfo is None:
            raise ValueError(f"{text!r} has no time zone; add Z for UTC, or an offset such as +02:00")
        return moment.astimezone(UTC)


class Duration(Value):
    """A length of time: 500ms, 2s, 5m."""

    name = "duration"

    def parse(self, text: str) -> timedelta:
        match = re.fullmatch(r"(\d{1,6})(ms|s|m|h|d|w)", text)
        if not match:
            raise ValueError(f"{text!r} is not a length of time; write 500ms, 2s, 5m or 1h")
        return timedelta(**{{**_AGE_UNITS, "ms": "milliseconds"}[match[2]]: int(match[1])})


class SnapshotTime(Moment):
    """When files were written: a :class:`Moment` as microseconds since 1970, or ``mtime``, as it stands."""

    name = "time|mtime"

    def parse(self, text: str) -> Any:
        if text == "mtime":
            return text
        time = instant_of(super().parse(text))
        if time < 0:
            raise ValueError(f"{text!r} is before 1970")
        return time


class Size(Value):
    """An amount of memory, in bytes: 512MiB, 4GiB."""

    name = "size"

    def parse(self, text: str) -> int:
        match = re.fullmatch(r"(\d{1,6})(MiB|GiB)", text)
        if not match or not int(match[1]):
            raise ValueError(f"{text!r} is not an amount of memory; write 512MiB or 4GiB")
        return int(match[1]) << (20 if match[2] == "MiB" else 30)


class Cidr(Value):
    """A range of addresses: 10.0.0.0/16."""

    name = "cidr"

    def parse(self, text: str) -> str:
        try:
            if "/" not in text:
                raise ValueError("one address is no range")
            return str(ipaddress.ip_network(text))
        except ValueError:
            raise ValueError(
                f"{text!r} is not a range of addresses; write 10.0.0.0/16 or fd00::/48"
            ) from None


class Percent(Value):
    """A share from 0 to 100, with or without its sign."""

    name = "pct"

    def parse(self, text: str) -> float:
        match = _PERCENT.fullmatch(text if text.endswith("%") else text + "%")
        if not match or float(match[1]) > 100:
            raise ValueError(f"{text!r} is not a percentage from 0 to 100")
        return float(match[1])


class Finite(click.FloatRange):
    """A number within limits; nan lies within none, and inf is no number to compare with."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number that anything can be held against", param, ctx)
        return number


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many rejected rows still leave a run complete: so many, or such a share of the rows."""

    rows: int = 0
    percent: float | None = None


class ToleranceType(Value):
    """``10`` rows, or ``0.5%`` of them."""

    name = "n|pct%"

    def parse(self, text: str) -> Tolerance:
        if re.fullmatch(r"\d{1,18}", text):
            return Tolerance(rows=int(text))
        if not text.endswith("%"):
            raise ValueError(f"{text!r} is neither a number of rows nor a percentage such as 0.5%")
        return Tolerance(percent=Percent().parse(text))


@dataclass(frozen=True, slots=True)
class Report:
    """A report to make: its format, and the file it goes to (None: standard output)."""

    format: str
    file: Path | None = None


class ReportType(Value):
    """``json`` to standard output, ``json=FILE`` to a file."""

    name = "format[=file]"

    def __init__(self, subject: str = "audit") -> None:
        self._formats = FORMATS[subject]

    def parse(self, text: str) -> Report:
        name, equals, file = text.partition("=")
        if name not in self._formats:
            raise ValueError(f"{name!r} is not a report format; there are {', '.join(self._formats)}")
        if equals and not file:
            raise ValueError(f"{text!r} names no file after the =")
        return Report(name, Path(file) if file not in ("", "-") else None)


class InputPath(Value):
    """A file, folder or glob, or what lies in an object store, reached as the command's options say."""

    name = "path"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]

    def parse(self, text: str) -> str:
        if not text:
            raise ValueError("an empty path")
        if "\0" in text:
            raise ValueError("a path cannot hold a NUL character")
        return text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = super().convert(value, param, ctx)
        return in_store(path, ctx) if isinstance(path, str) and is_uri(path) else path


class OutFolder(click.Path):
    """A folder for results, or a prefix in an object store."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and is_uri(value):
            return in_store(value, ctx)
        return super().convert(value, param, ctx)


def in_store(uri: str, ctx: click.Context | None) -> StorePath:
    """What a URI names, reached as options say, which are read before; of those in a file that the
    environment names, here.

    **Raises**: RunError."""
    told = {} if ctx is None else {name: _told(ctx, name) for name in ("endpoint", "region", "anonymous")}
    try:
        endpoint = check_endpoint(str(told.get("endpoint") or ""))
    except ValueError as error:
        raise RunError(str(error), where="--endpoint") from None
    return StorePath(uri, Access(endpoint, str(told.get("region") or ""), bool(told.get("anonymous"))))


def _told(ctx: click.Context, name: str) -> Any:
    value = ctx.params.get(name)
    return value if isinstance(value, str | bool) and value else ctx.lookup_default(name)


class Endpoint(Value):
    """Where an object store is: https://minio.example:9000. What is refused is not repeated."""

    name = "url"

    def parse(self, text: str) -> str:
        return check_endpoint(text)
