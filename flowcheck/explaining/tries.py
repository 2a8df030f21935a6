"""One rule held against a flow: whether it matches, or what hangs on it whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowcheck.explaining import checks
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Match, Reached, RuleStep
from flowcheck.model.policy import NodeQuery, Peer, PodQuery, Policy, Rule

Hanging = tuple[str, str, object]
"""What a match hangs on: the reason, whether it is about subject or peer, and the selector that asks, or the
name of the policy or rule that cannot be read."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule held against the flow. Where it may match: what it hangs on whether its policy selects the
    subject (None: it does), and by which of several it may be about the peer (none: it is).
    """

    policy: Policy
    rule: Rule
    match: Match
    step: RuleStep
    subject_if: Hanging | None = None
    peer_if: tuple[Hanging, ...] = ()

    @property
    def hangs_on(self) -> tuple[Hanging, ...]:
        return (*((self.subject_if,) if self.subject_if else ()), *self.peer_if)

    def holds(self, answers: Mapping[Hanging, bool]) -> bool | Hanging:
        """Whether it matches by the answers so far, or what to answer next."""
        if self.match == "no" or (self.subject_if and answers.get(self.subject_if) is False):
            return False
        if self.subject_if and self.subject_if not in answers:
            return self.subject_if
        for one in self.peer_if:
            if answers.get(one) is not False:
                return True if one in answers else one
        return not self.peer_if


def hold(policy: Policy, rule: Rule, question: Asked, subject_if: Hanging | None) -> Tried:
    peers, ports = checks.check_peers(rule, question), checks.check_ports(rule, question)
    among = checks.together(peers)
    perhaps = zip(rule.peers or (None,), peers, strict=True) if among == "maybe" else ()
    peer_if = tuple(
        dict.fromkeys(
            (check.reason, "peer", f"{policy}[{rule.label}]" if rule.unread else _asked_for(peer))
            for peer, check in perhaps
            if check.match == "maybe"
        )
    )
    sides = {among, checks.together(ports), "maybe" if subject_if else "yes"}
    match: Match = "no" if "no" in sides else "maybe" if "maybe" in sides else "yes"
    outcomes: dict[Match, Reached] = {"yes": "matched", "maybe": "may_match", "no": "not_matched"}
    step = RuleStep(rule.label, str(rule.action), outcomes[match], peers, ports, str(rule.source))
    return Tried(policy, rule, match, step, subject_if, peer_if)


def _asked_for(peer: Peer | None) -> object:
    match peer:
        case PodQuery():
            return peer.namespaces
        case NodeQuery():
            return peer.nodes
        case _:
            return None
