"""The SARIF report, version 2.1.0, for code scanning: a rule for each kind of finding, a result each.

A result is shown at the file and line of the policy that decided. ``partialFingerprints`` hold the
finding's fingerprint, also under the name by which GitHub knows an alert again. One of the baseline has
``baselineState`` "unchanged", an ignored one ``suppressions``. An incomplete run has
``executionSuccessful`` false and tells why in its notifications, which always hold the answer and what was
not looked at.

Source: SARIF 2.1.0 (OASIS): 3.11.5 placeholders, 3.11.6 links, 3.20 invocation, 3.27 result, 3.35
suppression; GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

from flowcheck.reports.audit.gates.places import Place, place_of, places
from flowcheck.reports.audit.gates.wording import KINDS, incomplete, is_grave, said, sentence
from flowcheck.reports.audit.known import idle, idle_because, unlisted
from flowcheck.reports.parts.escape import escape
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import IGNORED, KNOWN, Finding
from flowcheck.results.records.gate import Gate
from flowcheck.writing import json_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
OURS, GITHUBS = "flowcheckFinding/v1", "primaryLocationLineHash"
_RULES = tuple(KINDS)


def render(result: AuditResult, stream: TextIO) -> None:
    summary = result.summary
    driver = {
        "name": "flowcheck",
        "version": summary.version,
        "rules": [_rule(kind, *words) for kind, words in KINDS.items()],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": summary.complete,
                "toolExecutionNotifications": list(_notifications(result)),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, summary.gate) for finding in result.findings],
    }
    stream.write(json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n")


def _rule(kind: str, title: str, advice: str) -> dict[str, Any]:
    return {
        "id": kind,
        "shortDescription": {"text": title},
        "fullDescription": {"text": advice},
        "help": {"text": f"{title}. {advice}", "markdown": f"**{title}.** {advice}"},
        "defaultConfiguration": {"level": "error" if kind == _RULES[0] else "warning"},
        "properties": {"tags": ["security", "network-policy"]},
    }


def _result(finding: Finding, gate: Gate | None) -> dict[str, Any]:
    first, *others = places(finding)
    made: dict[str, Any] = {
        "ruleId": finding.kind,
        "ruleIndex": _RULES.index(finding.kind),
        "level": "error" if is_grave(finding) else "warning",
        "message": _message(sentence(finding)),
        "locations": [_location(first)],
        "partialFingerprints": {OURS: finding.fingerprint, GITHUBS: f"{finding.fingerprint}:1"},
        "properties": {
            "records": finding.records,
            "connections": finding.flows,
            "firstSeen": finding.first_seen,
            "lastSeen": finding.last_seen,
        },
    }
    if others:
        made["relatedLocations"] = [_location(place) for place in others]
    if gate is not None and gate.baseline:
        made["baselineState"] = "unchanged" if finding.suppressed == KNOWN else "new"
    if gate is not None:
        made["suppressions"] = [_suppression(finding)] if finding.suppressed == IGNORED else []
    return made


def _suppression(finding: Finding) -> dict[str, Any]:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": escape(finding.suppressed_because),
    }


def _notifications(result: AuditResult) -> Iterator[dict[str, Any]]:
    for reason in incomplete(result):
        yield {"level": "error", "message": _message(reason)}
    gate = result.summary.gate
    for entry, _ in idle(gate) if gate is not None else ():
        at = [_location(place_of(entry.at))]
        yield {"level": "warning", "message": _message(idle_because(entry)), "locations": at}
    if more := unlisted(result.summary):
        yield {"level": "warning", "message": _message(more)}
    for text in said(result):
        yield {"level": "note", "message": _message(text)}


def _message(text: str) -> dict[str, str]:
    """Plain text in which nothing is a placeholder or a link."""
    plain = escape(text).replace("{", "{{").replace("}", "}}")
    return {"text": plain.replace("](", "] (")}


def _location(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": place.uri}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical}
