"""CiliumCIDRGroup and ConfigMap cilium-config, and that an inventory keeps both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flowcheck.history.inventory import write_rows
from flowcheck.history.inventory.recording import rows_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.reading import load_cluster, load_recording

Load = Callable[..., Cluster]
GROUP = """
apiVersion: cilium.io/v2
kind: CiliumCIDRGroup
metadata: {name: g, labels: {k: v}}
spec: {externalCIDRs: [10.1.2.3/8, 192.0.2.0/24, 10.0.0.0/8, nothing]}
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: cilium-config, namespace: kube-system}
data:
  enable-policy: Always
  policy-cidr-match-mode: "nodes, pods"
  allow-localhost: policy
  enable-host-firewall: "true"
  enable-node-selector-labels: "t"
  node-labels: disk
  labels: "k8s:app !tier"
  enable-k8s-networkpolicy: "false"
  cluster-name: west
  enable-ipv6: "true"
  policy-audit-mode: "1"
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\n"


def test_groups_are_sets_of_addresses(load: Load) -> None:
    cluster = load(f"{POD}---{GROUP}")
    (found,) = cluster.sets
    assert (found.kind, found.namespace, found.name) == ("CiliumCIDRGroup", "", "g")
    assert (found.cidrs, found.labels) == (("10.0.0.0/8", "192.0.2.0/24"), {"k": "v"})
    assert any("spec.externalCIDRs[3]" in text and "passes it over" in text for text in cluster.warnings)


def test_how_agents_are_set(load: Load) -> None:
    assert load(f"{POD}---{CONFIG}").cilium == CiliumSettings(
        cidr_match_mode=frozenset({"nodes", "pods"}),
        enforcement="always",
        localhost_allowed=False,
        host_firewall=True,
        node_selector_labels=True,
        node_labels=("disk",),
        labels=("k8s:app", "!tier"),
        network_policies=False,
        cluster_network_policies=False,
        cluster_name="west",
        dual_stack=True,
        audit=True,
    )


def test_what_is_absent_is_as_the_agent_has_it(load: Load) -> None:
    config = CONFIG.partition("data:\n  enable")[0]
    assert load(f"{POD}---{config}").cilium == CiliumSettings(cluster_network_policies=False)
    assert load(POD).cilium is None


def test_what_is_no_value_is_passed_over(load: Load) -> None:
    config = CONFIG.partition("data:\n  enable")[0] + (
        "data:\n  enable-policy: alwys\n  enable-host-firewall: perhaps\n  policy-cidr-match-mode: all\n"
    )
    cluster = load(f"{POD}---{config}")
    assert cluster.cilium == CiliumSettings(cluster_network_policies=False)
    said = [text for text in cluster.warnings if "it is passed over" in text]
    assert [text.partition("data.")[2].partition(":")[0] for text in said] == [
        "enable-policy",
        "policy-cidr-match-mode",
        "enable-host-firewall",
    ]
    assert (
        "a.yaml:9 ConfigMap kube-system/cilium-config: data.enable-policy: is none of default, always, "
        in (said[0])
    )
    assert "never (did you mean always?): it is passed over, and the default holds" in said[0]


def test_other_config_maps_are_not_read(load: Load) -> None:
    cluster = load(f"{POD}---{CONFIG.replace('cilium-config', 'other')}")
    assert (cluster.cilium, cluster.warnings) == (None, ())


def test_an_inventory_keeps_both(tmp_path: Path) -> None:
    policy = (
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\n"
        "status: {conditions: [{type: Valid, status: 'True'}]}\n"
        "specs: [{endpointSelector: {}, ingress: [{fromCIDRSet: [{cidrGroupRef: g}]}]}]\n"
    )
    source = tmp_path / "a.yaml"
    bad = policy.replace("name: p", "name: q").replace("'True'", "'False', message: no")
    source.write_text(f"{POD}---{GROUP}---{CONFIG}---\n{policy}---\n{bad}")
    table = tmp_path / "inventory.parquet"
    write_rows(rows_of(load_recording([source])), table)
    before, after = load_cluster([source]), load_cluster([table])
    assert after.cilium == before.cilium
    assert [(one.name, one.cidrs, one.labels) for one in after.sets] == [
        (one.name, one.cidrs, one.labels) for one in before.sets
    ]
    assert after.policies == before.policies
    assert [bool(one.ingress) for one in after.policies] == [True, False]
