"""Rules as they are written, numbered: one may be several rows, and several decisions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Rows
from flowcheck.compile.rules.decisions import NumberedRule, RuleInfo, written_rules
from flowcheck.compile.rules.isolation import Stages
from flowcheck.compile.rules.rows import IN_LEVEL, place_in_tier
from flowcheck.kernels.without.weighing import RuleOf, Work
from flowcheck.model.places import SourceLocation
from flowcheck.model.policy import Direction

Place = tuple[float, ...]
Key = tuple[str, Direction, str, SourceLocation]
"""A rule as it stands: its policy, direction, label and place."""
_MADE_OF_ONE = re.compile(r"(\.dns|\.proxy|\.unasked|\.authentication(\[\d+\])?|, as plaintext)+$")
"""What engines and dialects call parts of a rule that stands in a policy once."""
_ENTRY = re.compile(r"(specs\[\d+\]\.)?\w+\[\d+\]")
_WRITTEN = re.compile(r".*\[\d+\]")
"""How entries of policies are called; what engines add of themselves has other names."""


class Numbered(NamedTuple):
    """``infos``: what each rule is called, and what stands there; ``parts`` what it is made of. of_decision
    (decisions,) int32: the rule of each, -1 none. ``ranks``: of what is asked first the smallest; rules of
    one rank may stand in any order."""

    infos: tuple[RuleInfo, ...]
    parts: tuple[tuple[NumberedRule, ...], ...]
    of_decision: Int32
    ranks: tuple[Place, ...]
    stage: Int32

    def of_rows(self, decision: Int32) -> RuleOf:
        """``decision`` (rows,) int32: that of each row."""
        known = len(self.of_decision)
        row = np.where(decision < known, self.of_decision[np.minimum(decision, known - 1)], -1)
        return RuleOf(row.astype(np.int32), self.of_decision, self.stage)


def number_written(rules: Sequence[NumberedRule], stages: Stages) -> Numbered:
    """In the order they are asked. Parts of one entry of a policy are one rule, whatever they do, and so is
    what is asked twice, since nothing tells in which order its policy comes."""
    numbers: dict[Key, int] = {}
    parts: list[list[NumberedRule]] = []
    last = max((rule.decision for rule in rules), default=a.FIRST_RULE_DECISION - 1)
    of_decision = np.full(last + 1, -1, dtype=np.int32)
    for rule in rules:
        key = str(rule.policy), rule.direction, label_of(rule.rule.label), rule.rule.source
        number = numbers.setdefault(key, len(parts))
        if number == len(parts):
            parts.append([])
        parts[number].append(rule)
        of_decision[rule.decision] = number
    return Numbered(
        infos=tuple(written_rules(of_one)[0] for of_one in parts),
        parts=tuple(map(tuple, parts)),
        of_decision=of_decision,
        ranks=tuple(_rank(of_one[-1], stages) for of_one in parts),
        stage=np.array([stages.of(of_one[-1].policy) for of_one in parts], dtype=np.int32),
    )


def room_for(rows: Rows, n_rules: int, n_stages: int = 1) -> Work:
    """For what kernels leave out of lists of these rows."""
    return Work(
        answers=np.full(len(rows.reason), -1, dtype=np.int8),
        asked=np.zeros(len(rows.reason), dtype=np.int32),
        kept=np.empty(len(rows.decision), dtype=np.int32),
        later=np.empty(n_stages, dtype=np.int32),
        touched=np.empty(n_rules, dtype=np.int32),
        changed=np.zeros(n_rules, dtype=np.int32),
        seen=np.zeros(n_rules, dtype=np.int32),
        said=np.zeros(2, dtype=np.int32),
    )


def _rank(rule: NumberedRule, stages: Stages) -> Place:
    policy = rule.policy
    return (stages.of(policy), policy.priority, *place_in_tier(rule), IN_LEVEL[rule.rule.action])


def key_of(info: RuleInfo) -> Key:
    """What tells the rule from others, of which this may be a part."""
    return info.policy, info.direction, label_of(info.label), info.source


def is_written(info: RuleInfo) -> bool:
    """Whether it stands in a policy, and is nothing that the engine does of itself."""
    return bool(info.source.file) and _WRITTEN.fullmatch(label_of(info.label)) is not None


def entry_of(label: str) -> str:
    """The entry of a policy's list that a rule is, or is part of."""
    found = _ENTRY.match(label)
    return found[0] if found else label


def label_of(label: str) -> str:
    """What the rule is called that this is a part of."""
    return _MADE_OF_ONE.sub("", label)
