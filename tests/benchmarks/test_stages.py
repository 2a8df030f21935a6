"""Each stage of judging has its own time, and the table of stages names what there is."""

from __future__ import annotations

import time
from types import SimpleNamespace

import click
import pytest

from benchmarks import bench_kernels
from benchmarks.bench_kernels import STAGES, Stages, find


@pytest.mark.parametrize(("module", "attribute", "_stage"), STAGES)
def test_every_stage_is_there(module: str, attribute: str, _stage: str) -> None:
    find(module, attribute)


def test_one_that_is_gone_is_named() -> None:
    with pytest.raises(click.ClickException, match=r"Stages\.gone is gone"):
        find("benchmarks.bench_kernels", "Stages.gone")


def spin(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_what_a_stage_spends_in_another_is_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def outer() -> None:
        spin(0.02)
        work.inner()

    work = SimpleNamespace(inner=lambda: spin(0.1), outer=outer)
    monkeypatch.setattr(bench_kernels, "work", work, raising=False)
    stages = Stages()
    for name in ("inner", "outer"):
        stages.wrap("benchmarks.bench_kernels", f"work.{name}", name)
    work.outer()
    assert stages.seconds["outer"] < 0.08 <= stages.seconds["inner"]
    assert stages.called == {"benchmarks.bench_kernels.work.inner", "benchmarks.bench_kernels.work.outer"}
