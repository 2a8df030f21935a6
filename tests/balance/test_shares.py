"""Usable backends as kube-proxy chooses them, and what a cluster says of each service port's backends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck import arrays as a
from flowcheck.balance.expect.kernel_tables import counting_tables
from flowcheck.balance.expect.members import read_catalog
from flowcheck.balance.expect.shares import Member, Origin, depends_on_origin, expect, follows_hints
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.model.timeline import BEGINNING, Lifetime
from tests.balance.world import PortSpec, make_endpoints, make_services
from tests.builders import between, make_cluster, make_node, make_pod, make_service

WEB = Service("x", "web", cluster_ips=("10.96.0.10",))
LOCAL = replace(WEB, internal_traffic_policy="Local")
OUTSIDE = Origin(outside=True)
A = Member(0, "n1", "z1")
B = Member(1, "n1", "z1")
C = Member(2, "n2", "z2")
GONE = {"ready": False, "serving": False}
ENDING = {"ready": False, "serving": True, "terminating": True}


def on(node: str, zone: str = "") -> Origin:
    return Origin(node, zone or node.replace("n", "z"))


def evenly(*endpoints: int) -> dict[int, float]:
    return {e: pytest.approx(1 / len(endpoints)) for e in endpoints}


@pytest.mark.parametrize("origin", [on("n1"), on("n9", "z9"), Origin(), OUTSIDE])
def test_without_hints_every_ready_backend_is_as_likely_for_everyone(origin: Origin) -> None:
    assert expect(WEB, [A, B, C], origin) == evenly(0, 1, 2)
    assert expect(WEB, [A, B._replace(**GONE), C], origin) == evenly(0, 2)
    assert not depends_on_origin(WEB, [A, B, C])


def test_terminating_backends_serve_only_where_none_is_ready() -> None:
    assert expect(WEB, [A, B._replace(**ENDING)], on("n1")) == evenly(0)
    assert expect(WEB, [A._replace(**ENDING), B._replace(**GONE)], on("n1")) == evenly(0)
    assert expect(WEB, [A._replace(ready=False, serving=True)], on("n1")) == {}
    assert expect(WEB, [], on("n1")) == {}


def test_a_local_policy_has_the_nodes_own_backends_or_none() -> None:
    assert expect(LOCAL, [A, B, C], on("n1")) == evenly(0, 1)
    assert expect(LOCAL, [A, B, C], on("n2")) == evenly(2)
    assert expect(LOCAL, [A, B, C], on("n3")) == {}
    assert expect(LOCAL, [A, B, C], Origin()) is None
    assert expect(LOCAL, [A._replace(**ENDING), C], on("n1")) == evenly(0)
    assert expect(LOCAL, [A._replace(**ENDING), B], on("n1")) == evenly(1)
    assert depends_on_origin(LOCAL, [A])


def test_clients_outside_of_a_service_for_inside_come_by_an_unknown_node() -> None:
    assert expect(LOCAL, [A, B, C], OUTSIDE) is None
    exposed = replace(LOCAL, external_ips=("192.0.2.1",))
    assert expect(exposed, [A, B, C], OUTSIDE) == evenly(0, 1, 2)


def hinted(*zones: str) -> list[Member]:
    return [m._replace(for_zones=(z,) if z else ()) for m, z in zip((A, B, C), zones, strict=True)]


def test_a_local_policy_ignores_hints() -> None:
    assert expect(LOCAL, hinted("z2", "z2", "z1"), on("n1")) == evenly(0, 1)


def test_zone_hints() -> None:
    members = hinted("z1", "z1", "z2")
    assert expect(WEB, members, on("n1")) == evenly(0, 1)
    assert expect(WEB, members, on("n2")) == evenly(2)
    assert expect(WEB, members, on("n3")) == evenly(0, 1, 2)
    assert expect(WEB, members, Origin()) is None
    assert expect(WEB, members, OUTSIDE) is None
    assert depends_on_origin(WEB, members)


def test_one_missing_hint_means_the_whole_cluster() -> None:
    members = hinted("z1", "", "z2")
    for origin in (on("n1"), Origin(), OUTSIDE):
        assert expect(WEB, members, origin) == evenly(0, 1, 2)
    assert not depends_on_origin(WEB, members)


def test_a_backend_that_is_not_ready_needs_no_hint() -> None:
    members = [*hinted("z1", "z1", "z2")[:2], C._replace(**GONE)]
    assert follows_hints(members)
    assert expect(WEB, members, on("n2")) == evenly(0, 1)


def test_node_hints_come_before_zone_hints() -> None:
    members = [m._replace(for_nodes=(m.node,), for_zones=(m.zone,)) for m in (A, B, C)]
    other = Member(3, "n3", "z2", for_nodes=("n3",), for_zones=("z2",))
    assert expect(WEB, [*members, other], on("n2")) == evenly(2)
    assert expect(WEB, [*members, other], on("n4", "z2")) == evenly(2, 3)
    without = A._replace(for_zones=("z1",))
    assert expect(WEB, [without, *members[1:]], on("n2")) == evenly(2)
    assert expect(WEB, [without, *members[1:]], on("n1")) == evenly(0, 1)


def test_a_load_balancer_asks_each_node_with_backends_as_often() -> None:
    service = replace(WEB, type="LoadBalancer", external_traffic_policy="Local")
    ending = Member(3, "n3", "z3", **ENDING)
    gone = Member(4, "n4", "z4", **GONE)
    assert expect(service, [A, B, C], OUTSIDE) == pytest.approx({0: 0.25, 1: 0.25, 2: 0.5})
    assert expect(service, [A, C, ending, gone], OUTSIDE) == evenly(0, 2, 3)
    assert expect(service, [A, B, C], on("n1")) == evenly(0, 1, 2)
    assert depends_on_origin(service, [A])
    assert expect(service, [A, B, C, Member(5)], OUTSIDE) == pytest.approx({0: 0.25, 1: 0.25, 2: 0.5})
    assert expect(service, [Member(5)], OUTSIDE) == {}
    unreachable = replace(service, type="ClusterIP")
    assert expect(unreachable, [A, B, C], OUTSIDE) == evenly(0, 1, 2)
    assert not depends_on_origin(unreachable, [A])


HTTP = ServicePort("http", TCP, 80, "web")
NODES = (make_node("n1", labels="topology.kubernetes.io/zone=z1"), make_node("n2"))


def members_of(
    cluster: Cluster, service: Service, port: ServicePort, *starts: int
) -> tuple[list[list[Member]], Any]:
    """The members of each segment; endpoints are numbered by the last part of their address, or pod name."""

    def locate(_namespace: str, pod: str, address: str, _at: int) -> int:
        text = address.rpartition("." if "." in address else ":")[2] or pod.rpartition("-")[2]
        return int(text) if text.isdigit() else -1

    table = make_services([PortSpec(0, port.port, {s: [] for s in starts or (BEGINNING,)})], 1)
    catalog = read_catalog(cluster, table, [(service, port)], locate)
    return [list(segment) for segment in catalog.ports[0].segments], catalog


def with_slices(*slices: EndpointSlice, pods: tuple[Pod, ...] = ()) -> Cluster:
    return replace(make_cluster(*NODES, *pods), slices=slices)


def make_slice(*backends: Backend, ports: tuple[ServicePort, ...] = (HTTP,), **tweaks: Any) -> EndpointSlice:
    return EndpointSlice("x", "web", ports, backends, **tweaks)


def test_members_are_what_the_slices_list() -> None:
    cluster = with_slices(
        make_slice(
            Backend("10.0.0.1", "p-1", "n1", ready=False, serving=True, terminating=True),
            Backend("10.0.0.2", "p-2", "n2", "z7", for_zones=("z7",), for_nodes=("n2",)),
        ),
        make_slice(Backend("10.0.0.3"), ports=(replace(HTTP, name="other"),)),
        make_slice(Backend("10.0.0.4"), ports=(replace(HTTP, protocol=UDP),)),
        make_slice(Backend("10.0.0.5"), Backend("fd00::6")),
        make_slice(Backend("10.0.0.7"), ports=()),
        pods=(make_pod("p-1", "10.0.0.1", labels="pod-template-hash=abc", workload="Deployment/web"),),
    )
    ((one, two, five, six),), catalog = members_of(cluster, make_service("web", "10.96.0.1"), HTTP)
    assert one == Member(1, "n1", "z1", ready=False, serving=True, terminating=True)
    assert two == Member(2, "n2", "z7", for_zones=("z7",), for_nodes=("n2",))
    assert (five, six) == (Member(5), Member(6, family=6))
    facts = catalog.identity_of(1)
    assert (facts.name, facts.workload, facts.generation) == ("x/Pod/p-1", "x/Deployment/web", "abc")
    assert (facts.node, facts.zone, catalog.identity_of(5).name) == ("n1", "z1", "10.0.0.5")


def test_pods_that_began_are_members_of_the_segment_that_begins_with_them() -> None:
    """A segment begins earlier than its pods, and ends later, by the skew: clocks may differ by so much."""
    pod = make_pod("p-1", "10.0.0.1", labels="app=a", ports="web=8080", node="n1")
    hour, skew = 3_600_000_000, 2_000_000
    ends = between(replace(pod, name="p-2", addresses=("10.0.0.2",)), 0, 9 * hour)
    service = replace(make_service("web", "10.96.0.1"), selector={"app": "a"})
    cluster = make_cluster(*NODES, between(pod, 5 * hour), ends)
    segments, _ = members_of(cluster, service, HTTP, BEGINNING, -skew, 5 * hour - skew, 9 * hour + skew)
    assert [[member.endpoint for member in segment] for segment in segments] == [[], [2], [1, 2], [1]]


def test_members_are_the_selected_pods_where_there_are_no_slices() -> None:
    pods = (
        make_pod("p-1", "10.0.0.1", "fd00::2", labels="app=a", ports="web=8080", node="n1"),
        make_pod("p-3", "10.0.0.3", labels="app=a", ports="web=9090", ready=False),
        make_pod("p-4", "10.0.0.4", labels="app=a", ports="admin=8080"),
        make_pod("p-5", "10.0.0.5", labels="app=b", ports="web=8080"),
        make_pod("p-6", "10.0.0.6", labels="app=a", ports="web=8080", finished=True),
        make_pod("y/p-7", "10.0.0.7", labels="app=a", ports="web=8080"),
    )
    service = make_service("web", "10.96.0.1", selector={"app": "a"})
    ((one, two, three),), _ = members_of(make_cluster(*NODES, *pods), service, HTTP)
    assert (one, two) == (Member(1, "n1", "z1"), Member(2, "n1", "z1", family=6))
    assert three == Member(3, ready=False, serving=False)
    published = replace(service, publish_not_ready=True)
    ((_, _, ready),), _ = members_of(make_cluster(*NODES, *pods), published, HTTP)
    assert ready == Member(3)
    assert members_of(make_cluster(*pods), replace(service, selector=None), HTTP)[0] == [[]]


def test_each_segment_has_the_members_of_its_time() -> None:
    cluster = with_slices(
        make_slice(Backend("10.0.0.1"), lifetime=Lifetime.exact(end=100)),
        make_slice(Backend("10.0.0.1"), Backend("10.0.0.2"), lifetime=Lifetime.exact(100, 200)),
        make_slice(Backend("10.0.0.2"), lifetime=Lifetime.exact(200)),
    )
    segments, _ = members_of(cluster, make_service("web", "10.96.0.1"), HTTP, BEGINNING, 100, 200)
    assert [[m.endpoint for m in segment] for segment in segments] == [[1], [1, 2], [2]]


def test_origins_have_the_names_and_zones_of_their_nodes() -> None:
    _, catalog = members_of(with_slices(), WEB, HTTP)
    catalog = replace(catalog, nodes=("n1", "n2"))
    assert catalog.origin(0) == Origin("n1", "z1")
    assert catalog.origin(1) == Origin("n2", "")
    assert catalog.origin(-1) == Origin()
    assert catalog.origin(2) == OUTSIDE
    assert catalog.identity_of(77).name == "(not named)"


def test_the_setting_numbers_zones_and_says_where_the_origin_counts() -> None:
    hinted_slice = make_slice(Backend("10.0.0.1", node="n1", for_zones=("z1",)))
    _, catalog = members_of(with_slices(hinted_slice), make_service("web", "10.96.0.1"), HTTP)
    services = make_services([PortSpec(0, 80, {BEGINNING: []})], 3)
    catalog = replace(catalog, services=services, nodes=("n1", "n2", "n3"))
    kinds = [a.KIND_POD, a.KIND_NODE, a.KIND_BLOCK]
    counting = counting_tables(catalog, make_endpoints(kinds, {0: 0, 1: 1}))
    assert counting.by_origin.tolist() == [1]
    assert counting.location[:4].tolist() == [0, 1 << 32 | 1, 2, a.MANY_SENDERS]
    assert counting.outside == 3
    assert counting.services is catalog.services
