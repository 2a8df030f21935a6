"""One side of an explanation at a terminal: its answer, then tier by tier, rule by rule."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from flowcheck.counted import counted, listed
from flowcheck.explaining.records import Check, PolicyStep, RuleStep, SideAnswer, TierStep
from flowcheck.reports.parts.escape import escape

OUTCOMES = {
    "matched": "matches",
    "may_match": "may match",
    "not_matched": "does not match",
    "not_asked": "not asked: one match is enough",
}
PEER_FIELDS = {"ingress": "from", "egress": "to", "mesh": "from"}
MOST_ENTRIES = 6
MOST_NAMES = 4


def verdict_text(verdict: str, reason: str) -> str:
    word = "NO POLICY APPLIES" if verdict == "not_applicable" else verdict.upper()
    return f"{word} ({reason})" if reason else word


def side_title(console: Console, title: str, side: SideAnswer, like: int) -> None:
    same = f", exactly as in case {like}" if like else ""
    paragraph(console, f"{title}: {verdict_text(side.verdict, side.reason)}{same}", style="bold")


def side_body(console: Console, side: SideAnswer) -> None:
    paragraph(console, side.why, indent=2)
    if side.settle:
        paragraph(console, f"to settle it: {side.settle}", indent=2)
    for note in side.notes:
        paragraph(console, note, indent=2, hang=2)
    for tier in side.tiers:
        _tier(console, tier, side.direction)


def _tier(console: Console, tier: TierStep, direction: str) -> None:
    if not tier.policies:
        paragraph(console, f"{tier.tier}: {tier.outcome}", indent=2, hang=2)
        return
    who = "the source" if direction == "egress" else "the destination"
    count = len(tier.policies)
    select = "policy selects" if count == 1 else "policies select"
    which = "" if direction == "mesh" else f" for {direction}"
    title = f"{tier.tier} tier, {count} {select} {who}{which}"
    paragraph(console, title if tier.ended else f"{title}: {tier.outcome}", indent=2, hang=2)
    skipped = []
    for policy in tier.policies:
        if policy.rules and all(rule.outcome == "not_asked" for rule in policy.rules):
            skipped.append(policy.policy)
        else:
            _policy(console, policy, direction)
    if skipped:
        paragraph(
            console, f"not asked, as one match is enough: {listed(skipped, MOST_NAMES)}", indent=4, hang=2
        )


def _policy(console: Console, policy: PolicyStep, direction: str) -> None:
    name = f"{policy.policy}, {policy.order}" if policy.order else policy.policy
    paragraph(console, _placed(name, policy.source), indent=4, hang=2)
    if policy.selector:
        paragraph(console, f"for {policy.selector}", indent=6, hang=2)
    for note in policy.notes:
        paragraph(console, note, indent=6, hang=2)
    if policy.doubt:
        paragraph(console, f"may be for it or not: {policy.doubt}", indent=6, hang=2)
    if not policy.rules:
        paragraph(
            console,
            f"has no {'' if direction == 'mesh' else f'{direction} '}rules: it only isolates",
            indent=6,
        )
    for outcome, same in groupby(policy.rules, key=lambda rule: rule.outcome == "not_asked"):
        rules = list(same)
        if outcome:
            unasked = listed([rule.rule for rule in rules], MOST_NAMES)
            paragraph(console, f"{unasked} {OUTCOMES['not_asked']}", indent=6, hang=2)
            continue
        for rule in rules:
            _rule(console, rule, direction)


def _rule(console: Console, rule: RuleStep, direction: str) -> None:
    action = rule.action if rule.level is None else f"{rule.action}, level {rule.level:g}"
    line = _placed(f"{rule.rule} ({action}) {OUTCOMES[rule.outcome]}", rule.source, "line")
    paragraph(console, line, style="bold" if rule.outcome != "not_matched" else None, indent=6, hang=2)
    asked = (
        *(("for", rule.subject), (PEER_FIELDS[direction], rule.peers)),
        *(("source port", rule.source_ports), ("port", rule.ports)),
        ("request", rule.request),
    )
    for label, checks in asked:
        _checks(console, label, checks)
    if rule.settle:
        paragraph(console, f"to settle it: {rule.settle}", indent=8, hang=5)


def _checks(console: Console, label: str, checks: Sequence[Check]) -> None:
    """The entry that matches, or every entry with what is wrong; entries wrong for one cause on one line."""
    right = [check for check in checks if check.match == "yes"]
    if right:
        paragraph(console, f"{label:<4} ok: {right[0].text}", indent=8, hang=5)
        return
    lines = []
    for why, same in groupby(checks, key=lambda check: check.why):
        what = ", ".join(check.text for check in same)
        lines.append(f"{what}: {why}" if why else what)
    for place, line in enumerate(lines[:MOST_ENTRIES]):
        mark = "maybe" if any(check.match == "maybe" for check in checks) else "no"
        paragraph(console, f"{label if place == 0 else 'or':<4} {mark}: {line}", indent=8, hang=5)
    if len(lines) > MOST_ENTRIES:
        more = counted(len(lines) - MOST_ENTRIES, "more entry", "more entries")
        paragraph(console, f"and {more}", indent=13)


def _placed(text: str, source: str, short: str = "") -> str:
    """A thing and where it is written; of a rule the line is enough, as its policy names the file."""
    if not source:
        return text
    _, _, line = source.rpartition(":")
    return f"{text} ({short} {line})" if short and line.isdigit() else f"{text} ({source})"


def paragraph(
    console: Console, text: str, *, style: str | None = None, indent: int = 0, hang: int = 0
) -> None:
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
