"""An explanation for a person at a terminal: the answer, then each side rule by rule, then what to change.

Reads well at 80 columns and without colour. Names are escaped and never taken for rich's markup; YAML is
printed line by line as it is to be pasted. Whatever is said here stands in the record.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.text import Text

from flowcheck.counted import counted, listed
from flowcheck.explaining.records import (
    LATEST,
    Case,
    Change,
    Check,
    EndAnswer,
    Explanation,
    MeshAnswer,
    PolicyStep,
    RuleStep,
    SideAnswer,
    TierStep,
)
from flowcheck.reports.parts.console import report_console
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.gaps import left_out

OUTCOMES = {
    "matched": "matches",
    "may_match": "may match",
    "not_matched": "does not match",
    "not_asked": "not asked: one match is enough",
}
PEER_FIELDS = {"ingress": "from", "egress": "to", "mesh": "from"}
DATA_PLANES = {
    "sidecar": "a sidecar",
    "ambient": "ztunnel",
    "gateway": "a gateway",
    "linkerd": "Linkerd's proxy",
}
STYLES = {"allow": "bold green", "deny": "bold red", "unknown": "bold yellow"}
MOST_ENTRIES = 6
MOST_NAMES = 4


def render(
    explanation: Explanation, stream: TextIO, *, color: str = "auto", width: int | None = None
) -> None:
    """Write the explanation. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    with report_console(stream, color, width, default=100, widest=120) as console:
        _answer(console, explanation)
        for number, case in enumerate(explanation.cases, 1):
            _case(console, explanation, case, number)
        if explanation.change is not None:
            _change(console, explanation.change)


def _answer(console: Console, answer: Explanation) -> None:
    asked = answer.protocol if answer.port is None else f"{answer.port}/{answer.protocol}"
    if answer.source_port is not None:
        asked += f" from port {answer.source_port}"
    verdict = _verdict(answer.verdict, answer.reason)
    _print(
        console,
        f"{verdict}  {answer.src.name} -> {answer.dst.name}, {asked}",
        style=STYLES.get(answer.verdict),
    )
    _print(console, answer.why)
    if answer.settle:
        _print(console, f"To settle it: {answer.settle}")
    if answer.left_out:
        documents = counted(len(answer.left_out), "document")
        _print(console, f"INCOMPLETE: with {documents} that could not be read the answer may be another.")
    for sentence in left_out(answer.left_out):
        _print(console, sentence, indent=2, hang=2)
    console.print()
    for label, end in (("from", answer.src), ("to", answer.dst)):
        _end(console, label, end)
    at = "the latest moment that is known of" if answer.at == LATEST else answer.at
    for label, text in (("by", answer.engine), ("at", at), ("names", answer.names)):
        if text:
            _print(console, f"{label:<5} {text}", hang=6)


def _verdict(verdict: str, reason: str) -> str:
    word = "NO POLICY APPLIES" if verdict == "not_applicable" else verdict.upper()
    return f"{word} ({reason})" if reason else word


def _end(console: Console, label: str, end: EndAnswer) -> None:
    addresses = f" ({', '.join(end.addresses)})" if end.kind in ("pod", "node") and end.addresses else ""
    name = "" if end.given == end.name else f"{end.name}{addresses}: "
    _print(console, f"{label:<5} {name or f'{end.name}{addresses}: '}{end.text}", hang=6)
    for note in end.notes:
        _print(console, note, indent=6)


def _case(console: Console, answer: Explanation, case: Case, number: int) -> None:
    console.print()
    if len(answer.cases) > 1:
        ends = f"{listed(case.sources, MOST_NAMES)} -> {listed(case.destinations, MOST_NAMES)}"
        port = f", {case.port}/{answer.protocol}" if case.port is not None else ""
        title = f"Case {number} of {len(answer.cases)}, {_verdict(case.verdict, case.reason)}: {ends}{port}"
        _print(console, title, style="bold", hang=2)
        console.print()
    _side(console, "Egress, asked at the source", case.egress, _like(answer, number, "egress"))
    console.print()
    _side(console, "Ingress, asked at the destination", case.ingress, _like(answer, number, "ingress"))
    if case.mesh is not None:
        console.print()
        _mesh(console, case.mesh, _like(answer, number, "mesh"))


def _mesh(console: Console, mesh: MeshAnswer, like: int) -> None:
    """The third layer: what stands before the destination, and for what it takes the client."""
    _title(console, "Mesh, asked before the destination", mesh, like)
    if like:
        return
    told = (
        ("data plane", (DATA_PLANES.get(mesh.plane, ""),), mesh.plane_because),
        ("identity", mesh.clients, mesh.clients_because),
        ("taken for", tuple(one.upper() for one in mesh.carried), mesh.carried_because),
    )
    for label, values, because in told:
        if any(values):
            _print(console, f"{label:<11} {' or '.join(values)} ({because})", indent=2, hang=12)
    _body(console, mesh)


def _like(answer: Explanation, number: int, direction: str) -> int:
    """The number of an earlier case with the same answer on this side; 0 for none."""

    def said(case: Case) -> tuple[object, ...]:
        side: SideAnswer = getattr(case, direction)
        if isinstance(side, MeshAnswer):
            return (side.verdict, side.reason, side.why, side.tiers, side.plane, side.clients, side.carried)
        return (side.verdict, side.reason, side.why, side.tiers)

    wanted = said(answer.cases[number - 1])
    return next((n for n, case in enumerate(answer.cases[: number - 1], 1) if said(case) == wanted), 0)


def _side(console: Console, title: str, side: SideAnswer, like: int) -> None:
    _title(console, title, side, like)
    if not like:
        _body(console, side)


def _title(console: Console, title: str, side: SideAnswer, like: int) -> None:
    same = f", exactly as in case {like}" if like else ""
    _print(console, f"{title}: {_verdict(side.verdict, side.reason)}{same}", style="bold")


def _body(console: Console, side: SideAnswer) -> None:
    _print(console, side.why, indent=2)
    if side.settle:
        _print(console, f"to settle it: {side.settle}", indent=2)
    for note in side.notes:
        _print(console, note, indent=2, hang=2)
    for tier in side.tiers:
        _tier(console, tier, side.direction)


def _tier(console: Console, tier: TierStep, direction: str) -> None:
    if not tier.policies:
        _print(console, f"{tier.tier}: {tier.outcome}", indent=2, hang=2)
        return
    who = "the source" if direction == "egress" else "the destination"
    count = len(tier.policies)
    select = "policy selects" if count == 1 else "policies select"
    which = "" if direction == "mesh" else f" for {direction}"
    title = f"{tier.tier} tier, {count} {select} {who}{which}"
    _print(console, title if tier.ended else f"{title}: {tier.outcome}", indent=2, hang=2)
    skipped = []
    for policy in tier.policies:
        if policy.rules and all(rule.outcome == "not_asked" for rule in policy.rules):
            skipped.append(policy.policy)
        else:
            _policy(console, policy, direction)
    if skipped:
        _print(console, f"not asked, as one match is enough: {listed(skipped, MOST_NAMES)}", indent=4, hang=2)


def _policy(console: Console, policy: PolicyStep, direction: str) -> None:
    name = f"{policy.policy}, {policy.order}" if policy.order else policy.policy
    _print(console, _placed(name, policy.source), indent=4, hang=2)
    if policy.selector:
        _print(console, f"for {policy.selector}", indent=6, hang=2)
    for note in policy.notes:
        _print(console, note, indent=6, hang=2)
    if policy.doubt:
        _print(console, f"may be for it or not: {policy.doubt}", indent=6, hang=2)
    if not policy.rules:
        _print(
            console,
            f"has no {'' if direction == 'mesh' else f'{direction} '}rules: it only isolates",
            indent=6,
        )
    for outcome, same in groupby(policy.rules, key=lambda rule: rule.outcome == "not_asked"):
        rules = list(same)
        if outcome:
            unasked = listed([rule.rule for rule in rules], MOST_NAMES)
            _print(console, f"{unasked} {OUTCOMES['not_asked']}", indent=6, hang=2)
            continue
        for rule in rules:
            _rule(console, rule, direction)


def _rule(console: Console, rule: RuleStep, direction: str) -> None:
    action = rule.action if rule.level is None else f"{rule.action}, level {rule.level:g}"
    line = _placed(f"{rule.rule} ({action}) {OUTCOMES[rule.outcome]}", rule.source, "line")
    _print(console, line, style="bold" if rule.outcome != "not_matched" else None, indent=6, hang=2)
    asked = (
        *(("for", rule.subject), (PEER_FIELDS[direction], rule.peers)),
        *(("source port", rule.source_ports), ("port", rule.ports)),
        ("request", rule.request),
    )
    for label, checks in asked:
        _checks(console, label, checks)
    if rule.settle:
        _print(console, f"to settle it: {rule.settle}", indent=8, hang=5)


def _checks(console: Console, label: str, checks: Sequence[Check]) -> None:
    """The entry that matches, or every entry with what is wrong; entries wrong for one cause on one line."""
    right = [check for check in checks if check.match == "yes"]
    if right:
        _print(console, f"{label:<4} ok: {right[0].text}", indent=8, hang=5)
        return
    lines = []
    for why, same in groupby(checks, key=lambda check: check.why):
        what = ", ".join(check.text for check in same)
        lines.append(f"{what}: {why}" if why else what)
    for place, line in enumerate(lines[:MOST_ENTRIES]):
        mark = "maybe" if any(check.match == "maybe" for check in checks) else "no"
        _print(console, f"{label if place == 0 else 'or':<4} {mark}: {line}", indent=8, hang=5)
    if len(lines) > MOST_ENTRIES:
        more = counted(len(lines) - MOST_ENTRIES, "more entry", "more entries")
        _print(console, f"and {more}", indent=13)


def _change(console: Console, change: Change) -> None:
    console.print()
    if change.edits:
        title = "What would allow it" if change.sufficient else "What would allow it in part"
    else:
        title = "What would allow it: no added rule can"
    _print(console, title, style="bold")
    for note in change.notes:
        _print(console, f"- {note}", indent=2, hang=2)
    for edit in change.edits:
        _print(console, f"- {edit.text}:", indent=2, hang=2)
        console.print()
        for line in edit.yaml.splitlines():
            console.print(Text("      " + escape(line)), soft_wrap=True)
        console.print()


def _placed(text: str, source: str, short: str = "") -> str:
    """A thing and where it is written; of a rule the line is enough, as its policy names the file."""
    if not source:
        return text
    _, _, line = source.rpartition(":")
    return f"{text} ({short} {line})" if short and line.isdigit() else f"{text} ({source})"


def _print(console: Console, text: str, *, style: str | None = None, indent: int = 0, hang: int = 0) -> None:
    """One paragraph; what does not fit goes on ``hang`` columns further in. No name is broken at a hyphen."""
    lines = textwrap.wrap(
        escape(text),
        console.width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_on_hyphens=False,
    )
    for line in lines:
        console.print(Text(line, style=style or ""), soft_wrap=True)
