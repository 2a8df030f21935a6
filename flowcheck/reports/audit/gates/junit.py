"""The JUnit report, as Jenkins and GitLab read it: a test case for each finding, and one for the whole run.

The case ``complete`` is always there: an error where the run is incomplete, passed otherwise, so that a
clean run is a test that passed and not a file without tests. A finding is a failure, or skipped where it is
known or ignored; its name ends with its fingerprint. The answer and what was not looked at is the suite's
output. No times: an audit takes no time for a finding.

Source: Jenkins' junit plugin (SuiteResult, CaseResult: the first failure or error of a case counts);
GitLab's parser of test reports, which tells cases apart by class and name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO
from xml.sax.saxutils import escape as in_text
from xml.sax.saxutils import quoteattr

from flowcheck.reports.audit.gates.places import places
from flowcheck.reports.audit.gates.wording import KINDS, incomplete, said, sentence, what
from flowcheck.reports.audit.known import idle, mark, unlisted
from flowcheck.reports.parts.escape import escape
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import Finding


def render(result: AuditResult, stream: TextIO) -> None:
    """ASCII only: XML has no way to write some characters, and they are escaped as in other reports."""
    text = "".join(f"{line}\n" for line in _document(result))
    stream.write(text.encode("ascii", "xmlcharrefreplace").decode("ascii"))


def _document(result: AuditResult) -> Iterator[str]:
    errors, more = incomplete(result), unlisted(result.summary)
    skipped = sum(bool(finding.suppressed) for finding in result.findings)
    counts = _attributes(
        name="flowcheck",
        tests=str(len(result.findings) + 1 + bool(more)),
        failures=str(len(result.findings) - skipped + bool(more)),
        errors=str(int(not result.summary.complete)),
        skipped=str(skipped),
    )
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites{counts}>"
    yield f"  <testsuite{counts}>"
    yield from _case("flowcheck", "complete", "" if result.summary.complete else "error", "; ".join(errors))
    if more:
        yield from _case("flowcheck", "findings that are not listed", "failure", more)
    for finding in result.findings:
        yield from _finding(finding)
    gate = result.summary.gate
    told = [*said(result), *([text for _, text in idle(gate)] if gate is not None else [])]
    yield f"    <system-out>{_text(told)}</system-out>"
    yield "  </testsuite>"
    yield "</testsuites>"


def _finding(finding: Finding) -> Iterator[str]:
    name = f"{what(finding)} [{finding.fingerprint}]"
    outcome = "skipped" if finding.suppressed else "failure"
    why = "; ".join([*mark(finding), KINDS[finding.kind][0]])
    path = places(finding)[0].path
    yield from _case(f"flowcheck.{finding.kind}", name, outcome, why, body=sentence(finding), file=path)


def _case(of: str, name: str, outcome: str, message: str, *, body: str = "", **more: str) -> Iterator[str]:
    """One case; ``outcome``: failure, error, skipped, or nothing where it passed."""
    opening = f"    <testcase{_attributes(classname=of, name=name, **more)}"
    if not outcome:
        yield f"{opening}/>"
        return
    kind = {} if outcome == "skipped" else {"type": of}
    yield f"{opening}>"
    yield f"      <{outcome}{_attributes(message=message, **kind)}>{_text([body or message])}</{outcome}>"
    yield "    </testcase>"


def _attributes(**given: str) -> str:
    return "".join(f" {name}={quoteattr(escape(value))}" for name, value in given.items())


def _text(lines: list[str]) -> str:
    return "\n".join(in_text(escape(line)) for line in lines)
