"""Worlds whose verdicts Calico's own code gave, through the reference and the compiled path.

``FLOWCHECK_CONFORMANCE`` is the folder with ``engines/calico.jsonl``; its README has the form.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowcheck.dialects.calico.selectors import parse_selector
from flowcheck.dialects.calico.tokens import SelectorError
from flowcheck.engines.calico import enforced, options
from flowcheck.errors import ManifestError
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, AnyOf, Expression, Labelled, Not
from flowcheck.reading import load_cluster
from flowcheck.reference import Tuple5
from tests.tools.conformance import PATHS, PROTOCOLS, Answer, judge, passes, to_flow

FOLDER = os.environ.get("FLOWCHECK_CONFORMANCE", "")
FILE = Path(FOLDER, "engines", "calico.jsonl")
LINES = [json.loads(line) for line in FILE.read_text().splitlines()] if FOLDER and FILE.exists() else []
WORLDS = [line for line in LINES if "checks" in line]
OPTIONS = Options(icmp="policy", port_names="init", own_node="policy")
"""Whoever made the worlds asked policies about a pod's own node, too."""
NAMES = {"NetworkPolicy": "CalicoNetworkPolicy", "KubernetesNetworkPolicy": "NetworkPolicy"}
"""How kinds that Calico names are called here."""

pytestmark = pytest.mark.skipif(not LINES, reason="FLOWCHECK_CONFORMANCE has no engines/calico.jsonl")


def is_judged(check: dict[str, Any]) -> bool:
    """Who has the address of a pod that ended, nobody knows here."""
    return "chain" not in check and check["src"] != "shop/job-1"


def load(world: dict[str, Any]) -> Cluster:
    """The world as Calico enforces it; with ``no_defaults`` its objects are stored as they are."""
    objects = world["objects"]
    if world.get("no_defaults"):
        objects = [{**one, "metadata": {**one["metadata"], "uid": "u"}} for one in objects]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "world.json")
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        return enforced(load_cluster([str(file)]))


def flow_of(check: dict[str, Any], cluster: Cluster) -> Tuple5:
    protocol = check["proto"]
    number = {**PROTOCOLS, "UDPLite": 136}.get(protocol, protocol)
    flow = to_flow({**check, "proto": "TCP"}, cluster)
    said = {name: check[name] for name in ("icmp_type", "icmp_code", "src_port") if name in check}
    return replace(flow, protocol=number, **said)


def judged(world: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], Answer]]:
    cluster = load(world)
    checks = [check for check in world["checks"] if is_judged(check)]
    for staged in (False, True):
        asked = [check for check in checks if (check.get("view") == "pending") is staged]
        flows = [flow_of(check, cluster) for check in asked]
        chosen = options(replace(OPTIONS, staged=staged), cluster)
        answers = judge(path, cluster, flows, chosen) if flows else []
        yield from zip(asked, answers, strict=True)


def decided_by(check: dict[str, Any], direction: str) -> str:
    """The last word of the trace as a decision is written here; empty: a profile, or rules that Calico counts
    otherwise (Kubernetes' own, which it makes several of)."""
    steps = check.get("trace", {}).get(direction) or [""]
    tier, kind, namespace, name, rule, _ = steps[-1].split("|") if steps[-1] else [""] * 6
    if (
        tier == "__PROFILE__"
        or kind.startswith(("Kubernetes", "StagedKubernetes"))
        or not kind
        or rule == "-1"
    ):
        return ""
    called = "/".join(part for part in (NAMES.get(kind, kind), namespace, name) if part)
    return f"{called}[{direction}[{rule}]]"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world["name"])
def test_verdicts(world: dict[str, Any], path: str) -> None:
    wrong = [
        (check, answer)
        for check, answer in judged(world, path)
        if not passes(check, answer)
        or any(
            decided_by(check, way) not in ("", said)
            for way, said in (("ingress", answer.ingress_policy), ("egress", answer.egress_policy))
        )
    ]
    assert not wrong


def holds(what: Expression, labels: dict[str, str]) -> bool:
    """An expression about a thing's own labels, where nothing else is known."""
    match what:
        case AllOf(parts):
            return all(holds(part, labels) for part in parts)
        case AnyOf(parts):
            return any(holds(part, labels) for part in parts)
        case Not(part):
            return not holds(part, labels)
        case Labelled(_, clause):
            return clause.matches(labels)
        case _:
            raise AssertionError(what)


def test_selectors() -> None:
    for line in LINES:
        for case in line.get("selectors", ()):
            try:
                what = parse_selector(case["selector"])
            except SelectorError:
                assert not case["valid"], case
            else:
                assert case["valid"], case
                assert [holds(what, labels) for labels in line["labels"]] == case["match"], case


def types_of(world: Cluster) -> list[str]:
    return sorted(str(way).title() for way in world.policies[0].isolates) if world.policies else []


def test_what_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "object.json"
    for case in (case for line in LINES for case in line.get("validity", ())):
        file.write_text(json.dumps(case["object"]))
        try:
            cluster = load_cluster([str(file)])
        except ManifestError:
            assert not case["valid"], case
        else:
            assert case["valid"], case
            assert "types" not in case or sorted(case["types"]) == types_of(cluster), case
