"""Whether a policy is for the subject of a question, and a rule about its peer and port.

What no input tells is not decided here: the answer is then what it hangs on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flowcheck.model.options import Options
from flowcheck.model.peers import Peer, Subject
from flowcheck.model.policy import Direction, Policy, Rule
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.verdict import Reason
from flowcheck.reference.answers import Answer, Open, UnsettledError
from flowcheck.reference.ends import End
from flowcheck.reference.peers import Asking
from flowcheck.reference.ports import Aimed
from flowcheck.reference.requests import NO_MESH, Told, asks_for
from flowcheck.reference.surroundings import Surroundings


@dataclass(frozen=True)
class Question:
    """One side of a flow: may this subject talk with this peer? ``number`` is its port, or ICMP type and
    code; ``source`` the port it comes from. ``own_node``: the peer is the node of the subject. ``told``: what
    else a mesh may ask of it. ``settled`` answers what is open."""

    direction: Direction
    subject: End
    peer: End
    protocol: int
    number: int | None
    options: Options
    around: Surroundings
    own_node: bool = False
    source: int | None = None
    policies: tuple[Policy, ...] = ()
    told: Told = NO_MESH
    settled: Mapping[Open, bool] = field(default_factory=dict)

    def holds(self, answer: Answer) -> bool:
        if isinstance(answer, bool):
            return answer
        if answer not in self.settled:
            raise UnsettledError(answer)
        return self.settled[answer]

    @property
    def destination(self) -> End:
        return self.subject if self.direction is Direction.INGRESS else self.peer

    @property
    def has_ports(self) -> bool:
        return self.protocol in WITH_PORTS

    def is_subject(self, peer: Peer) -> Answer:
        return Asking(self.subject, "subject", self.around, self.options).is_one_of(peer)

    def is_peer(self, peer: Peer) -> Answer:
        asking = Asking(
            self.peer,
            "peer",
            self.around,
            self.options,
            own_node=self.own_node,
            goes_out=self.direction is Direction.EGRESS,
            presents=self.told.presented,
        )
        return asking.is_one_of(peer)


def selects(policy: Policy, question: Question) -> Answer:
    """Whether a policy is for the subject; only perhaps, where its selector cannot be read."""
    answer = question.is_subject(policy.subject)
    return answer and Open(policy.open_for, "subject", str(policy)) if policy.open_for else answer


def isolates(policy: Policy, whom: Subject, question: Question) -> Answer:
    """Whether a policy isolates the subject, if it isolates these."""
    answer = question.is_subject(whom)
    return answer and Open(policy.open_for, "subject", str(policy)) if policy.open_for else answer


def for_subject(policy: Policy, rule: Rule, question: Question) -> Answer:
    """Whether a rule is for the subject, as its policy and the rule itself say."""
    answer = selects(policy, question)
    if answer is False or rule.subject is None:
        return answer
    own = question.is_subject(rule.subject)
    whole = Open(own.reason, "subject", rule.subject) if isinstance(own, Open) else own
    return together(answer, whole)


def about_peer(policy: Policy, rule: Rule, question: Question) -> Iterator[Answer]:
    """By what the rule is about this peer and port: what it hangs on, or yes; nothing where it is not."""
    if not comes_from(rule, question.source):
        return
    aimed = Aimed(question.destination, question.protocol, question.number, question.around, question.options)
    peers = peer_answers(policy, rule, question)
    ports = [True] if rule.ports is None else [aimed.is_at(one) for one in rule.ports]
    asked = [None] if rule.ports is None else list(rule.ports)
    for peer in peers:
        for answer, port in zip(ports, asked, strict=True):
            wholly = Open(answer.reason, "peer", port) if isinstance(answer, Open) else answer
            if wholly is not False:
                yield together(peer, wholly)


def comes_from(rule: Rule, source: int | None) -> bool:
    """Whether a rule is about flows from this port; one of protocols without ports has none."""
    if rule.source_ports is None:
        return True
    return source is not None and any(one.first <= source <= one.last for one in rule.source_ports)


def peer_answers(policy: Policy, rule: Rule, question: Question) -> list[Answer]:
    """By which peers the rule is about this one: just yes if by any surely, else all that it hangs on.

    Absent peers are everybody, empty ones are nobody. Where a part of the rule cannot be read, or it asks for
    what no flow tells, or this one does not, it hangs on that alone.
    """
    request = asks_for(rule, question.told)
    if request is False:
        return []
    peers = [True] if rule.peers is None else [question.is_peer(peer) for peer in rule.peers]
    answers: list[Answer] = [answer for answer in peers if answer is not False]
    open_for = rule.open_for or (request.reason if isinstance(request, Open) else Reason.NONE)
    if answers and open_for:
        return [Open(open_for, "peer", f"{policy}[{rule.label}]")]
    return [True] if True in answers else answers


def together(one: Answer, other: Answer) -> Answer:
    """Both; where both are open that is one question, for the first one's reason."""
    if one is True or other is False:
        return other
    if other is True or one is False:
        return one
    assert isinstance(one, Open)
    assert isinstance(other, Open)
    return Open(one.reason, one.of, (one.asked, other.asked))
