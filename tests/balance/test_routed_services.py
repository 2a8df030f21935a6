"""Routes between Services: what clients dial as one goes to others, and what comes in by a gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from flowcheck.balance.count.tally import Tally
from flowcheck.balance.expect.routing import Routing
from flowcheck.balance.split.choosers import GATEWAY_LABEL
from flowcheck.balance.tell.records import ServiceLoad, SplitLoad
from flowcheck.balance.tell.services import assess_services
from flowcheck.model.mesh.membership import Membership
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.mesh.routes import Match, Parent, Route, RouteRule, Target
from flowcheck.model.peers import DataPlane
from flowcheck.model.service import Service, ServicePort
from flowcheck.model.timeline import BEGINNING, END, Lifetime
from tests.balance.meshed import (
    AMBIENT,
    FIRST_CLIENT,
    KINDS,
    N_CLIENTS,
    SIDECAR,
    V1,
    V1B,
    V2,
    flows,
    make_pod,
)
from tests.balance.world import (
    MINUTE,
    TCP,
    PortSpec,
    Row,
    count,
    make_batch,
    make_catalog,
    make_counting_tables,
    make_endpoints,
    make_member,
)

PORTS = (ServicePort("http", TCP, 80, 8080),)
WEB, ONE, TWO = (Service("x", name, ports=PORTS) for name in ("web", "web-v1", "web-v2"))
BOTH = {ONE: [V1, V1B], TWO: [V2]}
FIRST, SECOND = Target("x", "web-v1", 80, weight=90), Target("x", "web-v2", 80, weight=10)
RULE = RouteRule("rules[0]", Carried.HTTP, (FIRST, SECOND))
DIALLED = Route("HTTPRoute", "x", "web", (RULE,), parents=(Parent("Service", "x", "web"),))
INCOMING = replace(DIALLED, parents=(Parent("Gateway", "x", "front"),))
RIGHT = {V1: 900, V1B: 900, V2: 200}


def services(
    rows: Sequence[Row],
    *routes: Route,
    serving: Mapping[Service, Sequence[int]],
    mesh: Membership | None = SIDECAR,
    gateway: Mapping[int, str] | None = None,
    backends: Membership | None = None,
) -> dict[str, ServiceLoad]:
    specs = [PortSpec(n, 80, {BEGINNING: [(e, 8080) for e in own]}) for n, own in enumerate(serving.values())]
    counting = make_counting_tables(specs, make_endpoints(KINDS), {})
    tally = Tally(None, 2)
    count(tally, counting, *make_batch([*rows]))
    ports = [(service, [[make_member(e) for e in own]]) for service, own in serving.items()]
    pods = {e: (make_pod(f"web-{e}", backends),) for e in (V1, V1B, V2)}
    for client in range(FIRST_CLIENT, FIRST_CLIENT + N_CLIENTS):
        own = {GATEWAY_LABEL: gateway[client]} if gateway and client in gateway else {}
        pods[client] = (make_pod(f"c-{client}", None if own else mesh, **own),)
    catalog = replace(make_catalog(counting.services, ports), routing=Routing(routes, (), pods))
    return {one.service: one for one in assess_services(catalog, tally.entries()).services}


def of(found: Mapping[str, ServiceLoad], name: str) -> SplitLoad:
    (split,) = found[name].splits
    return split


def named(number: int, counts: Mapping[int, int]) -> list[Row]:
    """Few clients, so that each has many connections, to a service port that the records name."""
    return [row._replace(named=number) for row in flows(counts, clients=20)]


def test_a_service_that_is_named_is_divided_among_others() -> None:
    serving = {WEB: [V1, V1B, V2], **BOTH}
    found = services(named(0, RIGHT), DIALLED, serving=serving)
    assert of(found, "web").verdict == "on_target"
    assert [(t.target, t.connections) for t in of(found, "web").targets] == [
        ("x/web-v1", 1800),
        ("x/web-v2", 200),
    ]
    assert found["web-v1"].splits == ()
    late = services(named(0, {V1: 500, V1B: 500, V2: 1000}), DIALLED, serving=serving)
    assert (of(late, "web").verdict, of(late, "web").by) == ("off_target", ("sidecar",))


def test_what_is_dialled_as_a_target_itself_does_not_count() -> None:
    serving = {WEB: [V1, V1B, V2], **BOTH}
    rows = [*named(0, RIGHT), *named(2, {V2: 5000})]
    assert of(services(rows, DIALLED, serving=serving), "web").connections == 2000


def test_where_records_name_the_targets_alone_those_count() -> None:
    """As a sidecar's log does, and where the Service that is dialled has no endpoints of its own."""
    found = services(flows(RIGHT, clients=20), DIALLED, serving={WEB: [], **BOTH})
    assert (of(found, "web").verdict, of(found, "web").connections) == ("on_target", 2000)


def test_connections_that_may_be_either_services_have_no_clients_that_are_known() -> None:
    found = services(flows(RIGHT, clients=20), DIALLED, serving={WEB: [V1, V1B, V2], **BOTH})
    assert (of(found, "web").verdict, of(found, "web").why) == ("not_tested", "clients_not_known")
    assert of(found, "web").connections == 2000


def test_what_a_ztunnel_sends_goes_by_no_route() -> None:
    rows, serving = named(0, RIGHT), {WEB: [V1, V1B, V2], **BOTH}
    found = services(rows, DIALLED, serving=serving, mesh=AMBIENT)
    assert of(found, "web").why == "no_proxy"


def test_a_route_of_another_namespace_is_for_its_own_clients() -> None:
    consumer = replace(DIALLED, namespace="y")
    found = services(named(0, RIGHT), consumer, serving={WEB: [V1, V1B, V2], **BOTH})
    assert found["web"].splits == ()


GATEWAYS = dict.fromkeys(range(FIRST_CLIENT, FIRST_CLIENT + 20), "front")


@pytest.mark.parametrize(("second", "verdict"), [(200, "on_target"), (20, "off_target")])
def test_what_comes_in_by_a_gateway_is_told_with_the_first_target(second: int, verdict: str) -> None:
    rows = flows({**RIGHT, V2: second}, clients=20)
    split = of(services(rows, INCOMING, serving=BOTH, gateway=GATEWAYS), "web-v1")
    assert (split.verdict, split.by) == (verdict, ("gateway x/front",))


def test_clients_beside_a_gateway_are_left_out() -> None:
    rows = [*flows(RIGHT, clients=20), *flows({V2: 700}, clients=20, first=20)]
    split = of(services(rows, INCOMING, serving=BOTH, gateway=GATEWAYS), "web-v1")
    assert (split.verdict, split.connections) == ("on_target", 2000)


def test_a_gateway_whose_pods_are_not_known() -> None:
    split = of(services(flows(RIGHT, clients=20), INCOMING, serving=BOTH), "web-v1")
    assert (split.verdict, split.why) == ("not_tested", "no_proxy")


def test_another_rule_of_the_gateway_may_send_to_the_same_endpoints() -> None:
    more = RouteRule("rules[1]", Carried.HTTP, (SECOND,), (Match(asks=("path",)),))
    both = replace(INCOMING, rules=(RULE, more))
    split = of(services(flows(RIGHT, clients=20), both, serving=BOTH, gateway=GATEWAYS), "web-v1")
    assert split.why == "told_apart"


def test_matches_of_a_rule_do_not_matter_where_only_it_reaches_its_targets() -> None:
    only = replace(INCOMING, rules=(replace(RULE, matches=(Match(asks=("path",)),)),))
    split = of(services(flows(RIGHT, clients=20), only, serving=BOTH, gateway=GATEWAYS), "web-v1")
    assert (split.verdict, split.asks) == ("on_target", ("path",))


def test_a_backend_that_is_no_service_is_missing() -> None:
    bucket = Target("", "Bucket x/b", weight=100, fault="no Service of the cluster")
    route = replace(INCOMING, rules=(replace(RULE, targets=(FIRST, SECOND, bucket)),))
    split = of(services(flows(RIGHT, clients=20), route, serving=BOTH, gateway=GATEWAYS), "web-v1")
    assert (split.missing, split.verdict) == (0.5, "on_target")
    assert split.targets[-1].target == "Bucket x/b"


def test_a_gateway_goes_by_no_route_of_the_mesh_and_a_waypoint_does() -> None:
    rows, serving = named(0, RIGHT), {WEB: [V1, V1B, V2], **BOTH}
    assert of(services(rows, DIALLED, serving=serving, gateway=GATEWAYS), "web").why == "no_proxy"
    behind = Membership(DataPlane.AMBIENT, waypoint="x/front")
    found = services(rows, DIALLED, serving=serving, gateway=GATEWAYS, backends=behind)
    assert (of(found, "web").verdict, of(found, "web").by) == ("on_target", ("waypoint",))


def test_a_virtual_service_between_services_that_changed() -> None:
    """Of both versions the targets' backends are known, which change too."""
    noon = 720 * MINUTE
    rule = RouteRule("http[0]", Carried.HTTP, (FIRST, SECOND))
    even = replace(rule, targets=(replace(FIRST, weight=50), replace(SECOND, weight=50)))
    hosts = ("web.x.svc.cluster.local",)
    early = Route("VirtualService", "x", "web", (rule,), hosts, ("mesh",), ordered=True)
    early = replace(early, lifetime=Lifetime.exact(BEGINNING, noon))
    late = replace(early, rules=(even,), lifetime=Lifetime.exact(noon, END))
    rows = [row._replace(seen_at=noon - 60 * MINUTE) for row in named(0, RIGHT)]
    rows += [row._replace(seen_at=noon + 60 * MINUTE) for row in named(0, RIGHT)]
    found = services(rows, early, late, serving={WEB: [V1, V1B, V2], **BOTH})
    assert [one.verdict for one in found["web"].splits] == ["on_target", "off_target"]
