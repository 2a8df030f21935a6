"""The outside corpora for Kubernetes' own policies, as profiles enforce them; by the compiled path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowcheck.engines.profiles import apply
from flowcheck.model.options import Options
from tests.tools.conformance import judge, load_objects, passes, to_flow, worlds_in

FOLDER = os.environ.get("FLOWCHECK_CONFORMANCE", "")
FILES = sorted(Path(FOLDER).glob("*.jsonl")) if FOLDER else []
EXCEPT = {"kubernetes": "", "antrea": "", "calico": "NodePeer"}
"""By profile: the worlds that it judges otherwise, by a part of their names."""


@pytest.mark.skipif(not FILES, reason="FLOWCHECK_CONFORMANCE names no folder")
@pytest.mark.parametrize("cni", EXCEPT)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_profile_holds_the_corpora(file: Path, cni: str) -> None:
    wrong = []
    for world in worlds_in(file):
        enforced = apply(load_objects(world["objects"]), Options(), cni)
        flows = [to_flow(check, enforced.cluster) for check in world["checks"]]
        answers = judge("compiled", enforced.cluster, flows, enforced.options)
        said = zip(world["checks"], answers, strict=True)
        wrong += [world["name"] for check, answer in said if not passes(check, answer)]
    part = EXCEPT[cni]
    assert [name for name in wrong if not part or part not in name] == []
