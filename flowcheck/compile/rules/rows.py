"""Rules -> rows: one rule with one port range, its subjects and peers as bitsets, in the order asked.

A named port is looked up on the destination pod, so a rule with one is split by the number it
stands for: by subject on ingress, by peer on egress. What hangs on a question that no input answers (a
domain's addresses, a namespace's labels, what an ``ipBlock`` means for pods, a rule that cannot be read)
becomes a row of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Rows, UInt8, UInt64
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules import bitset
from flowcheck.compile.rules.decisions import NumberedRule
from flowcheck.compile.rules.ports import PortClasses
from flowcheck.compile.rules.selectors import SelectorIndex, Taken
from flowcheck.model.options import Options
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Rule,
)

_DTYPES = (np.int32, np.int32, np.int32, np.int32, np.uint8, np.uint8, np.int32, np.int32, np.int32)
"""Of the columns of Rows, in order."""
ACTION_CODES = {Action.ALLOW: a.ACTION_ALLOW, Action.DENY: a.ACTION_DENY, Action.PASS: a.ACTION_PASS}


@dataclass(slots=True)
class EndSet:
    """Endpoints that a rule is for, or is about, if the question's answer is yes; 0: they are. ``number``: of
    the set in the pool, -1 none yet; many rules share one."""

    words: UInt64
    question: int
    number: int = -1

    def any(self) -> bool:
        return self.number > 0 or bool(self.words.any())

    def __and__(self, others: UInt64) -> EndSet:
        return EndSet(self.words & others, self.question)


OpenQuestion = tuple[int, Hashable]
"""What no input answers: the reason code of a verdict that hangs on it, and what is asked for."""


class OpenQuestions:
    """Numbers questions from 1 on."""

    def __init__(self) -> None:
        self._numbers: dict[OpenQuestion, int] = {(0, None): 0}

    def number(self, question: OpenQuestion) -> int:
        return self._numbers.setdefault(question, len(self._numbers))

    def reasons(self) -> UInt8:
        """(questions,) uint8: the reason code of each."""
        return np.array([reason for reason, _ in self._numbers], dtype=np.uint8)


class NamedPorts:
    """Which pod endpoints declare a port name, by protocol and number."""

    def __init__(self, axis: Axis) -> None:
        self._n = len(axis.endpoints)
        self._declared: dict[str, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
        for endpoint, pod in axis.pods:
            for port in pod.ports:
                if port.name:
                    self._declared[port.name][port.protocol, port.number].append(endpoint)
        self._meanings: dict[str, list[tuple[int, int, UInt64]]] = {}

    def resolve(self, port: NamedPort) -> Iterator[tuple[PortRange, UInt64]]:
        """Each (port, the pods on which the name means it)."""
        if port.name not in self._meanings:
            self._meanings[port.name] = [
                (protocol, number, bitset.from_indices(members, self._n))
                for (protocol, number), members in sorted(self._declared.get(port.name, {}).items())
            ]
        for protocol, number, pods in self._meanings[port.name]:
            if port.protocol in (None, protocol):
                yield PortRange(protocol, number, number), pods


def port_ranges(policies: Iterable[Policy], named: NamedPorts) -> Iterator[PortRange]:
    """Every port range any rule speaks of, named ports resolved."""
    for policy in policies:
        for rule in (*policy.ingress, *policy.egress):
            for port in rule.ports or ():
                if isinstance(port, PortRange):
                    yield port
                else:
                    yield from (found for found, _ in named.resolve(port))


class RowBuilder:
    """Builds the rows of one direction after the other over one pool of sets."""

    def __init__(
        self,
        index: SelectorIndex,
        ports: PortClasses,
        named: NamedPorts,
        options: Options,
        pool: bitset.SetPool,
    ) -> None:
        self._index = index
        self._ports = ports
        self._named = named
        self._options = options
        self._pool = pool
        self._everyone, self._nobody = EndSet(index.everyone, 0), EndSet(index.nobody, 0)
        self._known: dict[tuple[Direction, Peer], tuple[EndSet, UInt64, OpenQuestion]] = {}

    def build(self, rules: Sequence[NumberedRule]) -> Rows:
        """Rows in the order of ``rules``; rules nobody can match leave none."""
        columns: list[tuple[int, ...]] = []
        questions = OpenQuestions()
        for _, of_policy in groupby(rules, key=lambda numbered: numbered.policy_number):
            own = list(of_policy)
            subjects = list(self._subjects(own[0].policy, questions))
            for numbered in own:
                for subject in subjects:
                    columns += self._rows_of(numbered, subject, questions)
        table = np.array(columns, dtype=np.int64).reshape(-1, len(_DTYPES)).T
        typed = [np.ascontiguousarray(c.astype(dtype)) for c, dtype in zip(table, _DTYPES, strict=True)]
        return Rows._make([*typed, questions.reasons()])

    def _subjects(self, policy: Policy, questions: OpenQuestions) -> Iterator[EndSet]:
        """Whom a policy is for, and whom it may be for; they share nobody."""
        surely, may = self._index.select_pods(policy.subject)
        asked: OpenQuestion = (a.REASON_NO_NAMESPACE, ("subject", policy.subject.namespaces))
        if policy.unread:
            surely, may = self._index.nobody, surely | may
            asked = (a.REASON_UNSUPPORTED_FIELD, ("subject", str(policy)))
        if surely.any():
            yield EndSet(surely, 0)
        if may is not self._index.nobody and may.any():
            yield EndSet(may, questions.number(asked))

    def _rows_of(
        self, numbered: NumberedRule, subject: EndSet, questions: OpenQuestions
    ) -> Iterator[tuple[int, ...]]:
        rule = numbered.rule
        for peers in self._peers(numbered, questions):
            for span, subjects, found in self._split_by_port(rule, numbered.direction, subject, peers):
                if subjects.any() and found.any():
                    yield (
                        self._number(subjects),
                        self._number(found),
                        *span,
                        int(numbered.policy.tier),
                        ACTION_CODES[rule.action],
                        subject.question,
                        peers.question,
                        numbered.decision,
                    )

    def _number(self, ends: EndSet) -> int:
        ends.number = self._pool.add(ends.words) if ends.number < 0 else ends.number
        return ends.number

    def _split_by_port(
        self, rule: Rule, direction: Direction, subject: EndSet, peer: EndSet
    ) -> Iterator[tuple[tuple[int, int], EndSet, EndSet]]:
        """(port classes, subjects, peers) for each of a rule's ports; all of them when it names none."""
        if rule.ports is None:
            yield self._ports.everything(), subject, peer
            return
        for port in rule.ports:
            if isinstance(port, PortRange):
                yield self._ports.span(port), subject, peer
                continue
            for found, destinations in self._named.resolve(port):
                if direction is Direction.INGRESS:
                    yield self._ports.span(found), subject & destinations, peer
                else:
                    yield self._ports.span(found), subject, peer & destinations

    def _peers(self, numbered: NumberedRule, questions: OpenQuestions) -> Iterator[EndSet]:
        """The peers of a rule; where it cannot be read, all that it may have hang on that alone."""
        found = self._peers_as_read(numbered.rule, numbered.direction, questions)
        if numbered.rule.unread:
            words = np.bitwise_or.reduce([peers.words for peers in found])
            asked = (a.REASON_UNSUPPORTED_FIELD, ("rule", numbered.decision))
            found = iter((EndSet(words, questions.number(asked)),))
        return found

    def _peers_as_read(self, rule: Rule, direction: Direction, questions: OpenQuestions) -> Iterator[EndSet]:
        """The sure peers of a rule as one set; then those that only may be, in order, with the question."""
        if rule.peers is None:
            yield self._everyone
            return
        surely = self._nobody
        perhaps: list[tuple[OpenQuestion, UInt64]] = []
        for peer in rule.peers:
            known = self._known.get((direction, peer))
            if known is None:
                taken, question = self._peer(peer, direction)
                known = self._known[direction, peer] = EndSet(taken.surely, 0), taken.may, question
            own, others, question = known
            surely = own if surely is self._nobody else EndSet(surely.words | own.words, 0)
            if others is not self._index.nobody and others.any():
                same = bool(perhaps) and perhaps[-1][0] == question
                before = perhaps.pop()[1] if same else self._index.nobody
                perhaps.append((question, before | others))
        yield surely
        for question, words in perhaps:
            yield EndSet(words & ~surely.words, questions.number(question))

    def _peer(self, peer: Peer, direction: Direction) -> tuple[Taken, OpenQuestion]:
        """Whom one peer takes, and the question on which it hangs whether it takes those that it may."""
        index = self._index
        match peer:
            case Anyone():
                return Taken(index.everyone, index.nobody), (0, None)
            case PodQuery():
                return index.select_pods(peer), (a.REASON_NO_NAMESPACE, ("peer", peer.namespaces))
            case NodeQuery():
                return index.select_nodes(peer.nodes), (a.REASON_NO_NODE, peer.nodes)
            case AddressBlock():
                block = index.select_block(peer)
                asked = {None: self._options.ipblock_matches_pods, True: "yes", False: "no"}
                choice = asked[peer.may_match_pods]
                surely = block if choice == "yes" else block & ~index.pods
                may = block & index.pods if choice == "unknown" else index.nobody
                return Taken(surely, may), (a.REASON_UNSUPPORTED_FIELD, None)
            case DomainNames():
                egress = direction is Direction.EGRESS
                external = index.external() if egress else index.nobody
                return Taken(index.nobody, external), (a.REASON_NEEDS_DNS, None)
