"""Whether something holds of an end of a flow, with the facts that make it so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flowcheck.explaining.records import Match
from flowcheck.model.verdict import Reason

MOST_FACTS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """``facts`` are about the end, and true whether it holds or not. ``reason``: why it is open."""

    match: Match
    facts: tuple[str, ...] = ()
    reason: Reason = Reason.NONE

    @property
    def why(self) -> str:
        facts = list(dict.fromkeys(fact for fact in self.facts if fact))
        more = ["..."] if len(facts) > MOST_FACTS else []
        return "; ".join([*facts[:MOST_FACTS], *more])


def known(holds: bool, *facts: str) -> Found:
    return Found("yes" if holds else "no", facts)


def all_of(found: Iterable[Found]) -> Found:
    """No where any is no, open where any is open; the facts are those of the ones that make it so."""
    return _made_by(list(found), ("no", "maybe", "yes"))


def any_of(found: Iterable[Found]) -> Found:
    return _made_by(list(found), ("yes", "maybe", "no"))


def _made_by(found: list[Found], order: tuple[Match, Match, Match]) -> Found:
    for match in order:
        telling = [one for one in found if one.match == match]
        if telling:
            return Found(match, tuple(fact for one in telling for fact in one.facts), telling[0].reason)
    return Found(order[-1])


def negated(found: Found) -> Found:
    opposite: dict[Match, Match] = {"yes": "no", "no": "yes", "maybe": "maybe"}
    return replace(found, match=opposite[found.match])
