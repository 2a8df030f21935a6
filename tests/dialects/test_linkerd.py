"""Linkerd's policies as they are written, what is refused, and what only its webhook refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.kinds import POLICY_KINDS
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Selector
from flowcheck.model.mesh.linkerd import (
    Identities,
    LinkerdAuthorization,
    LinkerdWritten,
    MeshTlsAuthentication,
    Network,
    NetworkAuthentication,
    Reference,
    Server,
    ServerAuthorization,
)
from flowcheck.model.peers import Access, PodQuery
from flowcheck.model.policy import Policy

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]
KINDS = {
    "Server": "v1beta3",
    "ServerAuthorization": "v1beta1",
    "AuthorizationPolicy": "v1alpha1",
    "MeshTLSAuthentication": "v1alpha1",
    "NetworkAuthentication": "v1alpha1",
}
PODS = "podSelector: {matchLabels: {app: a}}, port: 80"
TARGET = "targetRef: {group: policy.linkerd.io, kind: Server, name: s}"
REQUIRED = "requiredAuthenticationRefs: []"
OF_CORE = "{group: '', kind: ServiceAccount, name: a}"


def manifest(kind: str, spec: str, version: str = "", meta: str = "") -> str:
    head = f"apiVersion: policy.linkerd.io/{version or KINDS[kind]}\nkind: {kind}\n"
    return f"{head}metadata: {{name: p, namespace: x{meta}}}\nspec:\n  {{{spec}}}\n"


def policy(load: Load, kind: str, spec: str, **more: str) -> Policy:
    (only,) = load(manifest(kind, spec, **more)).policies
    return only


def read(load: Load, kind: str, spec: str, **more: str) -> LinkerdWritten:
    found = policy(load, kind, spec, **more).mesh
    assert isinstance(found, LinkerdWritten)
    return found


def warned(load: Load, kind: str, spec: str) -> str:
    return "\n".join(one for one in load(manifest(kind, spec)).warnings if "has no pods" not in one)


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1", "v1beta2", "v1beta3"])
def test_a_whole_server(load: Load, version: str) -> None:
    meta = ", labels: {tier: a}, creationTimestamp: '2026-01-01T00:00:00Z'"
    spec = f"{PODS}, proxyProtocol: TLS, accessPolicy: audit"
    found = policy(load, "Server", spec, version=version, meta=meta)
    assert (str(found), found.written) == ("Server/x/p", "podSelector: {matchLabels: {app: a}}")
    assert found.subject == PodQuery(namespace="x", pods=Selector.of(app="a"))
    assert found.mesh == Server(80, Access.AUDIT, False, (("tier", "a"),), "2026-01-01T00:00:00Z")


def test_what_a_server_leaves_out(load: Load) -> None:
    assert read(load, "Server", "podSelector: {}, port: web") == Server("web", Access.DENY, is_http=True)


def test_a_whole_server_authorization(load: Load) -> None:
    spec = (
        "server: {name: s}, client: {networks: [{cidr: 10.0.0.0/8, except: [10.0.0.1]}, {cidr: 'fd00::1'}], "
        "meshTLS: {identities: ['*.a', b.c], serviceAccounts: [{name: d}, {name: e, namespace: ns}]}}"
    )
    assert read(load, "ServerAuthorization", spec) == ServerAuthorization(
        "s",
        (Network("10.0.0.0/8", ("10.0.0.1/32",)), Network("fd00::1/128")),
        Identities(("*.a", "b.c"), (("x", "d"), ("ns", "e"))),
    )
    by_labels = "server: {selector: {matchLabels: {app: a}}}, client: {unauthenticated: true}"
    assert read(load, "ServerAuthorization", by_labels) == ServerAuthorization(Selector.of(app="a"))


def test_a_whole_authorization_policy(load: Load) -> None:
    spec = (
        f"{TARGET}, requiredAuthenticationRefs: [{{group: policy.linkerd.io, kind: meshtlsauthentication, "
        "name: m, namespace: ns}, {group: POLICY.linkerd.io, kind: NetworkAuthentication, name: nets}]"
    )
    found = policy(load, "AuthorizationPolicy", spec)
    assert str(found) == "LinkerdAuthorizationPolicy/x/p"
    assert found.written == "targetRef: {group: policy.linkerd.io, kind: Server, name: s}"
    required = (Reference("MeshTLSAuthentication", "m", "ns"), Reference("NetworkAuthentication", "nets"))
    assert found.mesh == LinkerdAuthorization(Reference("Server", "s"), required)


@pytest.mark.parametrize(
    ("target", "read_as"),
    [
        ("kind: Namespace, name: x", Reference("Namespace", "x")),
        ("group: core, kind: namespace, name: x", Reference("Namespace", "x")),
        ("group: policy.linkerd.io, kind: HTTPRoute, name: r", Reference("HTTPRoute", "r")),
        ("group: gateway.networking.k8s.io, kind: HTTPRoute, name: r", Reference("HTTPRoute", "r")),
        ("group: gateway.networking.k8s.io, kind: GRPCRoute, name: r", Reference("GRPCRoute", "r")),
    ],
)
def test_targets(load: Load, target: str, read_as: Reference) -> None:
    found = read(load, "AuthorizationPolicy", f"targetRef: {{{target}}}, {REQUIRED}")
    assert found == LinkerdAuthorization(read_as)


def test_authentications(load: Load) -> None:
    refs = f"identityRefs: [{OF_CORE}, {{kind: Namespace, name: ns}}]"
    found = read(load, "MeshTLSAuthentication", refs)
    assert found == MeshTlsAuthentication(Identities((), (("x", "a"),), ("ns",)))
    assert read(load, "MeshTLSAuthentication", "identities: ['*']") == MeshTlsAuthentication(
        Identities(("*",))
    )
    networks = read(load, "NetworkAuthentication", "networks: [{cidr: 10.1.2.3/8}]")
    assert networks == NetworkAuthentication((Network("10.0.0.0/8"),))


@pytest.mark.parametrize(
    ("kind", "spec", "problem"),
    [
        ("Server", "podSelector: {}", "needs port"),
        ("Server", "port: 80", "needs either podSelector or externalWorkloadSelector"),
        ("Server", "podSelector: {}, externalWorkloadSelector: {}, port: 80", "needs either podSelector"),
        ("Server", "podSelector: {}, port: 0", "must be from 1 to 65535"),
        ("Server", f"{PODS}, proxyProtocol: HTTP", "must be unknown or HTTP/1"),
        ("Server", f"{PODS}, acessPolicy: deny", "is not a field here (did you mean accessPolicy?)"),
        ("ServerAuthorization", "server: {name: s}", "needs client"),
        ("ServerAuthorization", "server: {}, client: {unauthenticated: true}", "needs either name or sel"),
        ("ServerAuthorization", "server: {name: s}, client: {unauthenticated: 'true'}", "must be true or"),
        ("AuthorizationPolicy", TARGET, "needs requiredAuthenticationRefs"),
        ("AuthorizationPolicy", f"targetRef: {{kind: Server}}, {REQUIRED}", "needs name"),
        ("MeshTLSAuthentication", "identities: ['*'], identityRefs: [{kind: Pod, name: a}]", "needs either"),
        ("MeshTLSAuthentication", "identities: []", "needs an entry"),
        ("NetworkAuthentication", "networks: [{cidr: any}]", "is neither an address nor a CIDR"),
        ("NetworkAuthentication", "networks: [{except: [10.0.0.1]}]", "needs cidr"),
    ],
)
def test_what_is_refused(problems: Problems, kind: str, spec: str, problem: str) -> None:
    assert any(problem in one for one in problems(manifest(kind, spec))), problems(manifest(kind, spec))


@pytest.mark.parametrize("kind", KINDS)
def test_versions_and_specs(problems: Problems, kind: str) -> None:
    assert "is of a version that is not read" in problems(manifest(kind, "", version="v9"))[0]
    text = f"apiVersion: policy.linkerd.io/{KINDS[kind]}\nkind: {kind}\nmetadata: {{name: p}}\n"
    assert problems(text) == [f"a.yaml:1: {kind} p: needs spec"]


@pytest.mark.parametrize("kind", ["Servers", "MeshTLSAuthentification", "AuthorisationPolicy", "TCPRoute"])
def test_misspelt_kinds(problems: Problems, kind: str) -> None:
    text = f"apiVersion: policy.linkerd.io/v1alpha1\nkind: {kind}\nmetadata: {{name: p}}\nspec: {{}}\n"
    (said,) = problems(text)
    assert "there is no such kind in policy.linkerd.io/v1alpha1 (did you mean" in said


@pytest.mark.parametrize(
    ("kind", "spec", "warning"),
    [
        ("Server", f"{PODS}, accessPolicy: allow", "is none of all-unauthenticated, "),
        ("Server", "podSelector: {}, port: '80'", "is the name of a port, as it is quoted"),
        ("Server", "podSelector: {}, port: Web_1", "so no port has that name"),
        ("ServerAuthorization", "server: {name: s}, client: {}", "so it authorizes nobody"),
        ("ServerAuthorization", "server: {name: s}, client: {meshTLS: {}}", "names no identity"),
        (
            "ServerAuthorization",
            "server: {name: s}, client: {unauthenticated: true, meshTLS: {}}",
            "stands beside unauthenticated: true: Linkerd's validation refuses it",
        ),
        ("AuthorizationPolicy", f"targetRef: {{kind: Namespace, name: ns}}, {REQUIRED}", "another namespace"),
        (
            "AuthorizationPolicy",
            f"targetRef: {{kind: Server, name: web}}, {REQUIRED}",
            "must be a Server, a N",
        ),
        (
            "AuthorizationPolicy",
            f"{TARGET}, requiredAuthenticationRefs: [{OF_CORE}, {OF_CORE}]",
            "has more than one MeshTLSAuthentication or ServiceAccount",
        ),
        ("MeshTLSAuthentication", "identities: ['a.*']", "`a.*` is no identity"),
        ("MeshTLSAuthentication", "identityRefs: [{kind: Pod, name: a}]", "must be a ServiceAccount or a N"),
        ("NetworkAuthentication", "networks: []", "is empty: Linkerd's validation refuses it"),
    ],
)
def test_what_only_the_webhook_refuses(load: Load, kind: str, spec: str, warning: str) -> None:
    assert warning in warned(load, kind, spec)


def test_they_are_policies_and_egress_networks_are_not_read(load: Load) -> None:
    called = {"AuthorizationPolicy": "LinkerdAuthorizationPolicy"}
    assert {called.get(kind, kind) for kind in KINDS} <= POLICY_KINDS
    text = "apiVersion: policy.linkerd.io/v1alpha1\nkind: EgressNetwork\nmetadata: {name: e}\nspec: {}\n"
    (other,) = load(text + "---\n" + manifest("Server", PODS)).other_policies
    assert (other.language, other.kind) == ("Linkerd", "EgressNetwork")


def test_routes_and_rate_limits_are_passed_over(load: Load) -> None:
    for kind in ("HTTPRoute", "HTTPLocalRateLimitPolicy"):
        text = f"apiVersion: policy.linkerd.io/v1beta3\nkind: {kind}\nmetadata: {{name: r}}\nspec: {{}}\n"
        assert load(text + "---\n" + manifest("Server", PODS)).other_policies == ()


def test_their_tiers_are_no_objects(load: Load) -> None:
    istio = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\nspec: {}\n"
    for text in (istio, manifest("Server", PODS)):
        assert not [one for one in load(text).warnings if "Tier" in one]
