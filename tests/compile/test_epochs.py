"""Which policies are in force when, and which versions may be while that is open."""

from __future__ import annotations

from dataclasses import replace

from flowcheck.compile import compile_program
from flowcheck.compile.rules.epochs import ABSENT, build_epochs
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy
from flowcheck.model.timeline import BEGINNING, END, Lifetime
from tests.builders import allow, make_cluster, make_pod, make_policy


def version(start: int, end: int, sure_start: int | None = None, sure_end: int | None = None) -> Policy:
    life = Lifetime(
        start, end, start if sure_start is None else sure_start, end if sure_end is None else sure_end
    )
    return replace(make_policy("p"), lifetime=life)


def choices(*policies: Policy, skew: int = 0) -> list[tuple[int, tuple[int, ...]]]:
    return [(e.start, *e.choices) for e in build_epochs(policies, range(len(policies)), skew, None).epochs]  # type: ignore[misc]


def test_a_policy_that_never_changes_is_in_force_in_the_one_epoch() -> None:
    found = build_epochs([make_policy("p"), make_policy("q")], (0, 1), 5, None)
    assert found.fixed == (0, 1)
    assert [epoch.start for epoch in found.epochs] == [BEGINNING]


def test_versions_follow_one_another_and_are_both_possible_within_the_skew() -> None:
    versions = version(BEGINNING, 10), version(10, END)
    assert choices(*versions) == [(BEGINNING, (0,)), (10, (1,))]
    assert choices(*versions, skew=2) == [(BEGINNING, (0,)), (8, (0, 1)), (12, (1,))]


def test_a_policy_that_came_or_went_at_a_time_known_roughly_may_be_absent() -> None:
    found = choices(version(0, 20, 5, 10))
    assert found == [
        (BEGINNING, (ABSENT,)),
        (0, (ABSENT, 0)),
        (5, (0,)),
        (10, (0, ABSENT)),
        (20, (ABSENT,)),
    ]


def test_as_of_an_instant_there_is_one_epoch_with_the_versions_of_then() -> None:
    versions = version(BEGINNING, 10), version(10, END)
    assert build_epochs(versions, (0, 1), 2, 9).fixed == (0,)
    assert build_epochs(versions, (0, 1), 2, END).fixed == (1,)
    assert len(build_epochs(versions, (0, 1), 2, END).epochs) == 1


def test_a_change_adds_rows_for_the_subjects_it_selects_only() -> None:
    pods = [make_pod(f"p{n}", f"10.0.0.{n}", labels=f"app={'ab'[n % 2]}") for n in range(1, 21)]
    still = make_policy("still", subject="app=b", ingress=[allow(None, "80")])
    changing = [
        replace(make_policy("p", subject="app=a", ingress=[allow(None, f"{80 + n}")]), lifetime=life)
        for n, life in enumerate([Lifetime.exact(BEGINNING, 100), Lifetime.exact(100, END)])
    ]
    table = compile_program(make_cluster(*pods, still, *changing), Options(skew=1)).tables.ingress
    per_epoch = [set(row.tolist()) for row in table.row]
    assert len(per_epoch) == 3
    assert len(per_epoch[0] ^ per_epoch[2]) == 2
