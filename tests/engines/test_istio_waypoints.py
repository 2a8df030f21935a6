"""What policies with targetRefs say: at waypoints, of what these record; at gateways; and of all else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flowcheck.engines.istio import policies
from flowcheck.engines.istio.waypoints import PROXIES
from flowcheck.engines.profiles import apply
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.tiers import CUSTOM
from flowcheck.model.options import Options
from flowcheck.model.peers import Not, Where
from flowcheck.model.policy import Action, Policy
from flowcheck.model.verdict import Reason
from tests.agreement.agree import disagreements, judge_compiled
from tests.builders import make_flow
from tests.dialects.test_istio import manifest
from tests.engines.test_istio_members import MODE, WAYPOINT, holds, namespace, pod
from tests.meshes import spiffe
from tests.tools.conformance import to_table

Load = Callable[..., Cluster]
CLIENT, SERVER, OTHER, GATEWAY, NODE, VIP, OTHER_VIP = (
    *("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "192.168.0.1"),
    *("10.96.0.1", "10.96.0.2"),
)
GROUPS = {"Service": "", "ServiceEntry": "networking.istio.io"}
NAMED = "gateway.networking.k8s.io/gateway-name"


def running(
    name: str, address: str, labels: str = "", proxy: str = "", account: str = "default", node: str = ""
) -> str:
    containers = f"[{{name: istio-proxy, args: [proxy, {proxy}]}}]" if proxy else "[{name: c}]"
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: x, labels: {{{labels}}}}}\n"
        f"spec: {{containers: {containers}, serviceAccountName: {account}, nodeName: '{node}'}}\n"
        f"status: {{podIP: {address}, podIPs: [{{ip: {address}}}], "
        "conditions: [{type: Ready, status: 'True'}]}\n---\n"
    )


def serving(name: str, address: str, selector: str, labels: str = "") -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: x, labels: {{{labels}}}}}\n"
        f"spec: {{selector: {{{selector}}}, clusterIP: {address}, clusterIPs: [{address}], "
        "ports: [{name: web, port: 80, targetPort: 8080}]}\n---\n"
    )


MESH = (
    namespace(f"{MODE}: ambient, {WAYPOINT}: w")
    + running("a", CLIENT, account="a")
    + running("b", SERVER, "app: b")
    + running("c", OTHER, "app: c")
    + running("g", GATEWAY, f"{NAMED}: g", "router")
    + running("w", "10.0.0.9", f"{NAMED}: w, gateway.istio.io/managed: istio.io-mesh-controller", "waypoint")
    + serving("s", VIP, "app: b")
    + serving("t", OTHER_VIP, "app: c")
)


def target(kind: str, name: str) -> str:
    group = GROUPS.get(kind, "gateway.networking.k8s.io")
    return f"targetRefs: [{{group: '{group}', kind: {kind}, name: {name}}}]"


OF_S, OF_W = target("Service", "s"), target("Gateway", "w")
GET_BY_A = "rules: [{from: [{source: {serviceAccounts: [a]}}], to: [{operation: {methods: [GET]}}]}]"
NO_ADMIN = "action: DENY, rules: [{to: [{operation: {paths: ['/admin*']}}]}]"
NOBODY = "action: DENY, rules: [{}]"
AT_80, AT_8080 = (f"rules: [{{to: [{{operation: {{ports: ['{port}']}}}}]}}]" for port in (80, 8080))
BY_ADDRESS = f"rules: [{{from: [{{source: {{ipBlocks: [{CLIENT}]}}}}]}}]"
TWO_SERVICES = serving("u", "10.96.0.3", "app: b")
NO_WAYPOINT = serving("s", VIP, "app: b", f"{WAYPOINT}: none")
ROOT = "istio-system"

Case = tuple[str, dict[str, Any], str, str]
CASES: dict[str, Case] = {
    "what a rule lets in": (f"{OF_S}, {GET_BY_A}", {}, "allow", "x"),
    "another method": (f"{OF_S}, {GET_BY_A}", {"http_method": "PUT"}, "deny", "x"),
    "another client": (f"{OF_S}, {GET_BY_A}", {"src": OTHER}, "deny", "x"),
    "another identity": (f"{OF_S}, {GET_BY_A}", {"src_principal": spiffe("y", "a")}, "deny", "x"),
    "a method that is not told": (f"{OF_S}, {GET_BY_A}", {"http_method": None}, "needs_l7", "x"),
    "the Service where it went nowhere": (f"{OF_S}, {GET_BY_A}", {"dst": VIP, "port": 80}, "allow", "x"),
    "a policy for the waypoint": (f"{OF_W}, {NO_ADMIN}", {"http_path": "/admin/x"}, "deny", "x"),
    "and another path": (f"{OF_W}, {NO_ADMIN}", {"http_path": "/"}, "allow", "x"),
    "a policy for another waypoint": (f"{target('Gateway', 'v')}, {NOBODY}", {}, "allow", "x"),
    "for another Service": (f"{target('Service', 't')}, {NOBODY}", {}, "allow", "x"),
    "for a ServiceEntry": (f"{target('ServiceEntry', 's')}, {NOBODY}", {}, "allow", "x"),
    "for all waypoints": (f"{target('GatewayClass', 'istio-waypoint')}, {NOBODY}", {}, "deny", ROOT),
    "which only the root namespace is": (
        f"{target('GatewayClass', 'istio-waypoint')}, {NOBODY}",
        {},
        "allow",
        "x",
    ),
    "a policy that selects": (NOBODY, {}, "allow", "x"),
    "the Service's port": (f"{OF_S}, {AT_80}", {}, "allow", "x"),
    "which is not the pod's": (f"{OF_S}, {AT_8080}", {}, "deny", "x"),
    "the Service's port, whatever it leads to": (f"{OF_S}, {AT_80}", {"dst": VIP, "port": 80}, "allow", "x"),
    "and not where it leads": (f"{OF_S}, {AT_8080}", {"dst": VIP, "port": 80}, "deny", "x"),
    "a client outside the mesh": (f"{OF_S}, {GET_BY_A}", {"src": "203.0.113.9"}, "needs_identity", "x"),
    "a port that is not told": (f"{OF_S}, {AT_80}", {"service_port": None}, "no_port", "x"),
    "the client's address": (f"{OF_S}, {BY_ADDRESS}", {}, "needs_l7", "x"),
    "an authorizer": (f"{OF_S}, action: CUSTOM, provider: {{name: p}}, rules: [{{}}]", {}, "needs_l7", "x"),
    "an audit": (f"{OF_S}, action: AUDIT, rules: [{{}}]", {}, "allow", "x"),
    "an address that is no pod's": (f"{OF_S}, {GET_BY_A}", {"dst": "203.0.113.9"}, "needs_l7", "x"),
    "a pod that calls itself": (f"{OF_S}, {GET_BY_A}", {"src": SERVER}, "deny", "x"),
}


def through_waypoint(**told: Any) -> Any:
    """A request that the waypoint passed on to the pod it chose."""
    given = {"src": CLIENT, "dst": SERVER, "port": 8080, "service_port": 80, "http_method": "GET", **told}
    return make_flow(by_waypoint=True, **given)


def said(cluster: Cluster, flow: Any, options: Options = Options()) -> str:  # noqa: B008 (frozen)
    """What the mesh says, by both paths; the reason where it is open."""
    enforced = apply(cluster, options)
    (answer,) = judge_compiled(enforced.cluster, to_table([flow]), enforced.options)
    assert disagreements((enforced.cluster, enforced.options, [flow])) == []
    assert not flow.by_waypoint or {answer.egress, answer.ingress} == {"not_applicable"}
    return answer.reason if answer.mesh == "unknown" else answer.mesh


@pytest.mark.parametrize(("spec", "told", "expected", "space"), CASES.values(), ids=CASES.keys())
def test_what_a_waypoint_says(load: Load, spec: str, told: dict[str, Any], expected: str, space: str) -> None:
    policy = manifest(spec).replace("namespace: x", f"namespace: {space}", 1)
    assert said(load(MESH + policy), through_waypoint(**told)) == expected


@pytest.mark.parametrize("extra", [TWO_SERVICES, serving("s", VIP, "app: z")], ids=["two", "another"])
def test_which_service_was_meant_may_be_open(load: Load, extra: str) -> None:
    world = MESH if extra == TWO_SERVICES else MESH.replace(serving("s", VIP, "app: b"), "")
    cluster = load(world + extra + manifest(f"{OF_S}, {NOBODY}"))
    assert said(cluster, through_waypoint()) == "needs_l7"


def test_who_comes_by_a_tunnel_proves_it(load: Load) -> None:
    cluster, recorded = load(MESH + manifest(f"{OF_S}, {GET_BY_A}")), Options(mesh_identity="recorded")
    assert said(cluster, through_waypoint(), recorded) == "allow"


def test_a_waypoint_chooses_on_any_node(load: Load) -> None:
    local = serving("s", VIP, "app: b").replace("selector", "internalTrafficPolicy: Local, selector")
    world = MESH.replace(serving("s", VIP, "app: b"), local)
    for name, address, old in (("a", CLIENT, ""), ("b", SERVER, "app: b")):
        account = "a" if name == "a" else "default"
        there = running(name, address, old, account=account, node="n1")
        world = world.replace(running(name, address, old, account=account), there)
    away = running("d", "10.0.0.7", "app: b, other: 'yes'", node="n2")
    cluster = load(
        world
        + away
        + serving("u", "10.96.0.3", "other: 'yes'")
        + "".join(f"apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n---\n" for name in ("n1", "n2"))
        + manifest(f"{OF_S}, {NOBODY}")
    )
    flow = through_waypoint(dst=VIP, port=80)
    assert said(cluster, flow) == "service_backends_differ"


def test_a_port_of_a_node_leads_through_no_waypoint(load: Load) -> None:
    """kube-proxy translates it, on the node; the waypoint knows Services by their own addresses."""
    node = (
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n"
        f"status: {{addresses: [{{type: InternalIP, address: {NODE}}}]}}\n---\n"
    )
    closed = serving("s", VIP, "app: b")
    service = closed.replace("spec: {", "spec: {type: NodePort, ").replace("8080}", "8080, nodePort: 30080}")
    cluster = load(MESH.replace(closed, service) + node + manifest(f"{OF_S}, {NOBODY}"))
    assert said(cluster, through_waypoint(dst=VIP, port=80)) == "deny"
    assert said(cluster, through_waypoint(dst=NODE, port=30080, service_port=30080)) == "needs_l7"


def test_a_service_that_opts_out_is_behind_none(load: Load) -> None:
    world = MESH.replace(serving("s", VIP, "app: b"), NO_WAYPOINT)
    cluster = load(world + manifest(f"{OF_W}, {NOBODY}"))
    assert said(cluster, through_waypoint()) == "needs_l7"
    assert said(cluster, through_waypoint(dst=OTHER)) == "deny"


def test_nothing_else_is_asked_of_what_a_waypoint_records(load: Load) -> None:
    strict = "kind: PeerAuthentication\nmetadata: {name: s, namespace: x}\nspec: {mtls: {mode: STRICT}}\n"
    network = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: np, namespace: x}\n"
        "spec: {podSelector: {}}\n"
    )
    world = f"{MESH}apiVersion: security.istio.io/v1\n{strict}---\n{network}---\n"
    cluster = load(world + manifest(f"{OF_S}, {GET_BY_A}"))
    assert said(cluster, through_waypoint(src_principal="none", http_method="PUT")) == "deny"
    assert said(load(world), through_waypoint(src_principal="none")) == "allow"


# -- gateways ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "told", "expected"),
    [
        (NO_ADMIN, {"http_path": "/admin"}, "deny"),
        (NO_ADMIN, {"http_path": "/"}, "allow"),
        (NO_ADMIN, {}, "needs_l7"),
        ("rules: [{to: [{operation: {hosts: [a.example]}}]}]", {"http_host": "a.example"}, "allow"),
        ("rules: [{to: [{operation: {hosts: [a.example]}}]}]", {"http_host": "b.example"}, "deny"),
        ("rules: [{from: [{source: {ipBlocks: [203.0.113.0/24]}}]}]", {}, "allow"),
        ("rules: [{from: [{source: {principals: ['*']}}]}]", {"http_method": "GET"}, "needs_l7"),
    ],
)
@pytest.mark.parametrize("chosen", ["", target("Gateway", "g") + ", "], ids=["selected", "targeted"])
def test_what_a_gateway_says(load: Load, chosen: str, spec: str, told: dict[str, Any], expected: str) -> None:
    flow = make_flow("203.0.113.9", GATEWAY, 8080, **told)
    assert said(load(MESH + manifest(chosen + spec)), flow) == expected


def test_a_policy_for_a_gateway_is_for_no_other(load: Load) -> None:
    cluster = load(MESH + manifest(f"{target('Gateway', 'h')}, {NOBODY}"))
    assert said(cluster, make_flow("203.0.113.9", GATEWAY, 8080)) == "allow"


def test_a_waypoint_is_no_gateway(load: Load) -> None:
    """Of what comes to it, whoever it is for, a policy for it is asked by what it records."""
    cluster = load(MESH + manifest(f"{OF_W}, {NOBODY}"))
    assert said(cluster, make_flow(CLIENT, "10.0.0.9", 8080)) == "needs_l7"


# -- what no waypoint records ---------------------------------------------------------------------------


def elsewhere(cluster: Cluster) -> Policy:
    (found,) = [one for one in policies(cluster) if one.tier == CUSTOM]
    return found


@pytest.mark.parametrize(
    ("kind", "name", "reaches"),
    [("Service", "s", True), ("Gateway", "w", True), ("Gateway", "g", False), ("GatewayClass", "c", True)],
)
def test_what_a_waypoint_may_refuse_is_open(load: Load, kind: str, name: str, reaches: bool) -> None:
    cluster = load(namespace(f"{WAYPOINT}: w") + pod() + manifest(f"{target(kind, name)}, {NOBODY}"))
    policy = elsewhere(cluster)
    (rule,) = policy.ingress
    assert (rule.action, rule.needs, rule.peers) == (Action.DENY, Reason.NEEDS_L7, (Where(Not(PROXIES)),))
    assert isinstance(policy.subject, Where)
    assert holds(policy.subject.what, cluster, cluster.pods[0]) is reaches
    managed = {"gateway.istio.io/managed": "istio.io-mesh-controller", NAMED: name}
    waypoint = replace(cluster.pods[0], labels=managed, namespace="x")
    assert holds(policy.subject.what, cluster, waypoint)
    assert holds(policy.subject.what, cluster, replace(waypoint, namespace="z")) is (kind != "Gateway")


def test_without_a_waypoint_it_is_open_for_nobody(load: Load) -> None:
    policy = elsewhere(load(namespace() + pod() + manifest(f"{target('Service', 's')}, {NOBODY}")))
    cluster = load(namespace() + pod())
    assert isinstance(policy.subject, Where)
    assert not holds(policy.subject.what, cluster, cluster.pods[0])


def test_a_record_of_somebody_else_leaves_it_open(load: Load) -> None:
    cluster = load(MESH + manifest(f"{OF_S}, {NOBODY}"))
    assert said(cluster, make_flow(CLIENT, SERVER, 8080)) == "needs_l7"
    assert said(cluster, make_flow("10.0.0.9", SERVER, 8080)) == "allow"
