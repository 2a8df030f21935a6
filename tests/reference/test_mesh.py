"""What the reference says a mesh's proxy does, sentence by sentence; a test's name states the fact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck.model.cluster import Cluster, Node, Pod
from flowcheck.model.mesh.membership import HBONE_PORT, Membership, MeshSettings
from flowcheck.model.mesh.requests import Asks, Carried, Part
from flowcheck.model.options import MeshIdentity, Options
from flowcheck.model.peers import AllOf, AnyOf, Carries, DataPlane, IsA, Kind, Not, Presents, Where
from flowcheck.model.policy import Action, Policy, Rule
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.service import EndpointSlice, Service, ServicePort
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Judgement, Reference
from flowcheck.reference.mesh.carried import spoken
from tests.builders import (
    allow,
    block,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    make_slice,
)
from tests.meshes import (
    ALLOW,
    CUSTOM,
    DENY,
    PLAINTEXT,
    allows,
    denies,
    going_past,
    mesh_policy,
    on_plane,
    presenting,
    spiffe,
    strict,
    with_sidecar,
    with_ztunnel,
)

A, B, C, OUTSIDE = "10.244.0.1", "10.244.0.2", "10.244.0.3", "192.0.2.1"
NODE, OTHER_NODE, VIP = "10.0.0.1", "10.0.0.2", "10.96.0.1"
CLIENT, SERVER = with_sidecar("a", A), with_sidecar("b", B, node="n1", labels="app=b")
NODES = make_node("n1", NODE), make_node("n2", OTHER_NODE)
Object = Node | Pod | Service | EndpointSlice | Policy
ADMIN = Asks(Part.PATH, "/admin.*")


def judge(
    *objects: Object,
    src: str | None = A,
    dst: str | None = B,
    port: int | None = 80,
    protocol: int = TCP,
    options: Options = Options(),  # noqa: B008 (frozen)
    settings: MeshSettings | None = None,
    **flow: Any,
) -> Judgement:
    """Pod x/a at A and pod x/b at B on node n1, both with sidecars unless the objects have them."""
    own = {f"{o.namespace}/{o.name}" for o in objects if isinstance(o, Pod)}
    pods = [pod for pod in (CLIENT, SERVER) if f"{pod.namespace}/{pod.name}" not in own]
    cluster = replace(make_cluster(*NODES, *pods, *objects), mesh=settings)
    return Reference(cluster, options).judge(make_flow(src, dst, port, protocol, **flow))


def mesh(*objects: Object, **asked: Any) -> str:
    """The mesh's verdict, or its reason where it has none."""
    side = judge(*objects, **asked).mesh
    return str(side.reason or side.verdict)


def by(*objects: Object, **asked: Any) -> str:
    return judge(*objects, **asked).mesh.decided_by


DENY_ALL = mesh_policy(ALLOW)
ALLOW_X = mesh_policy(ALLOW, allows(presenting("x")))
DENY_80 = mesh_policy(DENY, denies(None, 80))
NO_IDENTITY = mesh_policy(DENY, denies(PLAINTEXT))
MAY_ASK: dict[str, Any] = {"options": Options(mesh_identity="recorded")}


# -- where a mesh has a say --------------------------------------------------------------------------


def test_without_policies_a_mesh_allows_and_nobody_decided() -> None:
    assert (mesh(), by()) == ("allow", "")


def test_an_allow_policy_denies_what_it_does_not_allow_and_is_named() -> None:
    judged = judge(DENY_ALL)
    assert (judged.mesh.verdict, judged.verdict) == (Verdict.DENY, Verdict.DENY)
    assert judged.mesh.decided_by == "default-deny by AuthorizationPolicy/x/m"
    assert (judged.egress.verdict, judged.ingress.verdict) == (Verdict.ALLOW, Verdict.ALLOW)


def test_only_tcp_is_covered() -> None:
    assert mesh(DENY_ALL, protocol=UDP) == "not_applicable"
    assert mesh(DENY_ALL, protocol=1, port=None) == "not_applicable"


@pytest.mark.parametrize("dst", [C, OUTSIDE, OTHER_NODE, "10.244.0.9"])
def test_a_destination_that_no_mesh_carries_has_no_mesh_side(dst: str) -> None:
    host = with_sidecar("h", OTHER_NODE, node="n2", host_network=True)
    beside = with_sidecar("d", "10.244.0.4", secondary_addresses=("10.244.0.9",))
    assert mesh(DENY_ALL, make_pod("c", C), host, beside, dst=dst) == "not_applicable"


def test_a_client_in_the_mesh_changes_nothing_for_a_server_outside() -> None:
    assert mesh(DENY_ALL, make_pod("b", B)) == "not_applicable"


@pytest.mark.parametrize("plane", list(DataPlane))
def test_every_data_plane_is_a_mesh(plane: DataPlane) -> None:
    assert mesh(DENY_ALL, on_plane(plane, "b", B)) == "deny"


def test_a_port_that_goes_past_the_proxy_has_no_mesh_side() -> None:
    server = with_sidecar("b", B, past=going_past(inbound=(9090,)), labels="app=b")
    assert mesh(DENY_ALL, server, port=9090) == "not_applicable"
    assert mesh(DENY_ALL, server, port=80) == "deny"
    service = make_service("s", VIP, ports=make_service_ports("80:9090"), selector={"app": "b"})
    assert mesh(DENY_ALL, server, service, dst=VIP) == "not_applicable"


def test_an_unrecorded_port_may_go_past_the_proxy() -> None:
    server = with_sidecar("b", B, past=going_past(inbound=(9090,)))
    assert mesh(DENY_ALL, server, port=None) == "no_port"
    assert mesh(mesh_policy(DENY, denies(None, 9090)), server, port=None) == "allow"
    assert mesh(DENY_ALL, port=None) == "deny"


def test_a_cluster_without_a_mesh_has_no_mesh_side() -> None:
    pods = make_pod("a", A), make_pod("b", B)
    assert mesh(*pods, DENY_ALL) == "not_applicable"
    assert mesh(*pods, DENY_ALL, src="10.244.0.99") == "not_applicable"
    assert mesh(*pods, DENY_ALL, initiator=0, port=50000, src_port=50001) == "not_applicable"


def test_where_connections_may_be_opened_otherwise_no_identity_is_derived() -> None:
    server = replace(SERVER, mesh=Membership(DataPlane.SIDECAR, clients_differ=True))
    assert mesh(server, NO_IDENTITY) == "needs_identity"
    assert mesh(server, NO_IDENTITY, src_principal=spiffe("x")) == "allow"


# -- what nothing can forbid -------------------------------------------------------------------------


def test_a_pod_may_talk_to_itself() -> None:
    assert mesh(DENY_ALL, src=B) == "not_applicable"
    assert mesh(DENY_ALL, make_pod("b", B), src=B) == "not_applicable"


@pytest.mark.parametrize("own_node", ["allowed", "policy"])
def test_the_own_node_comes_in_whatever_options_say(own_node: Any) -> None:
    chosen = Options(own_node=own_node)
    assert mesh(DENY_ALL, src=NODE, options=chosen) == "not_applicable"
    assert mesh(DENY_ALL, src=OTHER_NODE, options=chosen) == "deny"
    assert mesh(DENY_ALL, src=NODE, options=chosen, protocol=UDP) == "not_applicable"


# -- ports -------------------------------------------------------------------------------------------


def test_a_mesh_sees_the_backends_port() -> None:
    service = make_service("s", VIP, ports=make_service_ports("81:80"), selector={"app": "b"})
    assert mesh(DENY_80, service, dst=VIP, port=81) == "deny"
    assert mesh(DENY_80, port=81) == "allow"


def test_inside_a_tunnel_seen_from_outside_the_port_is_not_recorded() -> None:
    assert mesh(DENY_80, port=HBONE_PORT) == "no_port"
    assert mesh(DENY_ALL, port=HBONE_PORT) == "deny"
    assert mesh(mesh_policy(ALLOW, allows(None, HBONE_PORT)), port=HBONE_PORT) == "no_port"


def test_network_policies_see_the_port_on_the_wire_and_the_mesh_the_one_inside() -> None:
    tunnels = make_policy(ingress=[allow(ports=str(HBONE_PORT))], egress=[allow(ports=str(HBONE_PORT))])
    told = judge(tunnels, DENY_80, outer_port=HBONE_PORT)
    assert (told.egress.verdict, told.ingress.verdict, told.mesh.verdict) == ("allow", "allow", "deny")
    not_told = judge(tunnels)
    assert (not_told.ingress.verdict, not_told.mesh.verdict) == ("deny", "allow")


# -- identities --------------------------------------------------------------------------------------


def test_a_recorded_identity_counts_whoever_the_source_is() -> None:
    only_y = mesh_policy(ALLOW, allows(presenting("y")))
    assert mesh(only_y, src_principal=spiffe("y")) == "allow"
    assert mesh(ALLOW_X, src_principal=spiffe("y")) == "deny"
    assert mesh(only_y, src=OUTSIDE, src_principal=spiffe("y", "robot", "far.example")) == "allow"


def test_a_recorded_none_is_plaintext() -> None:
    assert mesh(strict(), src_principal="none") == "deny"
    assert mesh(ALLOW_X, src_principal="none") == "deny"
    assert by(strict(), src_principal="none") == "PeerAuthentication/x/strict[STRICT]"


def test_an_empty_principal_is_not_told() -> None:
    assert mesh(strict(), src_principal="") == "allow"


def test_the_whole_identity_must_match_and_it_has_the_clusters_trust_domain() -> None:
    exact = mesh_policy(ALLOW, allows(Where(Presents("spiffe://td/ns/x/sa/robot"))))
    robot = with_sidecar("a", A, account="robot")
    assert mesh(exact, robot, settings=MeshSettings(trust_domain="td")) == "allow"
    assert mesh(exact, robot) == "deny"
    assert mesh(exact, robot, src_principal="spiffe://td/ns/x/sa/robot2") == "deny"
    assert mesh(exact, robot, src_principal="spiffe://td/ns/x/sa/robot") == "allow"


def test_a_tunnel_of_a_client_in_the_mesh_proves_its_identity_though_only_records_count() -> None:
    assert mesh(strict(), port=HBONE_PORT, **MAY_ASK) == "allow"
    assert mesh(strict(), port=80, **MAY_ASK) == "needs_identity"


@pytest.mark.parametrize("src", [C, OUTSIDE, OTHER_NODE])
def test_who_opens_a_tunnel_from_elsewhere_is_not_told(src: str) -> None:
    assert mesh(strict(), make_pod("c", C), src=src, port=HBONE_PORT) == "needs_identity"
    assert mesh(DENY_ALL, make_pod("c", C), src=src, port=HBONE_PORT) == "deny"


def test_an_identity_that_nothing_tells_may_be_any() -> None:
    """Of a pod that no mesh carries, it is at most its own."""
    anyone_but_x = mesh_policy(DENY, denies(presenting("y", "z")))
    assert mesh(anyone_but_x, src=OUTSIDE, port=HBONE_PORT) == "needs_identity"
    assert mesh(anyone_but_x, make_pod("c", C), src=C, port=HBONE_PORT) == "allow"


@pytest.mark.parametrize("src", [C, OUTSIDE, OTHER_NODE, "10.244.0.9"])
def test_a_source_that_no_mesh_carries_proves_nothing(src: str) -> None:
    beside = with_sidecar("d", "10.244.0.4", secondary_addresses=("10.244.0.9",))
    assert mesh(strict(), make_pod("c", C), beside, src=src, **MAY_ASK) == "deny"


def test_what_a_client_sends_past_its_proxy_proves_nothing() -> None:
    client = with_sidecar("a", A, past=going_past(outbound=(80,)))
    assert mesh(strict(), client, **MAY_ASK) == "deny"
    assert mesh(strict(), client, port=81) == "allow"
    assert mesh(strict(), client, port=None) == "needs_identity"
    service = make_service("s", VIP, ports=make_service_ports("80:8080"), selector={"app": "b"})
    assert mesh(strict(), client, service, dst=VIP) == "deny"


@pytest.mark.parametrize(("chosen", "said"), [("derived", "allow"), ("recorded", "needs_identity")])
def test_an_option_says_whether_a_client_in_the_mesh_proves_its_identity(
    chosen: MeshIdentity, said: str
) -> None:
    assert mesh(strict(), options=Options(mesh_identity=chosen)) == said
    assert mesh(ALLOW_X, options=Options(mesh_identity=chosen)) == said


def test_no_identity_matches_no_pattern_and_all_that_is_negated() -> None:
    not_x = mesh_policy(DENY, denies(Where(Not(Presents(".*/ns/y/.*")))))
    assert mesh(not_x, src_principal="none") == "deny"
    assert mesh(not_x, src_principal=spiffe("y")) == "allow"


# -- for what a connection is taken ------------------------------------------------------------------

AS_TCP = mesh_policy(DENY, denies(None, carried=Carried.TCP))
AS_HTTP = mesh_policy(DENY, denies(None, carried=Carried.HTTP))


def speaks(*objects: Object, **asked: Any) -> str:
    """For what the server's proxy takes the connection."""
    found = mesh(AS_TCP, *objects, **asked), mesh(AS_HTTP, *objects, **asked)
    return {("deny", "allow"): "tcp", ("allow", "deny"): "http", ("needs_l7", "needs_l7"): "either"}[found]


def service(name: str = "s", *addresses: str, ports: str, app: str = "b") -> Service:
    return make_service(name, *addresses, ports=make_service_ports(ports), selector={"app": app})


@pytest.mark.parametrize("part", ["http_method", "http_path", "http_host"])
def test_a_recorded_request_is_http_whatever_services_say(part: str) -> None:
    assert speaks(service(ports="tcp=80:80"), **{part: "x"}) == "http"
    assert speaks(**{part: ""}) == "either"


def test_a_server_name_is_of_tls_and_tells_no_request() -> None:
    assert speaks(tls_server_name="db.example") == "either"


@pytest.mark.parametrize(
    ("app_protocol", "name", "carried"),
    [
        *(("", name, Carried.HTTP) for name in ("http", "http-web", "http2", "grpc-x", "grpc-web", "HTTP")),
        *(("", name, Carried.TCP) for name in ("tcp", "tcp-db", "tls", "https", "mongo", "mysql", "redis")),
        *(("", name, None) for name in ("", "web", "httpx", "web-http")),
        *((word, "tcp", Carried.HTTP) for word in ("http", "kubernetes.io/h2c", "kubernetes.io/ws")),
        *((word, "http", Carried.TCP) for word in ("tcp", "kubernetes.io/wss", "https")),
        ("example.com/mine", "http", None),
    ],
)
def test_a_service_port_says_what_is_spoken(app_protocol: str, name: str, carried: Carried | None) -> None:
    assert spoken(ServicePort(name, TCP, 80, 80, app_protocol=app_protocol)) is carried


def test_the_service_port_that_leads_to_a_pods_port_tells() -> None:
    of_port = service(ports="http=8080:80 tcp=8081:81 web=8082:82")
    assert [speaks(of_port, port=port) for port in (80, 81, 82, 83)] == ["http", "tcp", "either", "either"]
    assert speaks(of_port, port=None) == "either"
    assert speaks(service(ports="http=8080:80", app="c")) == "either"
    listed = make_slice("x/s", B, ports="http=80")
    assert speaks(make_service("s", ports=make_service_ports("http=8080:99")), listed) == "http"


def test_services_that_disagree_tell_nothing_unless_one_was_dialled() -> None:
    several = service("s", VIP, ports="http=80:80"), service("t", "10.96.0.2", ports="tcp=80:80")
    assert speaks(*several) == "either"
    assert speaks(*several, dst=VIP) == "http"
    assert speaks(*several, dst="10.96.0.2") == "tcp"
    assert speaks(service("s", ports="http=80:80"), service("t", ports="grpc=80:80")) == "http"
    assert speaks(service("s", ports="http=80:80"), service("t", ports="web=80:80")) == "either"


def test_rules_that_take_a_connection_for_neither_are_for_both() -> None:
    assert mesh(DENY_80, service(ports="http=80:80")) == mesh(DENY_80) == "deny"


# -- what is not told is tried in every way ----------------------------------------------------------


def test_both_ways_to_be_taken_that_say_the_same_are_a_verdict_and_bytes_are_named() -> None:
    both = mesh_policy(
        DENY,
        denies(None, carried=Carried.HTTP, label="as http"),
        denies(None, carried=Carried.TCP, label="as tcp"),
    )
    assert (mesh(both), by(both)) == ("deny", "AuthorizationPolicy/x/m[as tcp]")


def test_where_they_differ_the_first_reason_that_any_has_is_told() -> None:
    on_a_way = mesh_policy(DENY, denies(None, carried=Carried.HTTP, needs=Reason.NEEDS_AUTHENTICATION))
    assert mesh(on_a_way) == "needs_authentication"
    assert mesh(AS_HTTP) == "needs_l7"


def test_both_identities_that_say_the_same_are_a_verdict_and_the_presented_one_is_named() -> None:
    both = mesh_policy(DENY, denies(PLAINTEXT, label="plain"), denies(presenting("x"), label="proved"))
    assert (mesh(both, **MAY_ASK), by(both, **MAY_ASK)) == ("deny", "AuthorizationPolicy/x/m[proved]")


def test_what_is_taken_is_combined_before_identities() -> None:
    plain_http = mesh_policy(DENY, denies(PLAINTEXT, carried=Carried.HTTP))
    assert mesh(plain_http, **MAY_ASK) == "needs_l7"
    assert mesh(plain_http, http_method="GET", **MAY_ASK) == "needs_identity"


# -- requests ----------------------------------------------------------------------------------------

NO_ADMIN = mesh_policy(DENY, denies(None, request=ADMIN))


def test_a_part_that_is_told_is_matched_as_a_whole() -> None:
    assert mesh(NO_ADMIN, http_path="/admin/x") == "deny"
    assert mesh(NO_ADMIN, http_path="/x/admin") == "allow"


def test_a_part_that_is_not_told_leaves_the_rule_open() -> None:
    assert mesh(NO_ADMIN) == mesh(NO_ADMIN, http_method="GET") == "needs_l7"


def test_an_open_rule_of_no_consequence_leaves_nothing_open() -> None:
    assert mesh(NO_ADMIN, mesh_policy(ALLOW, name="n")) == "deny"
    assert mesh(mesh_policy(DENY, denies(None, 81, request=ADMIN))) == "allow"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"http_method": "GET"}, "allow"),
        ({"http_method": "POST"}, "needs_l7"),
        ({"http_method": "POST", "http_path": "/"}, "allow"),
        ({"http_path": "/admin"}, "needs_l7"),
        ({"http_method": "POST", "http_path": "/admin"}, "deny"),
    ],
)
def test_an_expression_may_be_decided_without_what_is_not_told(told: dict[str, str], said: str) -> None:
    post = mesh_policy(DENY, denies(None, request=AllOf((Asks(Part.METHOD, "POST"), ADMIN))))
    assert mesh(post, **told) == said


def test_any_of_and_not_are_decided_likewise() -> None:
    either = AnyOf((Asks(Part.METHOD, "POST"), Asks(Part.HOST, "a")))
    assert mesh(mesh_policy(DENY, denies(None, request=either)), http_method="POST") == "deny"
    assert mesh(mesh_policy(DENY, denies(None, request=either)), http_method="GET") == "needs_l7"
    assert mesh(mesh_policy(DENY, denies(None, request=Not(ADMIN))), http_path="/") == "deny"
    assert mesh(mesh_policy(DENY, denies(None, request=Not(ADMIN)))) == "needs_l7"


def test_a_server_name_is_matched_of_bytes_too_and_other_parts_are_never_told() -> None:
    sni = mesh_policy(DENY, denies(None, request=Asks(Part.SNI, "db"), carried=Carried.TCP))
    assert mesh(sni, service(ports="tls=80:80"), tls_server_name="db") == "deny"
    header = mesh_policy(DENY, denies(None, request=Asks(Part.OTHER, "v", "x-header")))
    everything = {"http_method": "GET", "http_path": "/", "http_host": "h", "tls_server_name": "s"}
    assert mesh(header, **everything) == "needs_l7"


# -- tiers, planes, layers ---------------------------------------------------------------------------


def test_tiers_are_asked_in_their_order() -> None:
    custom = mesh_policy(CUSTOM, denies(None, needs=Reason.NEEDS_L7), name="c")
    letting = mesh_policy(ALLOW, allows(), name="l")
    assert mesh(custom, letting) == "needs_l7"
    assert mesh(custom, letting, mesh_policy(DENY, denies(), name="d")) == "deny"
    assert mesh(letting, mesh_policy(DENY, denies(None, 81), name="d")) == "allow"
    assert by(strict(), DENY_ALL, src=OUTSIDE) == "PeerAuthentication/x/strict[STRICT]"


def test_a_first_match_tier_lets_ports_pass() -> None:
    """STRICT but for one port."""
    ports = Rule("portLevelMtls", Action.PASS, ports=denies(None, 81).ports)
    policy = replace(strict(), ingress=(ports, *strict().ingress))
    assert (mesh(policy, src=OUTSIDE), mesh(policy, src=OUTSIDE, port=81)) == ("deny", "allow")


def test_a_subject_may_be_what_one_data_plane_carries() -> None:
    sidecars = Where(AllOf((IsA(Kind.POD), Carries(DataPlane.SIDECAR))))
    policy = mesh_policy(ALLOW, subject=sidecars)
    assert mesh(policy) == "deny"
    assert mesh(policy, with_ztunnel("b", B)) == "allow"


def test_blocks_match_pods_and_outside() -> None:
    policy = mesh_policy(ALLOW, allows(block("192.0.2.0/24", pods=True)))
    assert (mesh(policy, src=OUTSIDE), mesh(policy)) == ("allow", "deny")


def test_staged_policies_are_previewed_only() -> None:
    staged = replace(DENY_ALL, staged=True)
    assert (mesh(staged), mesh(staged, options=Options(staged=True))) == ("allow", "deny")


def test_neither_layer_asks_the_policies_of_the_other() -> None:
    network = make_policy(ingress=())
    judged = judge(network)
    assert (judged.ingress.verdict, judged.mesh.verdict, judged.verdict) == ("deny", "allow", "deny")
    assert judge(DENY_ALL).ingress.verdict == "allow"


def test_deny_beats_unknown_and_the_first_unknown_has_the_reason() -> None:
    doubt = make_policy(ingress=[allow(block("10.244.0.0/24"))])
    unknown = Options(ipblock_matches_pods="unknown")
    assert judge(doubt, DENY_ALL, options=unknown).verdict is Verdict.DENY
    judged = judge(doubt, NO_ADMIN, options=unknown)
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.UNSUPPORTED_FIELD)
    judged = judge(NO_ADMIN)
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NEEDS_L7)
    assert judge(make_policy(ingress=()), NO_ADMIN).verdict is Verdict.DENY


# -- who is not known, and several ends --------------------------------------------------------------


def test_of_ends_that_are_not_known_a_mesh_says_as_little_as_network_policies() -> None:
    assert mesh(src="10.244.0.99", src_pod="gone", src_namespace="x") == "unresolved_src"
    assert mesh(dst="10.244.0.99", dst_pod="gone", dst_namespace="x") == "unresolved_dst"
    assert mesh(initiator=0, port=50000, src_port=50001) == "unknown_initiator"
    assert mesh(initiator=0, port=50000, src_port=50001, protocol=UDP) == "not_applicable"


def test_backends_may_differ_to_the_mesh_alone() -> None:
    one = with_sidecar("b", B, labels="app=b,v=1")
    other = make_pod("c", C, labels="app=b")
    several = service("s", VIP, ports="80:80")
    judged = judge(one, other, several, DENY_ALL, dst=VIP)
    assert (judged.ingress.verdict, judged.mesh.reason) == ("allow", "service_backends_differ")
    assert mesh(one, other, several, dst=VIP) == "allow"


def test_a_workload_whose_pods_prove_different_identities_is_ambiguous() -> None:
    accounts = Where(Presents(".*/sa/robot"))
    pods = [
        with_sidecar(f"w{n}", f"10.244.0.{n}", workload="Deployment/w", account=account)
        for n, account in ((11, "robot"), (12, "default"))
    ]
    flow: dict[str, Any] = {"src": None, "src_namespace": "x", "src_workload": "w"}
    assert mesh(*pods, mesh_policy(ALLOW, allows(accounts)), **flow) == "ambiguous_src"
    assert mesh(*pods, ALLOW_X, **flow) == "allow"


def test_what_a_reply_tells_of_its_source_is_not_told_of_the_client() -> None:
    """B answers A from port 80: the connection goes to B; that the proxy saw nothing was about B."""
    replying: dict[str, Any] = {
        "src": B,
        "dst": A,
        "src_port": 80,
        "port": 50000,
        "tcp_flags": 18,
        "initiator": 0,
    }
    judged = judge(strict(), src_principal="none", outer_port=HBONE_PORT, **replying)
    assert (judged.swapped, judged.mesh.verdict) == (True, Verdict.ALLOW)


def test_a_mesh_is_judged_at_any_time_that_policies_are_known_of() -> None:
    known = replace(make_cluster(CLIENT, SERVER, DENY_ALL), known_until=100)
    judged = Reference(known, Options(skew=0)).judge(make_flow(A, B, at=200))
    assert (judged.mesh.verdict, judged.mesh.reason) == (Verdict.UNKNOWN, Reason.AMBIGUOUS_POLICY)
    assert Reference(Cluster(), Options()).judge(make_flow(A, B)).mesh.verdict is Verdict.NOT_APPLICABLE
