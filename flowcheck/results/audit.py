"""The result of one audit, as the command and the Python API hand it on to reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from flowcheck.results.load_records import LoadResult
from flowcheck.results.records import Finding, Ledger, Summary


@dataclass(frozen=True, slots=True)
class AuditResult:
    """``edges`` and ``policy_hits`` have the schemas of the files of those names; ``findings`` are sorted,
    the one with the most records first; ``out`` is where the files were written, if anywhere; ``load`` is how
    evenly Services carried their load."""

    summary: Summary
    findings: tuple[Finding, ...]
    edges: pa.Table
    policy_hits: pa.Table
    ledger: Ledger
    out: Path | None = None
    load: LoadResult = field(default_factory=LoadResult)
