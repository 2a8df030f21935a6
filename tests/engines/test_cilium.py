"""What Cilium makes of policies, its own and Kubernetes', by its agent's settings; by both paths."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowcheck.engines.cilium import enforced
from flowcheck.model.engines import CiliumSettings
from tests.engines.cilium_world import policy, read, verdicts
from tests.tools.conformance import PATHS

DEFAULT = CiliumSettings()
EVERYTHING = CiliumSettings(cidr_match_mode=frozenset({"pods", "nodes"}), node_selector_labels=True)
ONE = "endpointSelector: {matchLabels: {app: one}}"
TO_TWO = "toEndpoints: [{matchLabels: {app: two}}]"
HTTP = "toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET}]}}]"


def admin(name: str, rest: str, tier: str = "Admin", priority: int = 5) -> str:
    spec = f"tier: {tier}, priority: {priority}, subject: {{namespaces: {{}}}}, {rest}"
    return (
        "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, "
        f"metadata: {{name: {name}}}, spec: {{{spec}}}}}"
    )


def network_policy(rest: str, name: str = "np") -> str:
    return (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, "
        f"metadata: {{name: {name}, namespace: a}}, spec: {{podSelector: {{}}, {rest}}}}}"
    )


def egress(entry: str, more: str = "") -> str:
    return policy(f"{{{ONE}, egress: [{entry}]{more}}}")


def ingress(entry: str, more: str = "") -> str:
    return policy(f"{{{ONE}, ingress: [{entry}]{more}}}")


CASES = [
    ("an empty entry is about nobody", egress("{}"), "a/one > a/two TCP 80", "deny"),
    ("an isolated pod's own node comes in", ingress("{}"), "node/n1 > a/one TCP 80", "allow"),
    ("another node does not", ingress("{}"), "node/n2 > a/one TCP 80", "deny"),
    (
        "a denial beats the own node",
        policy(f"{{{ONE}, ingressDeny: [{{fromEntities: [host]}}]}}"),
        "node/n1 > a/one TCP 80",
        "deny",
    ),
    (
        "a denial beats what is allowed more exactly",
        policy(f"{{{ONE}, egress: [{{{TO_TWO}}}], egressDeny: [{{toEntities: [cluster]}}]}}"),
        "a/one > a/two TCP 80",
        "deny",
    ),
    (
        "a policy of denials isolates",
        policy(f"{{{ONE}, egressDeny: [{{}}]}}"),
        "a/one > a/two TCP 80",
        "deny",
    ),
    (
        "unless it says not to",
        policy(f"{{{ONE}, enableDefaultDeny: {{egress: false}}, egressDeny: [{{}}]}}"),
        "a/one > a/two TCP 80",
        "allow",
    ),
    ("any port is never ICMP", egress("{toPorts: [{ports: [{port: '0'}]}]}"), "a/one > a/two ICMP 8", "deny"),
    ("no ports are ICMP too", egress(f"{{{TO_TWO}}}"), "a/one > a/two ICMP 8", "allow"),
    ("ICMP by type", egress("{icmps: [{fields: [{type: 8}]}]}"), "a/one > a/two ICMP 8", "allow"),
    ("ICMP of another type", egress("{icmps: [{fields: [{type: 8}]}]}"), "a/one > a/two ICMP 3", "deny"),
    (
        "ICMP type 0 is surely itself",
        egress("{icmps: [{fields: [{type: 0}]}]}"),
        "a/one > a/two ICMP 0",
        "allow",
    ),
    (
        "and perhaps every other",
        egress("{icmps: [{fields: [{type: 0}]}]}"),
        "a/one > a/two ICMP 8",
        "unsupported_field",
    ),
    (
        "a name is the last container's",
        ingress("{toPorts: [{ports: [{port: web}]}]}"),
        "a/two > a/one TCP 81",
        "allow",
    ),
    ("not the first's", ingress("{toPorts: [{ports: [{port: web}]}]}"), "a/two > a/one TCP 80", "deny"),
    (
        "a name is in the protocol it has",
        egress("{toPorts: [{ports: [{port: web}]}]}"),
        "a/one > a/two UDP 90",
        "allow",
    ),
    (
        "and in no other",
        egress("{toPorts: [{ports: [{port: web, protocol: TCP}]}]}"),
        "a/one > a/two UDP 90",
        "deny",
    ),
    ("a request is not told", egress(f"{{{TO_TWO}, {HTTP}}}"), "a/one > a/two TCP 80", "needs_l7"),
    (
        "beside a plain rule every request passes",
        egress(f"{{{TO_TWO}, {HTTP}}}, {{{TO_TWO}}}"),
        "a/one > a/two TCP 80",
        "allow",
    ),
    (
        "nor is anything refused where nothing isolates",
        egress(f"{{{TO_TWO}, {HTTP}}}", ", enableDefaultDeny: {egress: false}"),
        "a/one > a/two TCP 80",
        "allow",
    ),
    (
        "authentication is not told",
        egress(f"{{{TO_TWO}, authentication: {{mode: required}}}}"),
        "a/one > a/two TCP 80",
        "needs_authentication",
    ),
    (
        "and no plain rule does away with it",
        egress(f"{{{TO_TWO}, authentication: {{mode: required}}}}, {{toEntities: [all]}}"),
        "a/one > a/two TCP 80",
        "needs_authentication",
    ),
    ("names are not told", egress("{toFQDNs: [{matchName: x.y}]}"), "a/one > 192.0.2.1 TCP 80", "needs_dns"),
    ("names are never inside", egress("{toFQDNs: [{matchName: x.y}]}"), "a/one > a/two TCP 80", "deny"),
    ("a block is outside", egress("{toCIDR: [10.0.0.0/8]}"), "a/one > 10.9.9.9 TCP 80", "allow"),
    ("not a pod's", egress("{toCIDR: [10.0.0.0/8]}"), "a/one > a/two TCP 80", "deny"),
    ("not a node's", egress("{toCIDR: [10.0.0.0/8]}"), "a/one > node/n2 TCP 80", "deny"),
    ("cluster is what is no world", egress("{toEntities: [cluster]}"), "a/one > node/n2 TCP 80", "allow"),
    ("the world is not", egress("{toEntities: [cluster]}"), "a/one > 192.0.2.1 TCP 80", "deny"),
    ("the API server", egress("{toEntities: [kube-apiserver]}"), "a/one > node/n2 TCP 6443", "allow"),
    ("another node", egress("{toEntities: [kube-apiserver]}"), "a/one > node/n1 TCP 6443", "deny"),
    ("host is the own node", egress("{toEntities: [host]}"), "a/one > node/n1 TCP 80", "allow"),
    ("remote nodes are others", egress("{toEntities: [remote-node]}"), "a/one > node/n1 TCP 80", "deny"),
    ("another namespace", egress("{toEndpoints: [{}]}"), "a/one > b/three TCP 80", "deny"),
    (
        "by a label of the namespace",
        egress("{toEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: blue}}]}"),
        "a/one > b/three TCP 80",
        "allow",
    ),
    (
        "by the account",
        policy("{endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: red}}, egress: [{}]}"),
        "a/one > a/two TCP 80",
        "deny",
    ),
    (
        "another account",
        policy("{endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: red}}, egress: [{}]}"),
        "a/two > a/one TCP 80",
        "allow",
    ),
    (
        "by the cluster's name",
        egress("{toEndpoints: [{matchLabels: {io.cilium.k8s.policy.cluster: default}}]}"),
        "a/one > a/two TCP 80",
        "allow",
    ),
    (
        "another cluster",
        egress("{toEndpoints: [{matchLabels: {io.cilium.k8s.policy.cluster: west}}]}"),
        "a/one > a/two TCP 80",
        "deny",
    ),
    (
        "a label that is no identity's selects nobody",
        policy("{endpointSelector: {matchLabels: {pod-template-hash: h}}, egress: [{}]}"),
        "a/one > a/two TCP 80",
        "allow",
    ),
    (
        "and is never there",
        policy(
            "{endpointSelector: {matchExpressions: [{key: pod-template-hash, operator: DoesNotExist}]}, "
            "egress: [{}]}"
        ),
        "a/one > a/two TCP 80",
        "deny",
    ),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("name", "text", "asked", "said"), CASES, ids=[case[0] for case in CASES])
def test_what_is_said_by_default(path: str, name: str, text: str, asked: str, said: str) -> None:
    assert verdicts(path, read(text), DEFAULT, asked) == said


WORLD_BLOCK = egress("{toCIDR: [0.0.0.0/0]}")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("modes", "block", "everything"),
    [
        ((), "deny deny allow", "deny deny allow"),
        (("nodes",), "deny allow allow", "deny deny allow"),
        (("pods",), "allow deny allow", "allow deny allow"),
        (("pods", "nodes"), "allow allow allow", "allow allow allow"),
    ],
)
def test_what_blocks_match(path: str, modes: tuple[str, ...], block: str, everything: str) -> None:
    flows = ("a/one > a/two TCP 80", "a/one > node/n2 TCP 80", "a/one > 10.9.9.9 TCP 80")
    settings = CiliumSettings(cidr_match_mode=frozenset(modes))
    assert verdicts(path, read(egress("{toCIDR: [10.0.0.0/8]}")), settings, *flows) == block
    assert verdicts(path, read(WORLD_BLOCK), settings, *flows) == everything


@pytest.mark.parametrize("path", PATHS)
def test_exceptions_of_groups_hold_whatever_blocks_match(path: str) -> None:
    group = (
        "{apiVersion: cilium.io/v2, kind: CiliumCIDRGroup, metadata: {name: g, labels: {k: v}}, "
        "spec: {externalCIDRs: [192.0.2.0/24, 10.2.0.0/16]}}"
    )
    text = egress("{toCIDRSet: [{cidrGroupSelector: {matchLabels: {k: v}}, except: [10.2.2.0/24]}]}")
    flows = ("a/one > 192.0.2.1 TCP 80", "a/one > a/two TCP 80", "a/one > b/three TCP 80")
    cluster = read(group, text)
    assert verdicts(path, cluster, EVERYTHING, *flows) == "allow deny allow"
    assert verdicts(path, cluster, DEFAULT, *flows) == "allow deny deny"


@pytest.mark.parametrize("path", PATHS)
def test_nodes_by_label_are_never_the_own(path: str) -> None:
    labelled = egress("{toNodes: [{matchLabels: {disk: ssd}}, {matchLabels: {disk: hdd}}]}")
    flows = ("a/one > node/n1 TCP 80", "a/one > node/n2 TCP 80")
    for cluster in (read(labelled), read(egress("{toNodes: [{}]}"))):
        assert verdicts(path, cluster, EVERYTHING, *flows) == "deny allow"
        assert verdicts(path, cluster, DEFAULT, *flows) == "allow allow"
    settings = replace(EVERYTHING, node_labels=("zone",))
    assert verdicts(path, read(labelled), settings, *flows) == "deny deny"


@pytest.mark.parametrize("path", PATHS)
def test_where_nothing_tells_of_the_api_server(path: str) -> None:
    cluster = read(egress("{toEntities: [kube-apiserver]}"), server=False)
    flows = ("a/one > node/n2 TCP 6443", "a/one > 192.0.2.1 TCP 443", "a/one > node/n2 UDP 53")
    assert (
        verdicts(path, cluster, DEFAULT, *flows, "a/one > a/two TCP 80") == "no_service no_service deny deny"
    )
    cluster = read(egress("{toEntities: [cluster]}"), server=False)
    assert verdicts(path, cluster, DEFAULT, *flows) == "allow no_service allow"
    assert "where the API server is" in enforced(cluster, DEFAULT).warnings[-1]


# -- Kubernetes' own policies --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_rules_that_policy_types_leave_out_are_in_force(path: str) -> None:
    cluster = read(
        network_policy("policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}], egress: [{}]")
    )
    flows = ("a/two > a/one TCP 80", "b/three > a/one TCP 80", "a/one > 192.0.2.1 TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == "allow deny allow"


@pytest.mark.parametrize("path", PATHS)
def test_a_denial_beats_a_network_policy(path: str) -> None:
    deny = policy(f"{{{ONE}, enableDefaultDeny: {{egress: false}}, egressDeny: [{{{TO_TWO}}}]}}")
    cluster = read(network_policy("policyTypes: [Egress], egress: [{}]"), deny)
    flows = ("a/one > a/two TCP 80", "a/one > b/three TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == "deny allow"


PODS = "[{namespaces: {}}]"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("names", [("u", "v"), ("v", "u")])
def test_policies_of_one_priority_interleave(path: str, names: tuple[str, str]) -> None:
    first = (
        f"egress: [{{action: Accept, to: [{{networks: [192.0.2.0/24]}}]}}, {{action: Accept, to: {PODS}}}]"
    )
    second = f"egress: [{{action: Deny, to: {PODS}}}]"
    cluster = read(admin(names[0], first), admin(names[1], second))
    flows = ("a/one > a/two TCP 80", "a/one > 192.0.2.1 TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == "deny allow"


@pytest.mark.parametrize("path", PATHS)
def test_isolation_is_asked_after_baseline(path: str) -> None:
    accept = admin("base", f"egress: [{{action: Accept, to: {PODS}}}]", "Baseline")
    cluster = read(accept, egress("{}"))
    assert verdicts(path, cluster, DEFAULT, "a/one > a/two TCP 80") == "allow"
    cluster = read(
        admin("base", f"egress: [{{action: Deny, to: {PODS}}}]", "Baseline"), egress(f"{{{TO_TWO}}}")
    )
    assert verdicts(path, cluster, DEFAULT, "a/one > a/two TCP 80") == "allow"


@pytest.mark.parametrize("path", PATHS)
def test_the_proxy_is_asked_before_baseline(path: str) -> None:
    accept = admin("base", f"egress: [{{action: Accept, to: {PODS}}}]", "Baseline")
    cluster = read(accept, egress(f"{{{TO_TWO}, {HTTP}}}"))
    flows = ("a/one > a/two TCP 80", "a/one > a/two TCP 81")
    assert verdicts(path, cluster, DEFAULT, *flows) == "needs_l7 allow"


@pytest.mark.parametrize("path", PATHS)
def test_an_accept_of_admin_beats_a_denial_of_its_own(path: str) -> None:
    cluster = read(
        admin("x", f"egress: [{{action: Accept, to: {PODS}}}]"),
        policy(f"{{{ONE}, egressDeny: [{{toEntities: [all]}}]}}"),
    )
    flows = ("a/one > a/two TCP 80", "a/one > 192.0.2.1 TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == "allow deny"


@pytest.mark.parametrize("path", PATHS)
def test_accepting_names_accepts_that_they_are_looked_up(path: str) -> None:
    names = (
        "egress: [{action: Accept, to: [{domainNames: ['*.x.y']}]}, {action: Deny, to: [{namespaces: {}}]}]"
    )
    dns = (
        "{apiVersion: v1, kind: Pod, metadata: {name: dns, namespace: b, labels: {k8s-app: kube-dns}}, spec: "
        "{nodeName: n2, containers: [{name: c, ports: [{name: dns, containerPort: 53, protocol: UDP}]}]}, "
        "status: {podIP: 10.2.2.9}}"
    )
    cluster = read(admin("x", names), dns, egress("{toEntities: [all]}"))
    flows = ("a/one > 10.2.2.9 UDP 53", "a/one > 10.2.2.9 UDP 54", "a/one > 192.0.2.1 TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == "needs_l7 deny allow"


# -- settings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_whether_policies_are_enforced(path: str) -> None:
    cluster = read(egress(f"{{{TO_TWO}}}"))
    flows = ("a/one > 192.0.2.1 TCP 80", "a/two > 192.0.2.1 TCP 80", "node/n2 > a/two TCP 80")
    for enforcement, said in (
        ("default", "deny allow allow"),
        ("always", "deny deny allow"),
        ("never", "allow allow allow"),
    ):
        settings = CiliumSettings(enforcement=enforcement)  # type: ignore[arg-type]
        assert verdicts(path, cluster, settings, *flows) == said


@pytest.mark.parametrize("path", PATHS)
def test_the_own_node_may_need_a_rule(path: str) -> None:
    cluster = read(ingress("{fromEndpoints: [{}]}"))
    settings = CiliumSettings(localhost_allowed=False)
    assert verdicts(path, cluster, settings, "node/n1 > a/one TCP 80", "a/two > a/one TCP 80") == "deny allow"


@pytest.mark.parametrize("path", PATHS)
def test_labels_of_identities_are_chosen(path: str) -> None:
    text = policy("{endpointSelector: {matchLabels: {app: one}}, egress: [{}]}")
    for labels, said in (
        ((), "deny"),
        (("!app",), "allow"),
        (("k8s:!app",), "allow"),
        (("container:!app",), "deny"),
        (("tier",), "allow"),
        (("tier", "app"), "deny"),
    ):
        settings = CiliumSettings(labels=labels)
        assert verdicts(path, read(text), settings, "a/one > a/two TCP 80") == said, labels


@pytest.mark.parametrize(
    ("text", "settings", "why"),
    [
        (egress("{}"), CiliumSettings(cilium_policies=False), "enable-cilium-network-policy is off"),
        (
            policy("{endpointSelector: {}, egress: [{}]}", namespace=""),
            CiliumSettings(clusterwide_policies=False),
            "enable-cilium-clusterwide-network-policy is off",
        ),
        (
            network_policy("egress: [{}]"),
            CiliumSettings(network_policies=False),
            "enable-k8s-networkpolicy is off",
        ),
        (
            admin("x", f"egress: [{{action: Deny, to: {PODS}}}]"),
            CiliumSettings(cluster_network_policies=False),
            "enable-k8s-cluster-network-policy is off",
        ),
        (
            admin("x", "egress: [{action: Deny, to: [{nodes: {}}]}]"),
            DEFAULT,
            "it names nodes by label, and enable-node-selector-labels is off",
        ),
        (egress("{toNodes: [{}]}"), DEFAULT, "it names nodes by label"),
        (
            policy("{nodeSelector: {}, ingress: [{}]}", namespace=""),
            DEFAULT,
            "it is for nodes, and enable-host-firewall is off",
        ),
        (
            admin("x", "egress: []")
            .replace("ClusterNetworkPolicy", "AdminNetworkPolicy")
            .replace("v1alpha2", "v1alpha1")
            .replace("tier: Admin, ", ""),
            DEFAULT,
            "Cilium does not read AdminNetworkPolicy",
        ),
    ],
)
def test_what_is_not_enforced_is_said(text: str, settings: CiliumSettings, why: str) -> None:
    view = enforced(read(text), settings)
    assert [policy.kind for policy in view.policies] == ["Cilium"]
    assert "Cilium does not enforce" in view.warnings[-1]
    assert why in view.warnings[-1]


def test_audit_mode_is_said() -> None:
    assert "policy-audit-mode is on" in enforced(read(egress("{}")), CiliumSettings(audit=True)).warnings[-1]


def test_a_spec_for_nodes_is_left_out_of_several() -> None:
    text = policy("{}", namespace="").replace(
        "spec: {}", "specs: [{nodeSelector: {}, egress: [{}]}, {endpointSelector: {}, ingress: [{}]}]"
    )
    found, _ = enforced(read(text), DEFAULT).policies
    assert [rule.label for rule in (*found.ingress, *found.egress)] == ["specs[1].ingress[0]"]
    assert len(found.isolated) == 1
    kept, _ = enforced(read(text), CiliumSettings(host_firewall=True)).policies
    assert len(kept.isolated) == 2


@pytest.mark.parametrize("path", PATHS)
def test_world_of_one_family_is_for_two_families(path: str) -> None:
    text = policy(f"{{{ONE}, egress: [{{toEndpoints: [{{matchLabels: {{'reserved:world-ipv4': ''}}}}]}}]}}")
    asked = "a/one > 192.0.2.1 TCP 80"
    assert verdicts(path, read(text), DEFAULT, asked) == "deny"
    assert verdicts(path, read(text), CiliumSettings(dual_stack=True), asked) == "allow"
