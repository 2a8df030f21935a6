"""Istio's policies as they are written, what is refused, and what only istiod refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flowcheck.kinds import POLICY_KINDS
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Selector
from flowcheck.model.mesh.tiers import ALLOW, CUSTOM, DENY, PEER_AUTHENTICATION
from flowcheck.model.mesh.written import (
    Authorization,
    AuthorizationAction,
    AuthorizationRule,
    Mode,
    PeerAuthentication,
    TargetRef,
    Term,
)
from flowcheck.model.policy import PodQuery, Policy
from flowcheck.reading import load_cluster

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]
SHARED = Path(os.environ.get("FLOWCHECK_CONFORMANCE", "/nowhere")) / "engines" / "istio.jsonl"


def manifest(spec: str, kind: str = "AuthorizationPolicy", meta: str = "", version: str = "v1") -> str:
    head = f"apiVersion: security.istio.io/{version}\nkind: {kind}\n"
    return f"{head}metadata: {{name: p, namespace: x{meta}}}\nspec:\n  {{{spec}}}\n"


def policy(load: Load, spec: str = "", kind: str = "AuthorizationPolicy", **more: str) -> Policy:
    (only,) = load(manifest(spec, kind, **more)).policies
    return only


def authorization(load: Load, spec: str) -> Authorization:
    found = policy(load, spec).mesh
    assert isinstance(found, Authorization)
    return found


def rule(load: Load, text: str) -> AuthorizationRule:
    (only,) = authorization(load, f"rules: [{{{text}}}]").rules
    return only


def authentication(load: Load, spec: str, meta: str = "") -> PeerAuthentication:
    found = policy(load, spec, "PeerAuthentication", meta=meta).mesh
    assert isinstance(found, PeerAuthentication)
    return found


def warned(load: Load, spec: str, kind: str = "AuthorizationPolicy", **more: str) -> str:
    return "\n".join(one for one in load(manifest(spec, kind, **more)).warnings if "has no pods" not in one)


def test_a_whole_policy(load: Load) -> None:
    found = policy(
        load,
        "selector: {matchLabels: {app: a}}, action: DENY, rules: [{from: [{source: {principals: [p/*], "
        "notNamespaces: [ns]}}], to: [{operation: {ports: ['80'], notPaths: [/a]}}], "
        "when: [{key: source.ip, values: [10.0.0.0/8], notValues: [10.1.0.1]}]}]",
        version="v1beta1",
    )
    assert (str(found), found.tier, found.ingress) == ("AuthorizationPolicy/x/p", DENY, ())
    assert found.subject == PodQuery(namespace="x", pods=Selector.of(app="a"))
    assert found.written == "selector: {matchLabels: {app: a}}"
    assert isinstance(found.mesh, Authorization)
    (read,) = found.mesh.rules
    assert (found.mesh.action, found.mesh.has_selector) == (AuthorizationAction.DENY, True)
    assert read.label == "rules[0]"
    assert read.sources == ((Term("principals", ("p/*",)), Term("namespaces", ("ns",), negated=True)),)
    assert read.operations == ((Term("paths", ("/a",), negated=True), Term("ports", ("80",))),)
    ip = "source.ip"
    assert read.conditions == ((Term(ip, ("10.0.0.0/8",)), Term(ip, ("10.1.0.1",), negated=True)),)
    assert read.source.line == 5


def test_what_is_absent(load: Load) -> None:
    empty = policy(load, "")
    assert (empty.tier, empty.subject) == (ALLOW, PodQuery(namespace="x"))
    assert empty.mesh == Authorization(AuthorizationAction.ALLOW)
    assert rule(load, "") == AuthorizationRule("rules[0]", source=rule(load, "").source)
    assert policy(load, "action: CUSTOM, provider: {name: z}, rules: [{}]").tier == CUSTOM
    assert authentication(load, "") == PeerAuthentication(Mode.UNSET, (), has_selector=False)


@pytest.mark.parametrize("text", ["from: []", "to: []", "when: []"])
def test_an_empty_list_restricts_nothing(load: Load, text: str) -> None:
    read = rule(load, text)
    assert (read.sources, read.operations, read.conditions) == ((), (), ())
    assert "is empty, so it restricts nothing" in warned(load, f"rules: [{{{text}}}]")


def test_an_empty_field_is_absent(load: Load) -> None:
    assert rule(load, "from: [{source: {principals: [], namespaces: [ns]}}]").sources == (
        (Term("namespaces", ("ns",)),),
    )


def test_targets(load: Load) -> None:
    given = authorization(load, "targetRefs: [{group: core, kind: Service, name: s}], rules: [{}]")
    assert given.targets == (TargetRef("", "Service", "s"),)
    older = "targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: g}"
    assert authorization(load, older).targets == (TargetRef("gateway.networking.k8s.io", "Gateway", "g"),)


@pytest.mark.parametrize(("text", "staged"), [("true", True), ("T", True), ("false", False), ("yes", False)])
def test_a_dry_run_is_staged(load: Load, text: str, staged: bool) -> None:
    meta = f", annotations: {{istio.io/dry-run: '{text}'}}"
    assert policy(load, "action: DENY, rules: [{}]", meta=meta).staged is staged
    assert ("neither true nor false" in warned(load, "rules: [{}]", meta=meta)) == (text == "yes")


def test_peer_authentication(load: Load) -> None:
    spec = "selector: {matchLabels: {app: a}}, mtls: {mode: STRICT}, portLevelMtls: "
    spec += "{'81': {mode: DISABLE}, '80': {}}"
    found = policy(load, spec, "PeerAuthentication", meta=", creationTimestamp: '2026-05-01T00:00:00Z'")
    assert (found.tier, found.subject) == (
        PEER_AUTHENTICATION,
        PodQuery(namespace="x", pods=Selector.of(app="a")),
    )
    ports = ((80, Mode.UNSET), (81, Mode.DISABLE))
    assert found.mesh == PeerAuthentication(Mode.STRICT, ports, True, "2026-05-01T00:00:00Z")


@pytest.mark.parametrize("selector", ["", "selector: {}, ", "selector: {matchLabels: {}}, "])
def test_a_peer_authentication_without_labels_has_no_ports_of_its_own(load: Load, selector: str) -> None:
    """An older schema let them be stored."""
    spec = selector + "mtls: {mode: STRICT}, portLevelMtls: {'80': {mode: DISABLE}}"
    found = policy(load, spec, "PeerAuthentication", meta=", uid: u")
    assert found.mesh == PeerAuthentication(Mode.STRICT, (), False, "")


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("action: Deny", "a.yaml:5 spec.action: AuthorizationPolicy x/p: must be ALLOW or DENY or AUDIT or"),
        (
            "rules: [{to: [{operation: {ports: [80]}}]}]",
            "ports[0]: AuthorizationPolicy x/p: must be text, is",
        ),
        ("rules: [{from: [{source: {ip_blocks: []}}]}]", "is not a field here (did you mean ipBlocks?)"),
        ("rules: [{when: [{values: [a]}]}]", "spec.rules[0].when[0]: AuthorizationPolicy x/p: needs key"),
        ("selector: {}, targetRefs: []", "spec.targetRefs: AuthorizationPolicy x/p: may not stand beside"),
        ("selector: {matchLabels: {a: 'b*'}}", "matchLabels.a: AuthorizationPolicy x/p: a label's value has"),
        ("selector: {matchLabels: {'*': b}}", "a label's key may not be empty, and has no wildcards"),
        (
            "selector: {matchExpressions: []}",
            "spec.selector.matchExpressions: AuthorizationPolicy x/p: is not",
        ),
        ("targetRefs: [{kind: Service, name: s, namespace: z}]", "another namespace cannot be named (leave"),
        ("targetRefs: [{kind: Service}]", "spec.targetRefs[0]: AuthorizationPolicy x/p: needs name"),
        (
            "rules: [{from: [{source: {serviceAccounts: [a], namespaces: [b]}}]}]",
            "may not have serviceAccounts beside principals or namespaces (make them two entries)",
        ),
    ],
)
def test_what_the_api_server_refuses(problems: Problems, spec: str, problem: str) -> None:
    assert problem in "\n".join(problems(manifest(spec)))


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("mtls: {mode: strict}", "must be UNSET or DISABLE or PERMISSIVE or STRICT (write STRICT)"),
        ("portLevelMtls: {'80': {mode: STRICT}}", "may only stand in a policy that selects workloads"),
        ("selector: {matchLabels: {a: b}}, portLevelMtls: {}", "needs a port, or must be left out"),
        ("selector: {matchLabels: {a: b}}, portLevelMtls: {'0': {}}", "must be under the number of a port"),
        ("mode: STRICT", "spec.mode: PeerAuthentication x/p: is not a field here"),
    ],
)
def test_what_it_refuses_of_peer_authentications(problems: Problems, spec: str, problem: str) -> None:
    assert problem in "\n".join(problems(manifest(spec, "PeerAuthentication")))


def test_other_versions_and_kinds_are_problems(problems: Problems) -> None:
    assert "of a version that is not read (write security.istio.io/v1)" in str(
        problems(manifest("", version="v1alpha1"))
    )
    (kind,) = problems(manifest("", "AuthorisationPolicy"))
    assert "did you mean AuthorizationPolicy or PeerAuthentication?" in kind
    (group,) = problems(manifest("").replace("security.istio.io", "security.istio.oi"))
    assert "write apiVersion: security.istio.io/v1, kind: AuthorizationPolicy" in group


@pytest.mark.parametrize(
    ("spec", "warning"),
    [
        ("action: DENY", "action DENY without rules: Istio's validation refuses it; where it is stored, it"),
        ("action: CUSTOM, rules: [{}]", "CUSTOM needs provider.name: Istio's validation refuses it"),
        ("provider: {name: a}, rules: [{}]", "a provider may not stand beside action ALLOW"),
        (
            "action: CUSTOM, provider: {name: a}, rules: [{from: [{source: {principals: ['*']}}]}]",
            "rules[0] has principals, which CUSTOM does not know: Istio's",
        ),
        ("rules: [{from: [{source: {}}]}]", "rules[0].from[0].source: is empty: Istio's validation"),
        ("rules: [{from: [{source: {ipBlocks: [10.0.0]}}]}]", "ipBlocks: entry 0 is neither an address nor"),
        ("rules: [{from: [{source: {namespaces: ['']}}]}]", "namespaces: entry 0 is empty: Istio's"),
        ("rules: [{from: [{source: {serviceAccounts: ['*']}}]}]", "entry 0 has a wildcard: Istio's"),
        ("rules: [{from: [{source: {serviceAccounts: [a/b/c]}}]}]", "is neither a name nor namespace/name"),
        ("rules: [{from: [{source: {trustDomains: [a*b]}}]}]", "may have one * only, first or last"),
        ("rules: [{to: [{operation: {ports: [http]}}]}]", "ports: entry 0 is no number of a port: Istio's"),
        ("rules: [{to: [{operation: {paths: ['/{**}/{*}']}}]}]", "entry 0 has something after {**}"),
        ("rules: [{to: [{operation: {paths: ['/{a}']}}]}]", "braces that are neither {*} nor {**}"),
        ("rules: [{when: [{key: source.ip}]}]", "when[0]: needs values or notValues: Istio's"),
        ("rules: [{when: [{key: a.b, values: [c]}]}]", "when[0].key: is no key that Istio knows: Istio's"),
        ("rules: [{when: [{key: request.headers, values: [c]}]}]", "must be of the form a[b]"),
        ("targetRefs: [{kind: Pod, name: a}]", "must be a Service, a ServiceEntry, a Gateway or"),
        ("action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]", "denies by requests alone"),
        ("action: ALLOW", "no rule of an ALLOW: no connection to what it selects is let in by it"),
        ("selector: {}, rules: [{}]", "has no labels, so it selects every workload of its scope"),
    ],
)
def test_what_only_istiod_refuses_or_surprises_is_a_warning(load: Load, spec: str, warning: str) -> None:
    assert warning in warned(load, spec)


def test_a_denial_that_names_ports_does_not_surprise(load: Load) -> None:
    spec = "action: DENY, rules: [{to: [{operation: {methods: [GET], ports: ['80']}}]}]"
    assert "denies by requests" not in warned(load, spec)


def test_an_audit_is_noted(load: Load) -> None:
    assert policy(load, "action: AUDIT, rules: [{}]").notes == (
        "action AUDIT only marks what it matches for a log",
    )


def test_request_authentications_stay_unread(load: Load) -> None:
    cluster = load(manifest("", "RequestAuthentication"))
    assert "RequestAuthentication" not in POLICY_KINDS
    assert [one.kind for one in cluster.other_policies] == ["RequestAuthentication"]


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared cases: FLOWCHECK_CONFORMANCE=folder")
def test_what_istio_takes_is_taken(tmp_path: Path) -> None:
    """Of every shared world, but for what its own validation refuses; and of every object apart."""
    path = tmp_path / "a.json"
    for line in map(json.loads, SHARED.read_text().splitlines()):
        if not any(one.startswith("rejected") for one in line.get("validation", [])) and "objects" in line:
            path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": line["objects"]}))
            assert load_cluster([path]).refused == (), line["name"]
        for case in line.get("validity", ()):
            if case["object"]["kind"] in POLICY_KINDS and case["name"] != "ap snake case":
                path.write_text(json.dumps(case["object"]))
                cluster = load_cluster([path], keep_going=True)
                refused = bool(cluster.refused) or any("validation refuses" in w for w in cluster.warnings)
                assert refused is not case["valid"], case["name"]


def test_who_selects_nobody_is_said_of_a_mesh_too(load: Load) -> None:
    """In the root namespace a policy is for the pods of all others, and one with targets for no pod."""
    pod = "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: z, labels: {app: a}}\n"
    root = manifest("mtls: {mode: STRICT}", "PeerAuthentication").replace(
        "namespace: x", "namespace: istio-system"
    )
    targets = manifest("targetRefs: [{kind: Service, name: s}], rules: [{}]")
    for text in (root, targets):
        assert not any("no pod" in one for one in load(text + pod).warnings)
    elsewhere = load(manifest("rules: [{}]") + pod).warnings
    assert any("namespace x has no pods, but policies: AuthorizationPolicy/x/p" in one for one in elsewhere)
