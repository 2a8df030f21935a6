"""Each fuzz target for two seconds, and that one that fails is told."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from flowcheck.flows.formats import HOMES
from tests.fuzz.__main__ import main
from tests.fuzz.every import BY_NAME, TARGETS
from tests.fuzz.target import Target, run

SECONDS = 2


@pytest.mark.parametrize("target", TARGETS, ids=[one.name for one in TARGETS])
def test_only_documented_errors_come_out(target: Target) -> None:
    outcome = run(target, SECONDS, seed=1)
    assert outcome.failure == ""
    assert len(outcome.words) > 1, "every example had the same end: it says nothing"


def test_every_log_format_has_a_target() -> None:
    assert {name.removeprefix("log: ") for name in BY_NAME if name.startswith("log: ")} == {*HOMES}


def _too_large(number: int) -> str:
    if number > 1000:
        raise KeyError(number)
    return "fine"


def test_a_failure_is_told_with_its_smallest_example() -> None:
    outcome = run(Target("of its own", st.integers(0, 10**6), _too_large), SECONDS, seed=3)
    assert "KeyError: 1001" in outcome.failure
    assert "seed 3" in outcome.failure


def test_a_round_is_the_same_from_the_same_seed() -> None:
    seen: list[list[int]] = [[], []]
    for numbers in seen:
        run(Target("of its own", st.integers(), lambda n, to=numbers: to.append(n) or "seen"), 0, seed=7)
    assert seen[0] == seen[1] != []


def test_a_target_that_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log: hubbel"]) == 2
    assert "there is no target 'log: hubbel'" in capsys.readouterr().out
