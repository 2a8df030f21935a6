"""One rule held against one side of a flow, and what it hangs on where no input tells whether it matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flowcheck.explaining.asking.checks import Hanging, check_peers, check_rule_subject, settles, together
from flowcheck.explaining.asking.ports import check_ports, check_source
from flowcheck.explaining.asking.requests import check_request
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Match, Reached, RuleStep
from flowcheck.model.policy import Policy, Rule
from flowcheck.model.verdict import Reason


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

    @property
    def level(self) -> float:
        """Where it stands in a tier that goes by levels."""
        return self.policy.priority if self.rule.level is None else self.rule.level

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
    requested = check_request(rule, question)
    if any(check.match == "maybe" for check in requested) and not rule.open_for:
        rule = replace(rule, needs=Reason.NEEDS_L7)
    peers, peer_if = check_peers(policy, rule, question)
    ports, sources = check_ports(rule, question), check_source(rule, question)
    subject, subject_too = check_rule_subject(rule, question)
    if subject_if and subject_too:
        subject_if = (subject_if[0], "subject", (subject_if, subject_too))
    subject_if = subject_if or subject_too
    sides = {together(peers), together(ports), "maybe" if subject_if else "yes"}
    sides |= {check.match for check in (*sources, *requested, *((subject,) if subject else ()))}
    match: Match = "no" if "no" in sides else "maybe" if "maybe" in sides else "yes"
    outcomes: dict[Match, Reached] = {"yes": "matched", "maybe": "may_match", "no": "not_matched"}
    step = RuleStep(
        rule.label,
        str(rule.action),
        outcomes[match],
        peers,
        ports,
        str(rule.source),
        subject=(subject,) if subject else (),
        source_ports=sources,
        request=requested,
        settle=settles(peer_if[0][0], question) if match == "maybe" and peer_if else "",
        level=rule.level,
    )
    return Tried(policy, rule, match, step, subject_if, peer_if)
