"""Worlds whose verdicts Istio's own code gave, through the reference and the compiled path.

``FLOWCHECK_CONFORMANCE`` is the folder with ``engines/istio.jsonl``; its README has the form. All pods of a
world are on the data plane of a check, and the record tells the client's identity unless the check says that
it does not.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowcheck.compile import Program, compile_program
from flowcheck.engines.profiles import Enforced, apply
from flowcheck.errors import ManifestError
from flowcheck.explaining import Explanation, explain
from flowcheck.explaining.records import Edit
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import Membership, MeshSettings, identity
from flowcheck.model.options import Options
from flowcheck.model.peers import DataPlane
from flowcheck.model.service import Service, ServicePort
from flowcheck.reference import Tuple5
from tests.tools.conformance import PATHS, Answer, judge, load_objects, to_flow

FOLDER = os.environ.get("FLOWCHECK_CONFORMANCE", "")
FILE = Path(FOLDER, "engines", "istio.jsonl")
LINES = [json.loads(line) for line in FILE.read_text().splitlines()] if FOLDER and FILE.exists() else []
WORLDS = [line for line in LINES if "checks" in line]
OF_THE_FILE_ALONE = "ap snake case"
"""Istio's own reader takes such names; the API server knows no field of them."""
VALIDITY = [case for line in LINES for case in line.get("validity", ()) if case["name"] != OF_THE_FILE_ALONE]

NO_SERVER_NAME = "-"
"""A check without a name has a connection without one."""

pytestmark = pytest.mark.skipif(not LINES, reason="FLOWCHECK_CONFORMANCE has no engines/istio.jsonl")


def stored(one: dict[str, Any]) -> dict[str, Any]:
    """An object as the API server has it, whatever it would say to it today."""
    return {**one, "metadata": {**one["metadata"], "uid": one["metadata"]["name"]}}


def on(cluster: Cluster, check: dict[str, Any]) -> Cluster:
    """The world with all pods on the check's data plane, and a Service that says what the port speaks."""
    plane = Membership(DataPlane(check["dataplane"]))
    namespace, _, name = check["dst"].partition("/")
    pod = next(pod for pod in cluster.pods if (pod.namespace, pod.name) == (namespace, name))
    spoken = ServicePort(check.get("port_protocol", "tcp"), 6, check["port"], check["port"])
    service = Service(namespace, "spoken", cluster_ips=("10.96.0.1",), ports=(spoken,), selector=pod.labels)
    pods = tuple(replace(one, mesh=plane) for one in cluster.pods)
    return replace(cluster, pods=pods, services=(service,))


def flow_of(check: dict[str, Any], cluster: Cluster) -> Tuple5:
    """The record of a check: who the client was, and the request, as far as it is told."""
    mtls = check.get("mtls", True)
    principal: str | None = None
    if mtls is False:
        principal = "none"
    elif mtls is True:
        namespace, _, name = check["src"].partition("/")
        pod = next(pod for pod in cluster.pods if (pod.namespace, pod.name) == (namespace, name))
        principal = identity(MeshSettings().trust_domain, pod.namespace, pod.account)
    l7 = check.get("l7", {})
    return replace(
        to_flow(check, cluster),
        src_principal=principal,
        http_method=l7.get("method"),
        http_path=l7.get("path"),
        http_host=l7.get("host"),
        tls_server_name=check.get("sni", NO_SERVER_NAME),
    )


def enforced_worlds(world: dict[str, Any]) -> Iterator[tuple[Enforced, list[dict[str, Any]], list[Tuple5]]]:
    """Checks that are of one world in all that is put into it, with their records."""
    cluster = load_objects([stored(one) for one in world["objects"]])
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for check in world["checks"]:
        spoken = check.get("port_protocol"), check["port"], check["dst"], check["dataplane"]
        alike[spoken].append(check)
    for checks in alike.values():
        options = Options(mesh_identity="recorded")
        flows = [flow_of(check, cluster) for check in checks]
        yield apply(on(cluster, checks[0]), options, "kubernetes"), checks, flows


def judged(world: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], Answer]]:
    for enforced, checks, flows in enforced_worlds(world):
        yield from zip(checks, judge(path, enforced.cluster, flows, enforced.options), strict=True)


def named(check: dict[str, Any]) -> str:
    """The policy that decided, as it is called here; empty: none is told."""
    by = check.get("by", "")
    if by.startswith("ns["):
        namespace, policy = by.removeprefix("ns[").split("]-policy[")
        name, rule = policy.split("]-rule[")
        return f"AuthorizationPolicy/{namespace}/{name}[rules[{rule.removesuffix(']')}]]"
    if "/" in by and "converted" not in by:
        return f"AuthorizationPolicy/{by}"
    return "PeerAuthentication/" if by else ""


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("world", WORLDS, ids=[world["name"] for world in WORLDS])
def test_verdicts_are_istios(world: dict[str, Any], path: str) -> None:
    words = {True: ("allow",), False: ("deny",), None: ("unknown",)}
    wrong = [
        (check["name"], check["allowed"], answer.mesh, answer.reason, answer.mesh_policy)
        for check, answer in judged(world, path)
        if answer.mesh not in words[check["allowed"]] or not answer.mesh_policy.startswith(named(check))
    ]
    assert wrong == []


def explained(program: Program, check: dict[str, Any], flow: Tuple5) -> Explanation:
    return explain(
        program,
        src=check["src"],
        dst=check["dst"],
        port=check["port"],
        principal=flow.src_principal,
        method=flow.http_method,
        path=flow.http_path,
        host=flow.http_host,
        sni=flow.tls_server_name,
    )


@pytest.mark.parametrize("world", WORLDS, ids=[world["name"] for world in WORLDS])
def test_what_is_explained_are_istios_verdicts(world: dict[str, Any]) -> None:
    words = {True: "allow", False: "deny", None: "unknown"}
    wrong = []
    for enforced, checks, flows in enforced_worlds(world):
        program = compile_program(enforced.cluster, enforced.options)
        for check, flow in zip(checks, flows, strict=True):
            answer = explained(program, check, flow)
            sides = [case.mesh for case in answer.cases if case.mesh is not None]
            if [side.verdict for side in sides] != [words[check["allowed"]]]:
                wrong.append((check["name"], check["allowed"], sides))
    assert wrong == []


def changed(objects: list[dict[str, Any]], edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """The objects with the rules of every edit added to the policy that it names."""
    found = deepcopy(objects)
    for edit in edits:
        for one in found:
            metadata = one["metadata"]
            if f"{one['kind']}/{metadata.get('namespace', 'default')}/{metadata['name']}" == edit.policy:
                spec = one.setdefault("spec", {})
                spec["rules"] = [*(spec.get("rules") or []), *yaml.safe_load(edit.yaml)]
    return found


@pytest.mark.parametrize("world", WORLDS, ids=[world["name"] for world in WORLDS])
def test_what_is_proposed_lets_it_in(world: dict[str, Any]) -> None:
    for enforced, checks, flows in enforced_worlds(world):
        program = compile_program(enforced.cluster, enforced.options)
        for check, flow in zip(checks, flows, strict=True):
            change = explained(program, check, flow).change
            if change is None or not change.sufficient:
                assert change is None or change.notes
                continue
            after = {"objects": changed(world["objects"], change.edits), "checks": [check]}
            ((again, _, _),) = enforced_worlds(after)
            allowing = compile_program(again.cluster, again.options)
            assert explained(allowing, check, flow).verdict == "allow", check


@pytest.mark.parametrize("case", VALIDITY, ids=[str(case["name"]) for case in VALIDITY])
def test_what_is_refused_is_refused_or_warned_of(case: dict[str, Any]) -> None:
    try:
        cluster = load_objects([case["object"]])
    except ManifestError:
        assert not case["valid"]
        return
    refused = any("Istio's validation refuses it" in warning for warning in cluster.warnings)
    assert refused is not case["valid"]
