"""Entries of ingress, egress and their denials -> rules.

An entry without peers and ports is about nobody, though its direction is isolated. An entry makes several
rules where its ports differ in what they ask for. Required authentication is a denial that is open: no other
rule lets in what fails it.
"""

from __future__ import annotations

from dataclasses import replace

from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.peers import FIELDS, read_peers
from flowcheck.dialects.cilium.ports import PortGroup, read_ports
from flowcheck.manifests.fields import Field
from flowcheck.model.peers import Peer
from flowcheck.model.policy import Action, Direction, Rule
from flowcheck.model.verdict import Reason

_WRONG_NAMES = {
    **{"from": "fromEndpoints", "to": "toEndpoints", "ports": "toPorts"},
    **{"podSelector": "fromEndpoints or toEndpoints", "ipBlock": "fromCIDRSet or toCIDRSet"},
    **{"namespaceSelector": "io.cilium.k8s.namespace.labels.KEY as a label in fromEndpoints or toEndpoints"},
}


def read_entry(
    entry: Field, direction: Direction, label: str, context: Context, *, denies: bool
) -> list[Rule]:
    """The rules of one entry, the first of which has its label."""
    more = () if denies else ("authentication", *(("toFQDNs",) if direction is Direction.EGRESS else ()))
    parts = entry.mapping(*FIELDS[direction], *more, "toPorts", "icmps", instead=_WRONG_NAMES)
    whom = read_peers(parts, context, denies=denies)
    groups = read_ports(parts, direction, context, denies=denies)
    peers = whom.peers
    if peers is None and groups is None:
        peers = ()
    action = Action.DENY if denies else Action.ALLOW
    rules = [
        _rule(entry, label, action, peers, group, whom.written, first=place == 0)
        for place, group in enumerate(groups if groups is not None else [None])
    ]
    if whom.unread:
        rules = [_unread(rule) for rule in rules]
    if "authentication" in parts and _is_required(parts["authentication"]):
        rules += [_authenticated(rule, place) for place, rule in enumerate(rules)]
    return rules


def _rule(
    entry: Field,
    label: str,
    action: Action,
    peers: tuple[Peer, ...] | None,
    group: PortGroup | None,
    written: tuple[str, ...],
    *,
    first: bool,
) -> Rule:
    if group is None:
        return Rule(label, action, peers, None, entry.source, level=0, written=written)
    name = label if first or not group.place else f"{label}.{group.place}"
    ports, needs = group.ports, group.needs
    return Rule(name, action, peers, ports, entry.source, group.unread, needs, level=0, written=written)


def _unread(rule: Rule) -> Rule:
    return replace(rule, unread=True, needs=Reason.NONE)


def _authenticated(rule: Rule, place: int) -> Rule:
    name = f"{rule.label}.authentication" + (f"[{place}]" if place else "")
    needs = Reason.NEEDS_AUTHENTICATION
    return replace(rule, label=name, action=Action.DENY, needs=needs)


def _is_required(field: Field) -> bool:
    parts = field.mapping("mode", required=("mode",))
    mode = parts["mode"].one_of("required", "disabled", "test-always-fail") if "mode" in parts else None
    return mode not in (None, "disabled")
