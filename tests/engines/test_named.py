"""Policies about DNS names, where it is known which addresses these had."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from flowcheck.engines.named import MOST_TIMES, joined, resolved
from flowcheck.model.engines import CILIUM_NORMAL
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, DomainNames, Policy, Tier
from flowcheck.model.ranges import NamedAddress
from flowcheck.model.timeline import Lifetime
from tests.builders import (
    allow,
    block,
    deny,
    make_admin,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
)
from tests.tools.conformance import judge

NAMES = DomainNames(("api.example.com", "*.cdn.example.net"))
SECOND = 1_000_000
OPTIONS = Options(skew=0)


def had(name: str, address: str, *times: int) -> NamedAddress:
    """times: none; two for exact ones, in seconds; four as Lifetime has them."""
    seconds = tuple(time * SECOND for time in times)
    return NamedAddress(name, address, Lifetime(*seconds) if len(times) == 4 else Lifetime.exact(*seconds))


def egress(path: str, policy: Policy, names: list[NamedAddress], *asked: tuple[str, int]) -> str:
    """What is said of a pod's flows to addresses, each at a second."""
    things = make_node("n1", "10.0.0.9"), make_pod("a", "10.0.0.1"), make_pod("b", "10.0.0.2")
    cluster = resolved(make_cluster(*things, policy), names)
    flows = [make_flow("10.0.0.1", address, 443, at=second * SECOND) for address, second in asked]
    found = judge(path, cluster, flows, OPTIONS)
    return " ".join(one.reason if one.verdict == "unknown" else one.verdict for one in found)


PATHS = pytest.mark.parametrize("path", ["reference", "compiled"])


@PATHS
def test_addresses_of_a_name_are_let_out_and_no_others(path: str) -> None:
    policy = make_policy("x/p", egress=[allow(NAMES), allow(block("198.51.100.0/24"))])
    names = [had("api.example.com", "192.0.2.1"), had("a.cdn.example.net", "192.0.2.2")]
    names += [
        had("b.a.cdn.example.net", "192.0.2.3"),
        *(had("api.example.com", f"10.0.0.{n}") for n in (2, 9)),
    ]
    asked = ("192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.7", "203.0.113.1", "10.0.0.2", "10.0.0.9")
    found = egress(path, policy, names, *((address, 0) for address in asked))
    assert found == "allow allow deny allow deny deny deny"


@PATHS
def test_an_address_counts_while_it_is_the_names(path: str) -> None:
    policy = make_policy("x/p", egress=[allow(NAMES)])
    names = [had("api.example.com", "192.0.2.1", 10, 30, 10, 20), had("api.example.com", "192.0.2.1", 19, 25)]
    names += [had("api.example.com", "192.0.2.2", 15, 40)]
    at = [("192.0.2.1", second) for second in (9, 10, 19, 24, 26, 30)]
    assert egress(path, policy, names, *at, ("192.0.2.2", 9), ("192.0.2.2", 39)) == (
        "needs_dns allow allow allow ambiguous_policy deny needs_dns allow"
    )


@PATHS
@pytest.mark.parametrize("times", [(), (0, 100)])
def test_rules_keep_their_places(path: str, times: tuple[int, ...]) -> None:
    before, after = block("192.0.2.9/32", pods=True), block("192.0.2.0/24", pods=True)
    policy = make_admin(egress=[deny(before), allow(DomainNames(("a.example",))), deny(after)])
    names = [had("a.example", "192.0.2.1", *times), had("a.example", "192.0.2.9", *times)]
    asked = ("192.0.2.1", 5), ("192.0.2.9", 5), ("192.0.2.2", 5), ("203.0.113.1", 5)
    assert egress(path, policy, names, *asked) == "allow deny deny allow"


@PATHS
def test_by_levels_a_denial_wins_wherever_it_stands(path: str) -> None:
    rules = [allow(DomainNames(("a.example",))), deny(block("192.0.2.9/32", pods=True))]
    policy = replace(make_policy("x/p", egress=rules), tier=CILIUM_NORMAL)
    names = [had("a.example", "192.0.2.1", 0, 100), had("a.example", "192.0.2.9", 0, 100)]
    asked = ("192.0.2.1", 5), ("192.0.2.9", 5), ("192.0.2.2", 5), ("192.0.2.1", 100), ("192.0.2.9", 100)
    assert egress(path, policy, names, *asked) == "allow deny deny needs_dns deny"


RULES = (
    deny(block("192.0.2.9/32", pods=True)),
    allow([DomainNames(("a.example",)), block("198.51.100.0/24", pods=True)]),
    deny(DomainNames(("b.example",))),
    allow(block("192.0.2.0/28", pods=True)),
)


@pytest.mark.parametrize("tier", [Tier.ADMIN, Tier.NETWORK_POLICY, CILIUM_NORMAL])
@pytest.mark.parametrize("order", [*permutations(range(len(RULES)))])
def test_of_one_instant_the_parts_are_one_policy_again(tier: Tier, order: tuple[int, ...]) -> None:
    rules = [replace(RULES[one], label=f"egress[{place}]") for place, one in enumerate(order)]
    policy = replace(make_policy("x/p", egress=rules), tier=tier, isolates=frozenset({Direction.EGRESS}))
    names = [had("a.example", "192.0.2.1"), had("a.example", "192.0.2.9", 10, 30)]
    names += [had("a.example", "192.0.2.2", 20, 40), had("b.example", "192.0.2.1", 15, 35)]
    cluster = resolved(make_cluster(make_pod("a", "10.0.0.1"), policy), names)
    addresses = ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.9", "198.51.100.1", "203.0.113.1")
    flows = [make_flow("10.0.0.1", address, 443) for address in addresses]
    for second in range(5, 45, 5):
        then = cluster.at(second * SECOND)
        (again,) = joined(cluster.policies, second * SECOND)
        assert [rule.label for rule in again.egress] == [rule.label for rule in rules]
        assert (again.tie, again.isolates) == (policy.tie, policy.isolates)
        found = [
            [
                (one.verdict, one.reason, one.egress_policy)
                for one in judge("reference", replace(then, policies=policies), flows, OPTIONS)
            ]
            for policies in (then.policies, (again,))
        ]
        assert found[0] == found[1]


def test_versions_of_a_policy_are_put_together_apart() -> None:
    rules = [allow([DomainNames(("a.example",))], label="egress[0]"), allow(block("192.0.2.3/32"), label="x")]
    old = replace(make_policy("x/p", egress=rules), lifetime=Lifetime(0, 20 * SECOND, 0, 10 * SECOND))
    new = replace(old, egress=(rules[1], rules[0]), lifetime=Lifetime(10 * SECOND, 40 * SECOND, 20 * SECOND))
    names = [had("a.example", "192.0.2.1", 5, 40)]
    cluster = resolved(make_cluster(make_pod("a", "10.0.0.1"), old, new), names)
    again = joined(cluster.policies, 15 * SECOND)
    assert [[rule.label for rule in one.egress] for one in again] == [["egress[0]", "x"], ["x", "egress[0]"]]
    (chosen,) = replace(cluster, policies=again).at(15 * SECOND).policies
    assert [rule.label for rule in chosen.egress] == ["x", "egress[0]"]


@PATHS
def test_too_many_times_leave_it_open(path: str) -> None:
    policy = make_policy("x/p", egress=[allow(NAMES)])
    names = [had("api.example.com", "192.0.2.1", 2 * n, 2 * n + 1) for n in range(MOST_TIMES + 1)]
    assert egress(path, policy, names, ("192.0.2.1", 0)) == "needs_dns"
    warnings = resolved(make_cluster(policy), names).warnings
    assert "changed more than 4,096 times" in warnings[-1]


@pytest.mark.parametrize(
    ("pattern", "deep", "yes", "no"),
    [
        ("*", False, "a a.b.c", ""),
        ("*.b.c", False, "a.b.c", "b.c x.a.b.c ab.c"),
        ("*.b.c", True, "a.b.c x.a.b.c", "b.c ab.c"),
        ("**.b.c", False, "a.b.c x.a.b.c", "b.c"),
        ("*b.c", False, "b.c ab.c", "a.b.c"),
        ("a*.c", False, "a.c ab.c", "a.b.c"),
        ("A.b.", False, "a.b", "axb"),
    ],
)
def test_patterns(pattern: str, deep: bool, yes: str, no: str) -> None:
    policy = make_policy("x/p", egress=[allow(DomainNames((pattern,), deep))])
    for name in (*yes.split(), *no.split()):
        found = egress("reference", policy, [had(name, "192.0.2.1")], ("192.0.2.1", 0))
        assert (name, found) == (name, "allow" if name in yes.split() else "deny")
