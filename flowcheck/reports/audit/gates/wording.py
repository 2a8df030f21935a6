"""What these reports say: of a finding one sentence, of the run what is missing. Names come out raw: each
escapes for its own medium.
"""

from __future__ import annotations

from flowcheck.counted import counted
from flowcheck.reports.audit import finding_wording
from flowcheck.reports.audit.answer import headline
from flowcheck.reports.audit.not_looked_at import not_looked_at
from flowcheck.reports.parts.gaps import gaps
from flowcheck.reports.parts.units import moment
from flowcheck.results.audit import AuditResult
from flowcheck.results.finding.changes import DEFAULT_DENY
from flowcheck.results.records.findings import Finding

KINDS = {
    "forwarded_denied": (
        "Forbidden by policy, yet not stopped",
        "The policies deny this flow, and the log says that it went through, or does not say that it was "
        "stopped. Nothing enforced the policy, or it was not in force yet. Where the flow should be allowed, "
        "add a rule to the policy that is shown; where it should not, find out why it was let through.",
    ),
    "dropped_allowed": (
        "Allowed by policy, yet a policy dropped it",
        "The log says that a policy stopped this flow, and the policies that were given allow it. Is the "
        "policy that dropped it among those that were given, and is the rule that is shown in force?",
    ),
}
"""By a finding's kind: what it is, and what to do about it."""


def what(finding: Finding) -> str:
    """Who talked to whom: ``source -> destination port direction``."""
    ends = f"{finding.source} -> {finding.destination}"
    return f"{ends} {finding_wording.port(finding)} {finding.direction}"


def sentence(finding: Finding) -> str:
    """The whole finding, as other reports have it in a line of a table."""
    by = [
        text if text.startswith(DEFAULT_DENY) else f"by {text}" for text in finding_wording.deciders(finding)
    ]
    title = finding_wording.TITLES[finding.group]
    seen = f"{moment(finding.first_seen)} to {moment(finding.last_seen)}"
    told = [f"{title}: {what(finding)}", f"{counted(finding.records, 'record')}, {seen}", *by]
    return "; ".join([*told, *finding_wording.notes(finding)])


def is_grave(finding: Finding) -> bool:
    """The log says that what is forbidden went through."""
    return finding.group == 0


def incomplete(result: AuditResult) -> list[str]:
    """Why the run is incomplete, with what would help; nothing where it is not."""
    return gaps(result.summary.nothing, result.summary.incomplete_because)


def said(result: AuditResult) -> list[str]:
    """The answer, and what it does not speak of."""
    lines = [f"not looked at: {text}" for text in not_looked_at(result)]
    return [f"flowcheck: {headline(result.summary)}", *lines]
