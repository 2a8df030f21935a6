"""What both paths say of small meshes, one fact each: the compiled one is held to the fact, too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.model.mesh.requests import Asks, Carried, Part
from flowcheck.model.options import Options
from flowcheck.model.peers import Presents, Where
from flowcheck.model.protocols import UDP
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.reference import Tuple5
from tests.agreement.agree import disagreements, judge_compiled
from tests.builders import (
    between,
    block,
    in_namespace,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_service,
    make_service_ports,
    make_slice,
)
from tests.meshes import (
    ALLOW,
    CUSTOM,
    DENY,
    allows,
    denies,
    going_past,
    mesh_policy,
    presenting,
    spiffe,
    strict,
    with_sidecar,
)
from tests.tools.conformance import judge_by_reference, to_table

A, B, B6, C, OUTSIDE = "10.244.0.1", "10.244.0.2", "fd00::2", "10.244.0.3", "192.0.2.7"
VIP, OTHER_VIP = "10.96.0.1", "10.96.0.2"
CLIENT, SERVER = with_sidecar("a", A), with_sidecar("b", B, labels="app=b")
STRANGER = make_pod("a", A)
NO_BYTES = mesh_policy(DENY, denies(carried=Carried.TCP))
ONLY_X = mesh_policy(ALLOW, allows(presenting("x")))
ONLY_ROBOT = mesh_policy(ALLOW, allows(Where(Presents(".*/sa/robot"))))
METHOD = Asks(Part.METHOD, "GET")
NO_GET = mesh_policy(DENY, denies(request=METHOD, carried=Carried.HTTP))
RECORDED, EXACT = Options(mesh_identity="recorded"), Options(skew=0)
TUNNEL: dict[str, Any] = {"port": HBONE_PORT}


def service(name: str, address: str, ports: str) -> Any:
    return make_service(name, address, ports=make_service_ports(ports), selector={"app": "b"})


def mesh(*things: Any) -> Cluster:
    own = {one.name for one in things if hasattr(one, "addresses")}
    return make_cluster(*(one for one in (CLIENT, SERVER) if one.name not in own), *things)


def flow(src: str | None = A, dst: str | None = B, port: int | None = 80, **tweaks: Any) -> Tuple5:
    return make_flow(src, dst, port, **tweaks)


HTTP, BYTES = service("s", VIP, "http=80:80"), service("t", OTHER_VIP, "tcp=80:80")
HTTP_OF_UDP = service("u", OTHER_VIP, "http=80:80/UDP")
NATIVE = service("s", VIP, "tcp=80:80")
ROBOTS = [
    with_sidecar(f"w{n}", f"10.244.0.{n}", workload="Deployment/w", account=account)
    for n, account in ((11, "robot"), (12, "default"))
]
PAST_80 = [
    with_sidecar(f"w{n}", f"10.244.0.{n}", workload="Deployment/w", past=going_past(outbound=ports))
    for n, ports in ((11, (80,)), (12, (80,)), (13, ()))
]
TO_W: dict[str, Any] = {"dst": None, "dst_namespace": "x", "dst_workload": "w"}
SPEAKING = [
    with_sidecar(f"w{n}", f"10.244.0.{n}", workload="Deployment/w", labels=f"v={n}") for n in (11, 12)
]
OF_W: dict[str, Any] = {"src": None, "src_namespace": "x", "src_workload": "w"}
LEAVING = (
    between(with_sidecar("a", A, uid="u"), BEGINNING, 100),
    between(make_pod("a", A, uid="u"), 100, END),
)
LISTED = make_service("s", VIP, ports=make_service_ports("tcp=80:80"))

FACTS: dict[str, tuple[Cluster, Options, Tuple5, str]] = {
    "a pod outside the mesh proves nothing": (mesh(STRANGER, strict()), Options(), flow(), "deny"),
    "one inside does": (mesh(strict()), Options(), flow(), "allow"),
    "if it is asked for only where recorded": (mesh(strict()), RECORDED, flow(), "needs_identity"),
    "or clients may have been told to come otherwise": (
        mesh(with_sidecar("b", B, past=replace(going_past(), clients_differ=True)), strict()),
        Options(),
        flow(),
        "needs_identity",
    ),
    "nobody is believed to be more than was seen": (
        mesh(strict()),
        Options(),
        flow(src_principal="none"),
        "deny",
    ),
    "a recorded identity is another's": (mesh(ONLY_X), Options(), flow(src_principal=spiffe("y")), "deny"),
    "or the pod's own": (mesh(ONLY_X), Options(), flow(src_principal=spiffe("x")), "allow"),
    "while it is in the mesh": (mesh(*LEAVING, strict()), EXACT, flow(at=50), "allow"),
    "and not when it left": (mesh(*LEAVING, strict()), EXACT, flow(at=150), "deny"),
    "what goes past the client's proxy proves nothing": (
        mesh(with_sidecar("a", A, past=going_past(outbound=(80,))), strict()),
        Options(),
        flow(),
        "deny",
    ),
    "what comes past it is another matter": (
        mesh(with_sidecar("a", A, past=going_past(inbound=(80,))), strict()),
        Options(),
        flow(),
        "allow",
    ),
    "a port that is not told may go past it": (
        mesh(with_sidecar("a", A, past=going_past(outbound=(80,))), strict()),
        Options(),
        flow(port=None),
        "needs_identity",
    ),
    "a tunnel is opened by who is in the mesh": (mesh(strict()), RECORDED, flow(**TUNNEL), "allow"),
    "or by nobody knows whom": (mesh(strict()), Options(), flow(src=OUTSIDE, **TUNNEL), "needs_identity"),
    "its port is not the one inside": (
        mesh(mesh_policy(DENY, denies(None, HBONE_PORT))),
        Options(),
        flow(**TUNNEL),
        "no_port",
    ),
    "a Service tells what is spoken": (mesh(HTTP, NO_BYTES), Options(), flow(), "allow"),
    "or that it is bytes": (mesh(BYTES, NO_BYTES), Options(), flow(), "deny"),
    "nothing else does": (mesh(NO_BYTES), Options(), flow(), "needs_l7"),
    "its ports of UDP do not": (mesh(BYTES, HTTP_OF_UDP, NO_BYTES), Options(), flow(), "deny"),
    "two that disagree do not": (mesh(HTTP, BYTES, NO_BYTES), Options(), flow(), "needs_l7"),
    "it is spoken at all addresses of a pod": (
        mesh(
            with_sidecar("b", B, B6, labels="app=b"), LISTED, make_slice("x/s", B, ports="tcp=80"), NO_BYTES
        ),
        Options(),
        flow("fd00::9", B6),
        "deny",
    ),
    "a recorded request is one": (mesh(BYTES, NO_BYTES), Options(), flow(http_method="GET"), "allow"),
    "a server's name is none": (mesh(BYTES, NO_BYTES), Options(), flow(tls_server_name="b"), "deny"),
    "a request that is told is matched": (mesh(HTTP, NO_GET), Options(), flow(http_method="GET"), "deny"),
    "one that is not is open": (mesh(HTTP, NO_GET), Options(), flow(), "needs_l7"),
    "blocks match pods": (
        mesh(mesh_policy(DENY, denies(block("10.244.0.0/16")))),
        Options(),
        flow(),
        "deny",
    ),
    "what is staged is not enforced": (
        mesh(replace(mesh_policy(ALLOW), staged=True)),
        Options(),
        flow(),
        "allow",
    ),
    "backends outside the mesh differ only where the mesh refuses": (
        mesh(make_pod("c", C, labels="app=b"), BYTES, ONLY_X),
        Options(),
        flow(dst=OTHER_VIP),
        "allow",
    ),
    "nor where no policy is for one of them": (
        mesh(
            with_sidecar("b", B, labels="app=b,v=1"),
            with_sidecar("c", C, labels="app=b"),
            BYTES,
            replace(ONLY_X, subject=in_namespace("x", "v=1")),
        ),
        Options(),
        flow(dst=OTHER_VIP),
        "allow",
    ),
    "nor where one of them is no pod": (
        mesh(LISTED, make_slice("x/s", B, OUTSIDE, ports="tcp=80"), ONLY_X),
        Options(),
        flow(dst=VIP),
        "allow",
    ),
    "pods of one workload may prove different identities": (
        mesh(*ROBOTS, ONLY_ROBOT),
        Options(),
        flow(**OF_W),
        "ambiguous_src",
    ),
    "and may go past their proxies at different ports": (
        mesh(*PAST_80, strict()),
        Options(),
        flow(**OF_W),
        "ambiguous_src",
    ),
    "or at the same": (mesh(*PAST_80[:2], strict()), Options(), flow(**OF_W), "deny"),
    "or speak different things": (
        mesh(
            *SPEAKING,
            make_service("s", VIP, ports=make_service_ports("tcp=80:80"), selector={"v": "11"}),
            make_service("t", OTHER_VIP, ports=make_service_ports("http=80:80"), selector={"v": "12"}),
            mesh_policy(DENY, denies(carried=Carried.TCP)),
        ),
        Options(),
        flow(**TO_W),
        "ambiguous_dst",
    ),
    "which may not matter": (mesh(*ROBOTS, ONLY_X), Options(), flow(**OF_W), "allow"),
    "only TCP is asked of": (mesh(mesh_policy(ALLOW)), Options(), flow(protocol=UDP), "not_applicable"),
    "the first doubt is told": (
        mesh(
            mesh_policy(CUSTOM, denies(unread=True, carried=Carried.TCP), name="c"),
            mesh_policy(DENY, denies(request=METHOD, carried=Carried.HTTP)),
        ),
        Options(),
        flow(),
        "unsupported_field",
    ),
    "a pod's own node comes in": (
        mesh(make_node("n1", "10.0.0.1"), replace(SERVER, node="n1"), mesh_policy(ALLOW)),
        Options(),
        flow("10.0.0.1"),
        "not_applicable",
    ),
}


@pytest.mark.parametrize(("cluster", "options", "asked", "said"), FACTS.values(), ids=FACTS.keys())
def test_both_paths_say(cluster: Cluster, options: Options, asked: Tuple5, said: str) -> None:
    (answer,) = judge_compiled(cluster, to_table([asked]), options)
    assert (answer.reason if answer.verdict == "unknown" else answer.mesh) == said
    assert disagreements((cluster, options, [asked])) == []


def test_a_client_that_may_have_left_the_mesh_leaves_it_open() -> None:
    cluster, options, asked = mesh(*LEAVING, strict()), Options(skew=10), [flow(at=95)]
    answers = (
        *judge_compiled(cluster, to_table(asked), options),
        *judge_by_reference(cluster, asked, options),
    )
    assert [one.mesh for one in answers] == ["unknown", "unknown"]
