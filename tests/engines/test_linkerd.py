"""What Linkerd's proxies say, by both paths. Its own tests (policy-controller/k8s/index/src/inbound/tests of
Linkerd edge-26.8.3) give the cases that are named as theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck.engines.profiles import apply
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.linkerd import Identities, MeshTlsAuthentication
from flowcheck.model.options import Options
from flowcheck.model.peers import Access
from flowcheck.model.timeline import BEGINNING, END
from tests.builders import between, make_flow
from tests.engines.linkerd_world import (
    ALLOW,
    CLIENTS,
    DENY,
    NONE,
    OTHERS,
    SERVER,
    UNKNOWN,
    Load,
    Said,
    a_server,
    ask,
    asked,
    authorizing,
    cluster_of,
    config,
    letting_in,
    listed,
    pod,
    reference,
    server_pod,
    thing,
    verdicts,
)

EVERYBODY = letting_in("near", "robot", "plain", "outside")
MESHED = letting_in("near", "robot")
INSIDE = letting_in("near", "robot", "plain")
WEB = reference("Server", "web")
NEAR_ID = "near.x.serviceaccount.identity.linkerd.cluster.local"


def mesh_tls(*identities: str, name: str = "mtls", **meta: Any) -> dict[str, Any]:
    return thing("MeshTLSAuthentication", name, {"identities": list(identities)}, **meta)


def networks(*cidrs: str, name: str = "nets", excepts: tuple[str, ...] = ()) -> dict[str, Any]:
    given = [{"cidr": cidr, **({"except": list(excepts)} if excepts else {})} for cidr in cidrs]
    return thing("NetworkAuthentication", name, {"networks": given})


MTLS, NETS = reference("MeshTLSAuthentication", "mtls"), reference("NetworkAuthentication", "nets")


def client(**client: Any) -> dict[str, Any]:
    return thing("ServerAuthorization", "saz", {"server": {"name": "web"}, "client": client})


# -- ports that no Server is for ---------------------------------------------------------------------

BY_DEFAULT = {
    "all-unauthenticated": EVERYBODY,
    "audit": EVERYBODY,
    "all-authenticated": MESHED,
    "cluster-unauthenticated": INSIDE,
    "cluster-authenticated": MESHED,
    "deny": letting_in(),
}


def test_every_word_has_a_case() -> None:
    assert set(BY_DEFAULT) == set(Access)


@pytest.mark.parametrize("word", BY_DEFAULT)
def test_by_default(load: Load, word: str) -> None:
    """Theirs: default_policy_annotated. A pod's annotation before the cluster's default."""
    other = "all-unauthenticated" if word == "deny" else "deny"
    own = {"config.linkerd.io/default-inbound-policy": word}
    assert (
        verdicts(cluster_of(load, config(proxy={"defaultInboundPolicy": other}), **own)) == BY_DEFAULT[word]
    )
    assert verdicts(cluster_of(load, config(proxy={"defaultInboundPolicy": word}))) == BY_DEFAULT[word]


def test_a_default_that_is_none(load: Load) -> None:
    """Theirs: default_policy_annotated_invalid."""
    own = {"config.linkerd.io/default-inbound-policy": "bogus"}
    cluster = cluster_of(load, config(proxy={"defaultInboundPolicy": "deny"}), **own)
    assert verdicts(cluster) == letting_in()
    assert any("is 'bogus', which is none of all-unauth" in one for one in cluster.warnings)


def test_the_networks_of_the_cluster(load: Load) -> None:
    values = {
        "proxy": {"defaultInboundPolicy": "cluster-unauthenticated"},
        "clusterNetworks": "198.51.100.0/24",
    }
    assert verdicts(cluster_of(load, config(**values))) == letting_in("outside")


@pytest.mark.parametrize("word", BY_DEFAULT)
def test_ports_that_ask_for_identities(load: Load, word: str) -> None:
    """Theirs: authenticated_annotated."""
    own = {
        "config.linkerd.io/default-inbound-policy": word,
        "config.linkerd.io/proxy-require-identity-inbound-ports": "8000-8080",
    }
    wanted = BY_DEFAULT[word] if word in ("audit", "deny") else MESHED
    assert verdicts(cluster_of(load, **own)) == wanted
    assert verdicts(cluster_of(load, **own), 8081) == BY_DEFAULT[word]


def test_who_decides_by_default(load: Load) -> None:
    cluster = cluster_of(load, config(proxy={"defaultInboundPolicy": "all-authenticated"}))
    assert ask(cluster, "plain") == Said(DENY, by="DefaultInboundPolicy/all-authenticated[all-authenticated]")


# -- Servers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", [8080, "web"])
def test_a_server_lets_in_nobody(load: Load, port: int | str) -> None:
    """Theirs: links_named_server_port, links_unnamed_server_port."""
    cluster = cluster_of(load, a_server(port=port))
    assert ask(cluster) == Said(DENY, by="Server/x/web[accessPolicy deny]")
    assert verdicts(cluster, 8080) == letting_in()
    assert verdicts(cluster, 9990) == EVERYBODY


def test_a_server_of_others(load: Load) -> None:
    """Theirs: server_update_deselects_pod. Nor those of another namespace, or for external ones."""
    others = [
        a_server(spec={"podSelector": {"matchLabels": {"app": "other"}}}),
        a_server("far", namespace="y"),
        thing("Server", "external", {"externalWorkloadSelector": {}, "port": 8080}),
        a_server("quoted", "8080"),
    ]
    assert verdicts(cluster_of(load, *others)) == EVERYBODY


@pytest.mark.parametrize("word", BY_DEFAULT)
def test_access_policies(load: Load, word: str) -> None:
    server = a_server(spec={"accessPolicy": word})
    deny = {"config.linkerd.io/default-inbound-policy": "deny"}
    assert verdicts(cluster_of(load, server, **deny)) == BY_DEFAULT[word]


def test_an_access_policy_beside_authorizations(load: Load) -> None:
    server = a_server(spec={"accessPolicy": "all-authenticated"})
    assert verdicts(cluster_of(load, server, authorizing(WEB, NETS), networks("198.51.100.7"))) == letting_in(
        "near", "robot", "outside"
    )


def test_the_older_server_counts(load: Load) -> None:
    old, new = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    closed = a_server("closed", "web", creationTimestamp=new)
    opened = a_server("opened", spec={"accessPolicy": "all-unauthenticated"}, creationTimestamp=old)
    assert verdicts(cluster_of(load, closed, opened)) == EVERYBODY
    closed["metadata"]["creationTimestamp"] = old
    assert verdicts(cluster_of(load, closed, opened)) == letting_in()
    del opened["metadata"]["creationTimestamp"]
    assert ask(cluster_of(load, closed, opened)) == Said(UNKNOWN, "unsupported_field")
    elsewhere = a_server("opened", 9990, spec={"accessPolicy": "all-unauthenticated"})
    assert verdicts(cluster_of(load, closed, elsewhere)) == letting_in()


def test_a_port_that_pods_name_differently(load: Load) -> None:
    ports = [{"name": "web", "containerPort": 7070}]
    other = pod("other", "10.244.0.9", labels={"app": "server"}, ports=ports)
    cluster = cluster_of(load, a_server(port="web"), other)
    assert [ask(cluster, port=port).verdict for port in (8080, 7070)] == [DENY, ALLOW]
    (said,) = asked(cluster, make_flow(CLIENTS["near"], "10.244.0.9", 7070))
    assert said.verdict == DENY
    init = {"initContainers": [{"name": "i", "ports": [{"name": "web", "containerPort": 7071}]}]}
    third = pod("third", "10.244.0.10", labels={"app": "server"}, ports=ports, spec=init)
    assert ask(cluster_of(load, a_server(port="web"), other, third)) == Said(UNKNOWN, "unsupported_field")


# -- AuthorizationPolicies ---------------------------------------------------------------------------


def test_networks_and_identities_together(load: Load) -> None:
    """Theirs: links_authorization_policy_with_mtls_name."""
    far = reference("MeshTLSAuthentication", "mtls", namespace="y")
    things = [
        a_server(),
        authorizing(WEB, NETS, far),
        networks("10.0.0.0/8"),
        mesh_tls(NEAR_ID, namespace="y"),
    ]
    cluster = cluster_of(load, *things)
    assert verdicts(cluster) == letting_in("near")
    assert ask(cluster) == Said(ALLOW, by="LinkerdAuthorizationPolicy/x/p[Server web]")
    things[2] = networks("10.0.0.0/8", excepts=(CLIENTS["near"],))
    assert verdicts(cluster_of(load, *things)) == letting_in()


def test_a_policy_for_a_namespace(load: Load) -> None:
    """Theirs: authorization_targets_namespace."""
    things = [a_server(), a_server("admin", "admin"), authorizing(reference("Namespace", "x", ""), MTLS)]
    cluster = cluster_of(load, *things, mesh_tls(NEAR_ID))
    assert verdicts(cluster) == verdicts(cluster, 9990) == letting_in("near")
    assert verdicts(cluster, 80) == EVERYBODY


def test_a_service_account_itself(load: Load) -> None:
    """Theirs: links_authorization_policy_with_service_account. Kinds are compared whatever their case."""
    account = {"kind": "serviceaccount", "name": "robot", "namespace": "y"}
    assert verdicts(cluster_of(load, a_server(), authorizing(WEB, account))) == letting_in("robot")
    own = reference("ServiceAccount", "near", "core")
    assert verdicts(cluster_of(load, a_server(), authorizing(WEB, own))) == letting_in("near")


def test_nothing_is_required(load: Load) -> None:
    assert verdicts(cluster_of(load, a_server(), authorizing(WEB))) == EVERYBODY


def test_what_is_required_is_not_there(load: Load) -> None:
    cluster = cluster_of(load, a_server(), authorizing(WEB, MTLS, NETS), mesh_tls("*"))
    assert verdicts(cluster) == letting_in()


@pytest.mark.parametrize(
    ("required", "clients"),
    [
        ([MTLS, reference("ServiceAccount", "near", "")], letting_in()),
        ([MTLS, MTLS], letting_in()),
        ([NETS, NETS], letting_in()),
        ([reference("Pod", "a", "")], letting_in()),
        ([MTLS, NETS], letting_in("near")),
    ],
)
def test_what_linkerd_passes_over(load: Load, required: list[Any], clients: dict[str, str]) -> None:
    things = [a_server(), authorizing(WEB, *required), mesh_tls(NEAR_ID), networks("10.0.0.0/8")]
    assert verdicts(cluster_of(load, *things)) == clients


@pytest.mark.parametrize("group", ["policy.linkerd.io", "gateway.networking.k8s.io"])
def test_policies_for_routes(load: Load, group: str) -> None:
    """Only a request tells whether a route is for it; whom the policy does not name is refused."""
    things = [authorizing(reference("HTTPRoute", "r", group), MTLS), mesh_tls(NEAR_ID)]
    cluster = cluster_of(load, a_server(), *things)
    assert ask(cluster) == Said(UNKNOWN, "needs_l7")
    assert {one: said for one, said in verdicts(cluster).items() if one != "near"} == {
        one: said for one, said in letting_in().items() if one != "near"
    }
    opaque = cluster_of(load, a_server(spec={"proxyProtocol": "opaque"}), *things)
    assert verdicts(opaque) == letting_in()
    both = cluster_of(load, a_server(), *things, authorizing(WEB, MTLS, name="q"))
    assert verdicts(both) == letting_in("near")


# -- identities --------------------------------------------------------------------------------------

SUFFIX = "serviceaccount.identity.linkerd.cluster.local"
IDENTITIES = {
    "*": ("near", "robot"),
    "*.cluster.local": ("near", "robot"),
    f"*.{SUFFIX}": ("near", "robot"),
    f"*.y.{SUFFIX}": ("robot",),
    f"*.robot.y.{SUFFIX}": (),
    f"robot.y.{SUFFIX}": ("robot",),
    f"robot.x.{SUFFIX}": (),
    f"*.ear.x.{SUFFIX}": (),
    "*.identity.linkerd.other.local": (),
    "robot.y.serviceaccount.identity.linkerd.other.local": (),
    "spiffe://far.example/workload": (),
    "foo.bar": (),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities(load: Load, name: str) -> None:
    things = [a_server(), authorizing(WEB, MTLS), mesh_tls(name)]
    assert verdicts(cluster_of(load, *things)) == letting_in(*IDENTITIES[name])


def test_an_account_whose_name_has_dots(load: Load) -> None:
    dotted = pod("dotted", "10.244.0.7", account="a.b")
    for name, verdict in ((f"*.b.x.{SUFFIX}", ALLOW), (f"a.b.x.{SUFFIX}", ALLOW), (f"b.x.{SUFFIX}", DENY)):
        cluster = cluster_of(load, dotted, a_server(), authorizing(WEB, MTLS), mesh_tls(name))
        (said,) = asked(cluster, make_flow("10.244.0.7", SERVER, 8080))
        assert said.verdict == verdict


def test_identities_of_another_control_plane(load: Load) -> None:
    values = config(namespace="l5d", identityTrustDomain="example.com")
    ours = "robot.y.serviceaccount.identity.l5d.example.com"
    things = [a_server(), authorizing(WEB, MTLS), values]
    assert verdicts(cluster_of(load, *things, mesh_tls(ours))) == letting_in("robot")
    assert verdicts(cluster_of(load, *things, mesh_tls(f"robot.y.{SUFFIX}"))) == letting_in()


@pytest.mark.parametrize(
    ("refs", "clients"),
    [
        ([{"kind": "ServiceAccount", "name": "near"}], ("near",)),
        ([{"kind": "ServiceAccount", "name": "robot", "namespace": "y"}], ("robot",)),
        ([{"kind": "Namespace", "name": "y"}, {"kind": "ServiceAccount", "name": "robot"}], ("robot",)),
        ([{"kind": "Namespace", "name": "y"}, {"kind": "Pod", "name": "near"}], ()),
    ],
)
def test_references_to_identities(load: Load, refs: list[Any], clients: tuple[str, ...]) -> None:
    mtls = thing("MeshTLSAuthentication", "mtls", {"identityRefs": refs})
    assert verdicts(cluster_of(load, a_server(), authorizing(WEB, MTLS), mtls)) == letting_in(*clients)


def test_an_identity_of_which_nothing_tells_whose_it_is(load: Load) -> None:
    name = "spiffe://cluster.local/ns/x/sa/near"
    cluster = cluster_of(load, a_server(), authorizing(WEB, MTLS), mesh_tls(name))
    assert ask(cluster) == Said(UNKNOWN, "needs_identity")
    assert ask(cluster, "plain").verdict == DENY


def test_what_records_tell_of_identities(load: Load) -> None:
    cluster = cluster_of(load, a_server(), authorizing(WEB, MTLS), mesh_tls(f"*.y.{SUFFIX}", "foo.bar"))
    assert ask(cluster, src_principal="none").verdict == DENY
    assert ask(cluster, "outside", src_principal="foo.bar").verdict == ALLOW
    assert ask(cluster, "outside", src_principal=f"a.y.{SUFFIX}").verdict == ALLOW
    assert ask(cluster, "outside", src_principal="spiffe://far.example/x").verdict == DENY
    recorded = Options(mesh_identity="recorded")
    (said,) = asked(cluster, make_flow(CLIENTS["robot"], SERVER, 8080), options=recorded)
    assert said == Said(UNKNOWN, "needs_identity")


# -- ServerAuthorizations ----------------------------------------------------------------------------

CLIENTS_OF = [
    ({"unauthenticated": True}, INSIDE),
    ({"unauthenticated": True, "networks": [{"cidr": "0.0.0.0/0"}]}, EVERYBODY),
    ({"unauthenticated": True, "networks": [{"cidr": "10.244.0.0/24"}]}, letting_in("near", "plain")),
    ({"meshTLS": {"unauthenticatedTLS": True}}, MESHED),
    ({"meshTLS": {"identities": ["*"]}}, MESHED),
    ({"meshTLS": {"serviceAccounts": [{"name": "near"}]}}, letting_in("near")),
    ({"meshTLS": {"serviceAccounts": [{"name": "robot", "namespace": "y"}]}}, letting_in("robot")),
    ({"meshTLS": {}}, letting_in()),
    ({}, letting_in()),
]


@pytest.mark.parametrize(("spec", "clients"), CLIENTS_OF)
def test_server_authorizations(load: Load, spec: dict[str, Any], clients: dict[str, str]) -> None:
    """Theirs: links_server_authz_by_name. Networks that are left out are those of the cluster."""
    assert verdicts(cluster_of(load, a_server(), client(**spec))) == clients


def test_servers_by_their_labels(load: Load) -> None:
    """Theirs: links_server_authz_by_label."""
    spec = {"server": {"selector": {"matchLabels": {"tier": "a"}}}, "client": {"unauthenticated": True}}
    saz = thing("ServerAuthorization", "saz", spec)
    assert verdicts(cluster_of(load, a_server(labels={"tier": "a"}), saz)) == INSIDE
    assert verdicts(cluster_of(load, a_server(labels={"tier": "b"}), saz)) == letting_in()


# -- probes ------------------------------------------------------------------------------------------

PROBE = {"readinessProbe": {"httpGet": {"port": "WEB", "path": "/ready"}}}
DENYING = {"config.linkerd.io/default-inbound-policy": "deny"}


def probed(load: Load, *things: dict[str, Any], **annotations: str) -> Cluster:
    given = server_pod(**annotations)
    given["spec"]["containers"][0] |= PROBE
    return load(listed((given, *OTHERS, *things)), "a.json")


def test_a_request_may_be_a_probe(load: Load) -> None:
    """Theirs: the route "probe" of default_inbound_http_routes."""
    open_ = Said(UNKNOWN, "needs_l7")
    assert [ask(probed(load, **DENYING), "plain", port) for port in (8080,)] == [open_]
    assert ask(probed(load, **DENYING), "plain", 9990).verdict == DENY
    assert ask(probed(load, **DENYING), "own node").verdict == NONE
    assert [ask(probed(load, a_server(port=port)), "plain") for port in (8080, "web")] == [open_, open_]
    assert ask(probed(load, a_server(), authorizing(WEB)), "plain").verdict == ALLOW


def test_no_probe_where_bytes_are_not_looked_at(load: Load) -> None:
    opaque = {**DENYING, "config.linkerd.io/opaque-ports": "8080"}
    assert verdicts(probed(load, **opaque)) == letting_in()
    assert verdicts(probed(load, a_server(spec={"proxyProtocol": "TLS"}))) == letting_in()


# -- what goes past, and what a tunnel hides ---------------------------------------------------------


def test_ports_that_go_past(load: Load) -> None:
    deny = {"config.linkerd.io/default-inbound-policy": "deny"}
    cluster = cluster_of(load, **deny, **{"config.linkerd.io/skip-inbound-ports": "8080,9000-9002"})
    assert [ask(cluster, port=port).verdict for port in (8080, 9001, 4191, 9003)] == [NONE, NONE, NONE, DENY]
    set_so = cluster_of(load, config(proxyInit={"ignoreInboundPorts": "8080"}), **deny)
    assert [ask(set_so, port=port).verdict for port in (8080, 9001, 4190)] == [NONE, DENY, NONE]


def test_ports_that_a_client_dials_past_its_proxy(load: Load) -> None:
    cluster = cluster_of(
        load,
        config(proxyInit={"ignoreOutboundPorts": 8080}, proxy={"defaultInboundPolicy": "all-authenticated"}),
    )
    assert [ask(cluster, port=port).verdict for port in (8080, 8081)] == [DENY, ALLOW]


def test_the_port_inside_a_tunnel(load: Load) -> None:
    """Any port may be, where a Server is for one; where none is, they are all alike."""
    assert ask(cluster_of(load, a_server()), port=4143) == Said(UNKNOWN, "no_port")
    identified = cluster_of(load, config(proxy={"defaultInboundPolicy": "all-authenticated"}))
    assert [ask(identified, client, 4143).verdict for client in ("near", "plain")] == [ALLOW, DENY]


def test_a_pod_without_a_proxy_is_not_asked(load: Load) -> None:
    everything = {"podSelector": {}, "port": 8080}
    cluster = cluster_of(load, thing("Server", "all", everything))
    (said,) = asked(cluster, make_flow(CLIENTS["near"], CLIENTS["plain"], 8080))
    assert said.verdict == NONE


# -- over time, and what is said ---------------------------------------------------------------------


def test_an_authorization_holds_while_all_of_it_is_there(load: Load) -> None:
    cluster = cluster_of(load, a_server(), authorizing(WEB, MTLS, NETS), mesh_tls("*"), networks("0.0.0.0/0"))
    times = {
        "LinkerdAuthorizationPolicy": (0, 600),
        "MeshTLSAuthentication": (100, END),
        "NetworkAuthentication": (BEGINNING, 500),
        "Server": (200, END),
    }
    timed = tuple(between(one, *times[one.kind]) for one in cluster.policies)
    flows = [make_flow(CLIENTS["near"], SERVER, 8080, at=at) for at in (150, 300, 550, 700)]
    said = asked(replace(cluster, policies=timed), *flows, options=Options(skew=0))
    assert [one.verdict for one in said] == [ALLOW, ALLOW, DENY, DENY]
    assert [one.by for one in said[:2]] == ["", "LinkerdAuthorizationPolicy/x/p[Server web]"]


def test_versions_of_an_authentication(load: Load) -> None:
    cluster = cluster_of(load, a_server(), authorizing(WEB, MTLS), mesh_tls(NEAR_ID))
    others = [one for one in cluster.policies if one.kind != "MeshTLSAuthentication"]
    (before,) = [one for one in cluster.policies if one.kind == "MeshTLSAuthentication"]
    after = replace(before, mesh=MeshTlsAuthentication(Identities(("foo.bar",))))
    both = (between(before, BEGINNING, 100), between(after, 100, END))
    flows = [make_flow(CLIENTS["near"], SERVER, 8080, at=at) for at in (50, 150)]
    said = asked(replace(cluster, policies=(*others, *both)), *flows, options=Options(skew=0))
    assert [one.verdict for one in said] == [ALLOW, DENY]


def remarks(cluster: Cluster, mesh: str = "auto") -> str:
    return "\n".join(apply(cluster, Options(), "kubernetes", mesh=mesh).remarks)


def test_what_is_said_of_it(load: Load) -> None:
    plain = cluster_of(load)
    assert "no ConfigMap linkerd-config tells how Linkerd is set" in remarks(plain)
    cluster = cluster_of(load, config(), a_server(), authorizing(WEB, MTLS))
    said = remarks(cluster)
    assert "linkerd-config" not in said
    assert "asks for MeshTLSAuthentication/x/mtls, which is not there: it authorizes nobody" in said
    assert "no pod with its proxy" in remarks(replace(cluster, pods=()))
    assert "2 policies of Linkerd left out, as --mesh off says" in remarks(cluster, "off")
    assert "Istio" not in remarks(cluster, "off")
    unmeshed = apply(cluster, Options(), "kubernetes", mesh="off").cluster
    (said_off,) = asked(unmeshed, make_flow(CLIENTS["near"], SERVER, 8080))
    assert said_off.verdict == NONE


def test_beside_istio(load: Load) -> None:
    """Each mesh asks at its own pods, and policies of the one are no matter of the other's."""
    istio = {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "none", "namespace": "x"},
        "spec": {},
    }
    assert verdicts(cluster_of(load, istio)) == EVERYBODY
    assert "no pod with a proxy" not in remarks(cluster_of(load, a_server()))
