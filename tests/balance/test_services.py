"""From counted rows to the records of Services: the worked examples, and what each part of a record says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flowcheck import arrays as a
from flowcheck.balance.count.tally import Bounds, Tally
from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.balance.tell.services import assess_services
from flowcheck.balance.tell.tables import LOAD_SCHEMA, SERVICES_SCHEMA, load_table, services_table
from flowcheck.model.options import Thresholds
from flowcheck.model.service import Service
from flowcheck.model.timeline import BEGINNING
from tests.balance.world import (
    MINUTE,
    WEB,
    PortSpec,
    Row,
    count,
    make_batch,
    make_catalog,
    make_counting_tables,
    make_endpoints,
    make_member,
)

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

A, B, C, D, VIP, OUTSIDE, NODE_1, NODE_2 = range(8)
CLIENTS = range(8, 48)
KINDS = [a.KIND_POD] * 4 + [a.KIND_UNRESOLVED, a.KIND_BLOCK, a.KIND_NODE, a.KIND_NODE] + [a.KIND_POD] * 40
NODES = {A: 0, B: 0, C: 1, D: 1, NODE_1: 0, NODE_2: 1}
ENDPOINTS = make_endpoints(KINDS, NODES)
CLIENT = CLIENTS[0]
STICKY = replace(WEB, session_affinity="ClientIP")


def members(*endpoints: int, **tweaks: Any) -> list[Any]:
    """Members on the nodes and in the zones of ``NODES``; ``tweaks`` are of the last."""
    made = [make_member(e, node=f"n{NODES[e] + 1}", zone=f"z{NODES[e] + 1}") for e in endpoints]
    return [*made[:-1], made[-1]._replace(**tweaks)]


def load_of(
    rows: list[Row],
    service: Service = WEB,
    segments: dict[int, list[Any]] | None = None,
    *,
    by_origin: bool = False,
    **options: Any,
) -> LoadResult:
    """The load of one Service with port 80 -> 8080 before a, b and c, of which nothing else is said."""
    segments = segments or {BEGINNING: members(A, B, C)}
    spec = PortSpec(0, 80, {start: [(m.endpoint, 8080) for m in some] for start, some in segments.items()})
    counting = make_counting_tables(
        [spec], ENDPOINTS, {VIP: 0}, by_origin=[0] if by_origin else [], zones=[0, 1]
    )
    table = Tally(options.pop("bounds", None), 2)
    count(table, counting, *make_batch(rows))
    catalog = make_catalog(
        counting.services,
        [(service, [*segments.values()])],
        nodes=["n1", "n2"],
        zones={"n1": "z1", "n2": "z2"},
        generations=options.pop("generations", {}),
    )
    return assess_services(catalog, table.entries(), options.pop("thresholds", None), **options)


def one(*arguments: Any, **options: Any) -> ServiceLoad:
    (service,) = load_of(*arguments, **options).services
    return service


def to(*counts: int, src: int = OUTSIDE, **more: Any) -> list[Row]:
    """So many connections to a, b, c, d, in one record each."""
    return [Row(src, e, 8080, flow_count=n, **more) for e, n in enumerate(counts) if n]


def by_name(service: ServiceLoad) -> dict[str, EndpointLoad]:
    return {endpoint.endpoint.removeprefix("x/Pod/pod-"): endpoint for endpoint in service.endpoints}


def test_a_skewed_service() -> None:
    found = one(to(600, 300, 100))
    assert (found.state, found.why, found.significant) == ("skewed", "", True)
    assert (found.connections, found.tested, found.expected_endpoints) == (1000, 1000, 3)
    assert found.peak_to_average == pytest.approx(1.8)
    assert found.jain == pytest.approx(1 / 1.38)
    assert (found.method, found.freedom, found.statistic) == ("chi-square", 2, pytest.approx(380))
    assert found.dispersion == pytest.approx(190)
    assert found.p == found.p_adjusted == pytest.approx(np.exp(-190))
    assert not found.tolerated
    assert [e.state for e in found.endpoints] == ["hot", "", ""]
    assert [e.share for e in found.endpoints] == [0.6, 0.3, 0.1]
    assert [e.ratio for e in found.endpoints] == pytest.approx([1.8, 0.9, 0.3])
    assert all(e.expected == pytest.approx(1 / 3) and e.low < e.share < e.high for e in found.endpoints)


def test_an_even_service() -> None:
    found = one(to(1000, 1000, 1000))
    assert (found.state, found.over_even, found.significant) == ("balanced", True, False)
    assert (found.jain, found.statistic, found.p, found.dispersion) == (1, 0, 1, 0)
    assert found.tolerated


def test_an_idle_endpoint() -> None:
    found = one(to(500, 500, 0))
    assert found.state == "skewed"
    assert by_name(found)["2"].state == "idle"
    assert by_name(found)["2"].ratio == 0


def test_an_endpoint_that_is_not_ready_is_not_expected() -> None:
    not_ready = {BEGINNING: members(A, B, C, ready=False, serving=False)}
    found = one(to(500, 500, 0), segments=not_ready)
    assert (found.state, found.expected_endpoints, found.jain, found.statistic) == ("balanced", 2, 1, 0)
    assert by_name(found)["2"].state == ""
    reached = one(to(500, 500, 1), segments=not_ready)
    assert (reached.unexpected, reached.tested, reached.statistic) == (1, 1000, 0)
    assert by_name(reached)["2"].state == "unexpected"
    assert by_name(reached)["2"].expected is None


def test_a_small_difference_is_no_alarm_unless_asked_for() -> None:
    rows = to(3500, 3300, 3200)
    found = one(rows)
    assert (found.state, found.significant, found.cv) == ("balanced", True, pytest.approx(0.037417, abs=5e-7))
    assert found.statistic == pytest.approx(14)
    assert one(rows, thresholds=Thresholds(min_misplaced=0.01)).state == "skewed"


def test_one_sided_minutes() -> None:
    rows = [Row(OUTSIDE, e, 8080, flow_count=300, seen_at=e * MINUTE) for e in (A, B, C)]
    found = one(rows)
    assert (found.state, found.jain, found.statistic) == ("balanced", 1, 0)
    assert found.time is not None
    assert found.time.one_sided
    assert (found.time.statistic, found.time.freedom) == (pytest.approx(1800), 4)
    assert [b.jain for b in found.time.series] == pytest.approx([1 / 3] * 3)
    assert [b.start for b in found.time.series] == [f"1970-01-01T00:0{m}:00Z" for m in range(3)]
    assert [sum(b.by_endpoint) for b in found.time.series] == [300] * 3
    assert (found.time.bucket_seconds, found.time.series_seconds) == (60, 60)


def test_a_long_series_is_drawn_in_wider_stretches() -> None:
    rows = [Row(OUTSIDE, m % 3, 8080, seen_at=m * MINUTE) for m in range(150)]
    time = one(rows).time
    assert time is not None
    assert (time.bucket_seconds, time.series_seconds, len(time.series)) == (60, 240, 38)
    assert sum(b.connections for b in time.series) == 150


def test_clients_with_affinity_count_once_each() -> None:
    rows = [
        Row(client, e, 8080, flow_count=1000, seen_at=s)
        for client, e in ((CLIENTS[0], A), (CLIENTS[1], B), (CLIENTS[2], B))
        for s in (0, 600_000_000)
    ]
    found = one(rows, STICKY)
    assert (found.state, found.why) == ("insufficient", "few_clients")
    assert found.p == pytest.approx(21 / 27)
    assert (found.clients.distinct, found.clients.exact, found.clients.follow) == (3, True, True)
    assert found.clients.stray == 0
    assert one([*rows, Row(CLIENTS[0], B, 8080, seen_at=1000)], STICKY).clients.stray == 1
    assert one(rows).clients.stray is None


def test_many_clients_with_affinity_are_tested_as_clients() -> None:
    rows = [Row(client, client % 3, 8080, flow_count=1 + client**3) for client in CLIENTS]
    assert one(rows, STICKY).state == "balanced"
    rows = [Row(client, A if client % 5 else B, 8080, flow_count=100) for client in CLIENTS]
    found = one(rows, STICKY)
    assert (found.state, found.clients.distinct) == ("skewed", 40)


def test_affinity_with_clients_that_nobody_can_tell_apart() -> None:
    assert one(to(600, 300, 100), STICKY).why == "few_clients"


def test_connections_that_follow_few_clients_are_no_skew() -> None:
    rows = [Row(CLIENTS[i], (A, A, B, C)[i], 8080, flow_count=500) for i in range(4)]
    found = one(rows)
    assert (found.state, found.why, found.clients.follow) == ("insufficient", "few_clients", True)
    assert found.clients.design_effect == 500
    assert found.p_adjusted is None


def test_one_client_that_goes_everywhere_is_as_good_as_many() -> None:
    assert one(to(600, 300, 100, src=CLIENT)).state == "skewed"
    assert one(to(340, 330, 330, src=CLIENT)).state == "balanced"


@pytest.mark.parametrize(
    ("service", "segments", "rows", "state", "why"),
    [
        (replace(WEB, type="ExternalName", cluster_ips=()), {}, [], "not_applicable", "external_name"),
        (replace(WEB, headless=True), {}, to(600, 300), "not_applicable", "headless"),
        (WEB, {BEGINNING: []}, [], "not_applicable", "no_backends"),
        (WEB, {BEGINNING: members(A)}, to(9), "not_applicable", "single_endpoint"),
        (WEB, {BEGINNING: members(A, B, template=True)}, to(9), "not_applicable", "aggregated"),
        (WEB, {}, [Row(OUTSIDE, VIP, 80)], "not_applicable", "endpoints_not_recorded"),
        (WEB, {}, [], "insufficient", "no_connections"),
        (WEB, {}, to(2, 2, 2), "insufficient", "few_connections"),
    ],
)
def test_why_nothing_can_be_said(
    service: Service, segments: dict[int, list[Any]], rows: list[Row], state: str, why: str
) -> None:
    found = one(rows, service, segments)
    assert (found.state, found.why) == (state, why)
    assert found.p_adjusted is None or why == "few_connections"


def test_headless_services_show_shares_without_a_test() -> None:
    found = one(to(600, 300), replace(WEB, cluster_ips=(), headless=True))
    assert (found.type, found.connections, found.untested) == ("Headless", 900, 900)
    assert [e.share for e in found.endpoints] == [pytest.approx(2 / 3), pytest.approx(1 / 3), 0]
    assert all(e.expected is None for e in found.endpoints)


def test_connections_to_the_virtual_address_are_the_services_and_nobodys_share() -> None:
    found = one([*to(40, 40, 40), Row(OUTSIDE, VIP, 80, flow_count=7)])
    assert (found.connections, found.tested, found.unlocated) == (127, 120, 7)
    assert sum(e.share for e in found.endpoints) == pytest.approx(1)


def test_backends_that_come_later_are_expected_from_then_on() -> None:
    segments = {BEGINNING: members(A, B), 60 * MINUTE: members(A, B, C)}
    before, after = to(300, 300), to(100, 100, 100, seen_at=60 * MINUTE)
    found = one([*before, *after], segments=segments)
    assert (found.state, found.snapshots, found.jain) == ("balanced", 2, 1)
    assert by_name(found)["2"].expected == pytest.approx(1 / 9)
    early = one([*before, *to(0, 0, 5)], segments=segments)
    assert (early.unexpected, by_name(early)["2"].state) == (5, "unexpected")


def test_a_local_policy_expects_the_clients_own_node() -> None:
    local = replace(WEB, internal_traffic_policy="Local")
    rows = [
        Row(NODE_1, A, 8080, named=0, flow_count=50),
        Row(NODE_1, B, 8080, named=0, flow_count=50),
        Row(NODE_2, C, 8080, named=0, flow_count=300),
    ]
    found = one(rows, local, by_origin=True)
    assert (found.state, found.freedom, found.statistic) == ("balanced", 1, 0)
    assert [e.expected for e in found.endpoints] == pytest.approx([0.75, 0.125, 0.125])
    crossed = one([*rows, Row(NODE_2, A, 8080, named=0, flow_count=3)], local, by_origin=True)
    assert (crossed.unexpected, by_name(crossed)["0"].state) == (3, "unexpected")
    assert crossed.places.other_zone == 3
    unknown = one(to(5, 5, 5, src=CLIENT), local, by_origin=True)
    assert (unknown.untested, unknown.why) == (15, "origins_not_known")


def test_traffic_from_outside_is_spread_over_nodes_first() -> None:
    service = replace(WEB, type="LoadBalancer", external_traffic_policy="Local")
    found = one(to(250, 250, 500), service, by_origin=True)
    assert (found.state, found.statistic) == ("balanced", 0)
    assert one(to(333, 333, 334), service, by_origin=True).state == "skewed"


def test_where_connections_go() -> None:
    found = one(
        [
            Row(NODE_1, A, 8080, named=0, flow_count=4),
            Row(NODE_1, C, 8080, named=0, flow_count=3, bytes_=70),
            Row(OUTSIDE, B, 8080),
        ]
    )
    assert (found.places.same_node, found.places.other_zone, found.places.unknown) == (4, 3, 1)
    assert found.places.bytes_other_zone == 70
    assert found.places.expected_same_zone is None


def test_hints_keep_connections_in_the_zone() -> None:
    hinted = [m._replace(for_zones=(m.zone,)) for m in members(A, B, C)]
    rows = [
        Row(NODE_1, A, 8080, named=0, flow_count=60),
        Row(NODE_1, B, 8080, named=0, flow_count=60),
        Row(NODE_2, C, 8080, named=0, flow_count=80),
    ]
    found = one(rows, segments={BEGINNING: hinted}, by_origin=True)
    assert (found.state, found.freedom, found.places.expected_same_zone) == ("balanced", 1, 1)


def test_old_and_new_pods_during_a_roll_out() -> None:
    found = one(to(600, 300, 100), generations={A: "new", B: "old", C: "old"})
    assert [(g.generation, g.endpoints, g.connections) for g in found.groups] == [
        ("new", 1, 600),
        ("old", 2, 400),
    ]
    assert [g.expected for g in found.groups] == pytest.approx([1 / 3, 2 / 3])


def test_heavy_clients() -> None:
    rows = [Row(c, e, 8080, flow_count=10 * c) for c in CLIENTS for e in (A, B, C)]
    heaviest = one(rows).clients.heaviest
    assert [c.connections for c in heaviest] == [30 * c for c in (47, 46, 45, 44, 43)]
    assert heaviest[0].client == "x/Pod/client-47"


def test_who_is_no_single_sender_is_counted_whole_beside_a_sample_of_the_others() -> None:
    rows = [Row(c, e, 8080) for c in CLIENTS for e in (A, B, C)]
    found = one([*rows, *to(5, 6, 7)], bounds=Bounds(clients=32))
    assert not found.clients.exact
    assert found.clients.unidentified == 18
    assert found.places.unknown == found.connections == len(rows) + 18


def shared_world(rows: list[Row], **options: Any) -> dict[str, ServiceLoad]:
    """Services first 80 -> 8080, second 9090 -> 9090 and third 8080 -> 8080, all before one pod."""
    specs = [(80, 8080), (9090, 9090), (8080, 8080)]
    ports = [PortSpec(n, port, {BEGINNING: [(A, target)]}) for n, (port, target) in enumerate(specs)]
    counting = make_counting_tables(ports, ENDPOINTS, {VIP: 0})
    table = Tally()
    count(table, counting, *make_batch(rows))
    services = [replace(WEB, name=name) for name in ("first", "second", "third")]
    catalog = make_catalog(counting.services, [(s, [members(A)]) for s in services])
    return {s.service: s for s in assess_services(catalog, table.entries(), **options).services}


SHARED = [
    Row(OUTSIDE, A, 9090),
    Row(OUTSIDE, A, 8080, flow_count=10),
    Row(OUTSIDE, A, 8080, named=0, flow_count=3),
    Row(OUTSIDE, VIP, 80),
    Row(OUTSIDE, A, 7070, flow_count=6),
]


def test_what_may_be_several_services_is_counted_for_all_and_divided_for_none() -> None:
    found = shared_world(SHARED)
    assert {n: (s.connections, s.ambiguous, s.other_port) for n, s in found.items()} == {
        "first": (4, 10, 6),
        "second": (1, 0, 6),
        "third": (0, 10, 6),
    }
    assert not any(s.estimated for s in found.values())


def test_it_is_divided_by_what_is_certain_where_that_is_asked_for() -> None:
    found = shared_world([*SHARED, Row(OUTSIDE, A, 8080, named=2)], proportional=True)
    assert {n: (s.estimated, s.endpoints[0].estimated) for n, s in found.items()} == {
        "first": (True, 8),
        "second": (False, 0),
        "third": (True, 2),
    }
    assert {n: s.connections for n, s in found.items()} == {"first": 4, "second": 1, "third": 1}


def test_the_classes_add_up_and_services_are_in_order() -> None:
    result = load_of(to(600, 300, 100))
    assert sum(result.classes.values()) == 3
    assert result.classes["endpoint"] == 3
    assert result.warnings == ()


def test_many_services_are_judged_together() -> None:
    """A p-value of 0.02 is an alarm for one Service and none among ten others that are even."""
    ports = [PortSpec(n, 80, {BEGINNING: [(A, 8000 + n), (B, 8000 + n)]}) for n in range(11)]
    counting = make_counting_tables(ports, ENDPOINTS, {})
    rows = [Row(OUTSIDE, e, 8000 + n, flow_count=50) for n in range(1, 11) for e in (A, B)]
    odd = [Row(OUTSIDE, A, 8000, flow_count=62), Row(OUTSIDE, B, 8000, flow_count=38)]
    table = Tally()
    count(table, counting, *make_batch([*rows, *odd]))
    services = [replace(WEB, name=f"s{n}") for n in range(11)]
    catalog = make_catalog(counting.services, [(s, [members(A, B)]) for s in services])
    found = assess_services(catalog, table.entries()).services
    (first,) = [s for s in found if s.service == "s0"]
    assert (first.p, first.p_adjusted) == (pytest.approx(0.0164, abs=1e-4), pytest.approx(0.18, abs=0.01))
    assert first.state == "balanced"
    assert one(to(62, 38), segments={BEGINNING: members(A, B)}).state == "skewed"


def test_the_tables_have_a_row_per_service_port_and_per_endpoint() -> None:
    services = load_of(to(600, 300, 100)).services
    table, endpoints = services_table(services), load_table(services)
    assert (table.schema, endpoints.schema) == (SERVICES_SCHEMA, LOAD_SCHEMA)
    (row,) = table.to_pylist()
    assert (row["service"], row["port"], row["state"], row["stray"]) == ("web", 80, "skewed", None)
    assert (row["connections"], row["time_freedom"], row["clients"]) == (1000, 0, 0)
    assert endpoints.column("connections").to_pylist() == [600, 300, 100]
    assert endpoints.column("endpoint_state").to_pylist() == ["hot", "", ""]
    assert services_table(()).num_rows == load_table(()).num_rows == 0
