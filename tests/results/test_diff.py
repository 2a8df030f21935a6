"""What two programs say of an edge, as one number; and kinds of change, of which every case is one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from flowcheck.arrays import HALF
from flowcheck.model.change import ChangeKind
from flowcheck.model.timeline import END
from flowcheck.model.verdict import Observed, Verdict
from flowcheck.reports.diff.wording import OUTCOMES, TITLES
from flowcheck.results.diff.kinds import KIND, KINDS, OUTCOME
from flowcheck.results.diff.pairs import AFTER, BEFORE, ENDS, Pairs, key_of, numbers_of, renumbered
from flowcheck.results.diff.policies import compare_policies
from tests.builders import allow, between, make_cluster, make_policy


def test_a_verdict_that_stays_is_no_change_and_one_that_does_not_is_one() -> None:
    for (before, after), observed in product(product(range(4), repeat=2), range(6)):
        assert (KIND[before, after, observed] == 0) == (before == after)
    assert {KINDS[code] for code in np.unique(KIND)} == set(ChangeKind)


@pytest.mark.parametrize("observed", list(Observed))
def test_what_went_through_and_would_not_is_never_called_otherwise(observed: Observed) -> None:
    code = list(Observed).index(observed)
    words = list(Verdict)
    kind = KINDS[KIND[words.index(Verdict.ALLOW), words.index(Verdict.DENY), code]]
    stopped = observed in (Observed.DENIED, Observed.DROPPED)
    assert kind == (ChangeKind.DENIED_NOW if stopped else ChangeKind.WOULD_BE_STOPPED)
    assert OUTCOME[code] == (2 if stopped else 0 if observed is Observed.UNKNOWN else 1)


@pytest.mark.parametrize(
    ("before", "after", "observed", "kind"),
    [
        ("deny", "allow", "denied", "would_go_through"),
        ("deny", "allow", "unknown", "would_go_through"),
        ("deny", "allow", "allowed", "allowed_now"),
        ("deny", "allow", "dropped", "allowed_now"),
        ("deny", "not_applicable", "dropped", "allowed_now"),
        ("unknown", "deny", "allowed", "would_be_stopped"),
        ("unknown", "deny", "audit", "would_be_stopped"),
        ("unknown", "deny", "unknown", "from_unknown"),
        ("unknown", "deny", "dropped", "from_unknown"),
        ("unknown", "allow", "denied", "would_go_through"),
        ("unknown", "allow", "dropped", "from_unknown"),
        ("allow", "unknown", "allowed", "to_unknown"),
        ("deny", "unknown", "denied", "to_unknown"),
        ("not_applicable", "deny", "allowed", "would_be_stopped"),
        ("not_applicable", "deny", "denied", "denied_now"),
        ("allow", "not_applicable", "denied", "reach"),
    ],
)
def test_kinds_are_those_of_the_page(before: str, after: str, observed: str, kind: str) -> None:
    """docs/diff.md, where the cases are that are easily mistaken for another."""
    code = KIND[
        [*Verdict].index(Verdict(before)),
        [*Verdict].index(Verdict(after)),
        [*Observed].index(Observed(observed)),
    ]
    assert str(KINDS[code]) == kind


def test_a_policy_that_says_more_at_another_time_is_changed() -> None:
    """One of its versions is that of the other cluster."""
    early, late = make_policy(ingress=[allow(ports="80")]), make_policy(ingress=[allow(ports="81")])
    before = make_cluster(between(early, 0, 5), between(late, 5, END))
    after = make_cluster(late)
    assert compare_policies(before, after).changed == ("NetworkPolicy/x/p",)
    assert compare_policies(after, after).same == compare_policies(before, before).same == 1


def test_reports_have_words_for_all() -> None:
    assert set(TITLES) == set(ChangeKind) - {ChangeKind.NONE}
    assert set(OUTCOMES) == set(Observed)


def test_pairs_have_the_same_numbers_wherever_they_come_from() -> None:
    decisions = np.array([1, 2, 1, 1]), np.array([5, 5, 6, 5]), np.array([0, 0, 0, 9])
    here, there = Pairs(), Pairs()
    numbers = here.numbers(*decisions)
    assert numbers.tolist() == [0, 1, 2, 3]
    assert there.numbers(*(each[::-1].copy() for each in decisions)).tolist() == [0, 1, 2, 3]
    rows = here.rows()
    assert [rows[:, column].tolist() for column in (BEFORE, AFTER, ENDS)] == [
        each.tolist() for each in decisions
    ]
    keys = key_of(numbers)
    assert numbers_of(keys).tolist() == numbers.tolist()
    elsewhere = there.numbers(*np.ascontiguousarray(rows.T))
    assert numbers_of(renumbered(keys, elsewhere)).tolist() == [3, 2, 1, 0]
    assert (there.rows()[elsewhere] == rows).all()
    here.clear()
    assert here.rows().shape == (0, 3)
    assert keys.dtype == np.int64
    assert (keys >> HALF == numbers).all()
