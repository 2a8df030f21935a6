"""What of a connection a mesh's rules ask beside its ends and port, taken as given: rules as they are then.

Of an identity that is not the source pod's own, and of a request, all that matters is which patterns match;
so what a record tells becomes a tuple of answers, one to each pattern that any rule has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from flowcheck.model.mesh.requests import Asks, Carried, Request, RequestExpression, compiled
from flowcheck.model.peers import AllOf, AnyOf, Expression, Not, Peer, Presents, Where, leaves, simple_peers
from flowcheck.model.policy import Policy, Rule
from flowcheck.model.verdict import Reason

Answers = tuple[bool | None, ...]


class Client(Enum):
    """What the client proves, where it is not an identity that a record tells: its pod's own, or nothing."""

    OWN = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Circumstance:
    """``client``: or the answers to all patterns of identities. ``request``: those to all questions about
    requests; empty: nothing is told. ``by_waypoint``: a waypoint asks, not a proxy before the pod."""

    client: Client | Answers
    carried: Carried
    request: Answers = ()
    by_waypoint: bool = False


@dataclass(frozen=True, slots=True)
class Questions:
    """All that the rules of some policies ask of identities (patterns), and of requests, in the order met;
    whether they tell bytes from requests, and whether any is asked at waypoints."""

    identities: tuple[str, ...] = ()
    requests: tuple[Asks, ...] = ()
    tells_carried: bool = False
    at_waypoints: bool = False

    @classmethod
    def of(cls, policies: Sequence[Policy]) -> Questions:
        rules = [rule for policy in policies for rule in policy.ingress]
        presented = (what for rule in rules for what in _presented(rule))
        asked = (one for rule in rules if rule.request is not None for one in _asked(rule.request))
        return cls(
            tuple(dict.fromkeys(presented)),
            tuple(dict.fromkeys(asked)),
            any(rule.carried is not None for rule in rules),
            any(policy.by_waypoint for policy in policies),
        )

    def of_identity(self, identity: str) -> Answers:
        """What a SPIFFE id answers."""
        return tuple(compiled(pattern).fullmatch(identity) is not None for pattern in self.identities)

    def of_request(self, request: Request) -> Answers:
        """What a record's request answers; None where it does not tell."""
        answers: list[bool | None] = []
        for asked in self.requests:
            told = request.part(asked.part)
            answers.append(None if told is None else asked.matches(told))
        return () if all(answer is None for answer in answers) else tuple(answers)

    def under(self, policies: Sequence[Policy], circumstance: Circumstance) -> list[Policy]:
        """The policies in a circumstance: each with as many rules as before, some of which match nobody."""
        return [self._policy(policy, circumstance) for policy in policies]

    def _policy(self, policy: Policy, given: Circumstance) -> Policy:
        if policy.by_waypoint is not given.by_waypoint:
            silent = tuple(replace(rule, peers=()) for rule in policy.ingress)
            return replace(policy, ingress=silent, isolates=frozenset(), isolated=())
        return replace(policy, ingress=tuple(self._rule(rule, given) for rule in policy.ingress))

    def _rule(self, rule: Rule, given: Circumstance) -> Rule:
        holds: bool | None = rule.carried in (None, given.carried)
        if holds and rule.request is not None:
            holds = self._holds(rule.request, given.request)
        if holds is False:
            return replace(rule, peers=())
        peers = rule.peers and tuple(self._peer(peer, given.client) for peer in rule.peers)
        needs = rule.needs if holds else rule.needs or Reason.NEEDS_L7
        return replace(rule, peers=peers, needs=needs)

    def _holds(self, what: RequestExpression, answers: Answers) -> bool | None:
        match what:
            case AllOf(parts):
                found = [self._holds(part, answers) for part in parts]
                return False if False in found else None if None in found else True
            case AnyOf(parts):
                found = [self._holds(part, answers) for part in parts]
                return True if True in found else None if None in found else False
            case Not(part):
                answer = self._holds(part, answers)
                return None if answer is None else not answer
            case _:
                return answers[self.requests.index(what)] if answers else None

    def _peer(self, peer: Peer, client: Client | Answers) -> Peer:
        match peer:
            case AllOf(parts):
                return AllOf(tuple(self._peer(part, client) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self._peer(part, client) for part in parts))
            case Not(part):
                return Not(self._peer(part, client))
            case Where(what):
                return Where(self._thing(what, client))
            case _:
                return peer

    def _thing(self, what: Expression, client: Client | Answers) -> Expression:
        match what:
            case AllOf(parts):
                return AllOf(tuple(self._thing(part, client) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self._thing(part, client) for part in parts))
            case Not(part):
                return Not(self._thing(part, client))
            case Presents(pattern) if client is Client.NONE:
                return AnyOf(())
            case Presents(pattern) if isinstance(client, tuple):
                return AllOf(()) if client[self.identities.index(pattern)] else AnyOf(())
            case _:
                return what


def _presented(rule: Rule) -> Iterator[str]:
    for peer in rule.peers or ():
        for simple in simple_peers(peer):
            if isinstance(simple, Where):
                yield from (leaf.pattern for leaf in leaves(simple.what) if isinstance(leaf, Presents))


def _asked(what: RequestExpression) -> Iterator[Asks]:
    match what:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _asked(part)
        case Not(part):
            yield from _asked(part)
        case _:
            yield what
