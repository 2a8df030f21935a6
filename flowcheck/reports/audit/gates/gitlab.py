"""The report as GitLab's code quality: a JSON list with an object for each finding, and for each thing amiss.

``severity``: blocker for an incomplete run, critical for what is forbidden and went through, major for
other findings, info for those that are known or ignored, minor for entries of the ignore file that hide
nothing. GitLab holds the list against the target branch's by ``fingerprint``. Where findings are held
against anything, one more object of severity info counts them.

Source: GitLab, doc/ci/testing/code_quality.md, "Code Quality report format".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, TextIO

from flowcheck.reports.audit.answer import headline
from flowcheck.reports.audit.gates.places import Place, place_of, places, relative
from flowcheck.reports.audit.gates.wording import incomplete, is_grave, sentence
from flowcheck.reports.audit.known import idle, idle_because, unlisted
from flowcheck.reports.parts.escape import escape
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import Finding
from flowcheck.writing import json_text


def render(result: AuditResult, stream: TextIO) -> None:
    stream.write(json_text(list(_issues(result)), indent=2) + "\n")


def _issues(result: AuditResult) -> Iterator[dict[str, Any]]:
    log = Place(relative(next((file.file for file in result.ledger.files), "")))
    for reason in incomplete(result):
        yield _issue("incomplete", f"flowcheck: {reason}", "blocker", log)
    for finding in result.findings:
        place, severity = places(finding)[0], _severity(finding)
        yield _issue(finding.kind, sentence(finding), severity, place, finding.fingerprint)
    if more := unlisted(result.summary):
        yield _issue("not_listed", f"flowcheck: {more}", "major", log)
    gate = result.summary.gate
    if gate is not None:
        for entry, _ in idle(gate):
            yield _issue("ignore_file", idle_because(entry), "minor", place_of(entry.at))
        yield _issue("counts", f"flowcheck: {headline(result.summary)}", "info", log)


def _severity(finding: Finding) -> str:
    if finding.suppressed:
        return "info"
    return "critical" if is_grave(finding) else "major"


def _issue(
    check: str, description: str, severity: str, place: Place, fingerprint: str = ""
) -> dict[str, Any]:
    """What is no finding is known again by its words and its place."""
    words = "\n".join((check, description, place.path, str(place.line)))
    return {
        "description": escape(description),
        "check_name": check,
        "fingerprint": fingerprint
        or hashlib.sha256(words.encode("utf-8", "backslashreplace")).hexdigest()[:16],
        "severity": severity,
        "location": {"path": escape(place.path), "lines": {"begin": max(place.line, 1)}},
    }
