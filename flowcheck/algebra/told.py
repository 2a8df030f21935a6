"""What is said of each rule, whatever the traffic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flowcheck.algebra.weighing import Pairs, Weighed
from flowcheck.arrays import ALLOW
from flowcheck.compile.rules.decisions import Decision, RuleInfo
from flowcheck.compile.rules.outcome.numbered import Key, Numbered, entry_of, is_written, key_of
from flowcheck.kernels.without.instead import MATCHED, REACHED
from flowcheck.kernels.without.weighing import PERHAPS, SURELY
from flowcheck.model.peers import Presents, Where, leaves, simple_peers
from flowcheck.model.policy import Direction, Rule
from flowcheck.model.verdict import Reason

Worth = Literal["needed", "redundant", "unreachable", "matches_nobody", "unknown"]
NO_POLICY = "no policy"
"""Who decides where none does: what nothing isolates is allowed."""
UNDECIDED = "a default that leaves it open"
"""What policies mean for protocols without ports, where nothing else decides."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a verdict hangs on a rule: endpoints, and classes of ports at destination and source."""

    subject: int
    peer: int
    port: int
    source: int


@dataclass(frozen=True, slots=True)
class RuleTold:
    """``worth``: ``needed``: without it some verdict of its direction would be another, as in the cell
    ``at``; ``redundant``: none would, as ``by`` decide alike; ``unreachable``: ``by`` decide before it
    wherever it matches; ``matches_nobody``; ``unknown``, for ``reasons``. ``overrides``: rules and default
    denies of later tiers that say otherwise where it decides; ``overridden_by``: rules that so override
    it. ``alone``: it is its policy's only rule of its direction, and the policy isolates there. ``layer``:
    ingress, egress or mesh. ``written``: it stands in a policy, and is nothing that the engine adds."""

    info: RuleInfo
    layer: str
    written: bool
    worth: Worth
    reasons: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    overridden_by: tuple[str, ...] = ()
    alone: bool = False
    at: Cell | None = None


def tell(
    numbered: Numbered,
    weighed: Weighed,
    decisions: Sequence[Decision],
    which: Iterable[int],
    layer: str,
    written: Mapping[Key, Sequence[Rule]],
) -> list[RuleTold]:
    """Of some of the rules, all of them of one direction or of a mesh. ``written``: what each is made of as
    it is asked where nothing is known yet."""
    told = _Telling(numbered, weighed, decisions, layer, written)
    return [told.of(rule) for rule in which]


class _Telling:
    def __init__(
        self,
        numbered: Numbered,
        weighed: Weighed,
        decisions: Sequence[Decision],
        layer: str,
        written: Mapping[Key, Sequence[Rule]],
    ) -> None:
        self._written = written
        self._numbered, self._weighed, self._decisions, self._layer = numbered, weighed, decisions, layer
        self._before, self._instead, self._over = map(
            _by_rule, (weighed.before, weighed.instead, weighed.over)
        )
        self._under: dict[int, list[int]] = {}
        for rule, decision in sorted(weighed.over):
            if (other := self._rule_of(decision)) >= 0:
                self._under.setdefault(other, []).append(rule)

    def of(self, rule: int) -> RuleTold:
        parts = self._numbered.parts[rule]
        worth, reasons, by = self._worth(rule)
        policy, direction = parts[0].policy, parts[0].direction
        entries = {entry_of(one.label) for one in policy.rules(direction)}
        cell = self._weighed.witness[rule].tolist()
        return RuleTold(
            info=self._numbered.infos[rule],
            layer=self._layer,
            written=is_written(self._numbered.infos[rule]),
            worth=worth,
            reasons=tuple(reasons),
            by=tuple(self._names(by)),
            overrides=tuple(
                self._names(one for one in self._over.get(rule, ()) if self._is_other(rule, one))
            ),
            overridden_by=tuple(self._numbered.infos[one].name for one in self._under.get(rule, ())),
            alone=len(entries) == 1 and any(True for _ in policy.isolates_whom(direction)),
            at=Cell(*cell) if worth == "needed" else None,
        )

    def _worth(self, rule: int) -> tuple[Worth, Iterable[str], Iterable[int]]:
        known, found = int(self._weighed.known[rule]), int(self._weighed.reached[rule])
        if known & SURELY:
            return "needed", (), ()
        if known & PERHAPS:
            mask = int(self._weighed.reasons[rule])
            return "unknown", (str(why) for n, why in enumerate(Reason) if why and mask >> n & 1), ()
        parts = self._written[key_of(self._numbered.infos[rule])]
        if any(map(_asks_who, parts)):  # somebody else may prove it
            return "unknown", (str(Reason.NEEDS_IDENTITY),), ()
        if not found & MATCHED:
            return "matches_nobody", (), ()
        before, instead = self._before.get(rule, ()), self._instead.get(rule, ())
        if not found & REACHED and not all(self._is_equal(rule, one) for one in before):
            return "unreachable", (), before
        open_for = dict.fromkeys(str(why) for part in parts if (why := _open(part)))
        return ("unknown", open_for, ()) if open_for else ("redundant", (), instead)

    def _is_other(self, rule: int, decision: int) -> bool:
        """Not: the default of the rule's own kind of policies, which is there for what no rule allows."""
        return self._numbered.infos[rule].tier not in self._decisions[decision].tiers

    def _is_equal(self, rule: int, decision: int) -> bool:
        """Whether who decides first does so only as one of two must be asked first."""
        other = self._rule_of(decision)
        return other >= 0 and self._numbered.ranks[other] == self._numbered.ranks[rule]

    def _rule_of(self, decision: int) -> int:
        of = self._numbered.of_decision
        return int(of[decision]) if decision < len(of) else -1

    def _names(self, decisions: Iterable[int]) -> Iterable[str]:
        """Each once; what a default leaves open for protocols without ports goes with the default's name."""
        names = dict.fromkeys(map(self._name, decisions))
        return [name for name in names if name] or [name or UNDECIDED for name in names]

    def _name(self, decision: int) -> str:
        rule = self._rule_of(decision)
        if rule >= 0:
            return self._numbered.infos[rule].name
        made = self._decisions[decision]
        return made.text or (NO_POLICY if made.verdict == ALLOW else "")


def _asks_who(rule: Rule) -> bool:
    """Whether it asks what identity a client proves."""
    return any(
        isinstance(simple, Where) and any(isinstance(leaf, Presents) for leaf in leaves(simple.what))
        for peer in rule.peers or ()
        for simple in simple_peers(peer)
    )


def _open(rule: Rule) -> Reason:
    """Why it is never told that a rule is redundant: it asks for what no flow and no cluster tells."""
    return Reason.NEEDS_L7 if rule.request is not None and not rule.open_for else rule.open_for


def _by_rule(pairs: Pairs) -> Mapping[int, Sequence[int]]:
    found: dict[int, list[int]] = {}
    for rule, decision in sorted(pairs):
        found.setdefault(rule, []).append(decision)
    return found


def of_direction(numbered: Numbered, direction: Direction) -> list[int]:
    """The rules of one direction, in the order they are asked."""
    return [rule for rule, info in enumerate(numbered.infos) if info.direction is direction]
