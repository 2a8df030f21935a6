"""What is told of a connection beside its ends and its port, and whether it is what a mesh's rule asks."""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.model.mesh.requests import (
    NOTHING_TOLD,
    Asks,
    Carried,
    Request,
    RequestExpression,
    compiled,
)
from flowcheck.model.peers import AllOf, AnyOf, Not
from flowcheck.model.policy import Rule
from flowcheck.model.verdict import Reason
from flowcheck.reference.answers import Answer, Open, all_of, any_of, negated

Presented = str | Open | None
"""The SPIFFE id that the client proves; None: it proves none; open: it proves one that nobody knows."""


@dataclass(frozen=True)
class Told:
    """``carried``: for what the proxy takes the connection; None: no proxy does. ``past``: the ports at which
    it would go past the proxy, and nobody be asked, where the port is not told. ``by_waypoint``: a waypoint
    is asked, not the proxy before the pod."""

    presented: Presented = None
    carried: Carried | None = None
    request: Request = NOTHING_TOLD
    past: frozenset[int] = frozenset()
    by_waypoint: bool = False


NO_MESH = Told()


def proves(presented: Presented, pattern: str) -> Answer:
    """Whether an identity is proved that matches the pattern as a whole."""
    if presented is None or isinstance(presented, Open):
        return presented or False
    return compiled(pattern).fullmatch(presented) is not None


def asks_for(rule: Rule, told: Told) -> Answer:
    """Whether a rule is there for what the connection carries, and its request is what the rule asks."""
    if rule.carried is not None and rule.carried is not told.carried:
        return False
    return rule.request is None or holds_of(rule.request, told.request)


def holds_of(what: RequestExpression, request: Request) -> Answer:
    match what:
        case AllOf(parts):
            return all_of(holds_of(part, request) for part in parts)
        case AnyOf(parts):
            return any_of(holds_of(part, request) for part in parts)
        case Not(part):
            return negated(holds_of(part, request))
        case Asks():
            text = request.part(what.part)
            return Open(Reason.NEEDS_L7) if text is None else what.matches(text)
