"""One side of a flow walked over the model's policies, tier by tier, rule by rule, keeping every why (not).

The order is the one ``model/policy.py`` states. Verdicts are found here only to be held against the compiled
program's: a difference is a bug in one of the two, and ends the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from flowcheck.explaining.asking.doubt import doubt
from flowcheck.explaining.asking.tiers import Ending, ask_all, endings, first_open
from flowcheck.explaining.asking.tries import Tried
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import SideAnswer
from flowcheck.explaining.steps import steps, why
from flowcheck.model.policy import MOST_WAYS, Policy
from flowcheck.model.protocols import protocol_name
from flowcheck.model.verdict import Reason, Verdict


class InconsistentError(Exception):
    """The walk and the compiled program disagree: a bug in flowcheck, never the user's fault."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A side's answer, and where the walk ended, for who wants to change that; ``hanging`` are the rules of
    which it is open whether they match."""

    answer: SideAnswer
    ending: Ending
    hanging: tuple[Tried, ...] = ()


def exempt(question: Asked, verdict: Verdict, why: str, *, reason: str = "", settle: str = "") -> Walked:
    """A side no policy is asked for."""
    answer = SideAnswer(
        direction=str(question.direction),
        subject=question.subject.name,
        peer=question.peer.name,
        verdict=str(verdict),
        reason=reason,
        decided_by="",
        why=why,
        settle=settle,
    )
    return Walked(answer, Ending(verdict))


def walk(question: Asked, policies: Sequence[Policy]) -> Walked:
    """Walk one side. ``policies`` are in the order they are asked; the subject is one that they are for."""
    asked = ask_all(question, policies)
    found = list(islice(endings(asked, question), MOST_WAYS + 1))
    ending = found[0]
    other = next((one for one in found if one.verdict is not ending.verdict), None)
    reason, settle = Reason.NONE, ""
    verdict, decided_by = ending.verdict, ending.decided_by
    sentence = why(question, ending, asked)
    if other is not None or len(found) > MOST_WAYS:
        verdict, decided_by = Verdict.UNKNOWN, ""
        what, hanging = first_open(asked)
        reason = hanging[0]
        sentence, settle = doubt(what, hanging, question, ending.verdict, other.verdict if other else None)
    elif verdict is Verdict.UNKNOWN:
        reason, decided_by = Reason.NO_PORT, ""
        sentence = (
            f"no rule admits {protocol_name(question.protocol)}, and what an isolating NetworkPolicy means "
            "for a protocol without ports is open"
        )
        settle = "--icmp policy decides it as Calico does: what no rule admits is denied"
    answer = SideAnswer(
        direction=str(question.direction),
        subject=question.subject.name,
        peer=question.peer.name,
        verdict=str(verdict),
        reason=str(reason),
        decided_by=decided_by,
        why=sentence,
        settle=settle,
        tiers=tuple(steps(asked, ending, question)),
    )
    open_rules = tuple(tried for tier in asked for tried in tier.tried if tried.match == "maybe")
    return Walked(answer, ending, open_rules)


def checked(walked: Walked, verdict: Verdict, reason: Reason, decided_by: str) -> Walked:
    """The walk, held against the compiled program.

    Raises: InconsistentError where they differ.
    """
    check_answer(walked.answer, verdict, reason, decided_by)
    return walked


def check_answer(answer: SideAnswer, verdict: Verdict, reason: Reason, decided_by: str) -> None:
    """The same of an answer alone."""
    found = (answer.verdict, answer.reason, answer.decided_by)
    compiled = (str(verdict), str(reason), decided_by)
    if found != compiled:
        raise InconsistentError(f"{answer.direction}: the walk says {found}, the program {compiled}")
