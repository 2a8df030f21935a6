"""Results that are tables too, for whoever goes on in Python."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from flowcheck.results.records import Finding

TIME = pa.timestamp("us", tz="UTC")
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
    ]
)
"""One row for each finding: the fields of :class:`flowcheck.results.records.Finding`."""


class Tabular:
    """Something that is a table as well."""

    __slots__ = ()

    def to_arrow(self) -> pa.Table:
        raise NotImplementedError

    def to_pandas(self, **options: Any) -> Any:
        """A pandas DataFrame; pandas must be installed. ``options`` are those of pyarrow.Table.to_pandas."""
        return self.to_arrow().to_pandas(**options)


class Findings(tuple[Finding, ...], Tabular):
    """The findings of one audit in the order of its report: breaches first, of a group the most records."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Findings findings={len(self)} records={sum(finding.records for finding in self)}>"

    def to_arrow(self) -> pa.Table:
        """One row for each finding, its example as ``example_file`` and ``example_row``."""
        columns: dict[str, list[Any]] = {
            field.name: [_encodable(getattr(finding, field.name)) for finding in self]
            for field in FINDINGS_SCHEMA
            if not field.name.startswith("example_")
        }
        for name in ("first_seen", "last_seen"):
            columns[name] = [datetime.fromisoformat(time) for time in columns[name]]
        columns["example_file"] = [_encodable(finding.example.file) for finding in self]
        columns["example_row"] = [finding.example.row for finding in self]
        return pa.table(columns, schema=FINDINGS_SCHEMA)


def _encodable(value: Any) -> Any:
    """Half a surrogate pair, as a file's name may hold, becomes its escape."""
    if isinstance(value, tuple):
        return [_encodable(one) for one in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
