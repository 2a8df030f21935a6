"""The same result with the files of one folder named from there: for a folder that will be gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import replace as replaced

from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import Findings

S = TypeVar("S", bound=Struct)


def named_from(result: AuditResult, folder: Path) -> AuditResult:
    """Findings, rules and the ledger name files under ``folder`` without it; edges name none."""
    start = f"{folder}/"
    findings = Findings(
        replaced(
            finding,
            policy_sources=tuple(source.removeprefix(start) for source in finding.policy_sources),
            example=_shortened(finding.example, start),
        )
        for finding in result.findings
    )
    files = tuple(_shortened(entry, start) for entry in result.ledger.files)
    return replace(
        result,
        findings=findings,
        ledger=replaced(result.ledger, files=files),
        policy_hits=_shorten_column(result.policy_hits, "file", start),
    )


def _shortened(record: S, start: str) -> S:
    """A record with a ``file``."""
    return replaced(record, file=record.file.removeprefix(start))  # type: ignore[attr-defined]


def _shorten_column(table: pa.Table, name: str, start: str) -> pa.Table:
    column = table.column(name)
    inside = pc.starts_with(column, start)
    short = pc.if_else(inside, pc.utf8_slice_codeunits(column, len(start)), column)
    return table.set_column(table.schema.get_field_index(name), name, short)
