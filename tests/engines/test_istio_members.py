"""Which pods are in the mesh, what stands before them, and the mesh beside a network plugin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flowcheck.engines.istio import policies, with_members
from flowcheck.engines.istio.waypoints import PROXIES, waypoints_of
from flowcheck.engines.profiles import apply
from flowcheck.errors import RunError
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.mesh.membership import SIDECAR_PORTS, Membership
from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, AnyOf, Carries, DataPlane, Expression, IsA, Labelled, Not, Of, Where
from flowcheck.model.policy import Policy, Rule
from flowcheck.model.tiers import Layer
from flowcheck.model.verdict import Reason
from tests.dialects.test_istio import manifest

Load = Callable[..., Cluster]
SIDECAR, AMBIENT = DataPlane.SIDECAR, DataPlane.AMBIENT
INJECT, MODE, WAYPOINT = "sidecar.istio.io/inject", "istio.io/dataplane-mode", "istio.io/use-waypoint"


def namespace(labels: str = "") -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: x, labels: {{{labels}}}}}\n---\n"


def pod(labels: str = "", spec: str = "", name: str = "a", at: str = "x") -> str:
    meta = f"metadata: {{name: {name}, namespace: {at}, labels: {{{labels}}}}}"
    return f"apiVersion: v1\nkind: Pod\n{meta}\nspec: {{containers: [{{name: c}}]{spec}}}\n---\n"


def template(labels: str = "") -> str:
    meta = "metadata: {name: a, namespace: x}"
    inner = f"metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: c}}]}}"
    return f"apiVersion: apps/v1\nkind: Deployment\n{meta}\nspec: {{template: {{{inner}}}}}\n---\n"


def service(labels: str) -> str:
    meta = f"metadata: {{name: s, namespace: x, labels: {{{labels}}}}}"
    return f"apiVersion: v1\nkind: Service\n{meta}\nspec: {{selector: {{app: a}}}}\n---\n"


def member(load: Load, *texts: str) -> Membership | None:
    (found,) = with_members(load("".join(texts))).pods
    return found.mesh


@pytest.mark.parametrize(
    ("space", "own", "because"),
    [
        (f"{MODE}: ambient", "", f"its namespace's label {MODE}"),
        ("", f"{MODE}: ambient", f"its label {MODE}"),
        (f"{MODE}: none", f"{MODE}: ambient", f"its label {MODE}"),
        (f"{MODE}: ambient", f"{MODE}: none", ""),
        ("", "", ""),
        ("istio-injection: enabled", f"{INJECT}: 'true'", ""),
    ],
)
def test_pods_by_label(load: Load, space: str, own: str, because: str) -> None:
    expected = Membership(AMBIENT, because=because) if because else None
    assert member(load, namespace(space), pod(own)) == expected


def test_who_is_never_ambient(load: Load) -> None:
    space = namespace(f"{MODE}: ambient")
    assert member(load, space, pod(spec=", hostNetwork: true")) is None
    ztunnel = pod(f"app: ztunnel, {MODE}: ambient", at="istio-system")
    assert member(load, ztunnel) is None
    own = Membership(SIDECAR, because="its container istio-proxy")
    cluster = load(space + pod())
    (found,) = with_members(replace(cluster, pods=(replace(cluster.pods[0], mesh=own),))).pods
    assert found.mesh == own


@pytest.mark.parametrize(
    ("space", "own", "plane"),
    [
        ("istio-injection: enabled", "", SIDECAR),
        ("istio-injection: enabled", f"{INJECT}: 'false'", None),
        ("istio-injection: disabled", f"{INJECT}: 'true'", None),
        ("istio.io/rev: a", "", SIDECAR),
        ("", f"{INJECT}: 'true'", SIDECAR),
        ("", "istio.io/rev: a", SIDECAR),
        (f"{MODE}: ambient", "", AMBIENT),
        (f"{MODE}: ambient, istio-injection: enabled", "", SIDECAR),
        ("", "", None),
    ],
)
def test_workloads_without_pods(load: Load, space: str, own: str, plane: DataPlane | None) -> None:
    found = member(load, namespace(space), template(own))
    assert (found.plane if found else None) is plane
    if found and plane is SIDECAR:
        assert found.inbound_past == SIDECAR_PORTS


def test_labels_of_the_namespace_at_the_time(load: Load) -> None:
    cluster = load(namespace() + pod())
    (one,) = cluster.pods
    versions = tuple(replace(one, namespace_labels=labels) for labels in ({MODE: "ambient"}, {}))
    found = with_members(replace(cluster, pods=versions)).pods
    assert [bool(each.mesh) for each in found] == [True, False]


@pytest.mark.parametrize(
    ("space", "own", "of_service", "waypoint"),
    [
        (f"{WAYPOINT}: w", "", "", "x/w"),
        (f"{WAYPOINT}: w", f"{WAYPOINT}: v, {WAYPOINT}-namespace: z", "", "z/v"),
        (f"{WAYPOINT}: w", f"{WAYPOINT}: none", "", ""),
        ("", "", f"{WAYPOINT}: w, {WAYPOINT}-namespace: z", "z/w"),
        ("", "", "", ""),
    ],
)
def test_waypoints(load: Load, space: str, own: str, of_service: str, waypoint: str) -> None:
    labels = f"app: a, {MODE}: ambient" + (f", {own}" if own else "")
    found = member(load, namespace(space), pod(labels), service(of_service))
    assert found is not None
    assert found.waypoint == waypoint
    cluster = load(namespace(space) + pod(labels) + service(of_service))
    behind = waypoints_of(cluster).behind
    assert (behind is not None and holds(behind, cluster, cluster.pods[0])) == bool(waypoint)


def holds(what: Expression, cluster: Cluster, pod: Pod) -> bool:
    """Whether an expression holds of a pod."""
    match what:
        case AllOf(parts):
            return all(holds(part, cluster, pod) for part in parts)
        case AnyOf(parts):
            return any(holds(part, cluster, pod) for part in parts)
        case Not(part):
            return not holds(part, cluster, pod)
        case Labelled(of, clause):
            return clause.matches(pod.labels if of is Of.OWN else cluster.namespace_labels(pod)[0])
        case IsA():
            return True
        case _:
            raise AssertionError(what)


# -- what a waypoint may change ------------------------------------------------------------------------

ASKS_WHO = "rules: [{from: [{source: {namespaces: [z]}}]}]"
BEHIND = namespace(f"{WAYPOINT}: w")


def ztunnel_rules(policy: Policy) -> list[Rule]:
    return [one for one in policy.ingress if "AMBIENT" in repr(one.subject)]


def test_who_the_client_is_may_be_open_behind_a_waypoint(load: Load) -> None:
    cluster = load(BEHIND + manifest(ASKS_WHO))
    behind = waypoints_of(cluster).behind
    assert behind is not None
    (policy,) = policies(cluster)
    apart, through, open_one = ztunnel_rules(policy)
    carried = Carries(AMBIENT)
    assert apart.subject == Where(AllOf((carried, Not(behind))))
    assert through.subject == open_one.subject == Where(AllOf((carried, behind)))
    assert apart.peers is not None
    assert through.peers == (AllOf((*apart.peers, Where(PROXIES))),)
    assert (open_one.peers, open_one.needs) == ((Where(Not(PROXIES)),), Reason.NEEDS_L7)
    assert (apart.needs, through.needs) == (Reason.NONE, Reason.NONE)


def test_what_asks_of_no_client_is_the_same_behind_a_waypoint(load: Load) -> None:
    (policy,) = policies(load(BEHIND + manifest("rules: [{to: [{operation: {ports: ['80']}}]}]")))
    assert [one.subject for one in ztunnel_rules(policy)] == [Where(Carries(AMBIENT))]


# -- beside a network plugin ---------------------------------------------------------------------------

NETWORK = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: x}
spec: {podSelector: {}}
---
"""


@pytest.mark.parametrize("cni", ["kubernetes", "cilium", "calico", "antrea", "flannel"])
def test_a_plugin_and_the_mesh_each_enforce_their_own(load: Load, cni: str) -> None:
    cluster = load(namespace(f"{MODE}: ambient") + pod() + NETWORK + manifest(ASKS_WHO))
    found = apply(cluster, Options(), cni).cluster
    mesh = [one for one in found.policies if one.tier.layer is Layer.MESH]
    assert [str(one) for one in mesh] == ["AuthorizationPolicy/x/p"]
    assert mesh[0].ingress
    assert "NetworkPolicy/x/np" in {str(one) for one in found.policies}
    assert found.pods[0].mesh is not None
    again = apply(found, Options(), cni).cluster
    assert again.policies == found.policies


def test_the_mesh_may_be_left_out(load: Load) -> None:
    cluster = load(namespace(f"{MODE}: ambient") + pod() + NETWORK + manifest(ASKS_WHO))
    found = apply(cluster, Options(), mesh="off")
    assert [str(one) for one in found.cluster.policies] == ["NetworkPolicy/x/np"]
    assert found.cluster.pods[0].mesh is None
    assert "1 policy of Istio left out, as --mesh off says" in found.remarks
    bare = load(namespace() + pod() + NETWORK)
    assert apply(bare, Options(), mesh="off").remarks == apply(bare, Options()).remarks


def test_what_is_said_of_a_mesh(load: Load) -> None:
    said = apply(load(namespace() + pod() + manifest("action: AUDIT, rules: [{}]")), Options()).remarks
    assert any(one.startswith("no ConfigMap istio tells how the mesh is set") for one in said)
    assert any("no pod with a proxy" in one for one in said)
    assert "1 policy of Istio with action AUDIT: they refuse nothing" in said


def test_a_namespace_that_is_not_described_may_be_in_the_mesh(load: Load) -> None:
    said = apply(load(pod() + manifest(ASKS_WHO)), Options()).remarks
    assert any(one.startswith("no input describes namespace x: pods there are taken") for one in said)
    for told in (namespace() + pod() + manifest(ASKS_WHO), pod()):
        assert not any("no input describes" in one for one in apply(load(told), Options()).remarks)


@pytest.mark.parametrize(("mesh", "identity"), [("on", "derived"), ("auto", "guessed")])
def test_other_words_are_refused(load: Load, mesh: str, identity: str) -> None:
    options = Options(mesh_identity=identity)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="cannot be"):
        apply(load(namespace() + pod()), options, mesh=mesh)


def rule(policy: str) -> str:
    meta = "metadata: {name: r, namespace: x}"
    spec = f"spec: {{host: s, {policy}}}"
    return f"apiVersion: networking.istio.io/v1\nkind: DestinationRule\n{meta}\n{spec}\n---\n"


@pytest.mark.parametrize(
    ("policy", "differ"),
    [
        ("trafficPolicy: {tls: {mode: DISABLE}}", True),
        ("trafficPolicy: {tls: {mode: SIMPLE}}", True),
        ("trafficPolicy: {tls: {}}", True),
        ("trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", False),
        ("trafficPolicy: {loadBalancer: {simple: RANDOM}}", False),
        ("trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}", True),
        ("subsets: [{name: v1, labels: {v: '1'}, trafficPolicy: {tls: {mode: DISABLE}}}]", True),
    ],
)
def test_clients_differ_where_a_rule_says_how_connections_are_opened(
    load: Load, policy: str, differ: bool
) -> None:
    mesh = member(load, namespace(f"{MODE}: ambient"), service(""), rule(policy), pod("app: a"))
    assert mesh is not None
    assert mesh.clients_differ is differ
    other = member(load, namespace(f"{MODE}: ambient"), service(""), rule(policy), pod("app: b"))
    assert other is not None
    assert not other.clients_differ
