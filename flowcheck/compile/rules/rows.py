"""Rules -> rows: one rule with one range of ports, its subjects and peers as bitsets, in the order asked.

A named port is looked up on the destination pod, so a rule with one is split by the number it
stands for: by subject on ingress, by peer on egress. What hangs on a question that no input answers (a
domain's addresses, a namespace's labels, what an ``ipBlock`` means for pods, a rule that cannot be read)
becomes a row of its own; so does whom a policy isolates only perhaps, after the rules of its tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Rows, UInt8, UInt64
from flowcheck.compile.rules import bitset
from flowcheck.compile.rules.aims import Aims
from flowcheck.compile.rules.answered import SURE, OpenQuestion
from flowcheck.compile.rules.decisions import Decisions, NumberedRule
from flowcheck.compile.rules.isolation import Isolation, Stages
from flowcheck.compile.rules.peers import REASON_CODES, PeerIndex, Side, subjects_of
from flowcheck.compile.rules.ports import PortClasses
from flowcheck.model.policy import Action, Direction, Peer, Policy, Rule

_DTYPES = (np.int32, np.int32, np.int32, np.int32, np.uint8, np.uint8, np.int32, np.int32, np.int32)
"""Of the columns of Rows, in order."""
ACTION_CODES = {Action.ALLOW: a.ACTION_ALLOW, Action.DENY: a.ACTION_DENY, Action.PASS: a.ACTION_PASS}
IN_LEVEL = {Action.DENY: 0, Action.ALLOW: 1, Action.PASS: 2}
"""What is asked first within a level."""


@dataclass(slots=True)
class EndSet:
    """Endpoints that a rule is for, or is about, if the question's answer is yes. ``number``: of the set in
    the pool, -1 none yet; many rules share one."""

    words: UInt64
    question: OpenQuestion = SURE
    number: int = -1

    def any(self) -> bool:
        return self.number > 0 or bool(self.words.any())

    def among(self, others: UInt64, question: OpenQuestion = SURE) -> EndSet:
        """Those that are among others, if that question's answer is yes, too."""
        return EndSet(self.words & others, together(self.question, question))


def together(one: OpenQuestion, other: OpenQuestion) -> OpenQuestion:
    """Both, as one question, for the first one's reason."""
    if one is SURE or other is SURE:
        return other if one is SURE else one
    return one[0], (one[1], other[1])


class OpenQuestions:
    """Numbers questions from 1 on."""

    def __init__(self) -> None:
        self._numbers: dict[OpenQuestion, int] = {SURE: 0}

    def number(self, question: OpenQuestion) -> int:
        return self._numbers.setdefault(question, len(self._numbers))

    def reasons(self) -> UInt8:
        """(questions,) uint8: the reason code of each."""
        return np.array([reason for reason, _ in self._numbers], dtype=np.uint8)


class _Row(NamedTuple):
    """``place``: of a row in its stage, where the tier is asked by level; ``columns``: of Rows."""

    place: tuple[float, int]
    policy: int
    columns: tuple[int, ...]

    @property
    def order(self) -> tuple[float, ...]:
        return self.columns[4], *self.place


class RowBuilder:
    """Builds the rows of one direction over one pool of sets."""

    def __init__(
        self, peers: PeerIndex, ports: PortClasses, aims: Aims, stages: Stages, pool: bitset.SetPool
    ) -> None:
        self._index, self._ports, self._aims, self._stages, self._pool = peers, ports, aims, stages, pool
        self._everyone, self._nobody = EndSet(peers.everyone), EndSet(peers.nobody)
        self._known: dict[Peer, tuple[EndSet, tuple[tuple[OpenQuestion, UInt64], ...]]] = {}

    def build(
        self, rules: Sequence[NumberedRule], isolation: Isolation, decisions: Decisions
    ) -> tuple[Rows, Int32]:
        """Rows in the order they are asked, and the number of each one's policy (rows,). ``rules`` are in the
        order of their policies; rules nobody can match leave none."""
        rows: list[_Row] = []
        questions = OpenQuestions()
        for number, of_policy in groupby(rules, key=lambda numbered: numbered.policy_number):
            own = list(of_policy)
            subjects = list(self._subjects(own[0].policy))
            for numbered in own:
                place = place_in_tier(numbered)
                for subject in subjects:
                    found = self._rows_of(numbered, subject, questions)
                    rows += (_Row(place, number, columns) for columns in found)
        for one in isolation.perhaps(decisions):
            portless, end = self._ports.portless, self._ports.other + 1
            ends = self._pool.add(one.words), self._number(self._everyone)
            for *span, decision in ((0, portless, one.decision), (portless, end, one.without_ports)):
                asked = questions.number(one.question), 0
                rows.append(
                    _Row((inf, 0), one.policy, (*ends, *span, one.stage, a.ACTION_DENY, *asked, decision))
                )
        if any(row.place != (0, 0) for row in rows):
            rows.sort(key=lambda row: row.order)  # stable
        table = np.array([row.columns for row in rows], dtype=np.int64).reshape(-1, len(_DTYPES)).T
        typed = [np.ascontiguousarray(c.astype(dtype)) for c, dtype in zip(table, _DTYPES, strict=True)]
        policies = np.array([row.policy for row in rows], dtype=np.int32)
        return Rows._make([*typed, questions.reasons()]), policies

    def _subjects(self, policy: Policy) -> Iterator[EndSet]:
        """Whom a policy is for, and whom it may be for; they share nobody."""
        for surely, question in subjects_of(policy, policy.subject, self._index):
            if surely.any():
                yield EndSet(surely, question)

    def _rows_of(
        self, numbered: NumberedRule, subject: EndSet, questions: OpenQuestions
    ) -> Iterator[tuple[int, ...]]:
        rule = numbered.rule
        stage, action = self._stages.of(numbered.policy), ACTION_CODES[rule.action]
        own = [subject] if rule.subject is None else list(self._narrowed(subject, rule.subject))
        for peers in self._peers(numbered):
            for mine in own:
                for span, subjects, found in self._split_by_port(rule, numbered.direction, mine, peers):
                    if subjects.any() and found.any():
                        yield (
                            self._number(subjects),
                            self._number(found),
                            *span,
                            stage,
                            action,
                            questions.number(subjects.question),
                            questions.number(found.question),
                            numbered.decision,
                        )

    def _narrowed(self, subject: EndSet, peer: Peer) -> Iterator[EndSet]:
        """Those of the subjects that a rule is for."""
        found = self._index.find(peer, "subject")
        yield subject.among(found.surely)
        for (reason, _), words in found.perhaps:
            yield subject.among(words, (reason, ("subject", peer)))

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
            for at, destinations, open_for in self._aims.resolve(port):
                question = (open_for, ("peer", port)) if open_for else SURE
                for span in self._ports.spans(at):
                    if destinations is None:
                        yield span, subject, peer
                    elif direction is Direction.INGRESS:
                        yield span, subject.among(destinations), peer.among(self._index.everyone, question)
                    else:
                        yield span, subject, peer.among(destinations, question)

    def _peers(self, numbered: NumberedRule) -> Iterator[EndSet]:
        """The peers of a rule; where it is open whether it matches, all it may have hang on that alone."""
        found = self._peers_as_read(numbered.rule, numbered.direction)
        if numbered.rule.open_for:
            words = np.bitwise_or.reduce([peers.words for peers in found])
            name = f"{numbered.policy}[{numbered.rule.label}]"
            found = iter((EndSet(words, (REASON_CODES[numbered.rule.open_for], ("peer", name))),))
        return found

    def _peers_as_read(self, rule: Rule, direction: Direction) -> Iterator[EndSet]:
        """The sure peers of a rule as one set; then those that only may be, in order, with the question."""
        if rule.peers is None:
            yield self._everyone
            return
        side: Side = "out" if direction is Direction.EGRESS else "in"
        surely = self._nobody
        perhaps: list[tuple[OpenQuestion, UInt64]] = []
        for peer in rule.peers:
            known = self._known.get(peer)
            if known is None:
                found = self._index.find(peer, side)
                known = self._known[peer] = EndSet(found.surely), found.perhaps
            own, others = known
            surely = own if surely is self._nobody else EndSet(surely.words | own.words)
            for question, words in others:
                same = bool(perhaps) and perhaps[-1][0] == question
                before = perhaps.pop()[1] if same else self._nobody.words
                perhaps.append((question, before | words))
        yield surely
        for question, words in perhaps:
            yield EndSet(words & ~surely.words, question)


def place_in_tier(numbered: NumberedRule) -> tuple[float, int]:
    """Where a rule stands in a tier that is asked by level; in any other all are in their place."""
    policy, rule = numbered.policy, numbered.rule
    if not policy.tier.by_level:
        return 0, 0
    return (policy.priority if rule.level is None else rule.level), IN_LEVEL[rule.action]
