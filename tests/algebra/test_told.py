"""What is told of rules in clusters where a person can tell as well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowcheck.algebra.build import weigh_rules
from flowcheck.algebra.told import RuleTold
from flowcheck.engines.profiles import apply
from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, DomainNames
from flowcheck.model.places import SourceLocation
from flowcheck.model.policy import Peer, Policy
from flowcheck.model.verdict import Reason
from tests.builders import (
    allow,
    block,
    deny,
    in_namespace,
    make_admin,
    make_baseline,
    make_cluster,
    make_pod,
    make_policy,
    passing,
)
from tests.engines.cilium_world import policy, read
from tests.meshes import ALLOW, allows, mesh_policy, presenting, with_sidecar, with_ztunnel

WEB, DB = in_namespace(pods="app=web"), in_namespace(pods="app=db")

WRITTEN = SourceLocation("admin.yaml", 1)


def told(*policies: Policy) -> dict[str, RuleTold]:
    """Between a web pod and two of a database, by policy and rule."""
    pods = (
        make_pod("web", "10.0.0.1", labels="app=web"),
        make_pod("db-0", "10.0.0.2", labels="app=db"),
        make_pod("db-1", "10.0.0.3", labels="app=db"),
    )
    rules = weigh_rules(make_cluster(*pods, *policies), Options()).rules
    return {one.info.name.split("/")[-1]: one for one in rules}


def worth(*policies: Policy) -> dict[str, str]:
    return {name: one.worth for name, one in told(*policies).items()}


def test_two_that_together_cover_a_third() -> None:
    policy = make_policy(
        subject="app=db", ingress=[allow(ports="80-90"), allow(ports="80-85"), allow(ports="86-90")]
    )
    assert worth(policy) == dict.fromkeys(("p[ingress[0]]", "p[ingress[1]]", "p[ingress[2]]"), "redundant")
    assert told(policy)["p[ingress[0]]"].by == (
        "NetworkPolicy/x/p[ingress[1]]",
        "NetworkPolicy/x/p[ingress[2]]",
    )


def test_one_that_covers_more_than_all_others() -> None:
    policy = make_policy(
        subject="app=db", ingress=[allow(ports="80-91"), allow(ports="80-85"), allow(ports="86-90")]
    )
    assert list(worth(policy).values()) == ["needed", "redundant", "redundant"]


def test_a_deny_that_the_default_says_too() -> None:
    one = told(make_admin(ingress=[deny(WEB, "80")], subject=DB), make_policy(subject="app=db", ingress=[]))
    assert one["admin[ingress[0]]"].worth == "redundant"
    assert one["admin[ingress[0]]"].by == ("default-deny by NetworkPolicy/x/p",)


def test_an_allow_where_nothing_isolates() -> None:
    one = told(make_admin(ingress=[allow(WEB, "80")]))["admin[ingress[0]]"]
    assert (one.worth, one.by) == ("redundant", ("no policy",))


def test_what_the_first_tier_decides_is_not_asked_of_the_second() -> None:
    one = told(make_admin(ingress=[deny(WEB)]), make_policy(subject="app=db", ingress=[allow(WEB)]))
    assert (one["p[ingress[0]]"].worth, one["p[ingress[0]]"].by) == (
        "unreachable",
        ("ClusterNetworkPolicy/admin[ingress[0]]",),
    )
    assert one["admin[ingress[0]]"].overrides == ("NetworkPolicy/x/p[ingress[0]]",)


def test_what_a_default_decides_is_not_asked_of_the_baseline() -> None:
    one = told(make_baseline(ingress=[allow(WEB)], subject=DB), make_policy(subject="app=db", ingress=[]))
    assert (one["base[ingress[0]]"].worth, one["base[ingress[0]]"].by) == (
        "unreachable",
        ("default-deny by NetworkPolicy/x/p",),
    )


def test_a_pass_is_needed_where_a_later_rule_of_its_tier_would_decide_otherwise() -> None:
    rules = [passing(WEB, "80"), deny(WEB, "80"), passing(WEB, "81")]
    found = worth(make_admin(ingress=rules, subject=DB))
    assert list(found.values()) == ["needed", "unreachable", "redundant"]


def test_a_pod_is_not_asked_about_itself() -> None:
    """The only peer that the rule names is its subject."""
    only = make_policy(subject="app=web", ingress=[allow(WEB)])
    assert worth(only) == {"p[ingress[0]]": "matches_nobody"}
    assert worth(make_policy(subject="app=db", ingress=[allow(DB)])) == {"p[ingress[0]]": "needed"}


def test_addresses_of_another_family_are_no_peers() -> None:
    found = worth(
        make_policy(subject="app=db", egress=[allow(block("2001:db8::/32")), allow(block("1.0.0.0/8"))])
    )
    assert list(found.values()) == ["matches_nobody", "needed"]


def test_a_block_in_which_only_pods_are_is_nobody_else() -> None:
    rules = [allow(block("10.0.0.2/31", pods=False)), allow(block("10.0.0.0/24", pods=False))]
    assert list(worth(make_policy(subject="app=web", egress=rules)).values()) == ["matches_nobody", "needed"]


def test_doubt_never_makes_a_rule_redundant() -> None:
    names = allow(DomainNames(("example.com",)), "443")
    covered = told(make_policy(subject="app=web", egress=[names, allow(ports="443")]))
    assert covered["p[egress[0]]"].worth == "redundant"  # whatever addresses the name has
    alone = told(make_policy(subject="app=web", egress=[names, allow(block("1.0.0.0/8"), "443")]))
    assert (alone["p[egress[0]]"].worth, alone["p[egress[0]]"].reasons) == ("unknown", ("needs_dns",))
    assert alone["p[egress[1]]"].worth == "unknown"  # the name may cover it
    asking = replace(allow(WEB, "80"), needs=Reason.NEEDS_L7)
    both = told(make_policy(subject="app=db", ingress=[asking, allow(WEB, "80")]))
    assert (both["p[ingress[0]]"].worth, both["p[ingress[0]]"].reasons) == ("unknown", ("needs_l7",))


def test_more_doubts_than_can_be_tried_leave_all_open() -> None:
    many = [replace(allow(WEB, "80"), unread=True) for _ in range(14)]
    found = told(make_policy(subject="app=db", ingress=[*many, allow(WEB, "80")]))
    assert {one.worth for one in found.values()} == {"unknown"}


def test_protection_is_told_by_direction_and_pod() -> None:
    pods = [make_pod(f"db-{n}", f"10.0.0.{n + 1}", labels=f"app=db,n={n}") for n in range(3)]
    policy = make_policy(subject="n=0", ingress=[])
    admin = make_admin(subject=in_namespace(pods="n=1"), ingress=[replace(deny(), source=WRITTEN)])
    found = weigh_rules(make_cluster(*pods, policy, admin), Options()).unprotected
    ingress = {
        one.workload: (one.isolated, one.unisolated, one.named) for one in found if one.layer == "ingress"
    }
    assert ingress == {"x/Pod/db-1": (0, 1, True), "x/Pod/db-2": (0, 1, False)}
    assert sum(one.layer == "egress" for one in found) == 3


@pytest.mark.parametrize("beside", [None, WEB, block("10.0.0.1/32")], ids=["", "labels", "address"])
def test_an_identity_that_nobody_here_has_may_be_proved_by_another(beside: Peer | None) -> None:
    """No pod of the cluster presents it; what comes from its address may be somebody else's."""
    pods = (
        with_sidecar("web", "10.0.0.1", labels="app=web"),
        with_sidecar("db", "10.0.0.2", labels="app=db"),
    )
    who = presenting("ghost")
    peer = who if beside is None else AllOf((who, beside))
    policy = mesh_policy(ALLOW, allows(peer, 80, label="rules[0]"), subject=DB)
    found = weigh_rules(make_cluster(*pods, policy), Options()).rules
    rule = next(one for one in found if one.info.name == "AuthorizationPolicy/x/m[rules[0]]")
    assert (rule.layer, rule.worth, rule.reasons) == ("mesh", "unknown", ("needs_identity",))


def test_a_rule_overrides_the_default_of_a_later_tier_and_never_that_of_its_own_kind() -> None:
    own = make_policy(subject="app=db", ingress=[allow(WEB, "80")])
    found = told(make_admin(ingress=[allow(WEB, "81")], subject=DB), own)
    assert found["p[ingress[0]]"].overrides == ()
    assert found["admin[ingress[0]]"].overrides == ("default-deny by NetworkPolicy/x/p",)
    cilium = policy("{endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}")  # its default is a tier later
    cluster, options, _ = apply(read(cilium), Options())
    overrides = {one.info.name: one.overrides for one in weigh_rules(cluster, options).rules}
    assert overrides["CiliumNetworkPolicy/a/p[ingress[0]]"] == ()


def test_a_waypoint_passes_on_over_ipv4_what_comes_over_ipv6() -> None:
    pods = (
        with_ztunnel("web", "10.0.0.1", labels="app=web"),
        with_ztunnel("db", "10.0.0.2", labels="app=db"),
    )
    rule = allows(block("2001:db8::/32"), 80, label="rules[0]")
    policy = mesh_policy(ALLOW, rule, subject=DB, by_waypoint=True)
    found = weigh_rules(make_cluster(*pods, policy), Options()).rules
    assert {one.info.name: one.worth for one in found}["AuthorizationPolicy/x/m[rules[0]]"] == "needed"
