"""Every kernel runs on what the warm-up gives it; with bounds checks, also inside of it."""

from __future__ import annotations

from flowcheck.kernels.warmup import warmup


def test_the_warm_up_may_be_run_twice() -> None:
    warmup()
    warmup()
