"""Where pods get their addresses from: what objects say, and what known pods tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcheck.errors import ManifestError
from flowcheck.model.cluster import Cluster
from flowcheck.objects.ranges import seen_ranges
from flowcheck.reading import load_cluster
from tests.builders import make_node, make_pod


def load(tmp_path: Path, text: str) -> Cluster:
    (tmp_path / "cluster.yaml").write_text(text)
    return load_cluster([tmp_path])


POD = """apiVersion: v1
kind: Pod
metadata: {namespace: x, name: a}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.8.0.1}
---
"""


def test_pools_whose_pods_are_not_seen_outside(tmp_path: Path) -> None:
    pool = "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: own}\n"
    spec = "spec: {cidr: 10.8.0.0/16, natOutgoing: %s}\n"
    for said, translated in (("true", True), ("false", False)):
        (told,) = load(tmp_path, POD + pool + spec % said).ranges
        assert told.translated is translated


@pytest.mark.parametrize(
    ("api", "kind", "body", "cidrs"),
    [
        ("crd.projectcalico.org/v1", "IPPool", "spec: {cidr: 10.8.0.0/16}", ["10.8.0.0/16"]),
        ("projectcalico.org/v3", "IPPool", "spec: {cidr: fd00::/48}", ["fd00::/48"]),
        ("projectcalico.org/v3", "BlockAffinity", "spec: {cidr: 10.8.1.0/26}", ["10.8.1.0/26"]),
        ("crd.projectcalico.org/v1", "IPAMBlock", "spec: {cidr: 10.8.0.64/26}", ["10.8.0.64/26"]),
        (
            "networking.k8s.io/v1alpha1",
            "ClusterCIDR",
            "spec: {ipv4: 10.8.0.0/16, ipv6: 'fd00::/48'}",
            ["10.8.0.0/16", "fd00::/48"],
        ),
        (
            "cilium.io/v2alpha1",
            "CiliumPodIPPool",
            "spec: {ipv4: {cidrs: [10.8.0.0/16, 10.9.0.0/16], maskSize: 27}}",
            ["10.8.0.0/16", "10.9.0.0/16"],
        ),
        (
            "config.openshift.io/v1",
            "Network",
            "status: {clusterNetwork: [{cidr: 10.128.0.0/14, hostPrefix: 23}]}",
            ["10.128.0.0/14"],
        ),
    ],
)
def test_objects_of_networks_tell_ranges(
    tmp_path: Path, api: str, kind: str, body: str, cidrs: list[str]
) -> None:
    cluster = load(tmp_path, f"{POD}apiVersion: {api}\nkind: {kind}\nmetadata: {{name: own}}\n{body}\n")
    told = {cidr: by for cidr, by in cluster.pod_ranges().items() if by == f"{kind} own"}
    assert list(told) == cidrs


def test_a_range_that_is_none_is_an_error_with_its_place(tmp_path: Path) -> None:
    pool = (
        "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: own}\nspec: {cidr: 10.8.0.0/33}\n"
    )
    with pytest.raises(ManifestError, match=r"cluster.yaml:10 .*IPPool own"):
        load(tmp_path, POD + pool)


@pytest.mark.parametrize(
    ("pods", "hosts", "told", "seen"),
    [
        (["10.8.3.7"], [], [], ["10.8.3.0/24"]),
        (["10.8.3.7", "10.8.0.1"], [], [], ["10.8.0.0/22"]),
        (["10.8.3.7", "10.8.0.1"], ["10.8.200.1"], [], ["10.8.0.0/24", "10.8.3.0/24"]),
        (["10.8.3.7", "10.9.0.1"], ["10.8.200.1"], [], ["10.8.3.0/24", "10.9.0.0/24"]),
        (["10.8.3.7", "10.9.0.1"], [], ["10.8.0.0/16"], ["10.9.0.0/24"]),
        (["10.8.3.7"], [], ["10.8.0.0/16"], []),
        (["fd00:1::7", "fd00:1:0:2::1"], [], [], ["fd00:1::/62"]),
        (["fd00:1::7"], ["10.8.0.1"], ["10.8.0.0/16"], ["fd00:1::/64"]),
        ([], ["10.8.0.1"], [], []),
    ],
)
def test_ranges_around_pods_that_lie_in_none(
    pods: list[str], hosts: list[str], told: list[str], seen: list[str]
) -> None:
    nodes = [make_node(f"n{place}", address) for place, address in enumerate(hosts)]
    found = seen_ranges([make_pod(f"p{place}", text) for place, text in enumerate(pods)], nodes, told)
    assert (list(found.cidrs) if found else []) == seen


def test_a_pod_on_the_host_network_tells_of_no_range_but_its_host_lives_there() -> None:
    agent = make_pod("agent", "10.8.3.9", node="n1", host_network=True)
    other = make_pod("b", "10.8.5.1", host_address="10.8.3.9")
    assert seen_ranges([agent], [], []) is None
    found = seen_ranges([make_pod("a", "10.8.3.7"), other], [], [])
    assert found is not None
    assert found.cidrs == ("10.8.3.0/24", "10.8.5.0/24")


def test_what_a_person_gives_stands_for_what_was_only_seen(tmp_path: Path) -> None:
    cluster = load(tmp_path, POD)
    assert cluster.pod_ranges() == {"10.8.0.0/24": "pods' addresses"}
    assert cluster.pod_ranges(["10.0.0.0/9"]) == {"10.0.0.0/9": "--cluster-range"}
    elsewhere = cluster.pod_ranges(["10.200.0.0/16"])
    assert elsewhere == {"10.200.0.0/16": "--cluster-range", "10.8.0.0/24": "pods' addresses"}
