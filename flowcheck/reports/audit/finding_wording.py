"""The sentences that the reports for people share about findings: in which groups they come, what to do next.

Everything here is taken from the result. Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from flowcheck.counted import counted
from flowcheck.reports.audit.explaining import FORWARDED, command
from flowcheck.reports.audit.known import mark
from flowcheck.reports.audit.not_looked_at import place
from flowcheck.reports.audit.unknown_wording import advice
from flowcheck.reports.parts.ports import ports_text
from flowcheck.reports.parts.units import moment
from flowcheck.results.audit import AuditResult
from flowcheck.results.finding.changes import DEFAULT_DENY
from flowcheck.results.records.findings import Finding

MOST_FINDINGS = 15
LEAST_OF_A_GROUP = 5
"""Places kept for each group of findings where there are more than enough of several."""

_WHERE = {
    "both": "on both sides, for each denies it: ",
    "egress and mesh": "at the source and in the mesh, for each denies it: ",
    "ingress and mesh": "in both layers at the destination, for each denies it: ",
    "both and mesh": "on both sides and in the mesh, for each denies it: ",
}
"""By a finding's direction, where several deny it."""

DROPPED_BY = "none of the policies given drops it: which one did, and was it in force then as it is given?"
TITLES = (
    "Forbidden by policy, yet it went through",
    "Forbidden by policy, and the log does not say whether it went through",
    "Allowed by policy, yet a policy dropped it",
)
"""Of the groups of findings, by :attr:`flowcheck.results.records.findings.Finding.group`."""
COLUMNS = ("records", "source", "destination", "port", "direction", "first seen", "last seen", "policy")
"""Of a table of findings: see :func:`row`."""


def groups(result: AuditResult) -> list[tuple[str, list[Finding], int]]:
    """Title, findings, and how many of them a report for people shows, of every group that has any."""
    members: list[list[Finding]] = [[] for _ in TITLES]
    for finding in result.findings:
        members[finding.group].append(finding)
    shown = [min(len(findings), LEAST_OF_A_GROUP) for findings in members]
    for group, findings in enumerate(members):
        shown[group] += min(len(findings) - shown[group], MOST_FINDINGS - sum(shown))
    return [one for one in zip(TITLES, members, shown, strict=True) if one[1]]


def deciders(finding: Finding) -> list[str]:
    """The deciding policies with the place they are written at, where there is one for each."""
    pairs = policies_and_places(finding)
    return [
        decider(finding, f"{policy} ({place})" if policy and place else policy or place)
        for policy, place in pairs
    ]


def policies_and_places(finding: Finding) -> list[tuple[str, str]]:
    """The deciding policies, each with the place it is written at; apart where these are not as many."""
    if len(finding.policies) != len(finding.policy_sources):
        apart = [("", place) for place in finding.policy_sources]
        return [*((policy, "") for policy in finding.policies), *apart]
    return list(zip(finding.policies, finding.policy_sources, strict=True))


def decider(finding: Finding, text: str) -> str:
    """A policy in words, with or without its place: mutual TLS that is asked for in words of its own;
    where both layers decide, which of them this is."""
    if finding.kind == FORWARDED and _asks_for_tls(text):
        text = f"plaintext, where {text} asks for mutual TLS"
    elif not text.removeprefix(DEFAULT_DENY).startswith("AuthorizationPolicy/"):
        return text
    return f"mesh: {text}" if finding.direction.endswith(" and mesh") else text


def _asks_for_tls(decider: str) -> bool:
    return decider.startswith("PeerAuthentication/")


def notes(finding: Finding) -> list[str]:
    return [*mark(finding), *([f"note: {finding.note}"] if finding.note else [])]


def row(finding: Finding) -> tuple[str, ...]:
    """One finding in a table."""
    return (
        f"{finding.records:,}",
        finding.source,
        finding.destination,
        port(finding),
        finding.direction,
        moment(finding.first_seen),
        moment(finding.last_seen),
        "; ".join([*deciders(finding), *notes(finding)]),
    )


def port(finding: Finding) -> str:
    return ports_text(finding.protocol, finding.port, finding.ports, finding.n_ports)


def next_steps(result: AuditResult) -> list[str]:
    """What to do next, at most four things, most pressing first, and the command for the second of them; none
    where nothing was judged."""
    summary = result.summary
    steps, asking = [], ""
    failing = [finding for finding in result.findings if not finding.suppressed]
    if failing:
        first = min(failing, key=lambda finding: (finding.group, -finding.records))
        asking = command(first, result.again) if first.kind == FORWARDED else ""
        steps += [*_start(first, asking), *filter(None, [asking])]
    if summary.violations.findings_not_listed:
        more, records = summary.violations.findings_not_listed, summary.violations.records_not_listed
        steps.append(
            f"{counted(more, 'finding')} more, of {counted(records, 'record')}, "
            f"{'are' if more > 1 else 'is'} counted and not listed: --max-findings"
        )
    if summary.totals.files_failed or summary.totals.rows_rejected:
        steps.append(f"what could not be read is listed in {place(result, 'ledger.json')}")
    if summary.verdicts.unknown:
        steps.append(advice(summary))
    if result.findings:
        if result.out:
            steps.append(f"every violating row is in {result.out / 'violations.parquet'}")
        else:
            steps.append("audit -o DIR keeps every violating row, -f json shows all findings")
    elif not steps and summary.nothing is None:
        steps.append("--min-coverage PCT makes a run fail when it can no longer judge enough")
    return steps[: 5 if asking else 4]


def _start(finding: Finding, asking: str) -> list[str]:
    """The first thing to look at, and what to change where it should have been allowed."""
    what = f"start with {finding.source} -> {finding.destination} {port(finding)}, which"
    times = counted(finding.records, "time")
    if finding.kind != FORWARDED:
        allowing = "".join(f" {text} allows it:" for text in deciders(finding)[:1])
        return [f"{what} was dropped {times}:{allowing} {DROPPED_BY}"]
    if finding.is_told:
        why = (
            "nothing enforced the policy, or it was not in force yet, as where new policies judge an old log"
        )
        if finding.direction == "mesh":
            why += "; or its client proves another identity than its own (--mesh-identity recorded)"
        return [f"{what} went through {times}: {why}", _change(finding, asking)]
    log = "the mesh's own log" if finding.direction.endswith("mesh") else "a log with actions"
    return [
        f"{what} policies deny, {times}: {log} would tell whether it went through",
        _change(finding, asking),
    ]


def _change(finding: Finding, asking: str) -> str:
    """What to change where the flow should be allowed, and what the command below says of it."""
    does = "writes it" if all(map(_isolates, finding.policies)) else "says why, rule by rule"
    return f"{change(finding, finding.source, finding.destination)}" + (f"; this {does}:" if asking else "")


def change(finding: Finding, source: str, destination: str) -> str:
    """Which policies to change where it should be allowed, its ends called ``source`` and ``destination``."""
    if finding.kind != FORWARDED:
        return DROPPED_BY
    places = dict(zip(finding.policies, finding.policy_sources, strict=False))
    named = []
    for name in finding.change:
        place = places.get(name) or places.get(f"default-deny by {name}")
        verb = "change" if name in finding.policies else "add a rule to"
        said = f"{verb} {name} ({place})" if place else f"{verb} {name}"
        named.append(f"let {source} come by a proxy of the mesh or {said}" if _asks_for_tls(name) else said)
    ends = {"egress": source, "ingress": destination}
    alone = "as none that denies it is for these pods alone"
    named += [f"add a policy for {side} of {ends[side]}, {alone}" for side in finding.to_add]
    both = _WHERE.get(finding.direction, "")
    return f"if it should be allowed, {both}{' and '.join(named) or 'add a policy'}"


def _isolates(decider: str) -> bool:
    """Whether what denies is that a policy isolates: a rule can be added then, and is written."""
    return decider.startswith(DEFAULT_DENY)
