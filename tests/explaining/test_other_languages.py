"""One fact at a time of what explain says of Cilium's and Calico's policies, in words of theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flowcheck.compile import compile_program
from flowcheck.engines import calico, cilium
from flowcheck.engines.profiles import apply as apply_engine
from flowcheck.explaining import Explanation, explain
from flowcheck.explaining.records import PolicyStep, RuleStep
from flowcheck.manifests.dns_map import read_dns_map
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster

ROOT = Path(__file__).parent.parent.parent
PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: pay, labels: {team: b}}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, pod-template-hash: x1}}
spec: {nodeName: n1, serviceAccountName: robot, containers: [{name: c}]}
status: {podIP: 10.0.0.1, phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: pay, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}
status: {podIP: 10.0.0.2, phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: pay, labels: {app: other}}
spec: {nodeName: n2, containers: [{name: c}]}
status: {podIP: 10.0.0.3, phase: Running}
"""
CNP = """
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: %s, namespace: pay}
spec:
  endpointSelector: {matchLabels: {app: db}}
"""
CALICO = """
apiVersion: projectcalico.org/v3
kind: %s
metadata: {name: %s, namespace: pay}
spec:
"""


def read(tmp_path: Path, *documents: str) -> Cluster:
    file = tmp_path / "cluster.yaml"
    file.write_text("\n---\n".join((PODS, *documents)))
    return load_cluster([file])


def under_cilium(tmp_path: Path, *documents: str, **asked: Any) -> Explanation:
    cluster = cilium.enforced(read(tmp_path, *documents), CiliumSettings())
    options = cilium.options(Options(), CiliumSettings())
    question = {"src": "shop/web", "dst": "pay/db", "port": 5432, **asked}
    return explain(compile_program(cluster, options), **question)


def under_calico(tmp_path: Path, *documents: str, **asked: Any) -> Explanation:
    cluster = calico.enforced(read(tmp_path, *documents))
    question = {"src": "shop/web", "dst": "pay/db", "port": 5432, **asked}
    return explain(compile_program(cluster, Options(icmp="policy", own_node="policy")), **question)


def _second(number: int) -> str:
    return f"1970-01-01T00:{number // 60:02}:{number % 60:02}Z"


def policies(answer: Explanation, side: str = "ingress") -> list[PolicyStep]:
    return [policy for tier in getattr(answer.cases[0], side).tiers for policy in tier.policies]


def rules(answer: Explanation, side: str = "ingress") -> dict[str, RuleStep]:
    return {rule.rule: rule for policy in policies(answer, side) for rule in policy.rules}


class TestCilium:
    def test_tiers_and_the_default_that_is_asked_last(self, tmp_path: Path) -> None:
        answer = under_cilium(tmp_path, CNP % "p" + "  ingress: [{fromEndpoints: [{}]}]")
        side = answer.cases[0].ingress
        assert [tier.tier for tier in side.tiers] == [
            "Normal",
            "Default",
            "Default deny, asked after all tiers",
        ]
        assert side.tiers[-1].ended
        assert side.decided_by == "default-deny by CiliumNetworkPolicy/pay/p"
        assert policies(answer)[0].selector == "endpointSelector: {matchLabels: {app: db}}"

    def test_what_denies_is_asked_before_what_allows(self, tmp_path: Path) -> None:
        text = "  ingress: [{fromEntities: [all]}]\n  ingressDeny: [{fromEntities: [all]}]"
        answer = under_cilium(tmp_path, CNP % "p" + text)
        found = rules(answer)
        assert [(name, rule.outcome) for name, rule in found.items()] == [
            ("ingressDeny[0]", "matched"),
            ("ingress[0]", "not_asked"),
        ]
        assert answer.change is not None
        assert (answer.change.edits, answer.change.sufficient) == ((), False)
        assert "no rule that allows can win" in answer.change.notes[0]
        assert answer.change.notes[0].endswith("Narrow that rule: it is about fromEntities: all")

    @pytest.mark.parametrize(
        ("field", "entry", "why"),
        [
            (
                "fromEndpoints",
                "{matchLabels: {app: db}}",
                "the source is in namespace shop; the source has app=web",
            ),
            ("fromEntities", "world", "the source is a pod"),
            ("fromEntities", "host", "the source is a pod"),
            ("fromCIDR", "10.0.0.0/24", "the source is a pod, and addresses do not stand for pods here"),
            ("fromCIDRSet", "{cidr: 192.0.2.0/24, except: [192.0.2.1/32]}", "10.0.0.1 is outside"),
        ],
    )
    def test_peers_as_they_are_written_and_what_differs(
        self, field: str, entry: str, why: str, tmp_path: Path
    ) -> None:
        answer = under_cilium(tmp_path, CNP % "p" + f"  ingress: [{{{field}: [{entry}]}}]")
        (check,) = rules(answer)["ingress[0]"].peers
        assert (check.text, check.why) == (f"{field}: {entry}", why)

    def test_ports_of_every_protocol_are_one_entry(self, tmp_path: Path) -> None:
        text = "  ingress: [{fromEntities: [all], toPorts: [{ports: [{port: '53', protocol: ANY}]}]}]"
        (check,) = rules(under_cilium(tmp_path, CNP % "p" + text))["ingress[0]"].ports
        assert (check.text, check.why) == ("53/ANY", "the flow goes to 5432/TCP")

    def test_layer_7(self, tmp_path: Path) -> None:
        ports = "toPorts: [{ports: [{port: '5432', protocol: TCP}], rules: {http: [{path: /a}]}}]"
        answer = under_cilium(tmp_path, CNP % "p" + f"  ingress: [{{fromEntities: [all], {ports}}}]")
        assert answer.reason == "needs_l7"
        assert "asks for the request (layer 7)" in answer.why
        assert "Hubble's layer 7 records" in rules(answer)["ingress[0]"].settle

    def test_authentication(self, tmp_path: Path) -> None:
        text = "  ingress: [{fromEntities: [all], authentication: {mode: required}}]"
        answer = under_cilium(tmp_path, CNP % "p" + text)
        assert answer.reason == "needs_authentication"
        assert "requires authentication" in rules(answer)["ingress[0].authentication"].peers[0].why

    def test_names(self, tmp_path: Path) -> None:
        text = "  egress: [{toFQDNs: [{matchName: a.example}]}]"
        answer = under_cilium(tmp_path, CNP % "p" + text, src="pay/db", dst="192.0.2.9")
        assert answer.reason == "needs_dns"
        assert "--dns-map FILE" in rules(answer, "egress")["egress[0]"].settle

    @pytest.mark.parametrize(
        ("at", "address", "why"),
        [
            (15, "192.0.2.1", ""),
            (15, "192.0.2.9", "192.0.2.9 is none of the 3 addresses that the DNS map tells of *.example"),
            (45, "192.0.2.1", "the DNS map tells of no address of *.example"),
            (99, "192.0.2.1", "the DNS map, which tells of names from 1970-01-01T00:00:10Z until 1970"),
        ],
    )
    def test_names_of_a_map(self, tmp_path: Path, at: int, address: str, why: str) -> None:
        map_ = tmp_path / "names.csv"
        rows = [f"{name}.example,192.0.2.{n},{_second(10 + n)},{_second(40)}" for n, name in enumerate("abc")]
        rows.append(f"other.test,192.0.2.9,{_second(10)},{_second(60)}")
        map_.write_text("\n".join(("name,address,from,until", *rows)))
        text = "  egress: [{toEndpoints: [{}]}, {toFQDNs: [{matchPattern: '*.example'}]}]"
        cluster = read(tmp_path, CNP % "p" + text)
        enforced = apply_engine(cluster, Options(), "cilium", dns_map=read_dns_map(map_))
        program = compile_program(enforced.cluster, enforced.options)
        moment = datetime.fromtimestamp(at, UTC)
        answer = explain(program, src="pay/db", dst=address, port=443, at=moment)
        (policy,) = policies(answer, "egress")
        assert [rule.rule for rule in policy.rules] == ["egress[0]", "egress[1]"]
        (check,) = policy.rules[1].peers
        assert check.text == 'toFQDNs: {matchPattern: "*.example"}'
        assert check.why.startswith(why)
        assert bool(check.why) == bool(why)
        assert answer.at == _second(at)
        assert ("and not at this moment" in answer.names) == (at == 99)
        assert "--dns-map" not in answer.settle

    def test_messages_of_icmp(self, tmp_path: Path) -> None:
        text = "  ingress: [{fromEntities: [all], icmps: [{fields: [{type: 8, family: IPv4}]}]}]"
        answer = under_cilium(tmp_path, CNP % "p" + text, port=None, protocol="icmp")
        assert answer.reason == "no_port"
        assert "ICMP type 8 code 0 allow" in answer.why

    def test_of_several_specs_a_rule_says_whom_it_is_for(self, tmp_path: Path) -> None:
        text = (CNP % "p").partition("spec:")[0] + (
            "specs:\n"
            "- {endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEntities: [host]}]}\n"
            "- {endpointSelector: {matchLabels: {app: other}}, ingress: [{fromEntities: [all]}]}"
        )
        found = rules(under_cilium(tmp_path, text))
        (check,) = found["specs[1].ingress[0]"].subject
        assert check.text == "endpointSelector: {matchLabels: {app: other}}"
        assert check.why == "the destination has app=db"

    def test_a_rule_is_added_to_the_policy_that_isolates(self, tmp_path: Path) -> None:
        answer = under_cilium(tmp_path, CNP % "p" + "  ingress: [{fromEntities: [host]}]")
        assert answer.change is not None
        (edit,) = answer.change.edits
        assert (edit.policy, answer.change.sufficient) == ("CiliumNetworkPolicy/pay/p", True)
        assert "fromEndpoints:" in edit.yaml
        assert '"k8s:io.kubernetes.pod.namespace": shop' in edit.yaml
        assert 'port: "5432"' in edit.yaml
        assert "pod-template-hash" not in edit.yaml

    def test_a_new_policy_isolates_nobody_else(self, tmp_path: Path) -> None:
        wide = (CNP % "p").replace("{matchLabels: {app: db}}", "{}") + "  ingress: [{fromEntities: [host]}]"
        answer = under_cilium(tmp_path, wide)
        assert answer.change is not None
        (edit,) = answer.change.edits
        assert "kind: CiliumNetworkPolicy" in edit.yaml
        assert "enableDefaultDeny" not in edit.yaml  # all that it selects are isolated

    @pytest.mark.parametrize(("src", "entity"), [("Node/n1", "host"), ("Node/n2", "remote-node")])
    def test_nodes_are_named_by_their_entities(self, src: str, entity: str, tmp_path: Path) -> None:
        cluster = read(tmp_path, CNP % "p" + "  ingress: [{fromEntities: [world]}]")
        settings = CiliumSettings(localhost_allowed=False)
        program = compile_program(cilium.enforced(cluster, settings), cilium.options(Options(), settings))
        answer = explain(program, src=src, dst="pay/db", port=5432)
        assert answer.change is not None
        assert f"fromEntities:\n  - {entity}" in answer.change.edits[0].yaml

    def test_a_network_policy_that_denies_is_changed_as_one(self, tmp_path: Path) -> None:
        text = (
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
            "metadata: {name: closed, namespace: pay}\n"
            "spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}"
        )
        answer = under_cilium(tmp_path, text)
        assert answer.change is not None
        assert answer.change.edits[0].policy == "NetworkPolicy/pay/closed"
        assert "namespaceSelector" in answer.change.edits[0].yaml


class TestCalico:
    RULE = "  selector: app == 'db'\n  order: 10\n  types: [Ingress]\n  ingress:\n"

    def test_rules_as_they_are_written(self, tmp_path: Path) -> None:
        text = (
            "  - action: Log\n"
            "  - {action: Allow, source: {selector: app == 'api', namespaceSelector: all()}}\n"
            "  - {action: Allow, source: {serviceAccounts: {names: [other]}, notNets: [10.9.0.0/16]}}"
        )
        answer = under_calico(tmp_path, CALICO % ("NetworkPolicy", "p") + self.RULE + text)
        found = rules(answer)
        assert (
            found["ingress[1]"].peers[0].text == "source: {selector: app == 'api', namespaceSelector: all()}"
        )
        assert found["ingress[1]"].peers[0].why == "the source has app=web"
        assert found["ingress[2]"].peers[0].text.startswith("source: {serviceAccounts: {names: [other]}")
        assert "in namespace shop" in found["ingress[2]"].peers[0].why
        (policy,) = policies(answer)
        assert policy.notes == ("ingress[0] only logs, and the next rule is asked",)
        assert (policy.order, policy.selector) == ("order 10", "selector: app == 'db'")

    def test_a_staged_policy_is_not_asked(self, tmp_path: Path) -> None:
        staged = CALICO % ("StagedNetworkPolicy", "p") + self.RULE + "  - action: Deny"
        answer = under_calico(tmp_path, staged)
        assert answer.verdict == "allow"
        assert "StagedNetworkPolicy/pay/p" in answer.cases[0].ingress.notes[0]

    FROM_DNS = "  ingress:\n  - {action: Allow, protocol: TCP, source: {ports: [53, '1000:2000']}}\n"

    @pytest.mark.parametrize(("port", "verdict"), [(53, "allow"), (54, "deny"), (2000, "allow")])
    def test_a_port_at_the_source(self, tmp_path: Path, port: int, verdict: str) -> None:
        text = CALICO % ("NetworkPolicy", "p") + self.FROM_DNS
        answer = under_calico(tmp_path, text, source_port=port)
        assert (answer.verdict, answer.source_port) == (verdict, port)
        (check,) = policies(answer)[0].rules[0].source_ports
        assert check.text == "53, 1000-2000"
        assert check.why == ("" if verdict == "allow" else "the flow comes from 54")

    def test_where_the_port_at_the_source_is_not_told(self, tmp_path: Path) -> None:
        answer = under_calico(tmp_path, CALICO % ("NetworkPolicy", "p") + self.FROM_DNS)
        assert (answer.verdict, answer.reason) == ("unknown", "no_port")
        assert (
            ": ports 0-52 deny, port 53 allow, ports 54-999 deny, ports 1000-2000"
            in answer.cases[0].ingress.why
        )
        assert "--source-port N tells which it was" in answer.settle

    def test_a_port_at_the_source_that_does_not_matter(self, tmp_path: Path) -> None:
        text = CALICO % ("NetworkPolicy", "p") + self.FROM_DNS + "  - {action: Allow}"
        assert under_calico(tmp_path, text).verdict == "allow"

    def test_denied_by_one_tier_or_another_no_rule_is_enough(self, tmp_path: Path) -> None:
        tier = "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: 1}"
        first = CALICO % ("NetworkPolicy", "t.p") + "  tier: t\n" + self.FROM_DNS.replace("Allow", "Pass")
        answer = under_calico(tmp_path, tier, first, CALICO % ("NetworkPolicy", "q") + "  types: [Ingress]")
        assert answer.verdict == "deny"
        assert answer.change is not None
        assert not answer.change.sufficient
        assert "other policies deny it from other ports" in answer.change.notes[0]

    def test_what_no_tier_decides_the_profile_does(self, tmp_path: Path) -> None:
        tier = (
            "apiVersion: projectcalico.org/v3\nkind: Tier\n"
            "metadata: {name: t}\nspec: {order: 1, defaultAction: Pass}"
        )
        text = CALICO % ("NetworkPolicy", "t.p") + "  tier: t\n" + self.RULE + "  - {action: Pass}"
        answer = under_calico(tmp_path, tier, text)
        assert "the profile of the destination's namespace" in answer.cases[0].ingress.why

    def test_a_rule_of_the_tier_that_denied(self, tmp_path: Path) -> None:
        wide = (CALICO % ("GlobalNetworkPolicy", "p")).replace(", namespace: pay", "")
        answer = under_calico(tmp_path, wide + "  order: 10\n  types: [Ingress]")
        assert answer.change is not None
        (edit,) = answer.change.edits
        assert "tier: default" in edit.yaml
        assert "order: 9" in edit.yaml
        assert "name: default.allow-db-from-web" in edit.yaml
        assert "\"app == 'web'\"" in edit.yaml

    def test_a_rule_that_denies_is_named(self, tmp_path: Path) -> None:
        text = "  - {action: Deny, source: {nets: [10.0.0.0/8]}}"
        answer = under_calico(tmp_path, CALICO % ("NetworkPolicy", "p") + self.RULE + text)
        assert answer.change is not None
        (note,) = answer.change.notes
        assert "Narrow that rule: it is about source: {nets: [10.0.0.0/8]}" in note
        assert "an Allow of tier default with an order under 10 would be asked before it" in note


def test_the_sample_cluster_is_told_in_words_of_cilium() -> None:
    cluster = load_cluster([str(ROOT / "data" / "cilium" / "cluster")])
    enforced = apply_engine(cluster, Options())
    answer = explain(
        compile_program(enforced.cluster, enforced.options), src="shop/front-0", dst="pay/ledger-0", port=5432
    )
    assert answer.change is not None
    assert [edit.policy for edit in answer.change.edits] == [
        "CiliumNetworkPolicy/shop/front",
        "CiliumNetworkPolicy/pay/ledger",
    ]
