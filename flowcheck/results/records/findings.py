"""What stands in findings.json: violations that share a cause; and the same as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from flowcheck.model.verdict import Observed, Violation
from flowcheck.outcome import Tabular

TIME = pa.timestamp("us", tz="UTC")
MOST_PORTS = 16
"""Ports in which violations may differ and be findings of their own; those that differ in more are one."""
MOST_RANGES = 32
KNOWN, IGNORED = "baseline", "ignored"
"""Why a finding does not make a run fail."""
FINDINGS_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("fingerprint", "kind", "direction", "source", "destination")),
        ("port", pa.uint16()),
        *((name, pa.string()) for name in ("protocol", "observed")),
        *((name, pa.list_(pa.string())) for name in ("policies", "policy_sources")),
        *((name, pa.uint64()) for name in ("records", "flows", "bytes")),
        *((name, TIME) for name in ("first_seen", "last_seen")),
        ("example_file", pa.string()),
        ("example_row", pa.int64()),
        ("change", pa.list_(pa.string())),
        ("note", pa.string()),
        ("to_add", pa.list_(pa.string())),
        ("ports", pa.list_(pa.string())),
        ("n_ports", pa.uint32()),
        ("suppressed", pa.string()),
        ("suppressed_because", pa.string()),
    ]
)
"""One row for each finding: the fields of :class:`Finding`."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Violations that share kind, direction, workloads, port, protocol and deciding policies.

    Those that differ in more than MOST_PORTS ports alone are one, without ``port``: ``n_ports`` says in how
    many, ``ports`` in which, as ranges, the first MOST_RANGES of them.

    ``source`` and ``destination`` are ``ns/kind/name`` of a workload, ``Node/name``, or an address block.
    ``observed`` is ``unknown`` for those alone of which the log does not say whether they went through.
    ``change`` names what to change where it should be allowed: rules that deny, and policies that are for
    these pods and no others; ``to_add`` the directions that need a policy more, as there is none of these.
    All of both is needed. ``note`` says what may explain it. Each is left out where there is nothing to say.
    ``bytes`` is None where no row of the log has any. ``fingerprint`` is stable across runs. ``example``
    is one violating row: ``file`` and ``row`` (0-based).
    ``suppressed``: KNOWN from a baseline, or IGNORED, with the reason in ``suppressed_because``: then it is
    listed and counted, and does not make a run fail; empty: it does.
    """

    fingerprint: str
    kind: str
    direction: str
    source: str
    destination: str
    port: int | None
    protocol: str
    observed: str
    policies: tuple[str, ...]
    policy_sources: tuple[str, ...]
    records: int
    flows: int
    bytes: int | None
    first_seen: str
    last_seen: str
    example: Example
    change: tuple[str, ...] = ()
    note: str = ""
    to_add: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    n_ports: int = 0
    suppressed: str = ""
    suppressed_because: str = ""

    @property
    def is_told(self) -> bool:
        """Whether the log says what became of it."""
        return self.observed != Observed.UNKNOWN

    @property
    def group(self) -> int:
        """0: it went through though denied, 1: it may have, 2: it was dropped though allowed."""
        if self.kind != Violation.FORWARDED_DENIED:
            return 2
        return 0 if self.is_told else 1


class Example(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first violating row of a finding, in input order. ``start_time`` in RFC 3339; ``src_port`` and what
    a mesh's proxy tells, by the names of their columns, None: it is not told. ``by_waypoint``: the record is
    a waypoint's, of what came through it to ``service_port`` of a Service."""

    file: str
    row: int
    src: str
    dst: str
    src_ip: str | None
    dst_ip: str | None
    start_time: str = ""
    src_port: int | None = None
    src_principal: str | None = None
    http_method: str | None = None
    http_path: str | None = None
    http_host: str | None = None
    tls_server_name: str | None = None
    outer_port: int | None = None
    by_waypoint: bool = False
    service_port: int | None = None


class Findings(tuple[Finding, ...], Tabular):
    """The findings of one audit in the order of its report: breaches first, of a group the most records."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Findings findings={len(self)} records={sum(finding.records for finding in self)}>"

    def to_arrow(self) -> pa.Table:
        """One row for each finding, its example as ``example_file`` and ``example_row``."""
        columns: dict[str, list[Any]] = {
            field.name: [encodable(getattr(finding, field.name)) for finding in self]
            for field in FINDINGS_SCHEMA
            if not field.name.startswith("example_")
        }
        for name in ("first_seen", "last_seen"):
            columns[name] = [datetime.fromisoformat(time) for time in columns[name]]
        columns["example_file"] = [encodable(finding.example.file) for finding in self]
        columns["example_row"] = [finding.example.row for finding in self]
        return pa.table(columns, schema=FINDINGS_SCHEMA)


def encodable(value: Any) -> Any:
    """Half a surrogate pair, as a file's name may hold, becomes its escape."""
    if isinstance(value, tuple):
        return [encodable(one) for one in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
