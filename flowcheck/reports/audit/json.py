"""The JSON report: the whole summary and all findings as one object.

ASCII only, and safe to put into a web page: ``<``, ``>``, ``&`` and DEL are escaped. No NaN.
"""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.results.audit import AuditResult
from flowcheck.results.records import SCHEMA
from flowcheck.writing import json_text


def render(result: AuditResult, stream: TextIO) -> None:
    """Write ``{"schema", "summary", "findings"}``, the records of summary.json and findings.json."""
    document = {
        "schema": SCHEMA,
        "summary": msgspec.to_builtins(result.summary),
        "findings": msgspec.to_builtins(result.findings),
    }
    stream.write(json_text(document, indent=2) + "\n")
