"""What a route divides, held against its weights."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowcheck.balance.tell.records import SplitLoad
from flowcheck.kernels.chance.tails import chi_square_tail
from flowcheck.model.mesh.routes import Match, Target
from flowcheck.model.timeline import BEGINNING, END, Lifetime
from tests.balance.meshed import (
    AMBIENT,
    CROWD,
    FIRST_CLIENT,
    HTTP_PORT,
    N_CLIENTS,
    V1,
    V1B,
    V2,
    V3,
    WEB,
    flows,
    http,
    load_of,
    one,
    rule,
    split,
    subsets,
    virtual_service,
)
from tests.balance.world import MINUTE, Row

CANARY = virtual_service(rule(("v1", 90), ("v2", 10)))
WEB_HTTP = replace(WEB, ports=(HTTP_PORT,))


def shares(found: SplitLoad) -> dict[str, tuple[int, int, float]]:
    return {t.target: (t.connections, t.endpoints, round(t.expected, 6)) for t in found.targets}


def test_weights_are_held_against_an_exact_test_and_the_gateway_tolerance() -> None:
    found = split(flows({V1: 440, V1B: 440, V2: 120}), CANARY)
    assert found.p == pytest.approx(0.039608, abs=1e-6)
    assert (found.statistic, found.method) == (pytest.approx(4.444444, abs=1e-6), "exact")
    v2 = found.targets[1]
    assert (v2.low, v2.high) == (pytest.approx(0.101299, abs=1e-6), pytest.approx(0.141609, abs=1e-6))
    assert (found.significant, found.tolerated, found.verdict) == (True, True, "on_target")
    assert shares(found) == {"v1": (880, 2, 0.9), "v2": (120, 1, 0.1), "(no rule)": (0, 1, 0.0)}


def test_a_difference_that_is_no_chance_may_be_too_small_to_matter() -> None:
    found = split(flows({V1: 4400, V1B: 4400, V2: 1200}), CANARY)
    assert chi_square_tail(found.statistic, 1) == pytest.approx(2.617e-11, rel=1e-3)
    assert (found.p < 1e-9, found.misplaced) == (True, pytest.approx(0.02))
    assert (found.significant, found.tolerated, found.verdict) == (True, True, "on_target")


def test_what_reaches_a_target_of_weight_0_is_against_the_route_whatever_the_rest() -> None:
    route = virtual_service(rule(("v1", 70), ("v2", 30), ("v3", 0)))
    found = split(flows({V1: 350, V1B: 350, V2: 300, V3: 1}), route)
    assert (found.zero_weight, found.statistic, found.p) == (1, 0.0, pytest.approx(1.0))
    assert (found.verdict, found.why) == ("off_target", "zero_weight")
    assert split(flows({V1: 350, V1B: 350, V2: 300}), route).verdict == "on_target"


def test_a_canary_of_20_percent_that_gets_3_is_found_from_200_connections_on() -> None:
    route = virtual_service(rule(("v1", 80), ("v2", 20)))
    found = split(flows({V1: 97, V1B: 97, V2: 6}), route)
    assert (found.verdict, found.why, found.tolerated) == ("off_target", "weights", False)
    assert found.p_adjusted < 1e-9
    assert split(flows({V1: 80, V1B: 80, V2: 40}), route).verdict == "on_target"


def test_a_route_that_changed_has_a_split_for_each_version() -> None:
    noon = 720 * MINUTE
    early = virtual_service(rule(("v1", 90), ("v2", 10)), end=noon)
    late = virtual_service(rule(("v1", 50), ("v2", 50)), start=noon)
    rows = [
        *flows({V1: 450, V1B: 450, V2: 100}, at=noon - 30 * MINUTE),
        *flows({V1: 450, V1B: 450, V2: 100}, at=noon + 30 * MINUTE),
    ]
    first, second = one(rows, early, late).splits
    assert (first.verdict, first.until) == ("on_target", "1970-01-01T12:00:00Z")
    assert (second.verdict, second.since, second.until) == ("off_target", "1970-01-01T12:00:00Z", None)


def test_while_it_is_open_which_version_held_nothing_is_held_against_either() -> None:
    noon = 720 * MINUTE
    early, late = (virtual_service(rule(("v1", w), ("v2", 100 - w))) for w in (90, 50))
    hour = 60 * MINUTE
    early = replace(early, lifetime=replace(early.lifetime, end=noon + hour, sure_end=noon))
    late = replace(late, lifetime=replace(late.lifetime, start=noon, sure_start=noon + hour))
    between = flows({V1: 100, V2: 900}, at=noon + 30 * MINUTE)
    before = flows({V1: 450, V1B: 450, V2: 100}, at=noon - 30 * MINUTE)
    (found,) = one([*before, *between], early, late).splits
    assert (found.verdict, found.connections) == ("on_target", 1000)


def test_what_a_snapshot_shows_holds_before_it_and_after_it_until_one_no_longer_does() -> None:
    noon, hour = 720 * MINUTE, 60 * MINUTE
    made = replace(CANARY, lifetime=Lifetime(noon - 9 * hour, END, noon, noon))
    rows = flows({V1: 450, V1B: 450, V2: 100}, at=noon - hour)
    assert split(rows, made).connections == 1000
    assert split(flows({V1: 450, V1B: 450, V2: 100}, at=noon + hour), made).connections == 1000
    gone = replace(made, lifetime=replace(made.lifetime, end=noon + 2 * hour))
    after = flows({V1: 100, V1B: 100, V2: 800}, at=noon + hour)
    assert split([*rows, *after], gone).connections == 1000


def test_a_target_without_endpoints_is_missing_and_the_rest_shares_what_is_left() -> None:
    route = virtual_service(rule(("v1", 60), ("v2", 20), ("gone", 20)))
    found = split(flows({V1: 375, V1B: 375, V2: 250}), route)
    assert found.missing == pytest.approx(0.2)
    assert shares(found)["v1"] == (750, 2, 0.75)
    assert shares(found)["gone"] == (0, 0, 0.0)
    assert found.verdict == "on_target"


def test_a_subset_whose_last_endpoint_goes_begins_a_phase() -> None:
    noon = 720 * MINUTE
    rows = [
        *flows({V1: 100, V2: 100}, at=noon - 60 * MINUTE),
        *flows({V1: 200}, at=noon + 60 * MINUTE),
    ]
    route = virtual_service(rule(("v1", 50), ("v2", 50)))
    before, after = one(rows, route, members={BEGINNING: [V1, V2], noon: [V1]}).splits
    assert (before.verdict, before.missing) == ("on_target", 0.0)
    assert (after.missing, after.connections) == (0.5, 200)


def test_overlapping_subsets_share_their_endpoints() -> None:
    """``all`` has three endpoints, a third of its half each; ``v2`` one of them."""
    everything = replace(
        subsets("v2"),
        subsets=(*subsets("v2").subsets, replace(subsets("v1").subsets[0], name="all", labels=())),
    )
    route = virtual_service(rule(("all", 50), ("v2", 50)))
    found = split(
        flows({V1: 200, V1B: 200, V2: 800}), route, rules=[everything], members={BEGINNING: [V1, V1B, V2]}
    )
    assert shares(found) == {"all": (400, 2, round(1 / 3, 6)), "all + v2": (800, 1, round(2 / 3, 6))}
    assert found.verdict == "on_target"


def test_rules_that_counts_cannot_tell_apart_are_not_tested_unless_their_targets_are() -> None:
    header = Match(asks=("headers",))
    apart = virtual_service(
        rule(("v3", 1), matches=[header], label="tcp[0]"), rule(("v1", 90), ("v2", 10), label="tcp[1]")
    )
    found = split(flows({V1: 450, V1B: 450, V2: 100, V3: 777}), apart)
    assert (found.rule, found.verdict, found.connections, found.zero_weight) == (
        "tcp[1]",
        "on_target",
        1000,
        0,
    )
    mixed = virtual_service(
        rule(("v2", 1), matches=[header], label="tcp[0]"), rule(("v1", 90), ("v2", 10), label="tcp[1]")
    )
    found = split(flows({V1: 450, V1B: 450, V2: 100}), mixed)
    assert (found.verdict, found.why) == ("not_tested", "told_apart")


def test_rules_behind_one_that_asks_nothing_are_never_reached() -> None:
    route = virtual_service(rule(("v1", 90), ("v2", 10)), rule(("v2", 1), label="tcp[1]"))
    assert split(flows({V1: 450, V1B: 450, V2: 100}), route).verdict == "on_target"


def test_a_rule_for_another_port_does_not_count() -> None:
    other = rule(("v3", 1), matches=[Match(port=81)], label="tcp[0]")
    route = virtual_service(other, rule(("v1", 90), ("v2", 10), matches=[Match(port=80)], label="tcp[1]"))
    found = split(flows({V1: 450, V1B: 450, V2: 100, V3: 5}), route)
    assert (found.rule, found.why, found.zero_weight) == ("tcp[1]", "zero_weight", 5)


def test_copies_that_go_to_a_target_leave_its_share_open() -> None:
    route = virtual_service(rule(("v1", 90), ("v2", 10), mirrors=(Target("x", "web", subset="v2"),)))
    assert split(flows({V1: 450, V1B: 450, V2: 600}), route).why == "mirrored"


def test_what_is_dialled_by_another_name_may_reach_the_same_endpoints() -> None:
    other = virtual_service(rule(("v2", 1)), name="api", hosts=("api.example.com",))
    assert split(flows({V1: 450, V1B: 450, V2: 100}), CANARY, other).why == "sent_from_elsewhere"


def test_a_protocol_that_is_not_told_leaves_the_rules_open() -> None:
    quiet = replace(WEB, ports=(replace(HTTP_PORT, name="web"),))
    found = one(flows({V1: 450, V1B: 450, V2: 100}), CANARY, service=quiet)
    assert (found.splits, found.choice.unclear, found.why) == ((), ("protocol_not_told",), "routed")


def test_clients_without_a_proxy_are_left_out() -> None:
    plain = {FIRST_CLIENT: None}
    rows = [*flows({V1: 450, V1B: 450, V2: 100}, first=1, clients=39), *flows({V2: 500}, clients=1)]
    found = split(rows, CANARY, meshes=plain)
    assert (found.verdict, found.connections) == ("on_target", 1000)
    nobody = dict.fromkeys(range(FIRST_CLIENT, FIRST_CLIENT + N_CLIENTS))
    assert split(rows, CANARY, meshes=nobody).why == "no_proxy"
    ztunnels = dict.fromkeys(nobody, AMBIENT)
    assert split(rows, CANARY, meshes=ztunnels).why == "no_proxy"


def test_where_a_route_changed_clients_with_and_without_a_proxy_cannot_be_told_apart() -> None:
    noon = 720 * MINUTE
    early = virtual_service(rule(("v1", 90), ("v2", 10)), end=noon)
    late = virtual_service(rule(("v1", 50), ("v2", 50)), start=noon)
    rows = [
        *flows({V1: 450, V2: 100}, at=noon - 30 * MINUTE),
        *flows({V2: 50, V1: 50}, at=noon + 30 * MINUTE),
    ]
    found = one(rows, early, late, meshes={FIRST_CLIENT: None})
    assert {s.why for s in found.splits} == {"clients_differ"}
    before, after = flows({V1: 450, V2: 50}, 20, noon - 30 * MINUTE), flows({V1: 250, V2: 250}, 20, noon, 20)
    apart = one([*before, *after], early, late, meshes={FIRST_CLIENT: None}).splits
    assert [s.connections for s in apart] == [474, 500]  # all but those of the one client


def test_connections_of_a_crowd_of_addresses_are_left_out() -> None:
    rows = [*flows({V1: 450, V1B: 450, V2: 100}), Row(CROWD, V2, 8080, flow_count=300)]
    assert split(rows, CANARY).connections == 1000


def test_connections_that_follow_few_clients_prove_nothing() -> None:
    rows = [*flows({V1: 500}, clients=3), *flows({V2: 500}, clients=3, first=3)]
    found = split(rows, virtual_service(rule(("v1", 90), ("v2", 10))))
    assert (found.verdict, found.why) == ("not_tested", "few_clients")


def test_requests_are_tested_where_connections_are_many() -> None:
    route = virtual_service(http(("v1", 80), ("v2", 20)))
    found = split(flows({V1: 970, V1B: 970, V2: 60}, clients=4), route, service=WEB_HTTP)
    assert (found.verdict, found.weighs) == ("off_target", "requests")
    pooled = split(flows({V1: 40, V1B: 40, V2: 40}), route, service=WEB_HTTP)
    assert (pooled.verdict, pooled.why) == ("not_tested", "requests")


def test_rules_are_of_the_protocol_that_the_port_tells() -> None:
    both = virtual_service(http(("v3", 1)), rule(("v1", 90), ("v2", 10)))
    found = split(flows({V1: 450, V1B: 450, V2: 100}), both)
    assert (found.rule, found.verdict) == ("tcp[0]", "on_target")


def test_splits_are_adjusted_over_all_of_them() -> None:
    noon = 720 * MINUTE
    early = virtual_service(rule(("v1", 90), ("v2", 10)), end=noon)
    late = virtual_service(rule(("v1", 50), ("v2", 50)), start=noon)
    rows = [
        *flows({V1: 440, V1B: 440, V2: 120}, at=noon - 30 * MINUTE),
        *flows({V1: 250, V1B: 250, V2: 500}, at=noon + 30 * MINUTE),
    ]
    first, second = one(rows, early, late).splits
    assert first.p_adjusted == pytest.approx(2 * first.p)
    assert second.p_adjusted == pytest.approx(1.0)


def test_without_routes_and_mesh_nothing_is_said_of_either() -> None:
    nobody = dict.fromkeys(range(FIRST_CLIENT, FIRST_CLIENT + N_CLIENTS))
    (service,) = load_of(flows({V1: 100, V1B: 100, V2: 100, V3: 100}), meshes=nobody).services
    assert service.splits == ()
    assert service.choice is not None  # the backends are in a mesh
    assert (service.choice.by, service.state) == (("kube-proxy",), "balanced")


def test_that_another_services_route_changed_is_no_matter() -> None:
    noon, hour = 720 * MINUTE, 60 * MINUTE
    other = virtual_service(
        rule(("", 1), targets=(Target("x", "db"),)), name="db", hosts=("db.x.svc.cluster.local",)
    )
    early = replace(other, lifetime=Lifetime(BEGINNING, noon + hour, BEGINNING, noon - hour))
    late = replace(other, gateways=("mesh", "x/y"), lifetime=Lifetime(noon - hour, END, noon + hour, END))
    rows = flows({V1: 450, V1B: 450, V2: 100}, at=noon)
    assert split(rows, CANARY, early, late).connections == 1000
