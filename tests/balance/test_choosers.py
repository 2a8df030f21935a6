"""Who chooses a Service's endpoints, and what is expected of these then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck.balance.split.choosers import GATEWAY_LABEL
from flowcheck.model.mesh.membership import Membership
from flowcheck.model.mesh.routes import Balancer, Locality, TrafficPolicy
from flowcheck.model.peers import DataPlane
from tests.balance.meshed import (
    AMBIENT,
    CROWD,
    FIRST_CLIENT,
    N_CLIENTS,
    V1,
    V1B,
    V2,
    V3,
    WEB,
    flows,
    http,
    one,
    rule,
    subsets,
    virtual_service,
)
from tests.balance.world import Row

EVEN = flows({V1: 100, V1B: 100, V2: 100, V3: 100})
ALL = range(FIRST_CLIENT, FIRST_CLIENT + N_CLIENTS)
HINTED = {e: {"for_zones": (f"z{e % 2}",), "zone": f"z{e % 2}"} for e in (V1, V1B, V2, V3)}
ZONED = {e: {"zone": f"z{e % 2}"} for e in (V1, V1B, V2, V3)}


def policy(balancer: Balancer = Balancer.UNSET, **tweaks: Any) -> Any:
    return replace(subsets(), policy=TrafficPolicy(True, balancer, **tweaks))


@pytest.mark.parametrize(
    ("balancer", "state", "why"),
    [
        (Balancer.UNSET, "balanced", ""),
        (Balancer.ROUND_ROBIN, "balanced", ""),
        (Balancer.RANDOM, "balanced", ""),
        (Balancer.PASSTHROUGH, "balanced", ""),
        (Balancer.CONSISTENT_HASH, "not_applicable", "hashed"),
        (Balancer.OTHER, "not_applicable", "balancer"),
    ],
)
def test_what_a_sidecar_chooses_by_says_what_is_expected(balancer: Balancer, state: str, why: str) -> None:
    found = one(EVEN, rules=[policy(balancer)])
    assert (found.state, found.why) == (state, why)
    assert found.choice is not None
    assert (found.choice.by, found.choice.rules) == (("sidecar",), ("DestinationRule x/web",))
    assert found.choice.balancer == (balancer or "LEAST_REQUEST")


def test_a_skew_is_one_for_proxies_too() -> None:
    skewed = flows({V1: 700, V1B: 100, V2: 100, V3: 100})
    assert one(skewed).state == "skewed"
    assert one(skewed, rules=[policy(Balancer.CONSISTENT_HASH)]).state == "not_applicable"


def test_ztunnels_read_no_destination_rules() -> None:
    found = one(EVEN, rules=[policy(Balancer.CONSISTENT_HASH)], meshes=dict.fromkeys(ALL, AMBIENT))
    assert (found.state, found.choice.by, found.choice.balancer) == ("balanced", ("ztunnel",), "")


def test_proxies_read_no_hints_and_no_affinity() -> None:
    sticky = replace(WEB, session_affinity="ClientIP")
    found = one(EVEN, service=sticky, tweak=HINTED)
    assert (found.state, found.clients.stray) == ("balanced", None)
    plain = one(EVEN, service=sticky, meshes=dict.fromkeys(ALL))
    assert plain.clients.stray is not None


@pytest.mark.parametrize(
    ("tweaks", "expected"),
    [
        ({}, ""),
        ({"ejects": True}, "own_zones"),
        ({"ejects": True, "locality": Locality.OFF}, ""),
        ({"locality": Locality.ON}, ""),
        ({"locality": Locality.CHOSEN}, "own_zones"),
    ],
)
def test_nothing_is_expected_where_proxies_prefer_their_zone(tweaks: dict[str, Any], expected: str) -> None:
    rules = [policy(**tweaks)]
    assert one(EVEN, rules=rules, tweak=ZONED).why == expected
    assert one(EVEN, rules=rules).why == ""


@pytest.mark.parametrize("mesh", [Membership(DataPlane.SIDECAR), AMBIENT])
def test_the_distribution_that_a_service_asks_for_is_the_proxies_own(mesh: Membership) -> None:
    close = replace(WEB, traffic_distribution="PreferClose")
    assert one(EVEN, service=close, tweak=ZONED, meshes=dict.fromkeys(ALL, mesh)).why == "own_zones"


def test_clients_that_choose_in_different_ways_leave_nothing_to_expect() -> None:
    half = dict.fromkeys([*ALL][:20])
    assert one(EVEN, meshes=half).state == "balanced"  # both spread evenly
    assert one(EVEN, meshes=half, tweak=HINTED).why == "clients_differ"
    sticky = replace(WEB, session_affinity="ClientIP")
    assert one(EVEN, meshes=half, service=sticky).why == "clients_differ"
    crowd = one([*EVEN, Row(CROWD, V2, 8080, flow_count=9)], service=sticky)
    assert (crowd.why, crowd.choice.by) == ("clients_differ", ("kube-proxy", "sidecar"))


def test_a_port_that_goes_past_the_sidecar_is_kube_proxys() -> None:
    past = Membership(DataPlane.SIDECAR, outbound_past=frozenset({80}))
    assert one(EVEN, meshes=dict.fromkeys(ALL, past)).choice.by == ("kube-proxy",)


def test_pods_of_a_gateway_are_no_clients_of_a_mesh() -> None:
    found = one(EVEN, labels={key: {GATEWAY_LABEL: "front"} for key in ALL})
    assert found.choice.by == ("gateway",)


def test_versions_are_held_apart_by_a_route_and_each_is_even_inside() -> None:
    """v1 has nine tenths, evenly in its two endpoints; then one of them has nearly all of it."""
    route = virtual_service(rule(("v1", 90), ("v2", 10)))
    found = one(flows({V1: 450, V1B: 450, V2: 100}), route)
    assert (found.state, found.choice.divided, found.misplaced) == ("balanced", True, 0.0)
    assert [e.expected for e in found.endpoints[:3]] == [0.45, 0.45, 0.1]
    uneven = one(flows({V1: 800, V1B: 100, V2: 100}), route)
    assert (uneven.state, uneven.splits[0].verdict) == ("skewed", "on_target")


def test_versions_of_one_endpoint_each_are_the_routes_matter_alone() -> None:
    route = virtual_service(rule(("v2", 90), ("v3", 10)))
    found = one(flows({V2: 900, V3: 100}), route, members={0: [V2, V3]})
    assert (found.state, found.why) == ("not_applicable", "routed")


def test_a_route_that_sends_everything_to_all_endpoints_divides_nothing() -> None:
    found = one(EVEN, virtual_service(rule(("", 1)), http(("v1", 1))))
    assert (found.state, found.splits, found.choice.divided) == ("balanced", (), False)


def test_a_route_for_a_subset_forbids_the_rest() -> None:
    (found,) = one(flows({V1: 450, V1B: 450, V2: 3}), virtual_service(rule(("v1", 1)))).splits
    assert (found.verdict, found.why, found.zero_weight) == ("off_target", "zero_weight", 3)


def test_linkerd_chooses_by_how_fast_answers_come() -> None:
    found = one(EVEN, meshes=dict.fromkeys(ALL, Membership(DataPlane.LINKERD)))
    assert (found.why, found.choice.by) == ("balancer", ("linkerd",))


def test_versions_that_a_gateway_may_divide_are_held_against_nothing() -> None:
    """Whose pods are not known: a client without a proxy of its own may be one."""
    ingress = virtual_service(http(("v1", 90), ("v2", 10)), gateways=("x/public",))
    plain = one(EVEN, ingress, meshes=dict.fromkeys(ALL))
    assert (plain.state, plain.why) == ("not_applicable", "routed")
    assert (plain.splits[0].verdict, plain.splits[0].by) == ("not_tested", ("gateway x/public",))
    assert one(EVEN, ingress).state == "balanced"


def test_a_destination_rule_for_many_hosts_holds_where_none_is_for_the_service() -> None:
    many = replace(policy(Balancer.CONSISTENT_HASH), host="*.x.svc.cluster.local", name="many")
    assert one(EVEN, rules=[many]).why == "hashed"
    assert one(EVEN, rules=[many, subsets()]).why == ""
    assert one(EVEN, rules=[replace(many, host="*.y.svc.cluster.local")]).why == ""
