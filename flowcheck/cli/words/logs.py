"""Options for what logs do not say themselves."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.words.values import Duration, Value
from flowcheck.flows.formats import HOMES
from flowcheck.flows.known import AUTO, CANONICAL, UNITS

if TYPE_CHECKING:
    from flowcheck.flows.logs.form import Asked


class TimeZone(Value):
    """The IANA name of a time zone."""

    name = "zone"

    def parse(self, text: str) -> str:
        try:
            zoneinfo.ZoneInfo(text)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{text!r} is no time zone; write Europe/Berlin, or UTC") from None
        return text


class Fields(Value):
    """Names of columns, with commas or blanks between them."""

    name = "names"

    def parse(self, text: str) -> tuple[str, ...]:
        names = tuple(text.replace(",", " ").split())
        if not names or len(set(names)) != len(names):
            raise ValueError("name each column once, in their order, with commas between them")
        return names


LOGS: list[Callable[[Any], Any]] = [
    click.option(
        "--from",
        "source_format",
        type=click.Choice([AUTO, CANONICAL, *HOMES]),
        default=AUTO,
        show_default=True,
        help="Format of the flows. auto looks at what is in a file, never at its name; canonical is "
        "Parquet with flowcheck's own columns.",
    ),
    click.option("--time-unit", type=click.Choice(UNITS), help="Unit of times that do not tell theirs."),
    click.option("--time-zone", type=TimeZone(), help="Of times without one: Europe/Berlin, UTC."),
    click.option("--fields", type=Fields(), help="Columns of a log without a header, in their order."),
    click.option(
        "--mapping",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="YAML file: which columns of a log stand for which of flowcheck's.",
    ),
    click.option(
        "--received-within",
        type=Duration(),
        default="1h",
        show_default=True,
        help="Reject a flow that began longer than this before it was received, where a log tells; 0s: none.",
    ),
]


SAID_OF_NO_LOG: dict[str, Any] = {
    "source_format": CANONICAL,
    "time_unit": None,
    "time_zone": None,
    "fields": None,
    "mapping": None,
    "received_within": timedelta(),
}
"""The options, where files are canonical."""


def asked(given: dict[str, Any]) -> Asked:
    """What was said of logs, of parsed options."""
    from flowcheck.flows.logs.form import Asked

    late = given["received_within"] // timedelta(seconds=1)
    mapping = given["mapping"]
    return Asked(
        format="mapped" if mapping and given["source_format"] == AUTO else given["source_format"],
        time_unit=given["time_unit"] or "",
        time_zone=given["time_zone"] or "",
        fields=given["fields"] or (),
        mapping=_text_of(mapping) if mapping else "",
        most_late=late or None,
    )


def _text_of(path: Path) -> str:
    from flowcheck.flows.formats.mapped.file import mapping_text

    try:
        return mapping_text(path)
    except OSError as error:
        raise click.UsageError(f"--mapping {path}: cannot be read: {error.strerror}") from error
