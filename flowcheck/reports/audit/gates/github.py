"""The report as workflow commands of GitHub Actions, which shows each beside the line it names.

``::error`` for what is forbidden and went through and for an incomplete run, ``::warning`` for other
findings and entries of the ignore file that hide nothing, one ``::notice`` with the answer and one for each
thing that was not looked at. Findings that are known or ignored are counted in the answer and have no line.
GitHub shows ten of each kind in a step: what is graver comes first.

Source: actions/toolkit, packages/core/src/command.ts (escapeData, escapeProperty).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from flowcheck.reports.audit.gates.places import Place, place_of, places
from flowcheck.reports.audit.gates.wording import KINDS, incomplete, is_grave, said, sentence
from flowcheck.reports.audit.known import idle, idle_because, unlisted
from flowcheck.reports.parts.escape import escape
from flowcheck.results.audit import AuditResult

_IN_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_PROPERTIES = (*_IN_DATA, (":", "%3A"), (",", "%2C"))


def render(result: AuditResult, stream: TextIO) -> None:
    stream.write("".join(f"{line}\n" for line in _commands(result)))


def _commands(result: AuditResult) -> Iterator[str]:
    for reason in incomplete(result):
        yield _command("error", reason, title="flowcheck: incomplete")
    for finding in result.findings:
        if not finding.suppressed:
            level = "error" if is_grave(finding) else "warning"
            yield _command(level, sentence(finding), places(finding)[0], title=KINDS[finding.kind][0])
    if more := unlisted(result.summary):
        yield _command("warning", more, title="flowcheck")
    gate = result.summary.gate
    for entry, _ in idle(gate) if gate is not None else ():
        yield _command("warning", idle_because(entry), place_of(entry.at), title="flowcheck: ignore file")
    for text in said(result):
        yield _command("notice", text, title="flowcheck")


def _command(name: str, message: str, place: Place | None = None, *, title: str) -> str:
    given = {"title": title}
    if place is not None:
        given = {"file": place.path, **({"line": str(place.line)} if place.line else {}), **given}
    listed = ",".join(f"{key}={_escaped(value, _IN_PROPERTIES)}" for key, value in given.items())
    return f"::{name} {listed}::{_escaped(message, _IN_DATA)}"


def _escaped(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    text = escape(text)
    for character, code in pairs:
        text = text.replace(character, code)
    return text
