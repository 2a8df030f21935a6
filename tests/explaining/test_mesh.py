"""The mesh's side of an explanation, one fact at a time: pods with a sidecar, behind ztunnel, in no mesh."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import flowcheck
from flowcheck.compile import compile_program
from flowcheck.explaining import Explanation
from flowcheck.explaining.records import MeshAnswer
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster
from flowcheck.reports.explanation import json as as_json
from flowcheck.reports.explanation import terminal
from tests.builders import make_cluster
from tests.meshes import ALLOW, mesh_policy, with_sidecar

SHOP = "spiffe://cluster.local/ns/shop/sa/cart"


def pod(name: str, address: str, *, sidecar: bool = True, namespace: str = "shop") -> dict[str, Any]:
    spec: dict[str, Any] = {"serviceAccountName": name, "containers": [{"name": "app"}]}
    spec["containers"] += [{"name": "istio-proxy"}] if sidecar else []
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"kind": "Pod", "metadata": metadata, "spec": spec, "status": {"podIP": address}}


def policy(kind: str, name: str, spec: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "security.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def rule(source: dict[str, Any] | None = None, operation: dict[str, Any] | None = None) -> dict[str, Any]:
    parts = (("from", "source", source), ("to", "operation", operation))
    return {clause: [{inner: entry}] for clause, inner, entry in parts if entry}


AMBIENT = {"name": "amb", "labels": {"istio.io/dataplane-mode": "ambient"}}
PORTS = [{"name": "http-api", "port": 80, "targetPort": 8080}]
WORLD: list[dict[str, Any]] = [
    {"kind": "Namespace", "metadata": {"name": "shop"}},
    {"kind": "Namespace", "metadata": AMBIENT},
    pod("cart", "10.0.0.1"),
    pod("db", "10.0.0.2"),
    pod("plain", "10.0.0.3", sidecar=False),
    pod("zt", "10.0.0.4", sidecar=False, namespace="amb"),
    {
        "kind": "Service",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"clusterIP": "10.96.0.10", "selector": {"app": "db"}, "ports": PORTS},
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "np", "namespace": "shop"},
        "spec": {"podSelector": {}, "ingress": [{}]},
    },
]
STRICT = policy("PeerAuthentication", "strict", {"mtls": {"mode": "STRICT"}})
FROM_CART = policy(
    "AuthorizationPolicy",
    "db",
    {
        "selector": {"matchLabels": {"app": "db"}},
        "rules": [rule({"namespaces": ["shop"]}, {"methods": ["GET"], "paths": ["/items*"]})],
    },
)
ADMIN = policy(
    "AuthorizationPolicy", "no-admin", {"action": "DENY", "rules": [rule(None, {"paths": ["/admin*"]})]}
)
CLOSED = policy("AuthorizationPolicy", "closed", {}, "amb")


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def asking(
        *policies: dict[str, Any], src: str = "shop/cart", dst: str = "shop/db", port: int = 8080, **more: Any
    ) -> Explanation:
        file = tmp_path / "world.yaml"
        documents = [{"apiVersion": "v1", **one} for one in (*WORLD, *policies)]
        file.write_text(yaml.safe_dump_all(documents))
        options = {"mesh_identity": more.pop("mesh_identity", "derived")}
        program = flowcheck.compile_program(load_cluster([file]), **options)
        return flowcheck.explain(program, src=src, dst=dst, port=port, **more)

    return asking


def mesh_of(answer: Explanation) -> MeshAnswer:
    found = answer.cases[0].mesh
    assert found is not None
    return found


def shown(answer: Explanation) -> str:
    stream = io.StringIO()
    terminal.render(answer, stream, color="never", width=200)
    return stream.getvalue()


def test_says_what_stands_there_who_comes_and_for_what_it_is_taken(ask: Any) -> None:
    answer = ask(FROM_CART, dst="shop/svc/db", port=80, method="GET", path="/items?page=2")
    mesh = mesh_of(answer)
    assert (answer.verdict, mesh.verdict) == ("allow", "allow")
    assert mesh.decided_by == "AuthorizationPolicy/shop/db[rules[0]]"
    assert (mesh.plane, mesh.plane_because) == ("sidecar", "its container istio-proxy")
    assert mesh.clients == (SHOP,)
    assert "its own, derived" in mesh.clients_because
    assert (mesh.carried, mesh.carried_because) == (("http",), "as a request is asked about")
    assert "network policies and the mesh before the destination allow it" in answer.why
    text = shown(answer)
    assert "Mesh, asked before the destination: ALLOW" in text
    assert f"identity    {SHOP} (its own, derived: shop/Pod/cart is in the mesh by a sidecar" in text
    assert "from ok: namespaces: [shop]" in text
    assert "request ok: method GET, path /items*" in text


def test_the_services_port_says_for_what_it_is_taken(ask: Any) -> None:
    by_service = mesh_of(ask(FROM_CART, dst="shop/svc/db", port=80))
    assert (by_service.carried, by_service.carried_because) == (
        ("http",),
        "as the name http-api of the Service's port says",
    )
    assert mesh_of(ask(FROM_CART, port=8080)).carried_because == "as the Services that lead there say"
    assert mesh_of(ask(FROM_CART, port=9)).carried == ("tcp", "http")


def test_what_is_not_told_leaves_it_open_and_says_which_log_tells(ask: Any) -> None:
    answer = ask(FROM_CART, dst="shop/svc/db", port=80)
    assert (answer.verdict, answer.reason) == ("unknown", "needs_l7")
    assert "method is not told" in shown(answer)
    assert "Envoy's access log" in answer.settle
    by_record = ask(STRICT, mesh_identity="recorded")
    assert (by_record.verdict, by_record.reason) == ("unknown", "needs_identity")
    assert f"allow of {SHOP}, deny of none" in by_record.why
    assert "ztunnel" in by_record.settle
    assert ask(STRICT, mesh_identity="recorded", principal=SHOP).verdict == "allow"
    assert ask(STRICT, mesh_identity="recorded", principal="none").verdict == "deny"


def test_strict_refuses_plaintext_in_words_of_its_own(ask: Any) -> None:
    answer = ask(STRICT, src="shop/plain")
    assert answer.verdict == "deny"
    assert "plaintext, where PeerAuthentication/shop/strict" in answer.why
    assert "asks for mutual TLS; network policies let it through" in answer.why
    assert mesh_of(answer).clients == ("none",)
    assert answer.change is not None
    assert not answer.change.sufficient
    (note,) = answer.change.notes
    assert note.startswith("put shop/Pod/plain into the mesh")
    assert "portLevelMtls 8080 has mode PERMISSIVE" in note
    outside, bare = ask(STRICT, src="203.0.113.9"), ask(STRICT, principal="none")
    assert outside.change.notes[0].startswith("let 203.0.113.9 come by a gateway of the mesh")
    assert bare.change.notes[0].startswith("let shop/Pod/cart come by its own proxy")
    assert "from ok: a client without an identity" in shown(answer)


def test_a_deny_is_to_be_changed_itself(ask: Any) -> None:
    answer = ask(ADMIN, path="/admin/x")
    assert answer.verdict == "deny"
    assert answer.change is not None
    assert not answer.change.sufficient
    (note,) = answer.change.notes
    assert note.startswith("AuthorizationPolicy/shop/no-admin[rules[0]] (")
    assert note.endswith("change that DENY policy")


@pytest.mark.parametrize(
    ("asked", "policies"),
    [
        ({"method": "POST", "path": "/items"}, [FROM_CART]),
        ({"src": "shop/plain", "method": "POST"}, [FROM_CART]),
        ({"principal": "spiffe://far.example/ns/a/sa/b", "port": 9, "method": "PUT"}, [FROM_CART]),
        ({"dst": "amb/zt", "port": 80}, [CLOSED]),
        ({"src": "203.0.113.9", "dst": "amb/zt", "port": 80}, [CLOSED]),
    ],
)
def test_what_is_proposed_lets_it_in(ask: Any, asked: dict[str, Any], policies: list[dict[str, Any]]) -> None:
    answer = ask(*policies, **asked)
    assert answer.verdict == "deny"
    assert answer.change is not None
    assert answer.change.sufficient
    (edit,) = answer.change.edits
    assert edit.direction == "mesh"
    (written,) = policies
    assert edit.policy == f"AuthorizationPolicy/{edit.namespace}/{written['metadata']['name']}"
    rules = [*written["spec"].get("rules", []), *yaml.safe_load(edit.yaml)]
    after = {**written, "spec": {**written["spec"], "rules": rules}}
    assert ask(after, **asked).verdict == "allow"


def test_ztunnel_passes_over_rules_about_requests(ask: Any) -> None:
    about_requests = policy("AuthorizationPolicy", "p", {"rules": [rule(None, {"methods": ["GET"]})]}, "amb")
    mesh = mesh_of(ask(about_requests, dst="amb/zt"))
    assert (mesh.verdict, mesh.plane, mesh.carried) == ("deny", "ambient", ())
    assert mesh.decided_by == "default-deny by AuthorizationPolicy/amb/p"
    (note,) = mesh.notes
    assert note.startswith("not asked: AuthorizationPolicy/amb/p[rules[0]] (")
    assert note.endswith("it asks for what ztunnel does not see, such as requests")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"dst": "shop/plain"}, "shop/Pod/plain is in no mesh: no policy of the mesh is asked"),
        ({"dst": "203.0.113.9"}, "203.0.113.9 is no pod, and so in no mesh: no policy of the mesh is asked"),
        ({"protocol": "UDP"}, "the mesh's policies are asked of TCP alone"),
        ({"port": 15021}, "port 15021 goes past the proxy of shop/Pod/db"),
        ({"src": "shop/db"}, "a pod's traffic to itself comes by no proxy"),
    ],
)
def test_where_the_mesh_has_no_say_it_says_why(ask: Any, asked: dict[str, Any], why: str) -> None:
    mesh = mesh_of(ask(STRICT, **asked))
    assert (mesh.verdict, mesh.why, mesh.tiers) == ("not_applicable", why, ())


def test_the_port_inside_a_tunnel_is_asked_for(ask: Any) -> None:
    only = policy("AuthorizationPolicy", "p", {"rules": [rule(None, {"ports": ["80"]})]}, "amb")
    mesh = mesh_of(ask(only, dst="amb/zt", port=15008))
    assert (mesh.verdict, mesh.reason) == ("unknown", "no_port")
    assert "ask about the port inside the tunnel" in mesh.settle


def test_json_has_the_mesh_beside_egress_and_ingress(ask: Any) -> None:
    stream = io.StringIO()
    as_json.render(ask(STRICT, src="shop/plain"), stream)
    (case,) = json.loads(stream.getvalue())["cases"]
    assert {"egress", "ingress", "mesh"} <= case.keys()
    assert (case["mesh"]["direction"], case["mesh"]["plane"]) == ("mesh", "sidecar")
    assert case["mesh"]["tiers"][0]["tier"] == "PeerAuthentication"


def test_a_custom_policy_is_open_for_its_authorizer(ask: Any) -> None:
    spec = {"action": "CUSTOM", "provider": {"name": "opa"}, "rules": [rule(None, {"ports": ["8080"]})]}
    answer = ask(policy("AuthorizationPolicy", "ext", spec))
    assert (answer.verdict, answer.reason) == ("unknown", "needs_l7")
    assert "asks an authorizer, whose answer no record tells" in answer.why


def test_no_rule_is_added_to_what_has_another_language() -> None:
    """A mesh's policies that are none of Istio's."""
    cluster = make_cluster(
        with_sidecar("x/a", "10.0.0.1"), with_sidecar("x/b", "10.0.0.2"), mesh_policy(ALLOW)
    )
    change = flowcheck.explain(compile_program(cluster, Options()), src="x/a", dst="x/b", port=80).change
    assert change is not None
    assert (change.sufficient, change.edits) == (False, ())
    assert change.notes == (
        "AuthorizationPolicy/x/m lets in only what is allowed there: allow x/Pod/a there",
    )


def test_a_destination_rule_may_take_the_identity_away(ask: Any) -> None:
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"host": "db", "trafficPolicy": {"tls": {"mode": "DISABLE"}}},
    }
    answer = ask(STRICT, rule, dst="shop/svc/db", port=80)
    assert (answer.verdict, answer.reason) == ("unknown", "needs_identity")
    assert mesh_of(answer).clients == (SHOP, "none")
    assert mesh_of(answer).clients_because.endswith("may have it opened otherwise than by mutual TLS")


def test_an_identity_there_cannot_be_is_refused(ask: Any) -> None:
    with pytest.raises(ValueError, match="is no identity; write spiffe://"):
        ask(principal="cart")
