"""Cilium's own policies as values: selectors, peers, ports, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.dialects.cilium.l7 import is_broken
from flowcheck.dialects.cilium.ports import is_port_name, parse_port
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.engines import CILIUM_NORMAL
from flowcheck.model.labels import EVERYTHING, Operator, Requirement, Selector
from flowcheck.model.peers import (
    Account,
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    Called,
    DomainNames,
    InSets,
    IsA,
    Kind,
    Labelled,
    NodeQuery,
    Not,
    Of,
    PodQuery,
    ServicePods,
    Where,
)
from flowcheck.model.policy import Action, AddressBlock, Direction, NamedPort, Policy, PortRange, Rule
from flowcheck.model.ports import icmp_range
from flowcheck.model.protocols import ICMP, ICMPV6, SCTP, TCP, UDP
from flowcheck.model.verdict import Reason

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]
INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
NOBODY = Where(AnyOf(()))
POD = IsA(Kind.POD)


def manifest(spec: str, *, clusterwide: bool = False, key: str = "spec") -> str:
    kind = "CiliumClusterwideNetworkPolicy" if clusterwide else "CiliumNetworkPolicy"
    meta = "{name: p}" if clusterwide else "{name: p, namespace: a}"
    return f"apiVersion: cilium.io/v2\nkind: {kind}\nmetadata: {meta}\n{key}: {spec}\n"


def policy(load: Load, spec: str, *, clusterwide: bool = False, key: str = "spec") -> Policy:
    (only,) = load(manifest(spec, clusterwide=clusterwide, key=key)).policies
    return only


def rules(load: Load, entry: str, field: str = "ingress", *, clusterwide: bool = False) -> tuple[Rule, ...]:
    found = policy(load, f"{{endpointSelector: {{}}, {field}: [{entry}]}}", clusterwide=clusterwide)
    return found.ingress if field.startswith("ingress") else found.egress


def peer(load: Load, entry: str, field: str = "ingress", *, clusterwide: bool = False) -> object:
    (rule,) = rules(load, entry, field, clusterwide=clusterwide)
    assert rule.peers is not None
    (only,) = rule.peers
    return only


def ports(load: Load, text: str, field: str = "ingress") -> object:
    (rule,) = rules(load, f"{{toPorts: [{text}]}}", field)
    return rule.ports


def refusals(load: Load, spec: str, *, clusterwide: bool = False, key: str = "spec") -> list[str]:
    """The faults for which the agent refuses a policy, which is then without any effect."""
    cluster = load(manifest(spec, clusterwide=clusterwide, key=key))
    (found,) = cluster.policies
    assert (found.subject, found.ingress, found.egress, found.isolates) == (NOBODY, (), (), frozenset())
    assert found.refused
    end = ": Cilium refuses the whole policy, so it has no effect"
    return [text.removesuffix(end).partition(": ")[2] for text in cluster.warnings if text.endswith(end)]


def is_one_of(key: str, *values: str) -> Requirement:
    return Requirement(key, Operator.IN, frozenset(values))


# -- the policy --------------------------------------------------------------------------------------------


def test_the_tier_and_whom_it_isolates(load: Load) -> None:
    found = policy(load, "{endpointSelector: {matchLabels: {app: x}}, ingress: [{}], egressDeny: [{}]}")
    assert (found.kind, found.namespace, found.tier) == ("CiliumNetworkPolicy", "a", CILIUM_NORMAL)
    assert found.subject == PodQuery(namespace="a", pods=Selector.of(app="x"))
    assert found.isolates == {INGRESS, EGRESS}
    assert [(rule.label, rule.action, rule.level) for rule in found.ingress] == [
        ("ingress[0]", Action.ALLOW, 0)
    ]
    assert [(rule.label, rule.action) for rule in found.egress] == [("egressDeny[0]", Action.DENY)]


@pytest.mark.parametrize(
    ("chosen", "isolates"),
    [
        ("{ingress: false}", {EGRESS}),
        ("{ingress: true, egress: false}", {INGRESS}),
        ("{ingress: null}", {INGRESS, EGRESS}),
        ("{}", {INGRESS, EGRESS}),
    ],
)
def test_default_deny_is_chosen_by_direction(load: Load, chosen: str, isolates: set[Direction]) -> None:
    text = f"{{endpointSelector: {{}}, enableDefaultDeny: {chosen}, ingress: [{{}}], egress: [{{}}]}}"
    assert policy(load, text).isolates == isolates


def test_default_deny_of_a_direction_without_rules_is_nothing(load: Load) -> None:
    text = "{endpointSelector: {}, enableDefaultDeny: {egress: true}, ingress: [{}]}"
    assert policy(load, text).isolates == {INGRESS}


def test_several_specs_are_one_policy(load: Load) -> None:
    one = "{endpointSelector: {matchLabels: {app: x}}, ingress: [{}]}"
    other = "{endpointSelector: {}, enableDefaultDeny: {egress: false}, egress: [{}]}"
    found = policy(load, f"[{one}, {other}]", key="specs")
    x, every = PodQuery(namespace="a", pods=Selector.of(app="x")), PodQuery(namespace="a")
    in_a = Labelled(Of.NAMESPACE, is_one_of(NAMESPACE_NAME_LABEL, "a"))
    labelled = AllOf((Labelled(Of.OWN, is_one_of("app", "x")),))
    assert found.subject == Where(AnyOf((AllOf((POD, in_a, labelled)), AllOf((POD, in_a, AllOf(()))))))
    assert (found.isolates, found.isolated) == ({INGRESS}, ((INGRESS, x),))
    assert [(rule.label, rule.subject) for rule in (*found.ingress, *found.egress)] == [
        ("specs[0].ingress[0]", x),
        ("specs[1].egress[0]", every),
    ]


def test_clusterwide_subjects(load: Load) -> None:
    every = policy(load, "{endpointSelector: {}, ingress: [{}]}", clusterwide=True)
    assert (every.namespace, every.subject) == ("", PodQuery(namespaces=EVERYTHING))
    hosts = policy(load, "{nodeSelector: {matchLabels: {disk: ssd}}, ingress: [{}]}", clusterwide=True)
    assert hosts.subject == Where(AllOf((IsA(Kind.NODE), Labelled(Of.OWN, is_one_of("disk", "ssd")))))


# -- selectors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["app", "any:app", "k8s:app"])
def test_sources_that_are_one(load: Load, key: str) -> None:
    found = peer(load, f'{{fromEndpoints: [{{matchLabels: {{"{key}": x}}}}]}}')
    assert found == PodQuery(namespace="a", pods=Selector.of(app="x"))


def test_labels_of_another_source_nobody_has(load: Load) -> None:
    positive = peer(load, '{fromEndpoints: [{matchLabels: {"container:app": x}}]}')
    in_a = Labelled(Of.NAMESPACE, is_one_of(NAMESPACE_NAME_LABEL, "a"))
    assert positive == Where(AllOf((POD, in_a, AnyOf(()))))
    entry = '{matchExpressions: [{key: "container:app", operator: NotIn, values: [x]}]}'
    assert peer(load, f"{{fromEndpoints: [{entry}]}}") == Where(AllOf((POD, in_a, AllOf(()))))


@pytest.mark.parametrize(
    ("selector", "namespaces"),
    [
        ("{matchLabels: {io.kubernetes.pod.namespace: b}}", (is_one_of(NAMESPACE_NAME_LABEL, "b"),)),
        (
            "{matchExpressions: [{key: k8s:io.kubernetes.pod.namespace, operator: DoesNotExist}]}",
            (Requirement(NAMESPACE_NAME_LABEL, Operator.DOES_NOT_EXIST),),
        ),
        ("{matchLabels: {io.cilium.k8s.namespace.labels.team: x}}", (is_one_of("team", "x"),)),
    ],
)
@pytest.mark.parametrize("clusterwide", [False, True])
def test_a_selector_that_names_a_namespace_leaves_its_own(
    load: Load, selector: str, namespaces: tuple[Requirement, ...], clusterwide: bool
) -> None:
    found = peer(load, f"{{fromEndpoints: [{selector}]}}", clusterwide=clusterwide)
    assert found == PodQuery(namespaces=Selector(namespaces))


def test_an_empty_selector_is_of_the_own_namespace(load: Load) -> None:
    assert peer(load, "{fromEndpoints: [{}]}") == PodQuery(namespace="a")
    assert peer(load, "{fromEndpoints: [{}]}", clusterwide=True) == PodQuery(namespaces=EVERYTHING)


@pytest.mark.parametrize("clusterwide", [False, True])
def test_a_selector_that_names_namespace_and_cluster_takes_anything(load: Load, clusterwide: bool) -> None:
    keys = ("io.kubernetes.pod.namespace", "k8s:io.cilium.k8s.policy.cluster")
    entries = ", ".join(f'{{key: "{key}", operator: DoesNotExist}}' for key in keys)
    found = peer(load, f"{{fromEndpoints: [{{matchExpressions: [{entries}]}}]}}", clusterwide=clusterwide)
    absent = (
        Labelled(Of.NAMESPACE, Requirement(NAMESPACE_NAME_LABEL, Operator.DOES_NOT_EXIST)),
        Labelled(Of.OWN, Requirement("io.cilium.k8s.policy.cluster", Operator.DOES_NOT_EXIST)),
    )
    assert found == Where(AllOf(tuple(AnyOf((Not(POD), one)) for one in absent)))


def test_a_subject_stays_in_its_namespace(load: Load) -> None:
    key = "k8s:io.kubernetes.pod.namespace"
    text = f'{{endpointSelector: {{matchLabels: {{"{key}": b}}}}, ingress: [{{}}]}}'
    assert policy(load, text).subject == PodQuery(namespace="a")


@pytest.mark.parametrize(
    ("operator", "values", "meant"),
    [
        ("In", "[s]", Account(frozenset({"s"}))),
        ("NotIn", "[s]", Not(Account(frozenset({"s"})))),
        ("Exists", "null", AllOf(())),
        ("DoesNotExist", "null", AnyOf(())),
    ],
)
def test_service_accounts(load: Load, operator: str, values: str, meant: object) -> None:
    clause = f"{{key: io.cilium.k8s.policy.serviceaccount, operator: {operator}, values: {values}}}"
    found = peer(load, f"{{fromEndpoints: [{{matchExpressions: [{clause}]}}]}}", clusterwide=True)
    assert found == Where(AllOf((POD, meant)))  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["reserved:host", "reserved.host", "$host"])
def test_reserved_labels(load: Load, key: str) -> None:
    found = peer(load, f'{{fromEndpoints: [{{matchLabels: {{"{key}": ""}}}}]}}')
    assert found == Where(AllOf((IsA(Kind.OWN_NODE),)))


def test_what_has_not_a_reserved_label_may_be_anything(load: Load) -> None:
    clause = '{key: "reserved:host", operator: DoesNotExist}'
    found = peer(load, f"{{fromEndpoints: [{{matchExpressions: [{clause}]}}]}}")
    assert found == Where(AllOf((Not(IsA(Kind.OWN_NODE)),)))


def test_kube_apiserver_by_label_is_where_its_slices_are(load: Load) -> None:
    found = peer(load, '{fromEndpoints: [{matchLabels: {"reserved:kube-apiserver": "", app: x}}]}')
    named = AllOf((POD, Labelled(Of.OWN, is_one_of("app", "x"))))
    server = AllOf((Not(Where(POD)), Backends("default", "kubernetes")))
    assert found == AllOf((Where(AllOf((named,))), server))


# -- peers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "peers"),
    [
        ("{}", ()),
        ("{fromEndpoints: []}", ()),
        ("{fromEntities: [], toPorts: [{ports: [{port: '80'}]}]}", ()),
        ("{fromEndpoints: null, toPorts: [{ports: [{port: '80'}]}]}", None),
        ("{toPorts: [{ports: [{port: '80'}]}]}", None),
        ("{icmps: [{fields: [{type: 8}]}]}", None),
        ("{fromEntities: [all]}", (Anyone(),)),
        ("{fromEntities: [none]}", (NOBODY,)),
        ("{fromEntities: [world, host]}", (Where(IsA(Kind.OUTSIDE)), Where(IsA(Kind.OWN_NODE)))),
    ],
)
def test_whom_an_entry_is_about(load: Load, entry: str, peers: object) -> None:
    assert [rule.peers for rule in rules(load, entry)] == [peers]


def test_blocks(load: Load) -> None:
    plain = AddressBlock("10.0.0.0/8", (), may_match_pods=False, may_match_nodes=False, whole=True)
    assert peer(load, "{fromCIDR: [10.1.2.3/8]}") == plain
    assert peer(load, "{fromCIDR: [10.1.2.3/32]}") == AddressBlock(
        "10.1.2.3/32", (), False, False, whole=True
    )
    found = peer(load, "{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}", "egress")
    assert found == AddressBlock("10.0.0.0/8", ("10.1.0.0/16",), False, False, whole=True)


def test_groups_of_blocks(load: Load) -> None:
    by_name = InSets(Called("g"), may_match_pods=False, may_match_nodes=False, whole=True)
    assert peer(load, "{fromCIDRSet: [{cidrGroupRef: g}]}") == by_name
    found = peer(load, "{fromCIDRSet: [{cidrGroupRef: g, except: [10.1.0.0/16]}]}")
    gap = AddressBlock("10.1.0.0/16", (), False, False, whole=True)
    assert found == AllOf((by_name, Not(AnyOf((gap,)))))
    by_label = peer(load, "{fromCIDRSet: [{cidrGroupSelector: {matchLabels: {k: v}}}]}")
    what = Labelled(Of.OWN, is_one_of("k", "v"))
    sets = InSets(what, may_match_pods=False, may_match_nodes=False, whole=True)
    anywhere = (AddressBlock(cidr, (), False, False, whole=True) for cidr in ("0.0.0.0/0", "::/0"))
    assert by_label == AllOf((AnyOf(tuple(anywhere)), sets))


def test_nodes_by_label(load: Load) -> None:
    assert peer(load, "{fromNodes: [{matchLabels: {disk: ssd}}]}") == NodeQuery(Selector.of(disk="ssd"))
    assert peer(load, '{fromNodes: [{matchLabels: {"node:disk": ssd}}]}') == NodeQuery(
        Selector.of(disk="ssd")
    )
    other = peer(load, '{fromNodes: [{matchLabels: {"k8s:disk": ssd}}]}')
    assert other == AllOf((NodeQuery(EVERYTHING), NOBODY))


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ("{k8sService: {serviceName: s, namespace: b}}", ServicePods("b", "s")),
        ("{k8sService: {serviceName: s}}", ServicePods(None, "s")),
        (
            "{k8sServiceSelector: {selector: {matchLabels: {k: v}}, namespace: b}}",
            ServicePods("b", None, Selector.of(k="v")),
        ),
        ("{}", NOBODY),
    ],
)
def test_services(load: Load, entry: str, meant: object) -> None:
    assert peer(load, f"{{toServices: [{entry}]}}", "egress") == meant


def test_services_of_a_deny_rule_are_not_looked_up(load: Load) -> None:
    services = "toServices: [{k8sService: {serviceName: s}}]"
    (bare,) = rules(load, f"{{{services}}}", "egressDeny")
    assert (bare.peers, bare.unread) == ((), False)
    (with_ports,) = rules(load, f"{{{services}, toPorts: [{{ports: [{{port: '80'}}]}}]}}", "egressDeny")
    assert (with_ports.peers, with_ports.unread) == ((Anyone(),), True)


def test_an_empty_list_of_services_is_as_if_absent(load: Load) -> None:
    (rule,) = rules(load, "{toServices: [], toPorts: [{ports: [{port: '80'}]}]}", "egress")
    assert rule.peers is None


def test_domain_names(load: Load) -> None:
    text = "{toFQDNs: [{matchName: Example.org.}, {matchPattern: '**.example.net'}, {}]}"
    (rule,) = rules(load, text, "egress")
    assert rule.peers == (DomainNames(("example.org",)), DomainNames(("**.example.net",)), NOBODY)


def test_what_a_cloud_knows_is_open(load: Load) -> None:
    (rule,) = rules(load, "{toGroups: [{aws: {securityGroupsIds: [sg]}}]}", "egress")
    assert (rule.peers, rule.unread) == ((Anyone(),), True)


# -- ports -------------------------------------------------------------------------------------------------

THREE = (TCP, UDP, SCTP)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{ports: [{port: '80', protocol: TCP}]}", (PortRange(TCP, 80, 80),)),
        ("{ports: [{port: '80'}]}", tuple(PortRange(one, 80, 80) for one in THREE)),
        ("{ports: [{port: '80', protocol: ANY}]}", tuple(PortRange(one, 80, 80) for one in THREE)),
        ("{ports: [{port: '0', protocol: ANY}]}", tuple(PortRange(one) for one in THREE)),
        ("{ports: [{port: '0', endPort: 9, protocol: UDP}]}", (PortRange(UDP),)),
        ("{ports: [{port: '80', endPort: 90, protocol: TCP}]}", (PortRange(TCP, 80, 90),)),
        ("{ports: [{port: '80', endPort: 70, protocol: TCP}]}", (PortRange(TCP, 80, 80),)),
        ("{ports: [{port: '0120', protocol: TCP}]}", (PortRange(TCP, 80, 80),)),
        ("{ports: [{port: '0', protocol: GRE}]}", (PortRange(47),)),
        ("{ports: [{port: WEB, protocol: TCP}]}", (NamedPort("web", TCP),)),
        ("{ports: [{port: web}]}", (NamedPort("web", None),)),
        ("{ports: [{port: web, endPort: 90}]}", (NamedPort("web", None, 90),)),
        ("{ports: []}", ()),
        ("{}", ()),
        ("{}, {ports: [{port: '80', protocol: TCP}]}", (PortRange(TCP, 80, 80),)),
    ],
)
def test_ports(load: Load, text: str, meant: object) -> None:
    assert ports(load, text) == meant


def test_a_range_from_a_name_is_for_ingress_only(load: Load) -> None:
    assert ports(load, "{ports: [{port: web, endPort: 90}]}", "egress") == (NamedPort("web", None),)


def test_no_ports_at_all(load: Load) -> None:
    (rule,) = rules(load, "{fromEntities: [all], toPorts: [], icmps: []}")
    assert rule.ports is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("80", 80), ("0", 0), ("00", 0), ("0120", 80), ("1_000", 1000), ("65535", 65535)],
)
def test_numbers_as_go_reads_them(text: str, number: int) -> None:
    assert parse_port(text) == number


@pytest.mark.parametrize("text", ["0080", "65536", "-1", "+1", "1_", "_1", "1__0", "", " 80", "٣"])
def test_what_is_no_number(text: str) -> None:
    assert parse_port(text) is None


def test_names_of_ports() -> None:
    assert all(map(is_port_name, ("web", "0x10", "a-b", "1a", "WEB")))
    assert not any(map(is_port_name, ("80", "-a", "a-", "a--b", "a" * 16, "a_b", "")))


def test_icmp(load: Load) -> None:
    fields = "[{type: 8}, {family: IPv6, type: EchoRequest}, {type: '3'}]"
    (rule,) = rules(load, f"{{icmps: [{{fields: {fields}}}]}}")
    assert rule.ports == (icmp_range(ICMP, 8), icmp_range(ICMPV6, 128), icmp_range(ICMP, 3))
    (nothing,) = rules(load, "{fromEntities: [all], icmps: [{}]}")
    assert nothing.ports == ()


def test_icmp_type_0_may_be_every_type(load: Load) -> None:
    sure, perhaps = rules(load, "{icmps: [{fields: [{type: EchoReply}]}]}")
    assert (sure.ports, sure.unread) == ((icmp_range(ICMP, 0),), False)
    assert (perhaps.label, perhaps.unread) == ("ingress[0].icmps", True)
    assert perhaps.ports == (PortRange(ICMP, 256),)


# -- what flows do not tell --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("rules: {http: [{method: GET}]}", "ingress"),
        ("rules: {dns: [{matchPattern: '*.example'}]}", "egress"),
        ("rules: {kafka: [{topic: t}]}", "ingress"),
        ("serverNames: [example.org]", "egress"),
        ("terminatingTLS: {secret: {name: s}}", "ingress"),
        ("listener: {name: l, envoyConfig: {name: e}}", "egress"),
    ],
)
def test_what_hangs_on_requests(load: Load, more: str, field: str) -> None:
    port = "ports: [{port: '80', protocol: TCP}]"
    rule, plain = sorted(
        rules(load, f"{{toPorts: [{{{port}, {more}}}, {{{port}}}]}}", field), key=lambda one: not one.needs
    )
    assert (rule.needs, plain.needs) == (Reason.NEEDS_L7, Reason.NONE)
    assert (rule.ports, plain.label) == (plain.ports, f"{field}[0]")
    assert rule.label == f"{field}[0].toPorts[0]"


def test_empty_rules_restrict_nothing(load: Load) -> None:
    (rule,) = rules(load, "{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: []}}]}")
    assert rule.needs is Reason.NONE


def test_required_authentication_denies_whoever_fails_it(load: Load) -> None:
    plain, failed = rules(load, "{fromEntities: [all], authentication: {mode: required}}")
    assert (plain.action, plain.needs) == (Action.ALLOW, Reason.NONE)
    assert (failed.action, failed.needs, failed.peers) == (
        Action.DENY,
        Reason.NEEDS_AUTHENTICATION,
        plain.peers,
    )
    assert len(rules(load, "{fromEntities: [all], authentication: {mode: disabled}}")) == 1


# -- what is refused ---------------------------------------------------------------------------------------

HTTP = "rules: {http: [{}]}"


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("{endpointSelector: {}, ingress: []}", "spec: needs an entry in ingress"),
        ("{nodeSelector: {}, ingress: [{}]}", "spec.nodeSelector: may stand in clusterwide policies only"),
    ],
)
def test_specs_that_the_agent_refuses(load: Load, spec: str, fault: str) -> None:
    (found,) = refusals(load, spec)
    assert found.startswith(f"CiliumNetworkPolicy a/p: {fault}".partition(": ")[2])


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{fromEndpoints: [{}], fromEntities: [all]}", "cannot be combined"),
        ("{fromCIDR: [10.0.0.0/08]}", "zeros before its prefix length (write 10.0.0.0/8)"),
        ("{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/8]}]}", "must lie inside cidr"),
        ("{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [0.0.0.0/0]}]}", "must lie inside cidr"),
        ("{toPorts: [{ports: [{port: '65536'}]}]}", "is neither a port number up to 65535"),
        ("{toPorts: [{ports: [{port: 80-90}]}]}", 'write port: "80" and endPort: 90'),
        ("{toPorts: [{ports: [{port: '0080'}]}]}", "is neither a port number"),
        ("{toPorts: [{ports: [{}]}]}", "needs port"),
        (
            "{toPorts: [{ports: [{port: '7', protocol: GRE}]}]}",
            'must be 0: GRE has no ports (write port: "0")',
        ),
        ("{toPorts: [{ports: [{port: '80'}]}], icmps: [{}]}", "cannot stand beside toPorts"),
        (
            f"{{toPorts: [{{ports: [{{port: '80'}}], {HTTP}}}]}}",
            "that are for TCP alone (write protocol: TCP)",
        ),
        (f"{{toPorts: [{{ports: [{{port: '0', protocol: TCP}}], {HTTP}}}]}}", "must be one port"),
        ("{toPorts: [{ports: [{port: '53'}], rules: {dns: [{}]}}]}", "may stand in egress rules only"),
        ("{toPorts: [{ports: [], listener: {name: l, envoyConfig: {}}}]}", "may stand in egress rules only"),
        ("{icmps: [{fields: [{type: PacketTooBig}]}]}", "is no type of this family (a number up to 255, or"),
        ("{fromEndpoints: [{matchLabels: {'a b': x}}]}", "a label key has"),
        ("{fromEndpoints: [{matchExpressions: [{key: a, operator: In}]}]}", "In needs values"),
        (
            "{fromEndpoints: [{matchExpressions: [{key: a, operator: Exists, values: [x]}]}]}",
            "takes no values",
        ),
    ],
)
def test_entries_that_the_agent_refuses(load: Load, entry: str, fault: str) -> None:
    (found,) = refusals(load, f"{{endpointSelector: {{}}, ingress: [{{}}, {entry}]}}")
    assert fault in found
    assert found.startswith(("CiliumNetworkPolicy", "spec.ingress[1]"))


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (
            "{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: '('}]}}]}",
            "is not a regular",
        ),
        ("{toPorts: [{rules: {dns: [{}]}}]}", "needs ports"),
        (
            "{toPorts: [{ports: [{port: '53', endPort: 54}], rules: {dns: [{}]}}]}",
            "must be one port, no range",
        ),
        (
            f"{{toPorts: [{{ports: [{{port: '53', protocol: TCP}}], serverNames: [x], {HTTP}}}]}}",
            "cannot stand beside rules without terminatingTLS",
        ),
    ],
)
def test_egress_that_the_agent_refuses(load: Load, entry: str, fault: str) -> None:
    (found,) = refusals(load, f"{{endpointSelector: {{}}, egress: [{entry}]}}")
    assert fault in found


def test_regular_expressions_as_go_has_them() -> None:
    assert all(map(is_broken, ("(", "[a", "a(?=b)", r"(a)\1", "(?<!a)b")))
    assert not any(map(is_broken, ("", "/a.*", r"\pL", "(?i)get", "[[:alpha:]]+", r"a\.b")))


def test_every_fault_is_told_with_its_line(load: Load) -> None:
    entries = "  - fromCIDR: [10.0.0.0/08]\n  - toPorts:\n    - ports: [{port: '70000'}]"
    text = manifest(f"\n  endpointSelector: {{}}\n  ingress:\n{entries}")
    first, second = load(text).warnings
    assert "a.yaml:7 CiliumNetworkPolicy a/p: spec.ingress[0].fromCIDR[0]" in first
    assert "a.yaml:9 CiliumNetworkPolicy a/p: spec.ingress[1].toPorts[0].ports[0].port" in second


def test_one_bad_spec_refuses_all(load: Load) -> None:
    good = "{endpointSelector: {}, ingress: [{}]}"
    assert len(refusals(load, f"[{good}, {{endpointSelector: {{}}, egress: []}}]", key="specs")) == 1


def test_what_cilium_said_is_heeded(load: Load) -> None:
    text = manifest("{endpointSelector: {}, ingress: [{}]}") + (
        "status: {conditions: [{type: Valid, status: 'False', message: no such flag}]}\n"
    )
    cluster = load(text)
    assert cluster.policies[0].subject == NOBODY
    assert "status: says it is not valid: no such flag: Cilium refuses" in cluster.warnings[0]
    valid = text.replace("'False'", "'True'")
    assert load(valid, "b.yaml").policies[0].subject == PodQuery(namespace="a")


def test_hosts_have_no_requests(load: Load) -> None:
    entry = f"{{toPorts: [{{ports: [{{port: '80', protocol: TCP}}], {HTTP}}}]}}"
    (found,) = refusals(load, f"{{nodeSelector: {{}}, ingress: [{entry}]}}", clusterwide=True)
    assert "is not for nodes" in found


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("{endpointSelector: {}, ingres: [{}]}", "is not a field here (did you mean ingress?)"),
        ("{endpointSelector: {}, ingress: [{from: []}]}", "is not a field here (write fromEndpoints)"),
        ("{endpointSelector: {}, ingress: [{fromEntities: [world-ipv4]}]}", "must be all or world"),
        ("{endpointSelector: {}, ingress: [{fromEntities: [World]}]}", "write world"),
        ("{endpointSelector: {}, ingress: [{fromRequires: [{}]}]}", "takes no entries any more"),
        ("{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: 80}]}]}]}", "put it in quotes"),
        (
            "{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '8', protocol: tcp}]}]}]}",
            "write TCP",
        ),
        ("{endpointSelector: {}, ingressDeny: [{toPorts: [{rules: {}}]}]}", "is not a field here"),
        ("{endpointSelector: {}, ingress: [{icmps: [{fields: [{type: 256}]}]}]}", "must be from 0 to 255"),
        ("{endpointSelector: {}, ingress: [{authentication: {}}]}", "needs mode"),
        ("{endpointSelector: {}, enableDefaultDeny: {ingress: 1}, ingress: [{}]}", "must be true or false"),
        (
            "{ingress: [{}]}",
            "needs exactly one of endpointSelector and nodeSelector (write endpointSelector: {}",
        ),
        ("{endpointSelector: {}, nodeSelector: {}, ingress: [{}]}", "needs exactly one of endpointSelector"),
        ("{endpointSelector: {}}", "needs ingress, ingressDeny, egress or egressDeny (write ingress: [{}]"),
        ("{podSelector: {}, endpointSelector: {}, ingress: [{}]}", "(write endpointSelector)"),
    ],
)
def test_what_the_api_server_refuses(problems: Problems, spec: str, fault: str) -> None:
    (found,) = problems(manifest(spec))
    assert fault in found


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{toCIDR: [10.0.0.1]}", "is no CIDR (write 10.0.0.1/32 for this one address)"),
        ("{toCIDR: ['2001:db8::1']}", "is no CIDR (write 2001:db8::1/128 for this one address)"),
        ("{toCIDR: [10.0.0.0/33]}", "is no CIDR (write one such as 10.0.0.0/8"),
        ("{toCIDR: [010.0.0.0/8]}", "is no CIDR"),
        ("{toCIDRSet: [{cidr: 10.0.0.1}]}", "is no CIDR (write 10.0.0.1/32"),
        ("{toCIDRSet: [{}]}", "needs exactly one of cidr, cidrGroupRef"),
        ("{toCIDRSet: [{cidr: 10.0.0.0/8, cidrGroupRef: g}]}", "needs exactly one of cidr"),
        ("{toCIDRSet: [{cidrGroupRef: ''}]}", "is not a name"),
        ("{toEntities: [wrld]}", "(did you mean world?)"),
        ("{toPorts: [{ports: [{port: '80', protocol: tpc}]}]}", "(did you mean TCP?)"),
        ("{toPorts: [{ports: [{port: '-'}]}]}", 'is neither a port number nor a name (as port: "80"'),
        (f"{{toPorts: [{{ports: [{', '.join(['{port: web}'] * 41)}]}}]}}", "has more than 40 entries"),
        ("{toEndpoints: [{matchExpressions: [{key: a, operator: Exist}]}]}", "(did you mean Exists?)"),
        ("{toPorts: [{serverNames: ['']}]}", "is no name of a server (write one such as api.example.com"),
        ("{icmps: [{fields: [{type: EchoReques}]}]}", "is no type of ICMP (did you mean EchoRequest?)"),
        ("{icmps: [{fields: [{type: Nothing}]}]}", "is no type of ICMP (a number up to 255, or one of"),
        ("{toFQDNs: [{matchName: a, matchPattern: b}]}", "has matchName and matchPattern"),
        ("{toFQDNs: [{matchName: 'a b'}]}", "is no DNS name (letters, digits, '-', '_' and single '.')"),
        ("{toFQDNs: [{matchPattern: 'a..b'}]}", "single '.', * for a part of any"),
        ("{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchName: 'a b'}]}}]}", "is no DNS name"),
        (
            "{toPorts: [{ports: [{port: '53', protocol: TCP}], rules: {dns: [{}], http: [{}]}}]}",
            "has rules of several protocols (make them two entries)",
        ),
    ],
)
def test_entries_that_the_api_server_refuses(problems: Problems, entry: str, fault: str) -> None:
    (found,) = problems(manifest(f"{{endpointSelector: {{}}, egress: [{{}}, {entry}]}}"))
    assert fault in found
    assert ": CiliumNetworkPolicy a/p: " in found
    assert " spec.egress[1]" in found


def test_a_policy_without_a_spec_has_no_effect(load: Load) -> None:
    text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\n"
    cluster = load(text)
    assert cluster.policies[0].refused == "needs spec or specs"
    assert "a.yaml:1 CiliumNetworkPolicy p: needs spec or specs: Cilium refuses" in cluster.warnings[0]
