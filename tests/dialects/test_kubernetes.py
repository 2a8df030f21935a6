"""NetworkPolicy corner by corner: what is absent, null or empty at each level, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import EVERYTHING, Operator, Requirement, Selector
from flowcheck.model.policy import AddressBlock, Direction, NamedPort, PodQuery, Policy, PortRange, Rule, Tier
from flowcheck.model.protocols import SCTP, TCP, UDP

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]
INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\n"
LIST = '"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList"'


def policy(load: Load, spec: str) -> Policy:
    (only,) = load(f"{HEAD}spec: {spec}\n").policies
    return only


def rule(load: Load, text: str) -> Rule:
    (only,) = policy(load, f"{{ingress: [{text}]}}").ingress
    return only


def test_the_whole_policy(load: Load) -> None:
    found = policy(load, "{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress]}")
    assert (found.kind, found.namespace, found.name) == ("NetworkPolicy", "x", "p")
    assert found.tier is Tier.NETWORK_POLICY
    assert found.subject == PodQuery(namespace="x", pods=Selector.of(app="a"))
    assert found.isolates == {EGRESS}
    assert (found.ingress, found.egress) == ((), ())


def test_the_namespace_is_default_where_none_is_named(load: Load) -> None:
    (only,) = load(
        HEAD.replace(", namespace: x", "") + "spec: {ingress: [{from: [{podSelector: {}}]}]}"
    ).policies
    assert only.subject == PodQuery(namespace="default")
    assert only.ingress[0].peers == (PodQuery(namespace="default"),)


@pytest.mark.parametrize("spec", ["{podSelector: {}}", "{podSelector: }", "{}", "null"])
def test_an_absent_subject_is_every_pod(load: Load, spec: str) -> None:
    found = policy(load, spec)
    assert found.subject.pods == EVERYTHING
    assert found.isolates == {INGRESS}


@pytest.mark.parametrize(
    ("spec", "isolates"),
    [
        ("{ingress: []}", {INGRESS}),
        ("{egress: []}", {INGRESS}),
        ("{egress: null}", {INGRESS}),
        ("{egress: [{}]}", {INGRESS, EGRESS}),
        ("{policyTypes: [], egress: [{}]}", {INGRESS, EGRESS}),
        ("{policyTypes: null}", {INGRESS}),
        ("{policyTypes: [Ingress], egress: [{}]}", {INGRESS}),
        ("{policyTypes: [Egress], ingress: [{}]}", {EGRESS}),
        ("{policyTypes: [Egress, Ingress]}", {INGRESS, EGRESS}),
    ],
)
def test_which_directions_are_isolated(load: Load, spec: str, isolates: set[Direction]) -> None:
    assert policy(load, spec).isolates == isolates


def test_rules_of_a_direction_that_is_not_isolated_are_left_out(load: Load) -> None:
    cluster = load(HEAD + "spec: {policyTypes: [Egress], ingress: [{}]}")
    assert cluster.policies[0].ingress == ()
    assert "spec.ingress: these rules have no effect: policyTypes has no Ingress" in cluster.warnings[0]


@pytest.mark.parametrize("text", ["{}", "{from: }", "{from: [], ports: []}", "{from: null, ports: null}"])
def test_a_rule_without_peers_and_ports_is_for_everyone(load: Load, text: str) -> None:
    found = rule(load, text)
    assert (found.label, found.peers, found.ports) == ("ingress[0]", None, None)


def test_peers(load: Load) -> None:
    found = rule(
        load,
        "{from: [{podSelector: {matchLabels: {a: b}}}, {namespaceSelector: {matchLabels: {c: d}}},"
        " {podSelector: {}, namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.7/8, except: [10.1.2.3/16]}},"
        " {ipBlock: {cidr: 'FD00::/8', except: }}, {namespaceSelector: {}, podSelector: null}]}",
    )
    assert found.peers == (
        PodQuery(namespace="x", pods=Selector.of(a="b")),
        PodQuery(namespaces=Selector.of(c="d")),
        PodQuery(namespaces=EVERYTHING),
        AddressBlock("10.0.0.0/8", ("10.1.0.0/16",)),
        AddressBlock("fd00::/8"),
        PodQuery(namespaces=EVERYTHING),
    )


def test_a_block_of_ipv4_written_as_ipv6_is_ipv4(load: Load) -> None:
    block = "{cidr: '::ffff:10.0.0.0/104', except: ['::ffff:10.1.0.0/112']}"
    found = rule(load, f"{{from: [{{ipBlock: {block}}}]}}")
    assert found.peers == (AddressBlock("10.0.0.0/8", ("10.1.0.0/16",)),)


def test_ports(load: Load) -> None:
    found = rule(
        load,
        "{ports: [{}, {protocol: UDP}, {port: 80}, {port: 80, endPort: 80},"
        " {port: 1, endPort: 65535, protocol: SCTP},"
        " {port: web}, {port: dns, protocol: UDP}, {port: null}]}",
    )
    assert found.ports == (
        PortRange(TCP),
        PortRange(UDP),
        PortRange(TCP, 80, 80),
        PortRange(TCP, 80, 80),
        PortRange(SCTP, 1, 65535),
        NamedPort("web", TCP),
        NamedPort("dns", UDP),
        PortRange(TCP),
    )


def test_expressions(load: Load) -> None:
    found = policy(
        load,
        "{podSelector: {matchLabels: {b: '', A/a: 'x'}, "
        "matchExpressions: [{key: k, operator: In, values: [v, w]},"
        " {key: k, operator: NotIn, values: ['']}, {key: k, operator: Exists},"
        " {key: k, operator: DoesNotExist, values: []}]}}".replace("A/a", "a.b/A"),
    )
    assert found.subject.pods.requirements == (
        Requirement("a.b/A", Operator.IN, frozenset({"x"})),
        Requirement("b", Operator.IN, frozenset({""})),
        Requirement("k", Operator.IN, frozenset({"v", "w"})),
        Requirement("k", Operator.NOT_IN, frozenset({""})),
        Requirement("k", Operator.EXISTS),
        Requirement("k", Operator.DOES_NOT_EXIST),
    )


def test_rules_know_their_lines(load: Load) -> None:
    text = (
        HEAD + "spec:\n  ingress:\n  - {}\n  - from:\n    - podSelector: {}\n  egress:\n  -\n    ports: []\n"
    )
    (only,) = load(text).policies
    assert [one.source.line for one in (*only.ingress, *only.egress)] == [6, 7, 11]
    assert [one.label for one in (*only.ingress, *only.egress)] == ["ingress[0]", "ingress[1]", "egress[0]"]


def test_rules_in_json_know_their_lines(load: Load) -> None:
    text = f'{{{LIST}, "items": [\n{{"metadata":\t{{"name": "p"}},\n"spec":'
    text += '{"ingress": [{},\n{}]}}]}'
    (only,) = load(text, "a.json").policies
    assert (only.source.line, [one.source.line for one in only.ingress]) == (2, [3, 4])


def test_json_that_yaml_cannot_read_is_read_all_the_same(load: Load) -> None:
    text = f'{{{LIST}, "items": [{{"metadata": {{"name": "p", "annotations":'
    text += '{"a": "\\ud83d\\ude00"}},\n"spec": {"ingress": [{}]}}]}'
    (only,) = load(text, "a.json").policies
    assert [one.source.line for one in only.ingress] == [2]


def test_status_and_other_metadata_are_ignored(load: Load) -> None:
    text = HEAD.replace("x}", "x, managedFields: [{a: 1}], annotations: {b: no}, spelling: ok}")
    assert load(text + "spec: {}\nstatus: {conditions: [x]}\n").policies


def test_the_old_group_has_the_same_shape(load: Load) -> None:
    assert load(HEAD.replace("networking.k8s.io/v1", "extensions/v1beta1") + "spec: {}\n").policies


@pytest.mark.parametrize(
    ("spec", "place", "message"),
    [
        ("{ingres: []}", "spec.ingres", "is not a field here (did you mean ingress?)"),
        ("{podSelecter: {}}", "spec.podSelecter", "did you mean podSelector?"),
        ("{ingress: [{form: []}]}", "spec.ingress[0].form", "did you mean from?"),
        ("{ingress: [{to: []}]}", "spec.ingress[0].to", "is not a field here"),
        ("{egress: [{from: []}]}", "spec.egress[0].from", "is not a field here"),
        (
            "{ingress: [{from: [{namespaceselector: {}}]}]}",
            "spec.ingress[0].from[0].namespaceselector",
            "write namespaceSelector",
        ),
        ("{podSelector: {app: a}}", "spec.podSelector.app", "is not a field here"),
        ("{podSelector: {matchLabels: {a: no}}}", "spec.podSelector.matchLabels.a", '(quote it: "no")'),
        ("{podSelector: {matchLabels: {a: 8080}}}", "spec.podSelector.matchLabels.a", "(put it in quotes)"),
        ("{podSelector: {matchLabels: {a: null}}}", "spec.podSelector.matchLabels.a", "is nothing"),
        ("{podSelector: {matchLabels: {a: b c}}}", "spec.podSelector.matchLabels.a", "a label value"),
        ("{podSelector: {matchLabels: {-a: b}}}", "spec.podSelector.matchLabels.-a", "a label key"),
        ("{podSelector: {matchLabels: {on: b}}}", "spec.podSelector.matchLabels", "the key `on` is not text"),
        ("{podSelector: {matchLabels: [a]}}", "spec.podSelector.matchLabels", "must be a mapping, is a list"),
        ("{podSelector: []}", "spec.podSelector", "must be a mapping, is a list"),
        (
            "{podSelector: {matchExpressions: [{key: a}]}}",
            "spec.podSelector.matchExpressions[0]",
            "needs operator",
        ),
        (
            "{podSelector: {matchExpressions: [{operator: Exists}]}}",
            "spec.podSelector.matchExpressions[0]",
            "needs key",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Gt, values: [a]}]}}",
            "operator",
            "must be In or NotIn",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: In}]}}",
            "matchExpressions[0]",
            "In needs values",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: []}]}}",
            "[0]",
            "NotIn needs values",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}",
            "values",
            "takes no values",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: In, values: [1]}]}}",
            "values[0]",
            "must be text",
        ),
        ("{policyTypes: [ingress]}", "spec.policyTypes[0]", "must be Ingress or Egress (write Ingress)"),
        ("{policyTypes: [Ingress, Egress, Ingress]}", "spec.policyTypes", "has more than two entries"),
        ("{policyTypes: Ingress}", "spec.policyTypes", "must be a list, is text"),
        ("{ingress: {}}", "spec.ingress", "must be a list, is a mapping"),
        ("{ingress: [null]}", "spec.ingress[0]", "is empty"),
        ("{ingress: [5]}", "spec.ingress[0]", "must be a mapping, is a number"),
        ("{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]", "is empty (write podSelector: {}"),
        ("{ingress: [{from: [{podSelector: }]}]}", "spec.ingress[0].from[0]", "is empty"),
        (
            "{ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
            "from[0]",
            "ipBlock and a selector",
        ),
        ("{ingress: [{from: [{ipBlock: {}}]}]}", "from[0].ipBlock", "needs cidr"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}", "ipBlock.cidr", "needs a prefix length"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}", "ipBlock.cidr", "is not a CIDR"),
        ("{ingress: [{from: [{ipBlock: {cidr: 0a.0.0.0/8}}]}]}", "ipBlock.cidr", "is not a CIDR"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.01}}]}]}", "ipBlock.cidr", "needs a prefix length"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.01}}]}]}", "ipBlock.cidr", "write 10.0.0.1/32 for"),
        ("{ingress: [{from: [{ipBlock: {cidr: '::1'}}]}]}", "ipBlock.cidr", "write ::1/128 for this one"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/255.0.0.0}}]}]}", "ipBlock.cidr", "is not a CIDR"),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]}]}",
            "except[0]",
            "strictly inside",
        ),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}",
            "except[0]",
            "strictly inside",
        ),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/16']}}]}]}",
            "except[0]",
            "strictly inside",
        ),
        (
            "{ingress: [{ports: [{port: 0}]}]}",
            "spec.ingress[0].ports[0].port",
            "must be from 1 to 65535, is 0",
        ),
        ("{ingress: [{ports: [{port: 70000}]}]}", "ports[0].port", "must be from 1 to 65535"),
        ("{ingress: [{ports: [{port: 0120}]}]}", "ports[0].port", "`0120` does not mean the same"),
        (
            "{ingress: [{ports: [{port: 80.0}]}]}",
            "ports[0].port",
            "must be a whole number, is a number with a fraction",
        ),
        ("{ingress: [{ports: [{port: true}]}]}", "ports[0].port", "must be a whole number, is true or false"),
        ("{ingress: [{ports: [{port: '80'}]}]}", "ports[0].port", "(write the number without quotes)"),
        ("{ingress: [{ports: [{port: HTTP}]}]}", "ports[0].port", "is not a port name"),
        ("{ingress: [{ports: [{port: a--b}]}]}", "ports[0].port", "is not a port name"),
        ("{ingress: [{ports: [{port: sixteen-letters-}]}]}", "ports[0].port", "is not a port name"),
        (
            "{ingress: [{ports: [{protocol: tcp}]}]}",
            "ports[0].protocol",
            "must be TCP or UDP or SCTP (write TCP)",
        ),
        ("{ingress: [{ports: [{protocol: ICMP}]}]}", "ports[0].protocol", "must be TCP or UDP or SCTP"),
        ("{ingress: [{ports: [{endPort: 80}]}]}", "ports[0].endPort", "needs port"),
        (
            "{ingress: [{ports: [{port: web, endPort: 80}]}]}",
            "ports[0].endPort",
            "needs a port that is a number",
        ),
        ("{ingress: [{ports: [{port: 80, endPort: 79}]}]}", "ports[0].endPort", "must not be less than port"),
        ("{ingress: [{ports: [{port: 80, endPort: 65536}]}]}", "ports[0].endPort", "must be from 1 to 65535"),
        ("[1]", "spec", "must be a mapping, is a list"),
    ],
)
def test_what_the_api_server_refuses(problems: Problems, spec: str, place: str, message: str) -> None:
    (found,) = problems(f"{HEAD}spec: {spec}\n")
    where, _, text = found.partition(": NetworkPolicy x/p: ")
    assert where.startswith("a.yaml:4 spec")
    assert where.endswith(place)
    assert message in text


def test_an_unknown_top_level_field_is_refused(problems: Problems) -> None:
    assert (
        "a.yaml:4 sepc: NetworkPolicy x/p: is not a field here (did you mean spec?)"
        in problems(HEAD + "sepc: {}\n")[0]
    )


def test_an_unknown_version_is_refused(problems: Problems) -> None:
    assert "is of a version that is not read" in problems(HEAD.replace("/v1", "/v2") + "spec: {}\n")[0]


def test_a_key_twice_in_a_json_list_is_refused(problems: Problems) -> None:
    text = f'{{{LIST}, "items": [{{"metadata": {{"name": "p"}},\n"spec": {{}},\n"spec": {{}}}}]}}'
    assert "the key `spec` twice" in problems(text, "a.json")[0]
    assert "the key `spec` twice" in problems(" " * (5 << 20) + text, "a.json")[0]
