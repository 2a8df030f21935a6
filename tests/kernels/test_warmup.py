"""Every kernel runs on what the warm-up gives it; with bounds checks, also inside of it."""

from __future__ import annotations

from flowcheck.kernels.warmup import PARTS, warmup


def test_the_warm_up_may_be_run_twice() -> None:
    warmup()
    warmup()


def test_the_warm_up_says_what_it_is_at_before_it_does_it() -> None:
    told: list[tuple[str, int, int]] = []
    warmup(lambda *words: told.append(words))
    assert told == [(part, number, len(PARTS)) for number, part in enumerate(PARTS, 1)]
