"""The admin tiers: actions, peers and ports of three kinds, what fails closed, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.engines.profiles import apply
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import EVERYTHING, Selector
from flowcheck.model.options import Options
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Anyone,
    DomainNames,
    NamedPort,
    NodeQuery,
    PodQuery,
    Policy,
    PortRange,
    Rule,
    Tier,
)
from flowcheck.model.protocols import SCTP, TCP, UDP

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]

HEADS = {
    "ANP": ("v1alpha1", "AdminNetworkPolicy", "p", "priority: 5, subject: {namespaces: {}}"),
    "BANP": ("v1alpha1", "BaselineAdminNetworkPolicy", "default", "subject: {namespaces: {}}"),
    "CNP": ("v1alpha2", "ClusterNetworkPolicy", "p", "tier: Admin, priority: 5, subject: {namespaces: {}}"),
}
ALL = "{namespaces: {}}"


def manifest(kind: str, rest: str = "", *, spec: str | None = None) -> str:
    version, name, called, start = HEADS[kind]
    body = spec if spec is not None else f"{start}, {rest}" if rest else start
    return (
        f"apiVersion: policy.networking.k8s.io/{version}\nkind: {name}\nmetadata: {{name: {called}}}\n"
        f"spec: {{{body}}}\n"
    )


def policy(load: Load, kind: str, rest: str = "", **spec: str) -> Policy:
    (only,) = load(manifest(kind, rest, **spec)).policies
    return only


def rule(load: Load, kind: str, text: str, direction: str = "egress") -> Rule:
    found = policy(load, kind, f"{direction}: [{text}]")
    (only,) = found.egress if direction == "egress" else found.ingress
    return only


def test_tiers_and_priorities(load: Load) -> None:
    anp, banp, cnp = (policy(load, kind) for kind in HEADS)
    assert (anp.tier, anp.priority, anp.kind, anp.namespace) == (Tier.ADMIN, 5, "AdminNetworkPolicy", "")
    assert (banp.tier, banp.priority, banp.name) == (Tier.BASELINE, 0, "default")
    assert (cnp.tier, cnp.priority) == (Tier.ADMIN, 5)
    assert {one.isolates for one in (anp, banp, cnp)} == {frozenset()}
    low = policy(load, "CNP", spec="tier: Baseline, priority: 0, subject: {namespaces: {}}")
    assert low.tier is Tier.BASELINE


@pytest.mark.parametrize(
    ("kind", "word", "action"),
    [
        ("ANP", "Allow", Action.ALLOW),
        ("ANP", "Deny", Action.DENY),
        ("ANP", "Pass", Action.PASS),
        ("BANP", "Allow", Action.ALLOW),
        ("BANP", "Deny", Action.DENY),
        ("CNP", "Accept", Action.ALLOW),
        ("CNP", "Deny", Action.DENY),
        ("CNP", "Pass", Action.PASS),
    ],
)
def test_actions(load: Load, kind: str, word: str, action: Action) -> None:
    found = rule(load, kind, f"{{name: a rule, action: {word}, from: [{ALL}]}}", "ingress")
    assert (found.action, found.label) == (action, "ingress[0]")
    assert (found.peers, found.ports) == ((PodQuery(namespaces=EVERYTHING, whole=True),), None)


def test_subjects(load: Load) -> None:
    pods = "pods: {namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchLabels: {c: d}}}"
    expected = PodQuery(namespaces=Selector.of(a="b"), pods=Selector.of(c="d"))
    assert policy(load, "ANP", spec=f"priority: 0, subject: {{{pods}}}").subject == expected
    assert policy(load, "CNP", spec=f"tier: Admin, priority: 0, subject: {{{pods}}}").subject == expected
    anywhere = policy(load, "CNP", spec="tier: Admin, priority: 0, subject: {pods: {podSelector: {}}}")
    assert anywhere.subject == PodQuery(namespaces=EVERYTHING)


@pytest.mark.parametrize(("kind", "allow"), [("ANP", "Allow"), ("CNP", "Accept")])
def test_egress_peers(load: Load, kind: str, allow: str) -> None:
    found = rule(
        load,
        kind,
        f"{{action: {allow}, to: [{{namespaces: {{matchLabels: {{a: b}}}}}},"
        " {pods: {namespaceSelector: {}, podSelector: {matchLabels: {c: d}}}},"
        " {networks: [10.0.0.1/8, '::/0']}, {nodes: {matchLabels: {e: f}}},"
        " {domainNames: [a.example, '*.b.example.']}]}",
    )
    assert found.peers == (
        PodQuery(namespaces=Selector.of(a="b"), whole=True),
        PodQuery(namespaces=EVERYTHING, pods=Selector.of(c="d")),
        AddressBlock("10.0.0.0/8", may_match_pods=True),
        AddressBlock("::/0", may_match_pods=True),
        NodeQuery(Selector.of(e="f")),
        DomainNames(("a.example", "*.b.example."), deep=True),
    )


def test_peers_of_v0_1_1(load: Load) -> None:
    found = rule(
        load,
        "ANP",
        "{action: Deny, from: [{namespaces: {namespaceSelector: {matchLabels: {a: b}}}},"
        " {pods: {namespaces: {namespaceSelector: {}}, podSelector: {matchLabels: {c: d}}}}]}",
        "ingress",
    )
    assert found.peers == (
        PodQuery(namespaces=Selector.of(a="b"), whole=True),
        PodQuery(namespaces=EVERYTHING, pods=Selector.of(c="d")),
    )


def test_ports_of_v1alpha1(load: Load) -> None:
    found = rule(
        load,
        "ANP",
        f"{{action: Deny, to: [{ALL}], ports: [{{portNumber: {{port: 80}}}},"
        " {portNumber: {protocol: UDP, port: 53}},"
        " {portRange: {start: 1, end: 1}},"
        " {portRange: {protocol: SCTP, start: 1, end: 65535}}, {namedPort: web}]}",
    )
    assert found.ports == (
        PortRange(TCP, 80, 80),
        PortRange(UDP, 53, 53),
        PortRange(TCP, 1, 1),
        PortRange(SCTP, 1, 65535),
        NamedPort("web", None),
    )


def test_a_protocol_without_ports_matches_nothing(load: Load) -> None:
    text = f"egress: [{{action: Deny, to: [{ALL}], ports: [{{portNumber: {{protocol: ICMP, port: 1}}}}]}}]"
    cluster = load(manifest("ANP", text))
    assert cluster.policies[0].egress[0].ports == ()
    assert "no such protocol has ports" in cluster.warnings[0]


def test_protocols_of_v1alpha2(load: Load) -> None:
    found = rule(
        load,
        "CNP",
        f"{{action: Deny, to: [{ALL}], protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}},"
        " {udp: {destinationPort: {range: {start: 1, end: 2}}}}, {sctp: {destinationPort: {number: 65535}}},"
        " {destinationNamedPort: web}, {tcp: {}}]}",
    )
    assert found.ports == (
        PortRange(TCP, 80, 80),
        PortRange(UDP, 1, 2),
        PortRange(SCTP, 65535, 65535),
        NamedPort("web", None),
        PortRange(TCP),
    )


@pytest.mark.parametrize("kind", HEADS)
def test_unknown_peers_fail_closed(load: Load, kind: str) -> None:
    """An allow rule with one matches nothing, whatever its other peers; other rules deny everyone."""
    allow = "Accept" if kind == "CNP" else "Allow"
    peers = f"from: [{ALL}, {{spiffeIDs: [a]}}]"
    found = rule(load, kind, f"{{action: {allow}, {peers}}}", "ingress")
    assert (found.action, found.peers) == (Action.ALLOW, ())
    for word in ("Deny", "Pass") if kind != "BANP" else ("Deny",):
        found = rule(load, kind, f"{{action: {word}, {peers}}}", "ingress")
        assert (found.action, found.peers, found.ports) == (Action.DENY, (Anyone(),), None)


def test_unknown_peers_are_warned_of(load: Load) -> None:
    cluster = load(manifest("CNP", "ingress: [{action: Deny, from: [{spiffeIDs: [a]}]}]"))
    assert "spec.ingress[0].from[0]: a peer of an unknown kind: the rule fails closed" in cluster.warnings[0]


def test_a_server_prints_v1beta1_whatever_was_written(load: Load) -> None:
    text = manifest("CNP", f"ingress: [{{action: Deny, from: [{ALL}]}}]")
    (before,) = load(text).policies
    (after,) = load(text.replace("v1alpha2", "v1beta1")).policies
    assert after == before


ODD_SELECTORS = [
    ("matchExpressions: [{key: a, operator: Gt, values: ['1']}]", "must be In or NotIn or Exists"),
    ("matchExpressions: [{key: a, operator: in, values: [b]}]", "(write In)"),
    ("matchExpressions: [{key: a, operator: In}]", "In needs values"),
    ("matchExpressions: [{key: a, operator: NotIn, values: []}]", "NotIn needs values"),
    ("matchExpressions: [{key: a, operator: Exists, values: [b]}]", "Exists takes no values"),
    ("matchExpressions: [{key: a, operator: DoesNotExist, values: [b]}]", "DoesNotExist takes no values"),
    ("matchExpressions: [{key: a b, operator: Exists}]", "a label key has"),
    ("matchExpressions: [{key: a, operator: In, values: ['-']}]", "a label value has"),
    ("matchLabels: {'a/b/c': d}", "the part before '/' is not"),
    ("matchLabels: {a: 'b c'}", "a label value has"),
]


@pytest.mark.parametrize(("selector", "message"), ODD_SELECTORS)
@pytest.mark.parametrize("kind", HEADS)
def test_a_rule_with_a_selector_that_nobody_reads(load: Load, kind: str, selector: str, message: str) -> None:
    """The requirement is left out: what remains is whom the selector may take. Other rules are read."""
    if "matchLabels" in selector:
        selector = selector.replace("{", "{c: d, ", 1)
    else:
        selector += ", matchLabels: {c: d}"
    cluster = load(
        manifest(kind, f"egress: [{{action: Deny, to: [{{namespaces: {{{selector}}}}}]}}, {EASY}]")
    )
    ((odd, plain),) = [one.egress for one in cluster.policies]
    assert (odd.unread, odd.peers) == (True, (PodQuery(namespaces=Selector.of(c="d"), whole=True),))
    assert (plain.unread, cluster.policies[0].unread) == (False, False)
    assert "spec.egress[0].to[0].namespaces.match" in cluster.warnings[0]
    assert message in cluster.warnings[0]
    assert cluster.warnings[0].endswith("what hangs on it is unknown (unsupported_field)")


EASY = "{action: Deny, to: [{namespaces: {}}]}"
ODD = "{matchExpressions: [{key: a, operator: In}], matchLabels: {c: d}}"


@pytest.mark.parametrize(
    ("peer", "read"),
    [
        (f"{{nodes: {ODD}}}", NodeQuery(Selector.of(c="d"))),
        (
            f"{{pods: {{namespaceSelector: {{}}, podSelector: {ODD}}}}}",
            PodQuery(namespaces=EVERYTHING, pods=Selector.of(c="d")),
        ),
        (
            f"{{pods: {{namespaceSelector: {ODD}, podSelector: {{}}}}}}",
            PodQuery(namespaces=Selector.of(c="d")),
        ),
        ("{domainNames: [a.example]}", DomainNames(("a.example",), deep=True)),
    ],
)
@pytest.mark.parametrize("action", ["Deny", "Pass"])
@pytest.mark.parametrize("kind", ["ANP", "CNP"])
def test_peers_that_nobody_reads(load: Load, kind: str, action: str, peer: str, read: object) -> None:
    found = rule(load, kind, f"{{action: {action}, to: [{peer}, {ALL}]}}")
    assert (found.unread, found.ports) == (True, None)
    assert found.peers == (read, PodQuery(namespaces=EVERYTHING, whole=True))


@pytest.mark.parametrize(
    ("kind", "peer", "ports"),
    [
        ("CNP", "{networks: [10.0.0.0/8]}", "protocols: [{destinationNamedPort: web}]"),
        ("CNP", ALL, "protocols: [{destinationNamedPort: '80'}]"),
        ("CNP", ALL, "protocols: [{tcp: {destinationPort: {number: 1}}}, {destinationNamedPort: ''}]"),
        ("ANP", ALL, "ports: [{namedPort: Web}]"),
        ("ANP", ALL, "ports: [{portRange: {start: 3, end: 2}}]"),
    ],
)
def test_a_rule_with_ports_that_nobody_reads_may_be_about_all(
    load: Load, kind: str, peer: str, ports: str
) -> None:
    found = rule(load, kind, f"{{action: Deny, to: [{peer}], {ports}}}")
    assert (found.unread, found.ports) == (True, (PortRange(TCP), PortRange(UDP), PortRange(SCTP)))


def test_networks_of_v1alpha1_may_be_any_text(load: Load) -> None:
    found = rule(load, "ANP", "{action: Deny, to: [{networks: [10.0.0.0/8, 10.0.0.0/33]}]}")
    anywhere = ("10.0.0.0/8", "0.0.0.0/0", "::/0")
    assert found.peers == tuple(AddressBlock(cidr, may_match_pods=True) for cidr in anywhere)
    assert found.unread


@pytest.mark.parametrize("kind", HEADS)
def test_a_subject_that_nobody_reads(load: Load, kind: str) -> None:
    text = manifest(kind, f"egress: [{EASY}]").replace(
        "subject: {namespaces: {}}", f"subject: {{namespaces: {ODD}}}"
    )
    (only,) = load(text).policies
    assert (only.unread, only.subject) == (True, PodQuery(namespaces=Selector.of(c="d")))
    assert [one.unread for one in only.egress] == [False]


def test_a_rule_that_fails_closed_may_be_unread_too(load: Load) -> None:
    found = rule(
        load, "CNP", f"{{action: Pass, from: [{{namespaces: {ODD}}}, {{spiffeIDs: [a]}}]}}", "ingress"
    )
    assert (found.action, found.peers, found.unread) == (Action.DENY, (Anyone(),), True)


def test_rules_have_labels_and_lines(load: Load) -> None:
    text = manifest("CNP", spec="tier: Admin").rpartition("spec")[0] + (
        "spec:\n  tier: Admin\n  priority: 1\n  subject: {namespaces: {}}\n  egress:\n"
        "  - action: Deny\n    to: [{namespaces: {}}]\n"
        "  - name: second\n    action: Pass\n    to: [{namespaces: {}}]\n"
    )
    (only,) = load(text).policies
    assert [(one.label, one.source.line) for one in only.egress] == [("egress[0]", 9), ("egress[1]", 11)]


def deny(peers: str, more: str = "") -> str:
    return f"egress: [{{action: Deny, to: [{peers}]{', ' + more if more else ''}}}]"


@pytest.mark.parametrize(
    ("kind", "rest", "place", "message"),
    [
        (
            "CNP",
            "ingress: [{action: Allow, from: [{namespaces: {}}]}]",
            "ingress[0].action",
            "Accept or Deny or Pass",
        ),
        (
            "ANP",
            "ingress: [{action: Accept, from: [{namespaces: {}}]}]",
            "ingress[0].action",
            "Allow or Deny or Pass",
        ),
        (
            "BANP",
            "ingress: [{action: Pass, from: [{namespaces: {}}]}]",
            "ingress[0].action",
            "must be Allow or Deny",
        ),
        ("CNP", "ingress: [{action: Deny}]", "ingress[0]", "needs from"),
        ("CNP", "ingress: [{from: [{namespaces: {}}]}]", "ingress[0]", "needs action"),
        ("CNP", "ingress: [{action: Deny, from: []}]", "ingress[0].from", "must have 1 to 25 entries"),
        ("ANP", "ingress: [{action: Deny, from: []}]", "ingress[0].from", "must have 1 to 100 entries"),
        (
            "CNP",
            "ingress: [{action: Deny, from: [{}]}]",
            "ingress[0].from[0]",
            "needs exactly one of namespaces, pods",
        ),
        (
            "CNP",
            "ingress: [{action: Deny, from: [{namespace: {}}]}]",
            "from[0].namespace",
            "did you mean namespaces",
        ),
        (
            "CNP",
            "ingress: [{action: Deny, from: [{networks: [10.0.0.0/8]}]}]",
            "from[0].networks",
            "not a field here",
        ),
        (
            "CNP",
            "ingress: [{action: Deny, from: [{namespaces: {}, pods: {podSelector: {}}}]}]",
            "[0]",
            "exactly one",
        ),
        ("CNP", deny("{pods: {namespaceSelector: {}}}"), "to[0].pods", "needs podSelector"),
        ("ANP", deny("{pods: {podSelector: {}}}"), "to[0].pods", "needs namespaceSelector"),
        (
            "CNP",
            deny("{namespaces: {namespaceSelector: {}}}"),
            "namespaces.namespaceSelector",
            "is not a field here",
        ),
        (
            "ANP",
            deny("{namespaces: {sameLabels: [a]}}"),
            "namespaces.sameLabels",
            "is not in the API any more",
        ),
        ("CNP", deny("{networks: [10.0.0.0]}"), "to[0].networks[0]", "needs a prefix length"),
        ("CNP", deny("{networks: []}"), "to[0].networks", "must have 1 to 25 entries"),
        (
            "CNP",
            deny("{namespaces: {matchExpressions: [{key: a}]}}"),
            "matchExpressions[0]",
            "needs operator",
        ),
        ("CNP", deny("{namespaces: {matchLabels: {a: 1}}}"), "matchLabels.a", "must be text"),
        ("ANP", deny("{networks: ['']}"), "to[0].networks[0]", "needs a prefix length"),
        ("BANP", deny("{domainNames: [a.example]}"), "to[0].domainNames", "is not a field here"),
        ("CNP", deny(ALL, "protocols: []"), "egress[0].protocols", "must have 1 to 25 entries"),
        ("CNP", deny(ALL, "ports: [{namedPort: web}]"), "egress[0].ports", "is not a field here"),
        ("CNP", deny(ALL, "protocols: [{}]"), "protocols[0]", "needs exactly one of tcp, udp, sctp"),
        ("CNP", deny(ALL, "protocols: [{icmp: {}}]"), "protocols[0].icmp", "is not a field here"),
        (
            "CNP",
            deny(ALL, "protocols: [{tcp: {destinationPort: {}}}]"),
            "destinationPort",
            "exactly one of number, range",
        ),
        (
            "CNP",
            deny(ALL, "protocols: [{tcp: {destinationPort: {number: 0}}}]"),
            "number",
            "must be from 1 to 65535",
        ),
        (
            "CNP",
            deny(ALL, "protocols: [{udp: {destinationPort: {range: {start: 2, end: 2}}}}]"),
            "range",
            "less than end",
        ),
        ("CNP", deny(ALL, "protocols: [{destinationNamedPort: 80}]"), "destinationNamedPort", "must be text"),
        ("ANP", deny(ALL, "ports: [{portRange: {start: 3}}]"), "ports[0].portRange", "needs end"),
        (
            "ANP",
            deny("{networks: [10.0.0.0/8]}", "ports: [{namedPort: a}]"),
            "egress[0]",
            "named port beside networks",
        ),
        (
            "CNP",
            deny("{nodes: {}}", "protocols: [{destinationNamedPort: a}]"),
            "egress[0]",
            "named port beside",
        ),
        (
            "CNP",
            f"egress: [{', '.join(['{action: Deny, to: [{namespaces: {}}]}'] * 26)}]",
            "egress",
            "0 to 25 entries",
        ),
        ("CNP", deny(ALL, f"name: {'n' * 101}"), "egress[0].name", "has more than 100 characters"),
        ("CNP", "ingres: []", "spec.ingres", "did you mean ingress?"),
        ("BANP", "priority: 3", "spec.priority", "is not a field here"),
    ],
)
def test_what_the_api_server_refuses(
    problems: Problems, kind: str, rest: str, place: str, message: str
) -> None:
    (found,) = problems(manifest(kind, rest))
    where, _, text = found.partition(": " + HEADS[kind][1])
    assert where.startswith("a.yaml:4 spec")
    assert where.endswith(place)
    assert message in text


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("priority: 5, subject: {namespaces: {}}", "spec: ClusterNetworkPolicy p: needs tier"),
        ("tier: Admin, subject: {namespaces: {}}", "needs priority"),
        ("tier: Admin, priority: 5", "needs subject"),
        ("tier: admin, priority: 5, subject: {namespaces: {}}", "must be Admin or Baseline (write Admin)"),
        ("tier: Admin, priority: 1001, subject: {namespaces: {}}", "must be from 0 to 1000"),
        ("tier: Admin, priority: 1, subject: {}", "needs exactly one of namespaces, pods"),
        ("tier: Admin, priority: 1, subject: {namespaces: null}", "needs exactly one of namespaces, pods"),
    ],
)
def test_specs_that_are_refused(problems: Problems, spec: str, message: str) -> None:
    (found,) = problems(manifest("CNP", spec=spec))
    assert message in found


def test_the_baseline_admin_policy_is_named_default(problems: Problems, load: Load) -> None:
    assert "must be named default" in problems(manifest("BANP").replace("name: default", "name: other"))[0]
    (only,) = load(manifest("BANP").replace("{name: default}", "{}")).policies
    assert only.name == "default"


def test_versions_are_not_mixed_up(problems: Problems) -> None:
    assert "of a version that is not read" in problems(manifest("CNP").replace("v1alpha2", "v1alpha1"))[0]
    assert "of a version that is not read" in problems(manifest("ANP").replace("v1alpha1", "v1beta1"))[0]


def test_ties_in_priority_are_remarked(load: Load) -> None:
    cluster = load(manifest("CNP") + "---\n" + manifest("CNP").replace("name: p", "name: b"))
    said = "ClusterNetworkPolicy/b, ClusterNetworkPolicy/p have the same priority 5 in tier Admin: "
    for cni, meant in (("kubernetes", "unknown"), ("calico", "by their names"), ("cilium", "interleave")):
        (remark,) = apply(cluster, Options(), cni).remarks
        assert remark.startswith(said)
        assert meant in remark.replace("the order of their names", "by their names")


def test_old_and_new_kinds_together_are_remarked(load: Load) -> None:
    cluster = load(manifest("CNP") + "---\n" + manifest("ANP"))
    assert any("stand side by side" in warning for warning in cluster.warnings)
