"""Objects that restrict traffic in languages that are not read are named, whatever the input is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.history.inventory import write_rows
from flowcheck.history.inventory.recording import rows_of
from flowcheck.kinds import LANGUAGES, language_of, unread_kind
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster, load_recording

Load = Callable[..., Cluster]
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "x"}}


def test_the_documents_list_them_all() -> None:
    text = (Path(__file__).parents[1] / "docs" / "languages.md").read_text()
    for group, (name, kinds) in LANGUAGES.items():
        assert f"| {name} | `{group}` | {', '.join(kinds)} |" in text


def firewall(name: str = "default") -> dict[str, Any]:
    meta = {"name": name, "namespace": "x"}
    return {"apiVersion": "k8s.ovn.org/v1", "kind": "EgressFirewall", "metadata": meta, "spec": {}}


@pytest.mark.parametrize(
    ("group", "kind", "resource", "language"),
    [
        ("k8s.ovn.org", "EgressFirewall", "egressfirewalls", "OVN-Kubernetes"),
        ("network.openshift.io", "EgressNetworkPolicy", "egressnetworkpolicies", "OpenShift"),
        ("networking.k8s.aws", "ClusterNetworkPolicy", "clusternetworkpolicies", "AWS"),
        ("vpcresources.k8s.aws", "SecurityGroupPolicy", "securitygrouppolicies", "AWS"),
        ("networking.gke.io", "FQDNNetworkPolicy", "fqdnnetworkpolicies", "GKE"),
        ("k8s.cni.cncf.io", "MultiNetworkPolicy", "multi-networkpolicies", "Multus"),
        ("policy.linkerd.io", "EgressNetwork", "egressnetworks", "Linkerd"),
        ("kuma.io", "MeshTrafficPermission", "meshtrafficpermissions", "Kuma"),
        ("kubeovn.io", "SecurityGroup", "security-groups", "Kube-OVN"),
        ("consul.hashicorp.com", "ServiceIntentions", "serviceintentions", "Consul"),
        ("crd.antrea.io", "ClusterNetworkPolicy", "clusternetworkpolicies", "Antrea"),
        ("security.istio.io", "RequestAuthentication", "requestauthentications", "Istio"),
        ("core.example.net", "NetworkPolicy", "networkpolicies", "core.example.net"),
        ("cilium.io", "TomorrowsNetworkPolicy", "tomorrowsnetworkpolicies", "cilium.io"),
    ],
)
def test_what_restricts_traffic(group: str, kind: str, resource: str, language: str) -> None:
    assert language_of(group, kind) == language
    assert unread_kind(group, resource).lower() == kind.lower()


@pytest.mark.parametrize(
    ("group", "kind", "resource"),
    [
        ("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
        ("policy.networking.k8s.io", "ClusterNetworkPolicy", "clusternetworkpolicies"),
        ("security.istio.io", "PeerAuthentication", "peerauthentications"),
        ("policy.linkerd.io", "Server", "servers"),
        ("policy.linkerd.io", "HTTPRoute", "httproutes"),
        ("", "NetworkPolicy", "networkpolicies"),
        ("extensions", "NetworkPolicy", "networkpolicies"),
        ("crd.projectcalico.org", "GlobalNetworkPolicy", "globalnetworkpolicies"),
        ("projectcalico.org", "HostEndpoint", "hostendpoints"),
        ("projectcalico.org", "StagedNetworkPolicy", "stagednetworkpolicies"),
        ("networking.gke.io", "NetworkLogging", "networkloggings"),
        ("cilium.io", "CiliumEndpoint", "ciliumendpoints"),
        ("cilium.io", "CiliumClusterwideNetworkPolicy", "ciliumclusterwidenetworkpolicies"),
        ("k8s.ovn.org", "EgressIP", "egressips"),
        ("kyverno.io", "ClusterPolicy", "clusterpolicies"),
        ("example.org", "NetworkPolicyReport", "networkpolicyreports"),
    ],
)
def test_what_restricts_none_or_is_read(group: str, kind: str, resource: str) -> None:
    assert language_of(group, kind) == ""
    assert unread_kind(group, resource) == ""


def entry(verb: str, group: str, resource: str, name: str, **more: Any) -> dict[str, Any]:
    reference = {"apiGroup": group, "apiVersion": "v1", "resource": resource, "name": name, "namespace": "x"}
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "stage": "ResponseComplete",
        "verb": verb,
        "objectRef": {**reference, **more},
        "responseStatus": {"code": 200},
        "stageTimestamp": "2026-03-10T10:00:00Z",
    }


def stream(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


LOG = stream(
    entry("create", "k8s.ovn.org", "egressfirewalls", "default"),
    entry("patch", "k8s.ovn.org", "egressfirewalls", "default"),
    entry("patch", "k8s.ovn.org", "egressfirewalls", "status", subresource="status"),
    entry("get", "k8s.ovn.org", "egressfirewalls", "read"),
    entry("delete", "k8s.ovn.org", "egressips", "a"),
)
WATCH = stream(
    {"type": "ADDED", "object": POD},
    {"type": "ADDED", "object": firewall()},
    {"type": "MODIFIED", "object": firewall()},
    {"type": "DELETED", "object": firewall()},
)
LIST = json.dumps({"apiVersion": "v1", "kind": "List", "items": [POD, firewall()]})
TYPED = json.dumps({"apiVersion": "k8s.ovn.org/v1", "kind": "EgressFirewallList", "items": [firewall()]})


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", LIST), ("a.yaml", LIST), ("b.json", TYPED), ("audit.jsonl", LOG), ("watch.jsonl", WATCH)],
)
def test_one_object_is_named_once_whatever_the_input(load: Load, name: str, text: str) -> None:
    cluster = load(text, name)
    assert [(one.language, one.kind, one.name) for one in cluster.other_policies] == [
        ("OVN-Kubernetes", "EgressFirewall", "default")
    ]
    expected = (
        "1 x EgressFirewall not read: it is in the language of OVN-Kubernetes, so verdicts leave it out"
    )
    assert expected in cluster.warnings
    assert [one.kind for one in cluster.skipped] == ["EgressFirewall"]


def test_an_inventory_names_them_again(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(LIST)
    write_rows(list(rows_of(load_recording(tmp_path / "a.json"))), tmp_path / "inventory.parquet")
    before, after = load_cluster(tmp_path / "a.json"), load_cluster(tmp_path / "inventory.parquet")
    assert [(one.kind, one.namespace, one.name) for one in after.other_policies] == [
        (one.kind, one.namespace, one.name) for one in before.other_policies
    ]
    assert [w for w in after.warnings if "EgressFirewall" in w]


def test_policies_that_are_replaced_are_not_named(tmp_path: Path) -> None:
    for name, text in (("a.json", LIST), ("b.json", json.dumps(firewall("other")))):
        (tmp_path / name).write_text(text)
    cluster = load_cluster(tmp_path / "a.json", policies=tmp_path / "b.json", replace_policies=True)
    assert [one.name for one in cluster.other_policies] == ["other"]
