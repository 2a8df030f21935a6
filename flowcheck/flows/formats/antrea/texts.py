"""Text of Antrea's records -> their values by name: lines with and without a header, and an IPFIX
collector's listing."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from flowcheck.flows.formats.antrea.layouts import columns_of
from flowcheck.flows.formats.antrea.records import NAMES, is_record

_ELEMENT = re.compile(r"([A-Za-z][A-Za-z0-9]*):(?: (.*))?$")
RECORD = "DATA RECORD-"
_BOUNDARIES = (RECORD, "IPFIX-HDR:", "DATA SET:", "TEMPLATE")
Values = dict[str, str]


def parts_of(line: str) -> list[str]:
    """The values of one line: of tabs, or of commas; with texts in double quotes, or in single ones. ``\\N``
    is ClickHouse's null."""
    if "\t" in line:
        return line.split("\t")
    quote = "'" if ",'" in line else '"'
    try:
        return next(csv.reader([line], quotechar=quote), [])
    except csv.Error:
        return []


def header_of(line: str) -> list[str] | None:
    """The columns, where a line is a header."""
    names = parts_of(line.lstrip("\ufeff"))
    return names if is_record(frozenset(names)) else None


class Table:
    """Lines of values, whose columns a header names, a person, or their number."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self._columns = list(columns)
        self._read = _places(columns)

    def is_header(self, line: str) -> bool:
        """Whether it is one: it then names the columns of the lines after it."""
        found = header_of(line) if "destination" in line else None
        if found is not None:
            self._columns, self._read = found, _places(found)
        return found is not None

    def values(self, line: str) -> Values | None:
        """Those that are read; None where there are more or fewer than there are columns."""
        parts = parts_of(line)
        if self._columns:
            if len(parts) != len(self._columns):
                return None
            return {name: parts[place] for place, name in self._read if parts[place] != r"\N"}
        columns = columns_of(parts)
        return None if columns is None else dict(zip(columns, parts, strict=False))


def _places(columns: Sequence[str]) -> list[tuple[int, str]]:
    return [(place, name) for place, name in enumerate(columns) if name in NAMES]


class Listing:
    """Lines of a collector's listing, in their order."""

    def __init__(self) -> None:
        self._open: Values | None = None
        self._position = 0

    def take(self, number: int, line: str) -> tuple[int, Values] | None:
        """A record that a line ends, with the number of the line that it began at."""
        found = None
        if any(boundary in line for boundary in _BOUNDARIES):
            found = self.rest()
            if RECORD in line:
                self._open, self._position = {}, number
        elif self._open is not None and (element := _ELEMENT.search(line)) is not None:
            self._open[element[1]] = element[2] or ""
        return found

    def rest(self) -> tuple[int, Values] | None:
        """The record that was begun."""
        values, self._open = self._open, None
        return None if values is None else (self._position, values)
