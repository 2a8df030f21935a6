"""A matrix says of every pair what the reference says of its flows, on random worlds and on the samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from flowcheck.engines.profiles import apply
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster
from tests.agreement.agree import WORLDS, World, drawn
from tests.agreement.matrices import differences
from tests.agreement.meshes import mesh_worlds
from tests.agreement.strategies import engines, worlds

SAMPLES = Path(__file__).parents[2] / "data"


@drawn(WORLDS // 30)
@given(worlds())
def test_matrices_agree_with_the_reference(world: World) -> None:
    cluster, options, _ = world
    assert differences(cluster, options)[0] == []


@drawn(WORLDS // 30)
@given(engines())
def test_matrices_agree_on_all_that_the_model_can_say(world: World) -> None:
    cluster, options, _ = world
    assert differences(cluster, options)[0] == []


@drawn(WORLDS // 30)
@given(engines())
def test_matrices_agree_on_nodes(world: World) -> None:
    cluster, options, _ = world
    assert differences(cluster, options, at_most=3, nodes=True)[0] == []


@drawn(WORLDS // 30)
@given(mesh_worlds())
def test_matrices_agree_on_meshes(world: World) -> None:
    cluster, options, _ = world
    assert differences(cluster, options)[0] == []


@pytest.mark.parametrize("sample", ["cluster", "cilium/cluster", "mesh/cluster"])
def test_matrices_agree_on_the_samples(sample: str) -> None:
    cluster, options, _ = apply(load_cluster([str(SAMPLES / sample)]), Options())
    found, compared = differences(cluster, options, at_most=4)
    assert found == []
    assert compared > 200
