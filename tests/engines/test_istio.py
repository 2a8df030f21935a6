"""What a sidecar, a gateway and ztunnel make of one AuthorizationPolicy, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flowcheck.engines import istio
from flowcheck.engines.istio import patterns
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.requests import Asks, Carried, Part
from flowcheck.model.mesh.tiers import ALLOW, CUSTOM, DENY
from flowcheck.model.peers import (
    AddressBlock,
    AllOf,
    AnyOf,
    Carries,
    DataPlane,
    Expression,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Presents,
    Where,
)
from flowcheck.model.policy import Action, Direction, Policy, PortRange, Rule
from flowcheck.model.protocols import TCP
from flowcheck.model.verdict import Reason
from tests.dialects.test_istio import manifest

Load = Callable[..., Cluster]
SIDECAR, AMBIENT, GATEWAY = (
    Where(Carries(plane)) for plane in (DataPlane.SIDECAR, DataPlane.AMBIENT, DataPlane.GATEWAY)
)
NO_WAYPOINT = Labelled(
    Of.OWN,
    Requirement("gateway.istio.io/managed", Operator.NOT_IN, frozenset({"istio.io-mesh-controller"})),
)


def made(load: Load, spec: str, settings: MeshSettings | None = None, **more: str) -> Policy:
    (only,) = istio.policies(replace(load(manifest(spec, **more)), mesh=settings))
    return only


def rules(load: Load, spec: str, plane: Where, settings: MeshSettings | None = None) -> list[Rule]:
    """Those for the workloads of one data plane, without label and place."""
    found = made(load, spec, settings).ingress
    of = [one for one in found if one.subject == plane or _first(one.subject) == plane]
    return [replace(one, label="", source=Rule("", Action.DENY).source) for one in of]


def _first(subject: Any) -> Any:
    return subject.parts[0] if isinstance(subject, AllOf) else None


def allow(subject: Any = SIDECAR, **more: Any) -> Rule:
    return Rule("", Action.ALLOW, subject=subject, **more)


def deny(subject: Any = SIDECAR, **more: Any) -> Rule:
    return Rule("", Action.DENY, subject=subject, **more)


def presents(pattern: str) -> Where:
    return Where(Presents(pattern))


def tcp(*numbers: int) -> tuple[PortRange, ...]:
    return tuple(PortRange(TCP, number, number) for number in numbers)


def source(text: str) -> str:
    return f"rules: [{{from: [{{source: {{{text}}}}}]}}]"


def operation(text: str) -> str:
    return f"rules: [{{to: [{{operation: {{{text}}}}}]}}]"


def when(text: str) -> str:
    return f"rules: [{{when: [{{{text}}}]}}]"


def denying(spec: str) -> str:
    return f"action: DENY, {spec}"


# -- whom, in which tier -----------------------------------------------------------------------------


def in_namespace(name: str) -> Labelled:
    return Labelled(Of.NAMESPACE, Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset({name})))


def test_whom_a_policy_is_for(load: Load) -> None:
    planes = AnyOf((Carries(DataPlane.SIDECAR), Carries(DataPlane.AMBIENT), Carries(DataPlane.GATEWAY)))
    app: Expression = Labelled(Of.OWN, Requirement("app", Operator.IN, frozenset({"a"})))
    found = made(load, "selector: {matchLabels: {app: a}}, rules: [{}]")
    pod = IsA(Kind.POD)
    assert found.subject == Where(AllOf((pod, in_namespace("x"), app, planes, NO_WAYPOINT)))
    everywhere = made(load, "selector: {matchLabels: {app: a}}", MeshSettings(root_namespace="x"))
    assert everywhere.subject == Where(AllOf((pod, app, planes, NO_WAYPOINT)))


def test_tiers_and_isolation(load: Load) -> None:
    nothing = made(load, "")
    assert (nothing.tier, nothing.isolates, nothing.ingress) == (ALLOW, {Direction.INGRESS}, ())
    refuses = made(load, "action: DENY")
    assert (refuses.tier, refuses.isolates, refuses.ingress) == (DENY, frozenset(), ())
    assert not list(istio.policies(load(manifest("action: AUDIT, rules: [{}]"))))


def test_a_dry_run_stays_staged(load: Load) -> None:
    assert made(load, "rules: [{}]", meta=", annotations: {istio.io/dry-run: 'true'}").staged


def test_custom_is_open_but_for_ztunnel(load: Load) -> None:
    found = made(load, "action: CUSTOM, provider: {name: a}, " + operation("ports: ['80']"))
    assert (found.tier, found.isolates) == (CUSTOM, frozenset())
    open_ones = [(one.subject, one.action, one.ports, one.needs) for one in found.ingress]
    assert open_ones == [
        (SIDECAR, Action.DENY, tcp(80), Reason.NEEDS_L7),
        (GATEWAY, Action.DENY, tcp(80), Reason.NEEDS_L7),
    ]


def test_an_empty_rule_is_everything_everywhere(load: Load) -> None:
    for plane in (SIDECAR, AMBIENT, GATEWAY):
        assert rules(load, "rules: [{}]", plane) == [allow(plane)]


# -- identities --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sidecar", "ztunnel"),
    [
        ("principals: ['*']", ".+", ".+"),
        ("principals: [td/ns/a/sa/b]", r"spiffe://td/ns/a/sa/b", r"spiffe://td/ns/a/sa/b"),
        ("principals: ['td/ns/a/*']", r"spiffe://td/ns/a/.*", r"spiffe://td/ns/a/.*"),
        ("principals: ['*/sa/b']", r"spiffe://.*/sa/b", r"spiffe://.*/sa/b"),
        ("namespaces: [a.b]", r".*/ns/a\.b/.*", r"spiffe://[^/]*/ns/a\.b/sa/[^/]*"),
        ("namespaces: ['a*b']", r".*/ns/a.*b/.*", r"spiffe://[^/]*/ns/a\*b/sa/[^/]*"),
        ("namespaces: ['*a']", r".*/ns/.*a/.*", r"spiffe://[^/]*/ns/[^/]*a/sa/[^/]*"),
        ("namespaces: ['*']", r".*/ns/.*/.*", r"spiffe://[^/]*/ns/[^/]+/sa/[^/]*"),
        ("serviceAccounts: [b]", *[r"spiffe://.+/ns/x/(.+/|)sa/b(/.+)?"] * 2),
        ("serviceAccounts: [z/b]", *[r"spiffe://.+/ns/z/(.+/|)sa/b(/.+)?"] * 2),
        ("trustDomains: [td]", r"spiffe://td/.*", None),
        ("trustDomains: ['t*']", r"spiffe://t[^/]*/.*", None),
    ],
)
def test_identities(load: Load, text: str, sidecar: str, ztunnel: str | None) -> None:
    assert rules(load, source(text), SIDECAR) == [allow(peers=(presents(sidecar),))]
    expected = [] if ztunnel is None else [allow(AMBIENT, peers=(presents(ztunnel),))]
    assert rules(load, source(text), AMBIENT) == expected
    assert rules(load, source(text), GATEWAY) == [allow(GATEWAY, needs=Reason.NEEDS_L7)]


def test_negated_identities_take_plaintext_too(load: Load) -> None:
    pattern = r"spiffe://td/ns/a/sa/b"
    spec = source("notPrincipals: [td/ns/a/sa/b, '*/sa/c']")
    nobody = Where(Not(AnyOf((Presents(pattern), Presents("spiffe://.*/sa/c")))))
    assert rules(load, spec, SIDECAR) == [allow(peers=(nobody,))]
    assert rules(load, spec, AMBIENT) == [allow(AMBIENT, peers=(nobody,))]


def test_trust_domains_with_aliases(load: Load) -> None:
    settings = MeshSettings(trust_domain="new", aliases=("old",))
    spec = source("principals: [old/ns/a/sa/b, cluster.local/ns/c/sa/d, other/ns/e/sa/f, '*/ns/g/sa/h']")
    expected = [
        *("spiffe://new/ns/a/sa/b", "spiffe://old/ns/a/sa/b", "spiffe://new/ns/c/sa/d"),
        *("spiffe://old/ns/c/sa/d", "spiffe://other/ns/e/sa/f", "spiffe://.*/ns/g/sa/h"),
    ]
    wanted = Where(AnyOf(tuple(Presents(one) for one in expected)))
    assert rules(load, spec, SIDECAR, settings) == [allow(peers=(wanted,))]
    (ztunnel,) = rules(load, source("principals: [old/ns/a/sa/b]"), AMBIENT, settings)
    assert ztunnel.peers == (presents("spiffe://old/ns/a/sa/b"),)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("*-td/ns/a/sa/b", ("*-td/ns/a/sa/b",)),
        ("o*/ns/a/sa/b", ("old-td/ns/a/sa/b", "new-td/ns/a/sa/b")),
        ("old-td/ns/a/sa/*", ("old-td/ns/a/sa/*", "new-td/ns/a/sa/*")),
        ("ns/a/sa/b", ("ns/a/sa/b",)),
    ],
)
def test_trust_domains_as_istio_replaces_them(value: str, found: tuple[str, ...]) -> None:
    """Cases of Istio's own bundle_test.go."""
    assert patterns.with_aliases([value], MeshSettings(trust_domain="old-td", aliases=("new-td",))) == found


# -- addresses and ports -----------------------------------------------------------------------------


def test_addresses(load: Load) -> None:
    own, far = (AddressBlock(cidr, (), True, True) for cidr in ("10.0.0.1/32", "10.1.0.0/16"))
    spec = (
        "rules: [{from: [{source: {ipBlocks: [10.1.2.3/16]}}], "
        "when: [{key: destination.ip, notValues: [10.0.0.1]}]}]"
    )
    for plane in (SIDECAR, AMBIENT, GATEWAY):
        assert rules(load, spec, plane) == [allow(AllOf((plane, Not(own))), peers=(far,))]


def test_ports_of_entry_and_condition_hold_together(load: Load) -> None:
    spec = (
        "rules: [{to: [{operation: {notPorts: ['81']}}], "
        "when: [{key: destination.port, values: ['80', '81']}]}]"
    )
    for plane in (SIDECAR, AMBIENT, GATEWAY):
        assert rules(load, spec, plane) == [allow(plane, ports=tcp(80))]
    never = "rules: [{to: [{operation: {ports: ['80'], notPorts: ['80']}}]}]"
    assert rules(load, never, SIDECAR) == []


def test_entries_are_alternatives(load: Load) -> None:
    spec = (
        "rules: [{from: [{source: {namespaces: [a]}}, {source: {ipBlocks: [10.0.0.0/8]}}], "
        "to: [{operation: {ports: ['80']}}, {operation: {ports: ['81']}}]}]"
    )
    peers = (presents(r".*/ns/a/.*"), AddressBlock("10.0.0.0/8", (), True, True))
    assert rules(load, spec, SIDECAR) == [allow(peers=peers, ports=tcp(port)) for port in (80, 81)]


def test_a_value_that_is_none(load: Load) -> None:
    """An ALLOW loses the rule at a sidecar; a DENY, and ztunnel, the value."""
    spec = operation("ports: [http, '80']")
    assert rules(load, spec, SIDECAR) == []
    assert rules(load, spec, AMBIENT) == [allow(AMBIENT, ports=tcp(80))]
    assert rules(load, denying(spec), SIDECAR) == [deny(ports=tcp(80))]
    assert rules(load, denying(operation("ports: [http]")), SIDECAR) == [deny()]
    assert rules(load, denying(operation("ports: [http]")), AMBIENT) == []


# -- requests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("methods: [GET]", Asks(Part.METHOD, "GET")),
        ("paths: ['/a*']", Asks(Part.PATH, "/a.*")),
        ("paths: ['*']", Asks(Part.PATH, ".+")),
        ("paths: ['*.html']", Asks(Part.PATH, r".*\.html")),
        ("hosts: [Api.Store]", Asks(Part.HOST, r"api\.store")),
        ("hosts: ['*']", Asks(Part.HOST, ".*")),
        ("hosts: ['a:80']", Asks(Part.HOST, "a:80")),
        ("notMethods: [GET, PUT]", Not(AnyOf((Asks(Part.METHOD, "GET"), Asks(Part.METHOD, "PUT"))))),
    ],
)
def test_requests(load: Load, text: str, asks: Any) -> None:
    http = {"request": asks, "carried": Carried.HTTP}
    assert rules(load, operation(text), SIDECAR) == [allow(**http)]
    assert rules(load, denying(operation(text)), SIDECAR) == [
        deny(carried=Carried.TCP),
        deny(**http),
    ]
    assert rules(load, operation(text), AMBIENT) == []
    assert rules(load, denying(operation(text)), AMBIENT) == []
    assert rules(load, operation(text), GATEWAY) == [allow(GATEWAY, **http)]


def test_path_templates() -> None:
    (one, rest) = (Asks(Part.PATH, patterns.path_pattern(text)) for text in ("/a/{*}/c", "/a/{**}"))
    assert [one.matches(path) for path in ("/a/b/c", "/a/b/b/c", "/a//c")] == [True, False, False]
    assert [rest.matches(path) for path in ("/a/", "/a/b/c", "/b")] == [True, True, False]


@pytest.mark.parametrize(
    "key",
    [
        *("request.headers[a]", "request.auth.claims[a][b]", "request.auth.principal"),
        *("request.auth.audiences", "request.auth.presenter"),
    ],
)
def test_what_no_record_tells_of_requests(load: Load, key: str) -> None:
    spec = when(f"key: '{key}', values: [v]")
    asks = Asks(Part.OTHER, "v", key)
    assert rules(load, spec, SIDECAR) == [allow(request=asks, carried=Carried.HTTP)]
    assert rules(load, denying(spec), SIDECAR)[0] == deny(carried=Carried.TCP)
    assert rules(load, denying(spec), AMBIENT) == []


def test_a_denial_of_requests_beside_ports(load: Load) -> None:
    """ztunnel drops the entry of requests alone, a sidecar takes it for everything that is no request."""
    spec = denying(
        "rules: [{to: [{operation: {paths: [/a]}}, {operation: {ports: ['80']}}], "
        "from: [{source: {namespaces: [ns]}}]}]"
    )
    peers = (presents(r".*/ns/ns/.*"),)
    assert rules(load, spec, SIDECAR) == [
        deny(peers=peers, carried=Carried.TCP),
        deny(peers=peers, ports=tcp(80), carried=Carried.TCP),
        deny(peers=peers, request=Asks(Part.PATH, "/a"), carried=Carried.HTTP),
        deny(peers=peers, ports=tcp(80), carried=Carried.HTTP),
    ]
    (only,) = rules(load, spec, AMBIENT)
    assert (only.ports, only.peers) == (tcp(80), (presents("spiffe://[^/]*/ns/ns/sa/[^/]*"),))


def test_an_entry_with_a_request_takes_the_whole_rule_out_of_an_allow(load: Load) -> None:
    spec = "rules: [{to: [{operation: {paths: [/a]}}, {operation: {ports: ['80']}}]}]"
    assert [one.carried for one in rules(load, spec, SIDECAR)] == [Carried.HTTP, Carried.HTTP]
    assert rules(load, spec, AMBIENT) == []


def test_a_client_with_a_request_of_its_own_has_a_rule_of_its_own(load: Load) -> None:
    spec = denying("rules: [{from: [{source: {namespaces: [a]}}, {source: {requestPrincipals: ['*']}}]}]")
    tokens = Asks(Part.OTHER, "*", "requestPrincipals")
    assert rules(load, spec, SIDECAR) == [
        deny(carried=Carried.TCP),
        deny(peers=(presents(".*/ns/a/.*"),), carried=Carried.HTTP),
        deny(request=tokens, carried=Carried.HTTP),
    ]


def test_remote_addresses_are_the_peer_s_where_there_is_no_request(load: Load) -> None:
    spec = source("remoteIpBlocks: [10.0.0.0/8]")
    asks = Asks(Part.OTHER, "10.0.0.0/8", "remote.ip")
    assert rules(load, spec, SIDECAR) == [
        allow(peers=(AddressBlock("10.0.0.0/8", (), True, True),), carried=Carried.TCP),
        allow(request=asks, carried=Carried.HTTP),
    ]
    assert rules(load, spec, AMBIENT) == []


def test_server_names(load: Load) -> None:
    spec = when("key: connection.sni, values: ['*.example.com']")
    assert rules(load, spec, SIDECAR) == [allow(request=Asks(Part.SNI, r".*\.example\.com"))]
    assert rules(load, spec, AMBIENT) == []


@pytest.mark.parametrize("key", ["source.serviceAccount", "source.trustDomain"])
def test_conditions_that_ztunnel_does_not_know(load: Load, key: str) -> None:
    spec = when(f"key: {key}, values: [a]")
    assert len(rules(load, spec, SIDECAR)) == 1
    assert rules(load, spec, AMBIENT) == rules(load, denying(spec), AMBIENT) == []


def test_a_key_that_nobody_knows(load: Load) -> None:
    spec = when("key: a.b, values: [c]")
    for plane in (SIDECAR, AMBIENT, GATEWAY):
        assert rules(load, spec, plane) == rules(load, denying(spec), plane) == []


def test_a_condition_without_values(load: Load) -> None:
    spec = denying(when("key: source.ip"))
    assert rules(load, spec, SIDECAR) == [deny()]
    assert rules(load, spec, AMBIENT) == []


def test_a_rule_is_shown_as_it_is_written(load: Load) -> None:
    spec = (
        "rules: [{from: [{source: {namespaces: [a, b], notPrincipals: [c]}}, "
        "{source: {ipBlocks: [10.0.0.1]}}], "
        "when: [{key: destination.port, values: ['80'], notValues: ['81']}]}]"
    )
    beside = "destination.port in [80], destination.port not in [81]"
    assert made(load, spec).ingress[0].written == (
        f"notPrincipals: [c], namespaces: [a, b], {beside}",
        f"ipBlocks: [10.0.0.1], {beside}",
    )
    assert made(load, "rules: [{}]").ingress[0].written == ()
