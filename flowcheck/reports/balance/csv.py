"""The load as CSV, for spreadsheets: one row per endpoint of a service port, with what was found of both.

A service port without endpoints has one row, with the endpoint's columns empty. Text that a spreadsheet would
run as a formula is prefixed with ``'``.
"""

from __future__ import annotations

import csv
from typing import Any, TextIO

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.reports.escape import escape_cell

SERVICE_COLUMNS = (
    "namespace",
    "service",
    "port_name",
    "port",
    "protocol",
    "state",
    "why",
    "connections",
    "expected_endpoints",
    "misplaced",
    "peak_to_average",
    "cv",
    "jain",
    "p_adjusted",
)
ENDPOINT_COLUMNS = (
    "endpoint",
    "address",
    "workload",
    "generation",
    "node",
    "zone",
    "state",
    "connections",
    "bytes",
    "packets",
    "share",
    "expected",
    "ratio",
    "ambiguous",
    "estimated",
)
COLUMNS = (
    *SERVICE_COLUMNS,
    "one_sided",
    "endpoint",
    *(f"endpoint_{name}" for name in ENDPOINT_COLUMNS[1:]),
)


def render(result: LoadResult, stream: TextIO, *, service: str = "") -> None:
    """Write the rows; ``service`` (``ns/name``) leaves only that one's."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in result.services:
        if service in ("", one.name):
            writer.writerows(_row(one, endpoint) for endpoint in one.endpoints or (None,))


def _row(service: ServiceLoad, endpoint: EndpointLoad | None) -> list[Any]:
    one_sided = service.time is not None and service.time.one_sided
    values = [getattr(service, name) for name in SERVICE_COLUMNS]
    values += [one_sided, *(getattr(endpoint, name) if endpoint else None for name in ENDPOINT_COLUMNS)]
    return [_cell(value) for value in values]


def _cell(value: Any) -> str | int:
    """Reals with the digits that give them back; nothing where there is no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return value if isinstance(value, int) else escape_cell(value)
