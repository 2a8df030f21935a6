"""A suggestion for a person at a terminal: what is suggested, what was left out, and what it would deny."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from rich.console import Console

from flowcheck.counted import counted, listed
from flowcheck.reports.parts.console import pairs, paragraph, report_console, section
from flowcheck.reports.parts.ports import ports_text
from flowcheck.reports.parts.reasons import REASONS
from flowcheck.reports.parts.units import moment
from flowcheck.suggesting.records import Denied, Held, SuggestedPolicy, Suggestion

MOST_POLICIES, MOST_DENIED = 50, 20
_WHY = {
    "refused": "the network did not let it through",
    "needs_nothing": "no policy is asked of it, or none can deny it",
    "no_such_rule": "no rule of this language can name the protocol, or the node: what isolates denies it",
    "no_port": "the port was not recorded",
    "no_labels": "nothing that stays selects the pod that needs it",
    "no_address": "the other end has no address that a rule could name",
    "denied_today": "policies deny it today, though it went through",
    "forbidden": "a rule denies it today that no suggestion undoes",
}
"""Why there is no rule, beside what an audit says."""


def render(suggestion: Suggestion, stream: TextIO, *, color: str = "auto", width: int | None = None) -> None:
    """``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    with report_console(stream, color, width, default=100, widest=120) as console:
        paragraph(console, f"flowcheck suggest: {headline(suggestion)}", "bold")
        for line in _about(suggestion):
            paragraph(console, f"  {line}")
        _policies(console, suggestion)
        _left_out(console, suggestion)
        for warning in suggestion.warnings:
            paragraph(console, f"  WARNING: {warning}")
        if suggestion.holdout is not None:
            section(console, f"What began from {suggestion.trained_until} on")
            _held(console, suggestion.holdout)


def headline(suggestion: Suggestion) -> str:
    policies = counted(len(suggestion.policies), suggestion.kind, _plural(suggestion.kind))
    return f"{policies} with {counted(suggestion.n_rules, 'rule')}"


def _plural(kind: str) -> str:
    return kind.removesuffix("y") + "ies"


def _about(suggestion: Suggestion) -> Iterator[str]:
    stands = "beside the policies that there are"
    if suggestion.stands == "instead":
        stands = "in place of all policies that there are"
    yield f"they stand {stands}"
    if suggestion.first_seen and suggestion.last_seen:
        span = f"{moment(suggestion.first_seen)} to {moment(suggestion.last_seen)}"
        yield f"made of {counted(suggestion.connections, 'connection')}, {span}"
    if suggestion.check is not None:
        yield _checked(suggestion.check)
    for reason in suggestion.incomplete_because:
        yield f"INCOMPLETE: {reason}"


def _checked(check: Held) -> str:
    if not check.denied_records:
        return "applied to the same log they deny nothing that went through"
    records = counted(check.denied_records, "record")
    return f"applied to the same log they DENY {records} that went through"


def _policies(console: Console, suggestion: Suggestion) -> None:
    if not suggestion.policies:
        return
    section(console, "Suggested")
    shown = suggestion.policies[:MOST_POLICIES]
    pairs(console, [row for policy in shown for row in _said(policy)])
    if len(suggestion.policies) > MOST_POLICIES:
        paragraph(console, f"  and {len(suggestion.policies) - MOST_POLICIES:,} more: they are in the files")


def _said(policy: SuggestedPolicy) -> Iterator[tuple[str, str]]:
    """By direction: peers and their ports; ``nobody`` where a direction is isolated without a rule."""
    label = policy.workload
    for direction in policy.isolates:
        rules = [rule for rule in policy.rules if rule.direction == direction]
        whom = "; ".join(f"{listed(rule.peers)} {listed(rule.ports)}" for rule in rules[:4])
        more = f" and {counted(len(rules) - 4, 'more rule')}" if len(rules) > 4 else ""
        yield label, f"{'from' if direction == 'ingress' else 'to  '} {whom + more or 'nobody'}"
        label = ""


def _left_out(console: Console, suggestion: Suggestion) -> None:
    rows = [
        (one.reason, f"{counted(one.records, 'record')}: {_why(one.reason)}")
        for one in suggestion.set_aside_by_reason
    ]
    if suggestion.n_already_allowed:
        edges = counted(suggestion.n_already_allowed, "edge")
        rows.append(("allowed already", f"{edges}, by policies that there are"))
    if suggestion.seldom:
        floor = suggestion.min_connections
        rows.append(("seen too seldom", f"{len(suggestion.seldom):,}, fewer than {floor:,} times"))
    once = sum(seen.once for policy in suggestion.policies for rule in policy.rules for seen in rule.seen)
    if once:
        rows.append(
            ("seen once only", f"{once:,} of what is suggested (--min-connections 2 leaves them out)")
        )
    if suggestion.unseen:
        rows.append(
            ("not seen", f"{counted(len(suggestion.unseen), 'workload')}: {listed(suggestion.unseen)}")
        )
    if rows:
        section(console, "Left out, or to look at")
        pairs(console, rows)


def _why(reason: str) -> str:
    meaning, _ = REASONS.get(reason, (reason, ""))
    return _WHY.get(reason, meaning)


def _held(console: Console, held: Held) -> None:
    if not held.records:
        paragraph(console, "  nothing began then")
        return
    if not held.denied_records:
        paragraph(console, f"  {counted(held.records, 'record')}, of which the suggestion denies none")
    else:
        denied = counted(held.denied_records, "record")
        paragraph(console, f"  the suggestion DENIES {denied} that went through, of {held.records:,}:")
        pairs(console, [(_ends(one), _often(one)) for one in held.denied[:MOST_DENIED]])
        if held.n_denied > MOST_DENIED:
            paragraph(console, f"  and {held.n_denied - MOST_DENIED:,} more: they are in suggestion.json")
    if held.unknown_records:
        paragraph(console, f"  of {counted(held.unknown_records, 'record')} nobody can say")


def _ends(one: Denied) -> str:
    return f"{one.source} -> {one.destination}"


def _often(one: Denied) -> str:
    often = counted(one.connections, "connection") if one.connections else counted(one.records, "record")
    return f"{ports_text(one.protocol, one.port)}, {often}, first {moment(one.first_seen)}"
