"""The load as CSV, for spreadsheets: one row per endpoint of a service port, with what was found of both.

A service port without endpoints has one row, with the endpoint's columns empty. Text that a spreadsheet would
run as a formula is prefixed with ``'``.
"""

from __future__ import annotations

from typing import TextIO

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.reports.parts.csv import Cell, write_rows

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
    chosen = [one for one in result.services if service in ("", one.name)]
    write_rows(
        stream, COLUMNS, (_row(one, endpoint) for one in chosen for endpoint in one.endpoints or (None,))
    )


def _row(service: ServiceLoad, endpoint: EndpointLoad | None) -> list[Cell]:
    return [
        *(getattr(service, name) for name in SERVICE_COLUMNS),
        service.time is not None and service.time.one_sided,
        *(getattr(endpoint, name) if endpoint else None for name in ENDPOINT_COLUMNS),
    ]
