"""Calico's sets of addresses, host endpoints and tiers, as written and as stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flowcheck.history.inventory import write_rows
from flowcheck.history.inventory.recording import rows_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CALICO_LAST
from flowcheck.model.tiers import Tier
from flowcheck.reading import load_cluster, load_recording

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]

HOST = "node: n1, interfaceName: '*'"
STORED = "apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkSet\nspec: {nets: [10.0.0.0/8]}\n"


def manifest(kind: str, spec: str, meta: str = "name: a") -> str:
    return f"apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{{meta}}}\nspec: {{{spec}}}\n"


def test_network_sets(load: Load) -> None:
    nets = "nets: [10.1.2.3/8, 192.0.2.1, 'fd00::1', 192.0.2.1/32]"
    text = manifest("NetworkSet", nets, "name: a, namespace: x, labels: {c: d}")
    first, second = load(text + "---\n" + manifest("GlobalNetworkSet", "")).sets
    assert (str(first), first.labels) == ("NetworkSet/x/a", {"c": "d"})
    assert first.cidrs == ("10.0.0.0/8", "192.0.2.1/32", "fd00::1/128")
    assert (str(second), second.cidrs, second.labels) == ("GlobalNetworkSet/a", (), {})
    assert load(manifest("NetworkSet", "")).sets[0].namespace == "default"


def test_a_namespace_that_only_a_set_names(load: Load) -> None:
    assert "x" in load(manifest("NetworkSet", "", "name: a, namespace: x")).namespaces


def test_host_endpoints(load: Load) -> None:
    spec = "node: n1, interfaceName: '*', expectedIPs: [192.0.2.1, '2001:db8::1'], profiles: [p]"
    cluster = load(manifest("HostEndpoint", spec, "name: a, labels: {c: d}"))
    (found,) = cluster.sets
    assert (found.kind, found.cidrs) == ("HostEndpoint", ("192.0.2.1/32", "2001:db8::1/128"))
    assert any(
        "1 HostEndpoint: what Calico's policies say of what hosts only forward" in one
        for one in cluster.warnings
    )


def test_tiers(load: Load) -> None:
    texts = [
        manifest("Tier", "order: 5.5, defaultAction: Pass", "name: a"),
        manifest("Tier", "", "name: b"),
        manifest("Tier", "order: 1000000", "name: default"),
    ]
    assert load("---\n".join(texts)).tiers == (
        Tier("a", 5.5),
        Tier("b", CALICO_LAST, denies=True),
        Tier("default", 1e6, denies=True),
    )


@pytest.mark.parametrize(
    ("kind", "spec", "problem"),
    [
        ("NetworkSet", "nets: [10.0.0.0/33]", "spec.nets[0]"),
        ("NetworkSet", "nets: [x]", "is no CIDR and no address (write one such as 10.0.0.0/8 or 192.0.2.1)"),
        ("HostEndpoint", f"{HOST}, ports: [{{name: a, protocol: tpc, port: 1}}]", "(did you mean TCP?)"),
        ("HostEndpoint", "interfaceName: '*'", "needs node"),
        ("HostEndpoint", "node: n1", "needs interfaceName or expectedIPs"),
        ("HostEndpoint", "node: n1, expectedIPs: [10.0.0.0/8]", "is not an address"),
        ("HostEndpoint", "node: n1, interfaceName: eth/0", "is no name of an interface"),
        ("HostEndpoint", f"{HOST}, ports: [{{name: WEB, protocol: TCP, port: 1}}]", "ports[0].name"),
        ("HostEndpoint", f"{HOST}, ports: [{{name: web, protocol: ICMP, port: 1}}]", "ports[0].protocol"),
        ("HostEndpoint", f"{HOST}, ports: [{{name: web, protocol: 17, port: 0}}]", "ports[0].port"),
        ("Tier", "defaultAction: Allow", "must be Deny or Pass"),
        ("Tier", "defaultAction: pass", "must be Deny or Pass (write Pass)"),
        ("Tier", "order: -.inf", "must be a number, is no finite one"),
        ("Tier", "order: x", "must be a number, is text"),
        ("Tier", "order: '100'", "must be a number, is text (write it without quotes)"),
    ],
)
def test_what_is_refused(problems: Problems, kind: str, spec: str, problem: str) -> None:
    (found,) = problems(manifest(kind, spec))
    assert problem in found


@pytest.mark.parametrize(
    ("name", "spec", "problem"),
    [
        ("default", "order: 50", "must be 1000000 in this tier"),
        ("default", "order: 1000000, defaultAction: Pass", "must be Deny in this tier"),
        ("kube-admin", "order: 1000", "must be Pass in this tier"),
        ("kube-baseline", "order: 1, defaultAction: Pass", "must be 10000000 in this tier"),
        ("a.b", "", "is no name of a tier"),
    ],
)
def test_tiers_that_are_refused(problems: Problems, name: str, spec: str, problem: str) -> None:
    assert problem in problems(manifest("Tier", spec, f"name: {name}"))[0]


def test_names_are_those_of_objects(problems: Problems) -> None:
    assert "is not a name" in problems(manifest("NetworkSet", "", "name: A"))[0]


def test_reserved_labels_are_refused(problems: Problems) -> None:
    meta = "name: a, labels: {projectcalico.org/namespace: x}"
    assert "is Calico's own label" in problems(manifest("GlobalNetworkSet", "", meta))[0]


def test_labels_as_stored(load: Load, problems: Problems) -> None:
    kept = 'metadata: {name: a, annotations: {projectcalico.org/metadata: \'{"labels": {"c": "d"}}\'}}\n'
    assert load(STORED + kept).sets[0].labels == {"c": "d"}
    broken = "metadata: {name: a, annotations: {projectcalico.org/metadata: '['}}\n"
    assert "is no JSON object" in problems(STORED + broken)[0]


def test_an_inventory_keeps_them(tmp_path: Path) -> None:
    kept = 'metadata: {name: s, annotations: {projectcalico.org/metadata: \'{"labels": {"c": "d"}}\'}}\n'
    policy = manifest("NetworkPolicy", "tier: a, selector: has(b)", "name: p, namespace: x")
    texts = [
        manifest("Tier", "order: 5, defaultAction: Pass"),
        manifest("Tier", "", "name: b"),
        manifest("NetworkSet", "nets: [10.0.0.0/8]", "name: a, namespace: x, labels: {c: d}"),
        STORED + kept,
        policy,
    ]
    (tmp_path / "a.yaml").write_text("---\n".join(texts))
    recording = load_recording([tmp_path / "a.yaml"])
    with (tmp_path / "kept.parquet").open("wb") as stream:
        write_rows(rows_of(recording), stream)
    again = load_cluster([tmp_path / "kept.parquet"])
    assert again.sets == recording.cluster.sets
    assert again.tiers == recording.cluster.tiers
    assert again.policies == recording.cluster.policies
