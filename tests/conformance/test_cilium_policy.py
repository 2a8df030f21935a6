"""Every world whose verdicts were taken from Cilium itself, and Kubernetes' own cases under Cilium.

FLOWCHECK_CONFORMANCE names the folder of shared cases.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flowcheck.engines.cilium import enforced, options
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.options import Options
from tests.conformance.cilium import failures, flow_of, load, passes
from tests.tools.conformance import PATHS, judge, worlds_in

FOLDER = Path(os.environ.get("FLOWCHECK_CONFORMANCE", ""))
FILE = FOLDER / "engines" / "cilium_policy.jsonl"
WORLDS = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.is_file() else []
needs_worlds = pytest.mark.skipif(not WORLDS, reason="FLOWCHECK_CONFORMANCE names no folder with these cases")


@needs_worlds
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world["name"])
def test_verdicts_are_those_of_cilium(world: dict[str, Any], path: str) -> None:
    assert failures(path, json.loads(json.dumps(world))) == []


LIKE_UPSTREAM = CiliumSettings(cidr_match_mode=frozenset({"pods", "nodes"}), node_selector_labels=True)


@needs_worlds
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("name", "settings", "number"),
    [
        ("k8s_e2e", LIKE_UPSTREAM, 0),
        ("network_policy_api_head", LIKE_UPSTREAM, 0),
        ("k8s_e2e", CiliumSettings(), 4),
        ("network_policy_api_head", CiliumSettings(), 35),
    ],
)
def test_how_many_upstream_cases_come_out_otherwise(
    name: str, settings: CiliumSettings, number: int, path: str
) -> None:
    """By default blocks match neither pods nor nodes, and policies that name nodes are refused."""
    other = []
    for world in worlds_in(FOLDER / f"{name}.jsonl"):
        cluster = enforced(load(world["objects"]), settings)
        flows = [flow_of(check, cluster) for check in world["checks"]]
        answers = judge(path, cluster, flows, options(Options(), settings))
        asked = zip(world["checks"], answers, strict=True)
        other += [check["name"] for check, answer in asked if not passes(check, answer, world)]
    assert len(other) == number
