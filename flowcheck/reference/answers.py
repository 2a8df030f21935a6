"""Yes, no, or that it hangs on something that no input tells; and what came of asking several things."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from flowcheck.model.verdict import Reason

Whose = Literal["subject", "peer"]


@dataclass(frozen=True)
class Open:
    """What no input tells, with the reason of a verdict that hangs on it. A selector that asks for labels
    nobody knows is one question for the subject and one for the peer, wherever it stands; so is a peer that
    is made of several, as a whole. A policy or rule that cannot be read is one by its name."""

    reason: Reason
    of: Whose = "peer"
    asked: Hashable = None


Answer = bool | Open


def all_of(answers: Iterable[Answer]) -> Answer:
    """No if any is no; else the first that is open."""
    found = list(answers)
    return not any(one is False for one in found) and next((one for one in found if one is not True), True)


def any_of(answers: Iterable[Answer]) -> Answer:
    """Yes if any is yes; else the first that is open."""
    found = list(answers)
    return any(one is True for one in found) or next((one for one in found if one is not False), False)


def negated(answer: Answer) -> Answer:
    return answer if isinstance(answer, Open) else not answer


def lasting(objects: Iterable[Sequence[Answer]]) -> Answer:
    """Yes if any object says so in all of its versions, no if none does in any; else it is open."""
    return any_of(map(_of_versions, objects))


def _of_versions(versions: Sequence[Answer]) -> Answer:
    if all(one is True for one in versions):
        return True
    if all(one is False for one in versions):
        return False
    return next((one for one in versions if isinstance(one, Open)), Open(Reason.AMBIGUOUS_POLICY))


class UnsettledError(Exception):
    """Something open was asked that is not settled yet."""

    def __init__(self, asked: Open) -> None:
        self.asked = asked
