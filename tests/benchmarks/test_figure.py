"""What grows worse than linearly is named, and the figure's worlds can be made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.figure import CORES, points, slope, worse_than_linear
from benchmarks.inputs import manifests, policies, world
from benchmarks.inputs.sizes import SIZES
from benchmarks.rounds import READ_AND_COMPILE


def test_a_slope_is_that_of_the_last_two_points() -> None:
    assert slope([1, 10, 100], [5.0, 1.0, 100.0]) == pytest.approx(2.0)
    assert slope([1], [5.0]) == 0.0


def test_what_grows_worse_than_linearly_is_named() -> None:
    def at(x: int, seconds: float) -> dict[str, object]:
        return {"x": x, "seconds": [seconds], "peak_bytes": 1 << 30}

    axes = {"rows": [at(1, 1.0), at(10, 10.0)], "pods": [at(1, 1.0), at(10, 100.0)], CORES: [at(1, 1.0)]}
    assert worse_than_linear({"axes": axes}) == ["seconds grow with pods to the power of 2.00"]


def test_policies_are_as_many_as_their_axis_says() -> None:
    for point in points(big=True):
        if point.axis == "policies":
            assert len(list(policies.policies(world.build(point.size, 1)))) == point.x


def test_the_huge_cluster_has_five_thousand_policies_of_five_rules() -> None:
    listed = list(policies.policies(world.build(SIZES["huge"], 1)))
    rules = sum(len(one["spec"].get(way, [])) for one in listed for way in ("ingress", "egress"))
    assert len(listed) == 5_000
    assert rules / len(listed) >= 5


def test_reading_and_compiling_tell_their_seconds(tmp_path: Path) -> None:
    manifests.write(world.build(SIZES["tiny"], 1), tmp_path)
    command = [sys.executable, "-c", READ_AND_COMPILE, str(tmp_path)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    assert json.loads(told.stdout).keys() == {"load", "compile"}
