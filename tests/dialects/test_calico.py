"""Calico's policies: whom they select, what their rules mean, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.labels import EVERYTHING, Operator, Requirement, Selector
from flowcheck.model.peers import (
    Account,
    AllOf,
    AnyOf,
    Backends,
    Expression,
    Family,
    InSets,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Peer,
    Where,
)
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Direction,
    NamedPort,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.ports import PortsBut, ProtocolsBut, ServicePorts
from flowcheck.model.protocols import ICMP, ICMPV6, SCTP, TCP, UDP

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]

POD = IsA(Kind.POD)
INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
BOTH = frozenset(Direction)


def manifest(spec: str = "", kind: str = "NetworkPolicy", meta: str = "", version: str = "v3") -> str:
    group = "crd.projectcalico.org/v1" if version == "v1" else "projectcalico.org/v3"
    where = "" if "Global" in kind else ", namespace: x"
    head = f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: p{where}{meta}}}\n"
    return f"{head}spec:\n  {{{spec}}}\n"


def policy(load: Load, spec: str = "", kind: str = "NetworkPolicy", **more: str) -> Policy:
    (only,) = load(manifest(spec, kind, **more)).policies
    return only


def rule(load: Load, text: str, way: str = "ingress", kind: str = "NetworkPolicy") -> Rule:
    found = policy(load, f"{way}: [{{action: Allow, {text}}}]", kind)
    (only,) = found.ingress if way == "ingress" else found.egress
    return only


def refused(problems: Problems, spec: str, kind: str = "NetworkPolicy", **more: str) -> list[str]:
    return problems(manifest(spec, kind, **more))


def labelled(of: Of, key: str, operator: Operator, *values: str) -> Expression:
    return Labelled(of, Requirement(key, operator, frozenset(values)))


def own(key: str, value: str) -> Expression:
    return labelled(Of.OWN, key, Operator.IN, value)


IN_X = labelled(Of.NAMESPACE, NAMESPACE_NAME_LABEL, Operator.IN, "x")
NAMESPACED = labelled(Of.NAMESPACE, NAMESPACE_NAME_LABEL, Operator.EXISTS)
GLOBAL = labelled(Of.NAMESPACE, NAMESPACE_NAME_LABEL, Operator.DOES_NOT_EXIST)


def taken(pods: PodQuery | Where, what: Expression) -> Peer:
    return AnyOf((pods, InSets(what, may_match_pods=True)))


def block(cidr: str) -> Peer:
    return AddressBlock(cidr, may_match_pods=True)


# -- whom a policy selects ----------------------------------------------------------------------------


def test_nothing_given(load: Load) -> None:
    found = policy(load)
    assert (found.kind, found.namespace, found.name) == ("CalicoNetworkPolicy", "x", "p")
    assert found.subject == PodQuery(namespace="x")
    assert (found.tier, found.priority) == (Tier("default", math.inf, denies=True), math.inf)
    assert (found.isolates, found.ingress, found.egress) == (frozenset({INGRESS}), (), ())
    everywhere = policy(load, kind="GlobalNetworkPolicy")
    assert (everywhere.namespace, everywhere.subject) == ("", PodQuery(namespaces=EVERYTHING))


def test_subjects(load: Load) -> None:
    assert policy(load, "selector: a == 'b'").subject == PodQuery(namespace="x", pods=Selector.of(a="b"))
    either = AnyOf((own("a", "b"), own("c", "d")))
    assert policy(load, "selector: a == 'b' || c == 'd'").subject == Where(AllOf((POD, IN_X, either)))
    converted = "projectcalico.org/orchestrator == 'k8s' && a == 'b'"
    assert policy(load, f"selector: {converted}").subject == PodQuery(namespace="x", pods=Selector.of(a="b"))
    nobody = policy(load, "selector: '!has(projectcalico.org/orchestrator)'").subject
    assert nobody == Where(AllOf((POD, IN_X, AnyOf(()))))
    accounts = policy(load, "serviceAccountSelector: a == 'b'").subject
    assert accounts == Where(AllOf((POD, IN_X, labelled(Of.ACCOUNT, "a", Operator.IN, "b"))))
    spaces = policy(load, "namespaceSelector: a == 'b', selector: all()", "GlobalNetworkPolicy")
    assert spaces.subject == PodQuery(namespaces=Selector.of(a="b"))
    named = policy(load, "namespaceSelector: projectcalico.org/name == 'y'", "GlobalNetworkPolicy")
    assert named.subject == PodQuery(namespace="y")


def test_tier_order_and_name(load: Load) -> None:
    found = policy(load, "tier: t, order: -0.5", "GlobalNetworkPolicy")
    assert (found.tier.name, found.priority) == ("t", -0.5)
    assert policy(load, "order: 3").priority == 3


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("", {INGRESS}),
        ("ingress: []", {INGRESS}),
        ("ingress: [{action: Allow}]", {INGRESS}),
        ("egress: [{action: Allow}], ingress: []", {EGRESS}),
        ("egress: [{action: Log}]", {EGRESS}),
        ("ingress: [{action: Deny}], egress: [{action: Allow}]", BOTH),
        ("types: [Egress]", {EGRESS}),
        ("types: [], egress: [{action: Allow}]", {EGRESS}),
    ],
)
def test_absent_types(load: Load, spec: str, types: set[Direction]) -> None:
    assert policy(load, spec).isolates == types
    stored = BOTH if "types: [E" not in spec else types
    assert policy(load, spec, version="v1").isolates == stored
    assert policy(load, spec, meta=", uid: u").isolates == stored


def test_rules_outside_types(load: Load) -> None:
    cluster = load(manifest("types: [Egress], ingress: [{action: Allow}]"))
    assert cluster.policies[0].ingress == ()
    assert any("these rules have no effect" in warning for warning in cluster.warnings)


def test_as_stored(load: Load) -> None:
    meta = ', annotations: {projectcalico.org/metadata: \'{"name": "real", "labels": {"a": "b"}}\'}'
    assert policy(load, meta=meta, version="v1").name == "real"
    assert policy(load, meta=meta).name == "p"


def test_beside_a_policy_of_kubernetes_of_the_same_name(load: Load) -> None:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    other = head + "metadata: {name: p, namespace: x}\nspec: {}\n"
    cluster = load(manifest() + "---\n" + other)
    assert [str(one) for one in cluster.policies] == ["CalicoNetworkPolicy/x/p", "NetworkPolicy/x/p"]


@pytest.mark.parametrize("flag", ["doNotTrack", "preDNAT"])
def test_what_is_for_hosts_selects_no_pod(load: Load, flag: str) -> None:
    spec = f"{flag}: true, applyOnForward: true, ingress: [{{action: Allow}}]"
    found = policy(load, spec, "GlobalNetworkPolicy")
    assert found.subject == Where(AnyOf(()))
    forwarded = policy(load, "applyOnForward: true", "GlobalNetworkPolicy")
    assert forwarded.subject == PodQuery(namespaces=EVERYTHING)


def test_staged(load: Load) -> None:
    for kind in ("StagedNetworkPolicy", "StagedGlobalNetworkPolicy"):
        for action in ("Set", "Learn", "Ignore"):
            found = policy(load, f"stagedAction: {action}, ingress: [{{action: Pass}}]", kind)
            assert (found.kind, found.staged, len(found.ingress)) == (kind, True, 1)
        assert policy(load, "stagedAction: Delete", kind).subject == Where(AnyOf(()))
    spec = "podSelector: {matchLabels: {a: b}}, ingress: [{}], egress: [{}]"
    found = policy(load, spec, "StagedKubernetesNetworkPolicy")
    assert (found.staged, found.tier) == (True, Tier.NETWORK_POLICY)
    assert found.subject == PodQuery(namespace="x", pods=Selector.of(a="b"))
    assert (found.isolates, len(found.ingress), found.egress) == ({INGRESS}, 1, ())
    gone = policy(load, "podSelector: {}, stagedAction: Delete", "StagedKubernetesNetworkPolicy")
    assert gone.subject == Where(AnyOf(()))


# -- rules --------------------------------------------------------------------------------------------


def test_actions_keep_their_numbers(load: Load) -> None:
    actions = "[{action: Log}, {action: Allow}, {action: Deny}, {action: Pass}]"
    found = policy(load, f"ingress: {actions}, egress: {actions}")
    for way in Direction:
        assert [(one.label, one.action) for one in found.rules(way)] == [
            (f"{way}[1]", Action.ALLOW),
            (f"{way}[2]", Action.DENY),
            (f"{way}[3]", Action.PASS),
        ]
        assert all((one.peers, one.ports, one.subject) == (None, None, None) for one in found.rules(way))


def test_selectors_of_a_rule(load: Load) -> None:
    query = PodQuery(namespace="x", pods=Selector.of(a="b"))
    what = AllOf((IN_X, own("a", "b")))
    assert rule(load, "source: {selector: a == 'b'}").peers == (taken(query, what),)
    everywhere = rule(load, "source: {selector: a == 'b'}", kind="GlobalNetworkPolicy")
    anywhere = PodQuery(namespaces=EVERYTHING, pods=Selector.of(a="b"))
    assert everywhere.peers == (taken(anywhere, own("a", "b")),)
    others = rule(load, "source: {selector: a == 'b', namespaceSelector: has(c)}")
    what = AllOf((labelled(Of.NAMESPACE, "c", Operator.EXISTS), own("a", "b")))
    spaces = Selector((Requirement("c", Operator.EXISTS),))
    assert others.peers == (taken(PodQuery(namespaces=spaces, pods=Selector.of(a="b")), what),)


def test_all_namespaces_and_none(load: Load) -> None:
    found = rule(load, "source: {namespaceSelector: all()}")
    assert found.peers == (taken(PodQuery(namespaces=EVERYTHING), NAMESPACED),)
    found = rule(load, "source: {namespaceSelector: ' global( )'}")
    assert found.peers is not None
    assert found.peers[0] == taken(PodQuery(namespaces=Selector((GLOBAL.clause,))), GLOBAL)  # type: ignore[union-attr]


def test_a_not_selector_keeps_to_the_own_namespace(load: Load) -> None:
    but = Not(taken(PodQuery(namespaces=EVERYTHING, pods=Selector.of(a="b")), own("a", "b")))
    found = rule(load, "source: {notSelector: a == 'b'}")
    others = Requirement("a", Operator.NOT_IN, frozenset("b"))
    query = PodQuery(namespace="x", pods=Selector((others,)))
    assert found.peers == (taken(query, AllOf((IN_X, Labelled(Of.OWN, others)))),)
    assert rule(load, "source: {notSelector: a == 'b'}", kind="GlobalNetworkPolicy").peers == (but,)


def test_accounts(load: Load) -> None:
    named = Account(frozenset({"a", "b"}))
    found = rule(load, "source: {serviceAccounts: {names: [a, b]}}")
    assert found.peers == (taken(Where(AllOf((POD, IN_X, named))), AllOf((IN_X, named))),)
    chosen = labelled(Of.ACCOUNT, "c", Operator.IN, "d")
    found = rule(
        load, "source: {serviceAccounts: {names: [a, b], selector: c == 'd'}}", kind="GlobalNetworkPolicy"
    )
    assert found.peers == (taken(Where(AllOf((POD, chosen, named))), AllOf((chosen, named))),)
    assert rule(load, "source: {serviceAccounts: {}}").peers is None


def test_nets(load: Load) -> None:
    assert rule(load, "source: {nets: [10.0.0.0/8]}").peers == (AnyOf((block("10.0.0.0/8"),)),)
    found = rule(load, "source: {nets: ['fd00::/8'], notNets: ['fd00:1::/32']}, ipVersion: 6")
    six = Where(Family(6))
    but = Not(AnyOf((block("fd00:1::/32"),)))
    assert found.peers == (AllOf((AnyOf((block("fd00::/8"),)), AnyOf((six,)), but, six)),)
    assert rule(load, "ipVersion: 4").peers == (Where(Family(4)),)


def test_the_own_end(load: Load) -> None:
    found = rule(load, "source: {nets: [10.0.0.0/8]}, destination: {selector: a == 'b'}")
    assert found.peers == (AnyOf((block("10.0.0.0/8"),)),)
    mine = taken(PodQuery(namespace="x", pods=Selector.of(a="b")), AllOf((IN_X, own("a", "b"))))
    assert found.subject == mine
    turned = rule(load, "destination: {nets: [10.0.0.0/8]}, source: {selector: a == 'b'}", "egress")
    assert (turned.peers, turned.subject) == (found.peers, mine)


def test_services(load: Load) -> None:
    found = rule(load, "source: {services: {name: s, namespace: z}}, protocol: TCP")
    assert (found.peers, found.ports) == ((Backends("z", "s"),), (PortRange(TCP),))
    out = rule(load, "destination: {services: {name: s, namespace: z}}", "egress")
    assert (out.peers, out.ports, out.unread) == (None, (ServicePorts("z", "s"),), False)
    assert rule(load, "destination: {services: {name: s}}", "egress").peers == (AnyOf(()),)
    for text, ports in (
        ("protocol: UDP", (ServicePorts("z", "s", UDP),)),
        ("protocol: ICMP", ()),
        ("notProtocol: UDP", (ServicePorts("z", "s", TCP), ServicePorts("z", "s", SCTP))),
        ("protocol: TCP, notProtocol: TCP", ()),
    ):
        beside = rule(load, f"{text}, destination: {{services: {{name: s, namespace: z}}}}", "egress")
        assert (beside.ports, beside.unread) == (ports, False)


NAMED = NamedPort("web", TCP)


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("protocol: TCP", (PortRange(TCP),)),
        ("protocol: 6", (PortRange(TCP),)),
        ("protocol: '6'", (PortRange(TCP),)),
        ("protocol: UDPLite", (PortRange(136),)),
        ("protocol: 47", (PortRange(47),)),
        ("notProtocol: UDP", (ProtocolsBut(frozenset({UDP})),)),
        ("protocol: TCP, notProtocol: UDP", (PortRange(TCP),)),
        ("protocol: TCP, notProtocol: TCP", ()),
        ("protocol: TCP, destination: {ports: []}", (PortRange(TCP),)),
        (
            "protocol: UDP, destination: {ports: [1, '2', '3:5', web]}",
            (PortRange(UDP, 1, 1), PortRange(UDP, 2, 2), PortRange(UDP, 3, 5), NamedPort("web", UDP)),
        ),
        ("protocol: TCP, destination: {notPorts: [80]}", (PortRange(TCP, 0, 79), PortRange(TCP, 81))),
        ("protocol: TCP, destination: {ports: ['1:9'], notPorts: ['5:9']}", (PortRange(TCP, 1, 4),)),
        ("protocol: TCP, destination: {notPorts: [web]}", (PortsBut(TCP, None, (NAMED,)),)),
        (
            "protocol: TCP, destination: {ports: ['1:9'], notPorts: [web]}",
            (PortsBut(TCP, (PortRange(TCP, 1, 9),), (NAMED,)),),
        ),
        ("destination: {ports: [web]}", (NAMED, NamedPort("web", UDP), NamedPort("web", SCTP))),
        ("notProtocol: UDP, destination: {ports: [web]}", (NAMED, NamedPort("web", SCTP))),
        (
            "notProtocol: UDP, destination: {notPorts: [web]}",
            (
                ProtocolsBut(frozenset({TCP, UDP, SCTP})),
                PortsBut(TCP, None, (NAMED,)),
                PortsBut(SCTP, None, (NamedPort("web", SCTP),)),
            ),
        ),
        ("protocol: ICMP", (PortRange(ICMP),)),
        ("protocol: ICMP, icmp: {}", (PortRange(ICMP),)),
        ("protocol: ICMP, icmp: {type: 8}", (PortRange(ICMP, 2048, 2303),)),
        ("protocol: 58, icmp: {type: 1, code: 4}", (PortRange(ICMPV6, 260, 260),)),
        ("protocol: ICMP, notICMP: {type: 0}", (PortRange(ICMP, 256),)),
        ("protocol: ICMP, icmp: {type: 3}, notICMP: {type: 3, code: 0}", (PortRange(ICMP, 769, 1023),)),
        ("protocol: TCP, http: {methods: [GET], paths: [{exact: /a}, {prefix: /b}]}", (PortRange(TCP),)),
        ("protocol: UDP, source: {ports: ['1:65535']}", (PortRange(UDP),)),
        ("protocol: UDP, source: {notPorts: ['1:65535']}", ()),
    ],
)
def test_ports(load: Load, text: str, ports: tuple[Ports, ...]) -> None:
    found = rule(load, text)
    assert (found.ports, found.unread, found.peers) == (ports, False, None)


def test_a_protocol_by_number_goes_with_either_ip_version(load: Load) -> None:
    assert rule(load, "ipVersion: 6, protocol: 1").ports == (PortRange(ICMP),)


@pytest.mark.parametrize(
    "text",
    [
        "protocol: UDP, source: {ports: [web]}",
        "source: {ports: [web]}",
        "notICMP: {type: 8}",
        "protocol: TCP, notICMP: {type: 8}",
    ],
)
def test_what_no_flow_tells(load: Load, text: str) -> None:
    assert rule(load, text).unread


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("protocol: UDP, source: {ports: [53]}", (PortRange(UDP, 53, 53),)),
        ("protocol: UDP, source: {notPorts: [53]}", (PortRange(UDP, 0, 52), PortRange(UDP, 54))),
    ],
)
def test_ports_at_the_source(load: Load, text: str, numbers: tuple[PortRange, ...]) -> None:
    found = rule(load, text)
    assert (found.unread, found.source_ports) == (False, numbers)


# -- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("source: {}", "needs action"),
        ("action: allow", "must be Allow or Deny or Log or Pass (write Allow)"),
        ("action: Allow, ipVersion: 5", "must be 4 or 6"),
        ("action: Allow, protocol: tcp", "or a number from 1 to 255 (write TCP)"),
        ("action: Allow, protocol: 256", "or a number from 1 to 255"),
        ("action: Allow, protocol: ICMP, ipVersion: 6", "is of IP version 4, and ipVersion is 6"),
        ("action: Allow, notProtocol: ICMPv6, ipVersion: 4", "is of IP version 6, and ipVersion is 4"),
        ("action: Allow, icmp: {type: 8}", "its protocol is not ICMP"),
        ("action: Allow, protocol: ICMP, icmp: {code: 0}", "has a code and no type"),
        ("action: Allow, protocol: ICMP, icmp: {type: 255}", "must be from 0 to 254"),
        ("action: Allow, destination: {ports: [80]}", "needs a protocol with ports"),
        ("action: Allow, protocol: 47, destination: {ports: [web]}", "needs a protocol with ports"),
        ("action: Allow, protocol: TCP, destination: {ports: [0]}", "must be from 1 to 65535"),
        ("action: Allow, protocol: TCP, destination: {ports: ['9:1']}", "must not go down"),
        ("action: Allow, protocol: TCP, destination: {ports: [WEB]}", "is not a port name"),
        (
            "action: Allow, source: {nets: [10.00.0.0/8]}",
            "a zero before a number, which Calico does not read",
        ),
        ("action: Allow, source: {nets: [10.0.0.1/8]}", "beyond its prefix (write 10.0.0.0/8)"),
        ("action: Allow, source: {nets: [10.0.0.1]}", "needs a prefix length"),
        ("action: Allow, source: {nets: [10.0.0.0/8, 10.0.0.0/8]}", "has an entry twice"),
        ("action: Allow, source: {notNets: [0.0.0.0/0]}", "would match nothing"),
        ("action: Allow, source: {nets: [10.0.0.0/8], notNets: ['fd00::/8']}", "of both IP versions"),
        ("action: Allow, ipVersion: 6, source: {nets: [10.0.0.0/8]}", "not of IP version 6"),
        ("action: Allow, source: {selector: a = 'b'}", "expected == at character 3, before \"= 'b'\""),
        ("action: Allow, source: {selector: a}", "at character 2, its end"),
        ("action: Allow, source: {selector: global()}", "has global()"),
        ("action: Allow, source: {namespaceSelector: global() && has(a)}", "has global()"),
        ("action: Allow, destination: {services: {name: s, namespace: z}}", "may not stand in destination"),
        ("action: Allow, source: {services: {namespace: z}}", "needs name"),
        ("action: Allow, source: {services: {name: s}, selector: all()}", "may not stand beside services"),
        ("action: Allow, source: {serviceAccounts: {names: [a, a]}}", "has an entry twice"),
        ("action: Deny, http: {methods: [GET]}", "may stand in rules that allow only"),
        ("action: Allow, protocol: UDP, http: {}", "needs protocol TCP"),
        ("action: Allow, http: {paths: [{exact: a}]}", "must begin with /"),
        ("action: Allow, http: {paths: [{exact: /a, prefix: /b}]}", "exactly one of exact, prefix"),
        ("action: Allow, sources: {}", "did you mean source?"),
        ("action: Alow", "(did you mean Allow?)"),
        ("action: Allow, protocol: tpc", "(did you mean TCP?)"),
        ("action: Allow, ports: [80]", "(write destination: {ports: [...]})"),
        ("action: Allow, from: {}", "(write source)"),
        ("action: Allow, source: {podSelector: {}}", "(write selector: app == 'x')"),
        ("action: Allow, source: {ipBlock: {}}", "(write nets: [10.0.0.0/8])"),
        ("action: Allow, source: {nets: [ten]}", "needs a prefix length, as in 10.0.0.0/8"),
        ("action: Allow, source: {nets: [10.0.0.0/40]}", "is not a CIDR (write one such as 10.0.0.0/8"),
        ("action: Allow, source: {nets: [10.0.0.1]}", "(write 10.0.0.1/32 for this one address)"),
        ("action: Allow, protocol: TCP, destination: {ports: [5000-6000]}", "(write 5000:6000)"),
        (
            "action: Allow, protocol: TCP, destination: {ports: [a_b]}",
            "with a letter (a number, a range as 5000",
        ),
        ("action: Allow, source: {selector: a contans 'b'}", "(did you mean contains?)"),
        ("action: Allow, source: {selector: a == 'b' and has(c)}", "(write &&)"),
        ("action: Allow, source: {selector: a ~ 'b'}", "(as app == 'web' && env in {'prod', 'test'})"),
    ],
)
def test_rules_that_are_refused(problems: Problems, rule: str, problem: str) -> None:
    (found,) = refused(problems, f"ingress: [{{{rule}}}]")
    assert found.startswith("a.yaml:5 spec.ingress[0]")
    assert problem in found


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("order: '5'", "must be a number, is text (write one without quotes, as order: 100)"),
        ("order: .nan", "must be a number, is no finite one"),
        ("podSelector: {}", "(write selector: app == 'x')"),
        ("policyTypes: [Ingress]", "(write types)"),
        ("doNotTrack: true", "(write a GlobalNetworkPolicy for it)"),
        ("types: [ingress]", "write Ingress"),
        ("types: [Ingress, Ingress]", "has an entry twice"),
        ("selector: global()", "has global()"),
        ("selector: 'has(a) &&'", "expected a label"),
        ("serviceAccountSelector: global()", "has global()"),
        ("namespaceSelector: all()", "is not a field here"),
        ("tier: A", "is not a name"),
        ("performanceHints: [x]", "must be AssumeNeededOnEveryNode"),
        ("egress: [{action: Allow, http: {}}]", "may not stand in an egress rule"),
        ("egress: [{action: Allow, source: {services: {name: s, namespace: z}}}]", "may not stand in source"),
        (
            "egress: [{action: Allow, protocol: TCP,"
            " destination: {ports: [1], services: {name: s, namespace: z}}}]",
            "may not stand beside ports",
        ),
        (f"selector: \"a == '{'b' * 1024}'\"", "more than 1024"),
    ],
)
def test_specs_that_are_refused(problems: Problems, spec: str, problem: str) -> None:
    found = refused(problems, spec)
    assert any(problem in one for one in found), found


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("doNotTrack: true", "needs applyOnForward (write applyOnForward: true"),
        ("preDNAT: true, doNotTrack: true, applyOnForward: true", "may not stand beside doNotTrack"),
        ("preDNAT: true, applyOnForward: true, types: [Egress]", "may not have Egress"),
        ("preDNAT: true, applyOnForward: true, egress: [{action: Allow}]", "may not stand beside preDNAT"),
        ("applyOnForward: 1", "must be true or false"),
        ("namespaceSelector: global()", "has global()"),
        ("ingress: [{action: Allow, source: {services: {name: s}}}]", "needs namespace"),
    ],
)
def test_global_policies_that_are_refused(problems: Problems, spec: str, problem: str) -> None:
    found = refused(problems, spec, "GlobalNetworkPolicy")
    assert any(problem in one for one in found), found


def test_all_problems_at_once(problems: Problems) -> None:
    spec = "order: x, ingress: [{action: Allow, source: {selector: a}}, {action: No}]"
    assert len(refused(problems, spec)) == 3
    assert "stagedAction" in refused(problems, "stagedAction: Set")[0]
    staged = refused(problems, "stagedAction: Delete, selector: all()", "StagedNetworkPolicy")
    assert "may not stand beside stagedAction: Delete" in staged[0]


@pytest.mark.parametrize(("name", "is_one"), [("a.b", True), ("a.b.c", False), ("knp.default.a.b", True)])
def test_names(load: Load, problems: Problems, name: str, is_one: bool) -> None:
    text = manifest().replace("name: p", f"name: {name}")
    if is_one:
        assert load(text).policies[0].name == name
    else:
        assert "is no name" in problems(text)[0]
