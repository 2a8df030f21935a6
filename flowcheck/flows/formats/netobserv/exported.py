"""What NetObserv's console exports: lines of values under a header, as Go prints them.

Numbers may have an exponent, a list is ``[SYN ACK]``, an event ``map[Action:drop Type:NetworkPolicy]``, and
nothing is ``<nil>``. Source: pkg/handler/csv/loki_csv.go of netobserv/network-observability-console-plugin.
"""

from __future__ import annotations

import csv
import re

import msgspec

from flowcheck.flows.formats.netobserv.records import Flow

_EVENT = re.compile(r"map\[([^\[\]]*)\]")
_PART = re.compile(r"(\w+):(\S*)")
_NEEDED = frozenset({"SrcAddr", "DstAddr", "TimeFlowStartMs"})
_MOST = 1e18


class Exported:
    """Lines of one log, in their order."""

    def __init__(self) -> None:
        self._columns: list[str] = []

    def is_header(self, line: str) -> bool:
        """Whether it is one: it then names the columns of the lines after it."""
        if "SrcAddr" not in line:
            return False
        names = _parts(line)
        if _NEEDED.difference(names):
            return False
        self._columns = names
        return True

    def flow(self, line: str) -> Flow | None:
        """None before a header, and where there are more or fewer values than columns."""
        parts = _parts(line)
        if not self._columns or len(parts) != len(self._columns):
            return None
        values = {
            name: _value(name, text)
            for name, text in zip(self._columns, parts, strict=True)
            if text not in ("", "<nil>")
        }
        try:
            return msgspec.convert(values, Flow, strict=False)
        except msgspec.ValidationError:
            return None


def _parts(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _value(name: str, text: str) -> object:
    if name == "NetworkEvents":
        return [dict(_PART.findall(event)) for event in _EVENT.findall(text)]
    if text.startswith("[") and name == "Flags":
        return text.strip("[]").split()
    if "e+" in text:
        number = _float(text)
        return text if number is None or abs(number) > _MOST else int(number)
    return text


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
