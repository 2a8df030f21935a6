"""Worlds in which engines part ways on Kubernetes' own policies: each engine's verdicts under its ``--cni``.

Needs FLOWCHECK_CONFORMANCE, the folder of shared cases.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flowcheck.engines.profiles import apply
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.reference import Tuple5
from tests.tools.conformance import PATHS, judge, load_objects, passes, to_flow

FOLDER = os.environ.get("FLOWCHECK_CONFORMANCE", "")
FILE = Path(FOLDER, "engines", "engines_differ.jsonl")
WORLDS: list[dict[str, Any]] = (
    [json.loads(line) for line in FILE.read_text().splitlines()] if FOLDER and FILE.is_file() else []
)

MODES = {"ipblock_matches_pods": "yes", "ipblock_matches_nodes": "yes", "nodes_peers": "match"}
COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "flowcheck-today": ("kubernetes", {"equal_priority": "name"}),
    "cilium": ("cilium", MODES),
    "cilium-default": ("cilium", {}),
    "calico": ("calico", {}),
    "knp": ("kubernetes", {"port_names": "containers", "baseline_tier": "pod", "equal_priority": "name"}),
}
"""By column: the profile and the switches that are set beside it."""


def flow_of(check: dict[str, Any], cluster: Cluster) -> Tuple5:
    nodes = {f"node/{node.name}": node.addresses[0] for node in cluster.nodes}
    ends = {end: nodes.get(check[end], check[end]) for end in ("src", "dst")}
    return to_flow({**check, **ends}, cluster)


def answers(world: dict[str, Any], path: str, cni: str, given: dict[str, str]) -> list[Any]:
    enforced = apply(load_objects(world["objects"]), Options(), cni, given)
    flows = [flow_of(check, enforced.cluster) for check in world["checks"]]
    return judge(path, enforced.cluster, flows, enforced.options)


@pytest.mark.skipif(not WORLDS, reason="FLOWCHECK_CONFORMANCE names no folder with engines/")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world["cause"])
def test_an_engine_says_what_it_said_when_it_was_run(world: dict[str, Any], column: str, path: str) -> None:
    found = answers(world, path, *COLUMNS[column])
    asked = [
        ({**check, "allowed": said}, answer)
        for check, answer in zip(world["checks"], found, strict=True)
        if (said := check["engines"].get(column)) is not None
    ]
    assert [(check["name"], answer) for check, answer in asked if not passes(check, answer)] == []


@pytest.mark.skipif(not WORLDS, reason="FLOWCHECK_CONFORMANCE names no folder with engines/")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world["cause"])
def test_kubernetes_is_what_the_api_says(world: dict[str, Any], path: str) -> None:
    found = answers(world, path, "kubernetes", {})
    asked = [pair for pair in zip(world["checks"], found, strict=True) if pair[0]["allowed"] is not None]
    assert [(check["name"], answer) for check, answer in asked if not passes(check, answer)] == []
    if world["cause"].startswith("equal-priority"):
        assert {answer.verdict for answer in found} == {"unknown"}
