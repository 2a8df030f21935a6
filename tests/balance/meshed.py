"""One Service in a mesh, versions of which are endpoints, for tests of what routes divide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flowcheck import arrays as a
from flowcheck.balance.count.tally import Tally
from flowcheck.balance.expect.routing import Routing
from flowcheck.balance.tell.records import ServiceLoad, SplitLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.balance.tell.services import assess_services
from flowcheck.model.cluster import Pod, Workload
from flowcheck.model.mesh.membership import Membership
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.mesh.routes import DestinationRule, Match, Route, RouteRule, Subset, Target
from flowcheck.model.peers import DataPlane
from flowcheck.model.service import Service, ServicePort
from flowcheck.model.timeline import BEGINNING, END, Lifetime
from tests.balance.world import (
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

V1, V1B, V2, V3 = range(4)
FIRST_CLIENT, N_CLIENTS = 8, 40
CROWD = 4
"""An address that may be many senders."""
KINDS = [a.KIND_POD] * 4 + [a.KIND_BLOCK] * 4 + [a.KIND_POD] * N_CLIENTS
VERSIONS = {V1: "v1", V1B: "v1", V2: "v2", V3: "v3"}
SIDECAR, AMBIENT = Membership(DataPlane.SIDECAR), Membership(DataPlane.AMBIENT)
TCP_PORT, HTTP_PORT = ServicePort("tcp-db", TCP, 80, 8080), ServicePort("http", TCP, 80, 8080)
WEB = Service("x", "web", cluster_ips=("10.96.0.10",), ports=(TCP_PORT,))


def make_pod(name: str, mesh: Membership | None = SIDECAR, namespace: str = "x", **labels: str) -> Pod:
    return Pod(namespace, name, Workload("Pod", namespace, name), labels, mesh=mesh)


def rule(*targets: tuple[str, int], matches: Iterable[Match] = (), **tweaks: Any) -> RouteRule:
    """To subsets of x/web by name, with weights."""
    made = tuple(Target("x", "web", subset=subset, weight=weight) for subset, weight in targets)
    values = {"label": "tcp[0]", "carried": Carried.TCP, "targets": made, "matches": tuple(matches)}
    return RouteRule(**{**values, **tweaks})


def http(*targets: tuple[str, int], **tweaks: Any) -> RouteRule:
    return rule(*targets, **{"label": "http[0]", "carried": Carried.HTTP, **tweaks})


def virtual_service(*rules: RouteRule, start: int = BEGINNING, end: int = END, **tweaks: Any) -> Route:
    hosts = tweaks.pop("hosts", ("web.x.svc.cluster.local",))
    return Route(
        "VirtualService",
        "x",
        tweaks.pop("name", "web"),
        rules,
        **{"hosts": hosts, "gateways": ("mesh",), "ordered": True, **tweaks},
        lifetime=Lifetime.exact(start, end),
    )


def subsets(*names: str, **tweaks: Any) -> DestinationRule:
    own = tuple(Subset(name, (("version", name),)) for name in names or ("v1", "v2", "v3"))
    return DestinationRule("x", "web", "web.x.svc.cluster.local", subsets=own, **tweaks)


def flows(counts: Mapping[int, int], clients: int = N_CLIENTS, at: int = 0, first: int = 0) -> list[Row]:
    """So many connections to each endpoint, by one client after the other."""
    rows = []
    for endpoint, number in counts.items():
        for n in range(clients):
            many = number // clients + (n < number % clients)
            if many:
                client = FIRST_CLIENT + (n + first) % N_CLIENTS
                rows.append(Row(client, endpoint, 8080, flow_count=many, seen_at=at))
    return rows


def load_of(
    rows: Sequence[Row],
    *routes: Route,
    rules: Sequence[DestinationRule] = (),
    service: Service = WEB,
    members: Mapping[int, Iterable[int]] | None = None,
    meshes: Mapping[int, Membership | None] | None = None,
    labels: Mapping[int, Mapping[str, str]] | None = None,
    tweak: Any = None,
) -> LoadResult:
    """x/web with pods of v1 (two), v2 and v3; forty clients with sidecars, but those that ``meshes`` names.
    ``members``: endpoints by start of a segment; ``labels``: those of clients."""
    segments = {start: [*own] for start, own in (members or {BEGINNING: [V1, V1B, V2, V3]}).items()}
    spec = PortSpec(0, 80, {start: [(e, 8080) for e in own] for start, own in segments.items()})
    counting = make_counting_tables([spec], make_endpoints(KINDS), {})
    tally = Tally(None, 2)
    count(tally, counting, *make_batch([*rows]))
    made = [[make_member(e, node="n1", **(tweak or {}).get(e, {})) for e in own] for own in segments.values()]
    catalog = make_catalog(counting.services, [(service, made)], nodes=["n1"])
    pods = {e: (make_pod(f"web-{e}", version=version),) for e, version in VERSIONS.items()}
    for client in range(FIRST_CLIENT, FIRST_CLIENT + N_CLIENTS):
        mesh = (meshes or {}).get(client, SIDECAR)
        pods[client] = (make_pod(f"client-{client}", mesh, **(labels or {}).get(client, {})),)
    routing = Routing(routes, tuple(rules) or (subsets(),), pods)
    return assess_services(replace(catalog, routing=routing), tally.entries())


def one(*arguments: Any, **options: Any) -> ServiceLoad:
    (service,) = load_of(*arguments, **options).services
    return service


def split(*arguments: Any, **options: Any) -> SplitLoad:
    (found,) = one(*arguments, **options).splits
    return found
