"""Random meshes: both paths agree, and what the reference says for sure no further knowledge changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given

from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import HBONE_PORT, MeshSettings, identity
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.options import Options
from flowcheck.model.protocols import TCP
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.model.tiers import Layer
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Reference, Tuple5
from flowcheck.reference.ends import End
from tests.agreement.agree import WORLDS, World, disagreements, drawn, never_seen
from tests.agreement.meshes import IDENTITIES, PORTS, mesh_worlds
from tests.builders import between, make_cluster, make_flow, make_pod, make_service, make_service_ports
from tests.meshes import ALLOW, DENY, denies, going_past, mesh_policy, strict, with_sidecar
from tests.tools.conformance import MESH_COLUMNS, judge_by_reference

NOT_DENIED = (Verdict.ALLOW, Verdict.NOT_APPLICABLE)


@pytest.mark.skipif(not MESH_COLUMNS, reason="the compiled path judges no meshes")
@drawn(WORLDS)
@given(mesh_worlds())
def test_paths_agree_on_meshes(world: World) -> None:
    assert disagreements(world) == []


A, B, VIP = "10.244.0.1", "10.244.0.2", "10.96.0.1"
CLIENT, SERVER = with_sidecar("a", A), with_sidecar("b", B, labels="app=b")
NOTHING_COMES_IN = mesh_policy(ALLOW)
NO_BYTES = mesh_policy(DENY, denies(None, carried=Carried.TCP))
OVER_TIME, TIMES = Options(skew=10), (50, 95, 100, 105, 200)
BEHIND = make_service("s", VIP, ports=make_service_ports("http=80:8080"), selector={"app": "b"})
KEPT: dict[str, World] = {
    "a port that is not recorded, where some go past the server's proxy": (
        make_cluster(CLIENT, with_sidecar("b", B, past=going_past(inbound=(9090,))), NOTHING_COMES_IN),
        Options(),
        [make_flow(A, B, port) for port in (80, 9090, None, HBONE_PORT)],
    ),
    "a reply, beside what the proxy saw of the server": (
        make_cluster(CLIENT, SERVER, strict()),
        Options(),
        [
            make_flow(B, A, 50000, src_port=80, tcp_flags=18, initiator=0, src_principal="none"),
            make_flow(B, A, 50000, src_port=81, tcp_flags=18, initiator=0, outer_port=HBONE_PORT),
        ],
    ),
    "a server that leaves the mesh": (
        make_cluster(
            CLIENT,
            between(with_sidecar("b", B, uid="u"), BEGINNING, 100),
            between(make_pod("b", B, uid="u"), 100, END),
            NOTHING_COMES_IN,
        ),
        OVER_TIME,
        [make_flow(A, B, at=at) for at in TIMES],
    ),
    "a policy that is new": (
        make_cluster(CLIENT, SERVER, between(NOTHING_COMES_IN, 100, END)),
        OVER_TIME,
        [make_flow(A, B, at=at) for at in TIMES],
    ),
    "a Service's own words": (
        make_cluster(CLIENT, SERVER, BEHIND, NO_BYTES),
        Options(),
        [make_flow(A, VIP), make_flow(A, B, 8080), make_flow(A, B, 80), make_flow(A, "x/b", 8080)],
    ),
    "a backend that is not ready": (
        make_cluster(CLIENT, replace(SERVER, ready=False), BEHIND, NO_BYTES),
        Options(),
        [make_flow(A, B, 8080)],
    ),
}


@pytest.mark.skipif(not MESH_COLUMNS, reason="the compiled path judges no meshes")
@pytest.mark.parametrize("world", KEPT.values(), ids=KEPT.keys())
def test_paths_agree_on_kept_meshes(world: World) -> None:
    assert disagreements(world) == []


# -- what the reference says for sure -----------------------------------------------------------------

REQUESTS = (
    ("GET", "/", "a.example"),
    ("POST", "/admin", "b"),
    ("GET", "/admin", "b"),
    ("POST", "/", "a.example"),
)


def of_mesh(reference: Reference, flow: Tuple5) -> Verdict:
    return reference.judge(flow).mesh.verdict


def source_of(reference: Reference, flow: Tuple5) -> End | None:
    """Who a flow's source is, if that is one thing at one time."""
    only = reference.owners.resolve(flow.source, flow.time).only
    return only if only is not None and not only.versions else None


def may_prove(flow: Tuple5, src: End, cluster: Cluster, options: Options) -> list[str]:
    """All that the source of a flow may prove, as a record has it."""
    if flow.src_principal:
        return [flow.src_principal]
    if src.pod is None:
        return ["none", *IDENTITIES] if flow.port == HBONE_PORT else ["none"]
    domain = (cluster.mesh or MeshSettings()).trust_domain
    own, membership = identity(domain, src.pod.namespace, src.pod.account), src.pod.mesh
    if flow.port == HBONE_PORT:
        return [own, *([] if membership else ["none"])]
    if membership is None or flow.port in membership.outbound_past:
        return ["none"]
    sure = options.mesh_identity == "derived" and (flow.port is not None or not membership.outbound_past)
    return [own] if sure else [own, "none"]


def with_ports(flow: Tuple5) -> Iterator[Tuple5]:
    """The flow with the port that a tunnel hides, or that was not recorded; else as it is."""
    if flow.port == HBONE_PORT:
        yield from (replace(flow, port=port, outer_port=HBONE_PORT) for port in (*PORTS, 1))
    elif flow.port is None:
        yield from (replace(flow, port=port) for port in (*PORTS, 1))
    else:
        yield flow


def with_requests(flow: Tuple5) -> Iterator[Tuple5]:
    """The flow with all of a request told, as it may have been."""
    for method, path, host in REQUESTS:
        for server in ("db", "web"):
            yield replace(
                flow,
                http_method=flow.http_method or method,
                http_path=flow.http_path or path,
                http_host=flow.http_host or host,
                tls_server_name=flow.tls_server_name or server,
            )


def completed(flow: Tuple5, src: End, cluster: Cluster, options: Options) -> Iterator[Tuple5]:
    """The flow as a record that told more may have it."""
    proved = may_prove(flow, src, cluster, options)
    for aimed in with_ports(flow):
        told = proved if flow.port == HBONE_PORT else may_prove(aimed, src, cluster, options)
        for one in told:
            yield replace(aimed, src_principal=one)
            yield from with_requests(replace(aimed, src_principal=one))


def speaks(cluster: Cluster, app_protocol: str) -> Cluster:
    """The cluster with this word at every port of every Service."""
    services = tuple(
        replace(one, ports=tuple(replace(port, app_protocol=app_protocol) for port in one.ports))
        for one in cluster.services
    )
    return replace(cluster, services=services)


def all_speak(cluster: Cluster, app_protocol: str) -> Cluster:
    """The same, with such a Service at every port of every pod in the mesh."""
    cluster = speaks(cluster, app_protocol)
    added = tuple(ServicePort(f"p{port}", TCP, port, port, app_protocol=app_protocol) for port in (*PORTS, 1))
    pods = [pod for pod in cluster.pods if pod.mesh is not None and not pod.host_network]
    services = [Service(pod.namespace, f"of-{n}", ports=added, headless=True) for n, pod in enumerate(pods)]
    slices = [
        EndpointSlice(pod.namespace, f"of-{n}", added, tuple(Backend(a, pod.name) for a in pod.addresses))
        for n, pod in enumerate(pods)
    ]
    return replace(cluster, services=(*cluster.services, *services), slices=(*cluster.slices, *slices))


@drawn(WORLDS // 6)
@given(mesh_worlds())
def test_no_further_knowledge_changes_what_was_said_for_sure(world: World) -> None:
    """The identity, the port, the request, and for what the proxy takes the connection."""
    cluster, options, flows = world
    cluster = speaks(cluster, "example.com/mine")
    reference = Reference(cluster, options)
    taken = {one: Reference(all_speak(cluster, one), options) for one in Carried}
    for flow in flows:
        said, src = of_mesh(reference, flow), source_of(reference, flow)
        if src is None or said not in (Verdict.ALLOW, Verdict.DENY) or flow.initiator == 0:
            continue
        expected = (Verdict.DENY,) if said is Verdict.DENY else NOT_DENIED
        for one in completed(flow, src, cluster, options):
            assert of_mesh(reference, one) in (*expected, Verdict.UNKNOWN), (flow, one)
            for surely in taken.values():
                assert of_mesh(surely, one) in (*expected, Verdict.UNKNOWN), (flow, one)


@drawn(WORLDS // 3)
@given(mesh_worlds())
def test_a_mesh_changes_nothing_of_what_network_policies_say(world: World) -> None:
    cluster, options, flows = world
    network = tuple(one for one in cluster.policies if one.tier.layer is Layer.NETWORK)
    pods = tuple(replace(pod, mesh=None) for pod in cluster.pods)
    alone = judge_by_reference(replace(cluster, policies=network, pods=pods), flows, options)
    for flow, one, other in zip(flows, judge_by_reference(cluster, flows, options), alone, strict=True):
        if one.reason in (Reason.AMBIGUOUS_SRC, Reason.AMBIGUOUS_DST):  # whom the mesh alone tells apart
            continue
        assert (one.egress, one.ingress) == (other.egress, other.ingress), flow
        assert other.mesh == "not_applicable", flow


def test_the_meshes_are_not_dull() -> None:
    """Both kinds of policies decide, every reason comes up, whatever is told or not."""
    wanted = {
        *Verdict,
        Reason.NEEDS_L7,
        Reason.NEEDS_IDENTITY,
        Reason.NO_PORT,
        Reason.SERVICE_BACKENDS_DIFFER,
    }
    wanted |= {
        "PeerAuthentication",
        "AuthorizationPolicy",
        "default-deny",
        "deny by request",
        "allow by request",
    }

    def seen(world: World) -> Iterator[str]:
        cluster, options, flows = world
        for flow, one in zip(flows, Reference(cluster, options).judge_all(flows), strict=True):
            side = one.mesh
            yield from (side.verdict, side.reason, side.decided_by.partition("/")[0].partition(" ")[0])
            if flow.http_method and side.decided_by:
                yield f"{side.verdict} by request"

    assert never_seen(wanted, mesh_worlds(), seen, WORLDS) == set()
