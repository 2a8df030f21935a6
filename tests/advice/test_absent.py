"""What policies of Cilium and Calico name and no input has is said once, and nothing that there may be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from flowcheck.advice.existing import Known, Thing, Things, _holds
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import AllOf, AnyOf, Expression, IsA, Kind, Labelled, Not, Of

Load = Callable[..., Cluster]

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: x, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
status: {podIP: 10.8.1.10}
"""
NAMESPACE = "\napiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {team: a}}\n"
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: x}
spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{port: 80}]}
"""
GROUP = """
apiVersion: cilium.io/v2
kind: CiliumCIDRGroup
metadata: {name: office, labels: {of: us}}
spec: {externalCIDRs: [203.0.113.0/24]}
"""
NETWORKS = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: office, labels: {role: office}}
spec: {nets: [203.0.113.0/24]}
"""
TIER = "\napiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: security}\nspec: {order: 5}\n"
CILIUM = """
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: x}
spec: {endpointSelector: %s, %s}
"""
CALICO = """
apiVersion: projectcalico.org/v3
kind: %s
metadata: {name: p%s}
spec: {%s}
"""
WEB = "{matchLabels: {app: web}}"


def said(load: Load, *texts: str) -> str:
    named = (" names ", "selects no", "no input has Tier")
    warnings = load("---".join([POD, NAMESPACE, SERVICE, GROUP, NETWORKS, *texts])).warnings
    return "\n".join(one for one in warnings if any(word in one for word in named))


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        ("ingress: [{fromEndpoints: [{matchLabels: {app: webb}}]}]", "ingress[0] names fromEndpoints: "),
        ("ingress: [{toPorts: [{ports: [{port: htpp, protocol: TCP}]}]}]", "port htpp, which no pod"),
        ("ingress: [{fromCIDRSet: [{cidrGroupRef: gone}]}]", "{cidrGroupRef: gone}, which no input has"),
        (
            "ingress: [{fromCIDRSet: [{cidrGroupSelector: {matchLabels: {of: them}}}]}]",
            "takes nothing that the inputs show",
        ),
        (
            "egress: [{toServices: [{k8sService: {serviceName: gone, namespace: x}}]}]",
            "a Service that no input has",
        ),
        (
            "egress: [{toServices: [{k8sServiceSelector: {selector: {matchLabels: {a: b}}}}]}]",
            "a Service that no input has",
        ),
        (
            f"egress: [{{toEndpoints: [{WEB}], toPorts: [{{ports: [{{port: sql, protocol: TCP}}]}}]}}]",
            "egress[0] names port sql",
        ),
    ],
)
def test_what_a_policy_of_cilium_names_is_not_there(load: Load, rules: str, missing: str) -> None:
    told = said(load, CILIUM % (WEB, rules))
    assert told.startswith("CiliumNetworkPolicy/x/p (")
    assert missing in told


@pytest.mark.parametrize(
    "rules",
    [
        f"ingress: [{{fromEndpoints: [{WEB}], toPorts: [{{ports: [{{port: HTTP, protocol: TCP}}]}}]}}]",
        "ingress: [{fromEndpoints: [{matchLabels: {app: web, 'k8s:io.kubernetes.pod.namespace': x}}]}]",
        "ingress: [{fromEntities: [health]}, {fromEntities: [world]}, {fromEndpoints: []}]",
        "ingress: [{fromCIDRSet: [{cidrGroupRef: office}, {cidrGroupSelector: {matchLabels: {of: us}}}]}]",
        "egress: [{toServices: [{k8sService: {serviceName: web, namespace: x}}]}, {toEntities: [cluster]}]",
        "egress: [{toFQDNs: [{matchName: a.example}], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]",
        "egress: [{toEndpoints: [{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}]}]",
    ],
)
def test_what_there_is_or_may_be_is_no_matter(load: Load, rules: str) -> None:
    assert said(load, CILIUM % (WEB, rules)) == ""


@pytest.mark.parametrize(
    ("spec", "missing"),
    [
        (""" selector: "app == 'db' || zone in {'a'}", ingress: [{action: Allow}]""", "selects no pod"),
        (
            "selector: app == 'web', ingress: [{action: Deny, source: {selector: app == 'a' || app == 'b'}}]",
            "ingress[0] names source: {selector: app == 'a' || app == 'b'}, which takes nothing",
        ),
        (
            "selector: all(), ingress: [{action: Allow, source: {namespaceSelector: team == 'b'}}]",
            "ingress[0] names source",
        ),
        (
            "selector: all(), egress: [{action: Allow, destination: {services: {name: a, namespace: x}}}]",
            "egress[0] names Service x/a",
        ),
        (
            "tier: security, selector: all(), ingress: [{action: Allow}]",
            "no input has Tier security of 1 policy",
        ),
    ],
)
def test_what_a_policy_of_calico_names_is_not_there(load: Load, spec: str, missing: str) -> None:
    assert missing in said(load, CALICO % ("NetworkPolicy", ", namespace: x", spec))


def test_what_there_is_to_calico(load: Load) -> None:
    rules = (
        "{action: Allow, source: {selector: role == 'office'}}, {action: Allow, source: {namespaceSelector: "
        "team == 'a'}}, {action: Allow, protocol: TCP, destination: {ports: [http]}}, {action: Deny, source: "
        "{notSelector: app == 'none'}}"
    )
    spec = f"tier: security, selector: app != 'none', ingress: [{rules}]"
    assert said(load, TIER, CALICO % ("GlobalNetworkPolicy", "", spec)) == ""


def test_tiers_of_a_mesh_have_no_objects(load: Load) -> None:
    head = "\napiVersion: security.istio.io/v1\nkind: %s\nmetadata: {name: %s, namespace: x}\nspec: {%s}\n"
    peers = head % ("PeerAuthentication", "p", "mtls: {mode: STRICT}")
    allow, deny = (
        head % ("AuthorizationPolicy", name, f"action: {name.upper()}, rules: [{{}}]")
        for name in ("allow", "deny")
    )
    assert said(load, peers, allow, deny) == ""


def test_labels_of_a_namespace_that_nobody_described_may_be_any(load: Load) -> None:
    spec = "selector: all(), ingress: [{action: Allow, source: {namespaceSelector: team == 'b'}}]"
    warnings = load("---".join([POD, CALICO % ("NetworkPolicy", ", namespace: x", spec)])).warnings
    assert not [one for one in warnings if " names " in one]


def expression(random: Random, depth: int = 2) -> Expression:
    if depth and random.random() < 0.6:
        parts = tuple(expression(random, depth - 1) for _ in range(random.randint(0, 3)))
        return random.choice([AllOf(parts), AnyOf(parts), Not(AllOf(parts))])
    key, operator = random.choice("ab"), random.choice([*Operator])
    values = frozenset(random.sample("xyz", random.randint(1, 2)))
    space = Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset(random.sample("nmo", 1)))
    return random.choice(
        [
            Labelled(Of.OWN, Requirement(key, operator, values)),
            Labelled(Of.NAMESPACE, random.choice([space, Requirement(key, operator, values)])),
            IsA(random.choice([*Kind])),
        ]
    )


@pytest.mark.parametrize("is_all", [True, False])
def test_few_are_asked_and_the_answer_is_that_of_asking_all(is_all: bool) -> None:
    random = Random(1)
    things = [
        Thing(
            Kind.POD,
            space,
            own=Known({"a": a, "b": b}, is_all),
            space=Known({NAMESPACE_NAME_LABEL: space}, False),
        )
        for space, a, b in product("nm", "xy", "y")
    ]
    asked, answers = Things(things), set()
    for _ in range(2_000):
        what = expression(random)
        answer = asked.any(what)
        assert answer is any(_holds(what, thing) is not False for thing in things), what
        answers.add(answer)
    assert answers == {True, False}
