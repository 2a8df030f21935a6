"""Kinds of network plugins: what was misspelt stops the run, what is only not read does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.model.cluster import Cluster

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]

CALICO, STORED, CILIUM = "projectcalico.org/v3", "crd.projectcalico.org/v1", "cilium.io/v2"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\nstatus: {podIP: 10.0.0.1}\n---\n"


def made(version: str, kind: str) -> str:
    return f"{POD}apiVersion: {version}\nkind: {kind}\nmetadata: {{name: p, namespace: x}}\n"


@pytest.mark.parametrize(
    ("version", "kind", "hint"),
    [
        (CILIUM, "CiliumNetworkPolcy", "did you mean CiliumNetworkPolicy?"),
        (CILIUM, "CiliumClusterWideNetworkPolicy", "did you mean CiliumClusterwideNetworkPolicy?"),
        (CILIUM, "CiliumCIDRGroups", "did you mean CiliumCIDRGroup?"),
        (CILIUM, "NetworkPolicy", "there are CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy"),
        (CALICO, "NetworkPolicys", "did you mean NetworkPolicy?"),
        (CALICO, "GlobalNetworkpolicy", "did you mean GlobalNetworkPolicy?"),
        (CALICO, "CiliumNetworkPolicy", "there are NetworkPolicy, GlobalNetworkPolicy, StagedNetworkPolicy"),
        (STORED, "GlobalNetworkSets", "did you mean GlobalNetworkSet?"),
        (STORED, "StagedNetworkPolcy", "did you mean StagedNetworkPolicy?"),
        ("cillium.io/v2", "CiliumNetworkPolicy", "write apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy"),
        (
            "projectcalcio.org/v3",
            "GlobalNetworkPolicy",
            "write apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy",
        ),
    ],
)
def test_misspelt_kinds_are_problems(problems: Problems, version: str, kind: str, hint: str) -> None:
    (only,) = problems(made(version, kind))
    assert only.startswith(f"a.yaml:7 kind: {kind} x/p: there is no such kind in {version} ({hint}")


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        (CILIUM, "CiliumEndpoint"),
        (CILIUM, "CiliumNodeConfig"),
        (CILIUM, "CiliumEgressGatewayPolicy"),
        (CILIUM, "CiliumLocalRedirectPolicy"),
        (CILIUM, "CiliumNetworkPolicyList"),
        (CALICO, "FelixConfiguration"),
        (CALICO, "IPAMBlock"),
        (CALICO, "Network"),
        (STORED, "WorkloadEndpoint"),
    ],
)
def test_kinds_that_are_not_read_are_not_misspelt(load: Load, version: str, kind: str) -> None:
    skipped = load(made(version, kind)).skipped
    assert any(kind in one.reason and "not a kind that is read" in one.reason for one in skipped)
