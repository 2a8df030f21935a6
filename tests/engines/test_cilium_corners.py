"""Corners of Cilium's policies that the agent's own cases leave out, each by both paths."""

from __future__ import annotations

import pytest

from flowcheck.model.engines import CiliumSettings
from tests.engines.cilium_world import policy, read, verdicts
from tests.engines.test_cilium import DEFAULT, egress
from tests.tools.conformance import PATHS

# -- groups of addresses -------------------------------------------------------------------------------------


def group(name: str, labels: str, block: str) -> str:
    return (
        "{apiVersion: cilium.io/v2, kind: CiliumCIDRGroup, "
        f"metadata: {{name: {name}, labels: {labels}}}, spec: {{externalCIDRs: [{block}]}}}}"
    )


OUTER = group("partners", "{kind: partner, region: eu}", "198.51.100.0/24")
INNER = group("scan", "{kind: scanner}", "198.51.100.128/25")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("{matchLabels: {kind: partner}}", "allow allow deny deny"),
        ("{matchLabels: {kind: scanner, region: eu}}", "deny allow deny deny"),
        (
            "{matchLabels: {kind: partner}, "
            "matchExpressions: [{key: kind, operator: In, values: [scanner]}]}",
            "deny allow deny deny",
        ),
        (
            "{matchLabels: {region: eu}, "
            "matchExpressions: [{key: kind, operator: NotIn, values: [scanner]}]}",
            "allow deny deny deny",
        ),
        ("{matchExpressions: [{key: region, operator: DoesNotExist}]}", "deny deny allow allow"),
        ("{matchLabels: {'cidrgroup:kind': partner}}", "allow allow deny deny"),
        ("{matchLabels: {'k8s:kind': partner}}", "deny deny deny deny"),
    ],
)
def test_an_address_has_the_labels_of_all_groups_that_hold_it(selector: str, said: str, path: str) -> None:
    cluster = read(OUTER, INNER, egress(f"{{toCIDRSet: [{{cidrGroupSelector: {selector}}}]}}"))
    ends = ("198.51.100.1", "198.51.100.200", "203.0.113.1", "a/two")
    assert verdicts(path, cluster, DEFAULT, *(f"a/one > {end} TCP 80" for end in ends)) == said


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("gap", "said"),
    [
        ("198.51.0.0/8", "deny deny"),  # its address lies inside, so the agent takes it: nothing is left
        ("198.51.100.77/24", "deny allow"),
        ("198.52.0.0/16", "allow allow"),  # refused
    ],
)
def test_how_far_an_exception_reaches(gap: str, said: str, path: str) -> None:
    cluster = read(egress(f"{{toCIDRSet: [{{cidr: 198.51.0.0/16, except: [{gap}]}}]}}"))
    flows = ("a/one > 198.51.100.1 TCP 80", "a/one > 198.51.1.1 TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == said


# -- isolation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_always_isolates_nodes_too_with_the_host_firewall(path: str) -> None:
    let_in = "{nodeSelector: {matchLabels: {disk: ssd}}, ingress: [{fromEntities: [world]}]}"
    cluster = read(policy(let_in, namespace=""))
    flows = ("192.0.2.1 > node/n1 TCP 22", "192.0.2.1 > node/n2 TCP 22", "node/n1 > 192.0.2.1 TCP 22")
    for host_firewall, said in ((True, "allow deny deny"), (False, "allow allow allow")):
        settings = CiliumSettings(enforcement="always", host_firewall=host_firewall)
        found = verdicts(path, cluster, settings, *flows).replace("not_applicable", "allow")
        assert found == said
