"""What Calico makes of policies: tiers, order, what it cannot convert; and verdicts by both ways."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from flowcheck.compile import compile_program
from flowcheck.engines.calico import enforced, options
from flowcheck.explaining.answer import explain
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CALICO_LAST, CalicoSettings
from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, Not, PodQuery
from flowcheck.model.policy import Action, Policy, Tier
from flowcheck.reference import Tuple5
from tests.tools.conformance import PATHS, PROTOCOLS, judge

Load = Callable[..., Cluster]

CALICO = Options(icmp="policy", port_names="init")
PODS = """\
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {env: prod}}
---
apiVersion: v1
kind: Namespace
metadata: {name: z, labels: {env: dev}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {nodeName: n1, serviceAccountName: robot, containers: [{name: c}]}
status: {podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: z, labels: {app: c}}
spec: {nodeName: n1, containers: [{name: c}]}
status: {podIP: 10.0.0.3}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: x, labels: {kind: machine}}
---
"""
ADDRESSES = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}


def calico(kind: str, name: str, spec: str, namespace: str = "x") -> str:
    where = "" if kind.startswith(("Global", "Tier", "StagedGlobal")) else f", namespace: {namespace}"
    head = f"apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{name: {name}{where}}}\n"
    return f"{head}spec: {{{spec}}}\n---\n"


def kubernetes(name: str, spec: str) -> str:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    return f"{head}metadata: {{name: {name}, namespace: x}}\nspec: {{{spec}}}\n---\n"


def cluster_wide(name: str, spec: str) -> str:
    head = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
    return f"{head}metadata: {{name: {name}}}\nspec: {{{spec}}}\n---\n"


def policies(load: Load, text: str, settings: CalicoSettings = CalicoSettings()) -> list[Policy]:  # noqa: B008
    return sorted(enforced(load(text), settings).policies, key=lambda one: one.order)


def verdict(
    load: Load, path: str, text: str, src: str, dst: str, what: str = "TCP/8080", **options: bool
) -> tuple[str, str]:
    """Of the destination's side, and what decided."""
    protocol, _, port = what.partition("/")
    cluster = enforced(load(PODS + text))
    flow = Tuple5(
        ADDRESSES.get(src, src), ADDRESSES.get(dst, dst), PROTOCOLS[protocol], int(port) if port else None
    )
    chosen = Options(icmp="policy", port_names="init", **options)  # type: ignore[arg-type]
    (answer,) = judge(path, cluster, [flow], chosen)
    side = answer.ingress if dst in ADDRESSES else answer.egress
    return side, answer.ingress_policy if dst in ADDRESSES else answer.egress_policy


# -- the order ------------------------------------------------------------------------------------------


def test_tiers_by_order_then_name_then_those_that_are_not_there(load: Load) -> None:
    text = (
        calico("GlobalNetworkPolicy", "lost", "tier: gone")
        + calico("GlobalNetworkPolicy", "unordered", "tier: late")
        + calico("GlobalNetworkPolicy", "usual", "")
        + calico("GlobalNetworkPolicy", "second", "tier: t2")
        + calico("GlobalNetworkPolicy", "first", "tier: t1")
        + calico("Tier", "t2", "order: 5")
        + calico("Tier", "t1", "order: 5, defaultAction: Pass")
        + calico("Tier", "late", "")
    )
    found = policies(load, text)
    assert [one.tier for one in found] == [
        Tier("t1", 5),
        Tier("t2", 5, denies=True),
        Tier("default", 1e6, denies=True),
        Tier("late", CALICO_LAST, denies=True),
        Tier("gone", math.inf, denies=True),
    ]


def test_policies_of_equal_order(load: Load) -> None:
    text = (
        kubernetes("m", "podSelector: {}")
        + calico("NetworkPolicy", "m", "order: 1000")
        + calico("StagedNetworkPolicy", "m", "order: 1000")
        + calico("GlobalNetworkPolicy", "m", "order: 1000")
        + calico("GlobalNetworkPolicy", "a.m", "order: 1000")
        + calico("GlobalNetworkPolicy", "m-a", "order: 1000")
        + calico("GlobalNetworkPolicy", "zz", "order: 1")
        + calico("GlobalNetworkPolicy", "aa", "")
    )
    assert [str(one) for one in policies(load, text)] == [
        "GlobalNetworkPolicy/zz",
        "GlobalNetworkPolicy/a.m",
        "GlobalNetworkPolicy/m-a",
        "GlobalNetworkPolicy/m",
        "NetworkPolicy/x/m",
        "CalicoNetworkPolicy/x/m",
        "StagedNetworkPolicy/x/m",
        "GlobalNetworkPolicy/aa",
    ]
    before = policies(load, text, CalicoSettings((3, 31)))
    assert [one.name for one in before] == ["zz", "a.m", "m", "m", "m", "m-a", "m", "aa"]
    assert str(before[-2]) == "NetworkPolicy/x/m"


def test_policies_of_kubernetes_stand_in_calicos_tiers(load: Load) -> None:
    text = (
        kubernetes("k", "podSelector: {}")
        + cluster_wide("admin", "tier: Admin, priority: 7, subject: {namespaces: {}}")
        + cluster_wide("base", "tier: Baseline, priority: 8, subject: {namespaces: {}}")
        + calico("StagedKubernetesNetworkPolicy", "s", "podSelector: {}")
    )
    assert {one.tier for one in policies(load, text)} == {Tier.ADMIN, Tier.NETWORK_POLICY, Tier.BASELINE}
    text += calico("NetworkPolicy", "z", "order: 2000")
    found = [
        (one.name, one.tier.name, one.tier.order, one.priority, one.staged) for one in policies(load, text)
    ]
    assert found == [
        ("admin", "kube-admin", 1e3, 7, False),
        ("k", "default", 1e6, 1000, False),
        ("s", "default", 1e6, 1000, True),
        ("z", "default", 1e6, 2000, False),
        ("base", "kube-baseline", 1e7, 8, False),
    ]


def test_what_calico_cannot_convert(load: Load) -> None:
    nodes, pods = "{nodes: {}}", "{namespaces: {}}"
    rules = [
        f"{{action: {action}, to: [{pods}, {peer}]}}"
        for action in ("Accept", "Deny", "Pass")
        for peer in (nodes, pods)
    ]
    rules.append(f"{{action: Accept, to: [{pods}, {{domainNames: [a.example]}}]}}")
    spec = f"tier: Admin, priority: 7, subject: {{namespaces: {{}}}}, egress: [{', '.join(rules)}]"
    (found,) = policies(load, cluster_wide("a", spec))
    assert [(one.label, one.action, one.peers is None) for one in found.egress] == [
        ("egress[1]", Action.ALLOW, False),
        ("egress[2]", Action.DENY, True),
        ("egress[3]", Action.DENY, False),
        ("egress[4]", Action.DENY, True),
        ("egress[5]", Action.PASS, False),
    ]


def test_without_sets_a_selector_is_a_query(load: Load) -> None:
    rule = (
        "{action: Allow, source: {nets: [10.0.0.0/8], notSelector: has(c)}, destination: {selector: has(d)}}"
    )
    text = calico("GlobalNetworkPolicy", "p", f"ingress: [{rule}]")
    ((found,),) = (one.ingress for one in policies(load, text))
    (peer,) = found.peers or ()
    assert isinstance(peer, AllOf)
    first, _ = peer.parts
    assert isinstance(first, Not)
    assert isinstance(first.part, PodQuery)
    assert isinstance(found.subject, PodQuery)
    text += calico("GlobalNetworkSet", "s", "nets: [10.0.0.0/8]")
    ((found,),) = (one.ingress for one in policies(load, text))
    assert not isinstance(found.subject, PodQuery)


def test_accounts_have_their_names_as_labels(load: Load) -> None:
    found = enforced(load(PODS)).accounts
    assert found == {
        ("x", "default"): {"projectcalico.org/name": "default"},
        ("x", "robot"): {"projectcalico.org/name": "robot", "kind": "machine"},
    }


# -- verdicts -------------------------------------------------------------------------------------------

ALLOW_B = "{action: Allow, source: {selector: app == 'b'}}"


@pytest.mark.parametrize("path", PATHS)
def test_a_tier_ends_with_its_default(load: Load, path: str) -> None:
    later = calico("GlobalNetworkPolicy", "q", "ingress: [{action: Allow}]")
    policy = calico("GlobalNetworkPolicy", "p", f"tier: t, ingress: [{ALLOW_B}]")
    for default, expected in (("Deny", "deny"), ("Pass", "allow")):
        text = calico("Tier", "t", f"order: 1, defaultAction: {default}") + policy + later
        assert verdict(load, path, text, "b", "a") == ("allow", "GlobalNetworkPolicy/p[ingress[0]]")
        assert verdict(load, path, text, "c", "a")[0] == expected
    lost = calico("GlobalNetworkPolicy", "p", f"tier: gone, ingress: [{ALLOW_B}]")
    assert verdict(load, path, lost, "c", "a") == ("deny", "default-deny by GlobalNetworkPolicy/p")


@pytest.mark.parametrize("path", PATHS)
def test_pass_leaves_the_tier_and_log_does_not(load: Load, path: str) -> None:
    rules = "{action: Log}, {action: Pass, source: {selector: app == 'b'}}, {action: Deny}"
    text = calico("NetworkPolicy", "p", f"selector: app == 'a', ingress: [{rules}]")
    assert verdict(load, path, text, "b", "a")[0] == "allow"
    assert verdict(load, path, text, "c", "a") == ("deny", "CalicoNetworkPolicy/x/p[ingress[2]]")
    base = "tier: Baseline, priority: 1, subject: {namespaces: {}}"
    deny = f"{base}, ingress: [{{action: Deny, from: [{{namespaces: {{}}}}]}}]"
    text += cluster_wide("base", deny)
    assert verdict(load, path, text, "b", "a") == ("deny", "ClusterNetworkPolicy/base[ingress[0]]")


@pytest.mark.parametrize("path", PATHS)
def test_a_later_policy_may_allow_what_kubernetes_own_does_not(load: Load, path: str) -> None:
    text = kubernetes("k", "podSelector: {}") + calico(
        "NetworkPolicy", "p", f"order: 2000, ingress: [{ALLOW_B}]"
    )
    assert verdict(load, path, text, "b", "a")[0] == "allow"
    assert verdict(load, path, text, "c", "a")[0] == "deny"
    assert verdict(load, path, kubernetes("k", "podSelector: {}"), "b", "a", "ICMP")[0] == "deny"


@pytest.mark.parametrize("path", PATHS)
def test_sets_and_pods_in_them(load: Load, path: str) -> None:
    sets = (
        "apiVersion: projectcalico.org/v3\nkind: NetworkSet\n"
        "metadata: {name: s, namespace: z, labels: {app: far}}\n"
        "spec: {nets: [203.0.113.0/24, 10.0.0.3/32]}\n---\n"
    )
    chosen = "namespaceSelector: env == 'dev', selector: app == 'far'"
    text = sets + calico("NetworkPolicy", "p", f"ingress: [{{action: Allow, source: {{{chosen}}}}}]")
    assert verdict(load, path, text, "203.0.113.9", "a")[0] == "allow"
    assert verdict(load, path, text, "c", "a")[0] == "allow"
    assert verdict(load, path, text, "198.51.100.1", "a")[0] == "deny"
    assert verdict(load, path, text, "b", "a")[0] == "deny"
    own = sets + calico("NetworkPolicy", "p", "ingress: [{action: Allow, source: {selector: app == 'far'}}]")
    assert verdict(load, path, own, "203.0.113.9", "a")[0] == "deny"


@pytest.mark.parametrize("path", PATHS)
def test_not_selectors(load: Load, path: str) -> None:
    rule = "ingress: [{action: Allow, source: {notSelector: app == 'b'}}]"
    anywhere = calico("GlobalNetworkPolicy", "p", rule)
    assert verdict(load, path, anywhere, "198.51.100.1", "a")[0] == "allow"
    assert verdict(load, path, anywhere, "b", "a")[0] == "deny"
    own = calico("NetworkPolicy", "p", rule)
    assert verdict(load, path, own, "198.51.100.1", "a")[0] == "deny"
    assert verdict(load, path, own, "c", "a")[0] == "deny"


@pytest.mark.parametrize("path", PATHS)
def test_accounts_of_pods(load: Load, path: str) -> None:
    for chosen in (
        "names: [robot]",
        "selector: kind == 'machine'",
        "selector: projectcalico.org/name contains 'bo'",
    ):
        rule = f"{{action: Allow, source: {{serviceAccounts: {{{chosen}}}}}}}"
        text = calico("NetworkPolicy", "p", f"selector: app == 'a', ingress: [{rule}]")
        assert verdict(load, path, text, "b", "a")[0] == "allow"
        assert verdict(load, path, text, "c", "a")[0] == "deny"
        assert verdict(load, path, text, "198.51.100.1", "a")[0] == "deny"


@pytest.mark.parametrize("path", PATHS)
def test_staged_policies(load: Load, path: str) -> None:
    text = calico("StagedNetworkPolicy", "p", "ingress: [{action: Deny}]")
    assert verdict(load, path, text, "b", "a")[0] == "allow"
    assert verdict(load, path, text, "b", "a", staged=True) == (
        "deny",
        "StagedNetworkPolicy/x/p[ingress[0]]",
    )


@pytest.mark.parametrize("path", PATHS)
def test_ports_at_the_source(load: Load, path: str) -> None:
    rule = '{action: Allow, protocol: TCP, source: {ports: [53, "1000:2000"], notPorts: [1500]}}'
    text = calico("NetworkPolicy", "p", f"ingress: [{rule}]")
    cluster = enforced(load(PODS + text))
    flow = Tuple5(ADDRESSES["b"], ADDRESSES["a"], PROTOCOLS["TCP"], 8080, initiator=1)
    flows = [replace(flow, src_port=port) for port in (53, 54, 1000, 1500, 2000, 2001, None)]
    flows.append(replace(flow, protocol=PROTOCOLS["UDP"], src_port=53))
    answers = judge(path, cluster, flows, Options(icmp="policy", port_names="init"))
    assert [one.reason if one.ingress == "unknown" else one.ingress for one in answers] == [
        *("allow", "deny", "allow", "deny", "allow", "deny", "no_port", "deny")
    ]


@pytest.mark.parametrize("path", PATHS)
def test_names_of_ports_at_the_source_are_unknown(load: Load, path: str) -> None:
    rule = "{action: Allow, protocol: TCP, source: {ports: [dns]}}"
    text = calico("NetworkPolicy", "p", f"ingress: [{rule}]")
    assert verdict(load, path, text, "b", "a")[0] == "unknown"
    assert verdict(load, path, text, "b", "a", "UDP/1")[0] == "deny"


def test_explained_tier_by_tier(load: Load) -> None:
    rules = "ingress: [{action: Log}, {action: Pass, source: {selector: app == 'b'}}]"
    text = (
        calico("Tier", "t", "order: 1, defaultAction: Pass")
        + calico("GlobalNetworkPolicy", "p", f"tier: t, {rules}")
        + calico("NetworkPolicy", "q", "ingress: [{action: Allow, source: {nets: [10.0.0.3/32]}}]")
    )
    cluster = enforced(load(PODS + text))
    (case,) = explain(compile_program(cluster, CALICO), src="x/b", dst="x/a", port=8080).cases
    said = [(step.tier, step.outcome, step.ended) for step in case.ingress.tiers]
    assert said == [
        ("t", "GlobalNetworkPolicy/p[ingress[1]] passes it on to the next tier", False),
        ("default", "no rule matches, and what no rule allows is denied: the end", True),
    ]
    assert case.ingress.decided_by == "default-deny by CalicoNetworkPolicy/x/q"


@pytest.mark.parametrize("path", PATHS)
def test_a_not_selector_is_of_the_same_thing_as_a_selector(load: Load, path: str) -> None:
    """The pod that the selector takes is taken, although its address is in a set of the notSelector."""
    text = (
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\n"
        "metadata: {name: s, labels: {bad: ''}}\nspec: {nets: [10.0.0.0/30]}\n---\n"
    )
    chosen = "selector: app == 'b', notSelector: has(bad)"
    both = calico("GlobalNetworkPolicy", "p", f"ingress: [{{action: Allow, source: {{{chosen}}}}}]")
    assert verdict(load, path, text + both, "b", "a")[0] == "allow"
    alone = calico("GlobalNetworkPolicy", "p", "ingress: [{action: Allow, source: {notSelector: has(bad)}}]")
    assert verdict(load, path, text + alone, "b", "a")[0] == "deny"


SET = (
    "apiVersion: projectcalico.org/v3\nkind: NetworkSet\n"
    "metadata: {name: s, namespace: z, labels: {app: far}}\n"
    "spec: {nets: [10.0.0.0/30, 203.0.113.0/24]}\n---\n"
    "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\n"
    "metadata: {name: s, labels: {app: gone}}\nspec: {nets: [198.51.100.0/24]}\n---\n"
)


@pytest.mark.parametrize("path", PATHS)
def test_namespaces_of_a_cluster_network_policy_take_network_sets(load: Load, path: str) -> None:
    def of(peer: str, src: str) -> str:
        spec = "tier: Admin, priority: 1, subject: {pods: {podSelector: {matchLabels: {app: a}}}}"
        rules = f"ingress: [{{action: Deny, from: [{{{peer}}}]}}]"
        return verdict(load, path, SET + cluster_wide("p", f"{spec}, {rules}"), src, "a")[0]

    other = "matchExpressions: [{key: env, operator: NotIn, values: [prod]}]"
    no_set, in_set, in_global = "192.0.2.1", "203.0.113.9", "198.51.100.9"
    for peer, denied in (
        ("namespaces: {}", {"b", "c", in_set}),
        ("namespaces: {matchLabels: {env: dev}}", {"b", "c", in_set}),
        ("namespaces: {matchLabels: {env: prod}}", {"b"}),
        (f"namespaces: {{{other}}}", {"b", "c", in_set, in_global}),
        ("pods: {podSelector: {}}", {"b", "c"}),
        (f"pods: {{namespaceSelector: {{{other}}}, podSelector: {{}}}}", {"c"}),
    ):
        found = {src for src in ("b", "c", no_set, in_set, in_global) if of(peer, src) == "deny"}
        assert found == denied, peer


@pytest.mark.parametrize("path", PATHS)
def test_in_a_network_set_no_port_has_a_name(load: Load, path: str) -> None:
    def of(end: str, dst: str, what: str) -> str:
        rule = f"{{action: Allow, protocol: TCP, destination: {{{end}}}}}"
        text = SET + calico("GlobalNetworkPolicy", "p", f"selector: app != 'a', egress: [{rule}]")
        cluster = enforced(load(PODS + text))
        flow = Tuple5(ADDRESSES["b"], ADDRESSES.get(dst, dst), 6, int(what))
        return judge(path, cluster, [flow], CALICO)[0].egress

    assert of("selector: app == 'a', ports: [web]", "a", "8080") == "allow"
    assert of("selector: app == 'far', ports: [web]", "a", "8080") == "deny"
    assert of("selector: app == 'far', ports: [web, 8080]", "a", "8080") == "allow"
    assert of("selector: app == 'far', ports: [web, 8080]", "203.0.113.9", "8080") == "allow"
    assert of("notSelector: app == 'far', ports: [web]", "a", "8080") == "deny"
    assert of("selector: app == 'a', notPorts: [web]", "a", "8080") == "deny"
    assert of("selector: app == 'far', notPorts: [web]", "a", "8080") == "allow"
    assert of("selector: app == 'far', notPorts: [web, 8080]", "a", "8080") == "deny"
    assert of("selector: app == 'far', notPorts: [web, 8080]", "203.0.113.9", "8081") == "allow"


def host(name: str, spec: str, labels: str = "role: node") -> str:
    head = "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\n"
    return f"{head}metadata: {{name: {name}, labels: {{{labels}}}}}\nspec: {{node: n1, {spec}}}\n---\n"


OUTSIDE, NODE = "203.0.113.9", "192.168.7.1"
WHOLE = host("h", "interfaceName: '*', expectedIPs: [192.168.7.1]")
OPEN = host("h", "interfaceName: '*', expectedIPs: [192.168.7.1], profiles: [projectcalico-default-allow]")
DENY = "ingress: [{action: Deny}], egress: [{action: Deny}]"


def of_host(load: Load, path: str, text: str, *what: str) -> list[str]:
    """The verdicts of the node's side, of what comes in from outside."""
    cluster = load(PODS + text)
    flows = []
    for one in what:
        protocol, _, port = one.partition("/")
        flows.append(Tuple5(OUTSIDE, NODE, PROTOCOLS[protocol], int(port)))
    chosen = options(Options(icmp="policy", port_names="init"), cluster)
    return [answer.ingress for answer in judge(path, enforced(cluster), flows, chosen)]


@pytest.mark.parametrize("path", PATHS)
def test_host_endpoints(load: Load, path: str) -> None:
    def said(text: str) -> list[str]:
        return of_host(load, path, text, "TCP/443", "TCP/22", "UDP/22")

    assert said("") == ["not_applicable"] * 3
    assert said(WHOLE) == ["deny", "allow", "deny"]
    assert said(OPEN) == ["allow"] * 3
    for spec, selects in (
        ("selector: has(role)", True),
        ("selector: role == 'other'", False),
        ("", True),
        ("namespaceSelector: all()", False),
        ("namespaceSelector: env != 'prod'", True),
        ("namespaceSelector: projectcalico.org/name == 'x'", False),
        ("serviceAccountSelector: all()", False),
        ("serviceAccountSelector: '!has(kind)'", True),
        ("selector: projectcalico.org/orchestrator == 'k8s'", False),
    ):
        text = OPEN + calico("GlobalNetworkPolicy", "p", ", ".join(one for one in (spec, DENY) if one))
        assert said(text) == (["deny", "allow", "deny"] if selects else ["allow"] * 3), spec
    assert said(OPEN + kubernetes("k", "podSelector: {}")) == ["allow"] * 3
    assert said(OPEN + calico("NetworkPolicy", "p", DENY)) == ["allow"] * 3


@pytest.mark.parametrize("path", PATHS)
def test_what_is_asked_of_host_endpoints_before_all_else(load: Load, path: str) -> None:
    def said(*policies: str) -> list[str]:
        return of_host(load, path, WHOLE + "".join(policies), "TCP/443", "TCP/80", "TCP/81", "TCP/22")

    def early(name: str, flag: str, action: str, port: int, more: str = "") -> str:
        rule = f"{{action: {action}, protocol: TCP, destination: {{ports: [{port}]}}}}"
        spec = f"{flag}: true, applyOnForward: true, ingress: [{rule}]{more}"
        return calico("GlobalNetworkPolicy", name, spec)

    normal = calico("GlobalNetworkPolicy", "usual", "ingress: [{action: Allow}]")
    assert said(normal) == ["allow"] * 4
    assert said(early("p", "doNotTrack", "Allow", 80)) == ["deny", "allow", "deny", "allow"]
    assert said(early("p", "preDNAT", "Deny", 80), normal) == ["allow", "deny", "allow", "allow"]
    both = early("p", "preDNAT", "Deny", 80), early("q", "doNotTrack", "Allow", 80)
    assert said(*both, normal) == ["allow"] * 4
    first = calico("Tier", "t", "order: 1") + early("z", "preDNAT", "Allow", 80, ", tier: t")
    assert said(first, both[0], normal) == ["allow"] * 4
    passing = calico("Tier", "t", "order: 1") + early("z", "preDNAT", "Pass", 80, ", tier: t")
    assert said(passing, both[0], normal) == ["allow", "deny", "allow", "allow"]
    pods = early("p", "preDNAT", "Deny", 8080)
    assert verdict(load, path, WHOLE + pods, "b", "a")[0] == "allow"


@pytest.mark.parametrize("path", PATHS)
def test_host_endpoints_that_may_be_another_interface(load: Load, path: str) -> None:
    node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [%s]}\n---\n"
    one, other = (f"{{type: InternalIP, address: 192.168.7.{number}}}" for number in (1, 2))
    some = host("h", "interfaceName: eth0, expectedIPs: [192.168.7.1]")
    assert of_host(load, path, node % one + some, "TCP/443") == ["deny"]
    assert of_host(load, path, node % f"{one}, {other}" + some, "TCP/443") == ["unknown"]
    assert of_host(load, path, node % one + host("h", "interfaceName: eth0"), "TCP/443") == ["unknown"]
    profiles = host("h", "interfaceName: '*', expectedIPs: [192.168.7.1], profiles: [mine]")
    assert of_host(load, path, profiles, "TCP/443", "TCP/22") == ["unknown", "allow"]


@pytest.mark.parametrize("path", PATHS)
def test_a_pods_own_label_in_the_place_of_its_namespaces(load: Load, path: str) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\n"
        "metadata: {name: d, namespace: z, labels: {pcns.env: prod, pcns.kubernetes.io/metadata.name: x}}\n"
        "spec: {nodeName: n1, containers: [{name: c}]}\nstatus: {podIP: 10.0.0.4}\n---\n"
    )
    for source in ("namespaceSelector: env == 'prod'", "selector: pcns.env == 'prod'"):
        rule = f"ingress: [{{action: Allow, source: {{{source}}}}}]"
        text = pod + calico("GlobalNetworkPolicy", "p", rule)
        assert [verdict(load, path, text, src, "a")[0] for src in ("b", "c", "10.0.0.4")] == [
            "allow",
            "deny",
            "allow",
        ]
    own = pod + calico("NetworkPolicy", "p", "ingress: [{action: Allow, source: {selector: all()}}]")
    assert verdict(load, path, own, "10.0.0.4", "a")[0] == "deny"
