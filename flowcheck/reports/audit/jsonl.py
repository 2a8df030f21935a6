"""The JSON Lines report: one finding per line, the one with the most records first, and nothing else.

Escaped as the JSON report is.
"""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.results.audit import AuditResult
from flowcheck.writing import json_text


def render(result: AuditResult, stream: TextIO) -> None:
    for finding in result.findings:
        stream.write(json_text(msgspec.to_builtins(finding)) + "\n")
