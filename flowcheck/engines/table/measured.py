"""Cilium and Calico, as they answered when they were run."""

from __future__ import annotations

from flowcheck.engines.table.upstream import INSIDE_ITS_NAMESPACE, KUBERNETES
from flowcheck.model.engines import Profile, Setting

_RUN = "run, v1.20.2"
_MODE = f"{_RUN}; policy-cidr-match-mode is empty by default"

CILIUM = Profile(
    "cilium",
    "Cilium",
    "v1.20.2",
    {
        "ipblock_matches_pods": Setting("no", _MODE),
        "ipblock_matches_nodes": Setting("no", _MODE),
        "networks_match": Setting("outside", _MODE),
        "block_takes": Setting("pod", f"{_RUN}, with policy-cidr-match-mode pods"),
        "nodes_peers": Setting("refused", f"{_RUN}; enable-node-selector-labels is off by default"),
        "cluster_policies": Setting("enforced", f"{_RUN}, with enable-k8s-cluster-network-policy"),
        "rule_types": Setting("all", f"{_RUN}, pkg/k8s/network_policy.go"),
        "selector_labels": Setting("identity", f"{_RUN}, pkg/labelsfilter/filter.go"),
        "port_names": Setting("containers", f"{_RUN}, pkg/k8s/utils: spec.containers"),
        "same_port_name": Setting("last", _RUN),
        "equal_priority": Setting("rules", f"{_RUN}: rules interleave; Deny, Accept, Pass"),
        "baseline_tier": Setting("direction", f"{_RUN}; isolation is asked after Baseline"),
        "unselected_pods": Setting("allowed", "enable-policy: default"),
        "host_network_namespace": Setting("", f"{_RUN}: pods on the host network are their node"),
        "own_node": Setting("allowed", f"{_RUN}; allow-localhost: always where Kubernetes is used"),
        "to_own_node": Setting("policy", _RUN),
        "same_pod": Setting("allowed", INSIDE_ITS_NAMESPACE),
        "icmp": Setting("policy", f"{_RUN}: an allow with ports never admits ICMP"),
        "node_devices": Setting("told", "CiliumNode spec.addresses, annotations of Nodes"),
        "node_dns": Setting("unknown", KUBERNETES.settings["node_dns"].source),
        "staged": Setting("ignored", f"{_RUN}: it has none"),
        "enforced": Setting("yes", "enable-policy other than never"),
    },
)

_FELIX = "run, v3.32.1"

CALICO = Profile(
    "calico",
    "Calico",
    "v3.32.1",
    {
        "ipblock_matches_pods": Setting("yes", _FELIX),
        "ipblock_matches_nodes": Setting("yes", _FELIX),
        "networks_match": Setting("inside", _FELIX),
        "block_takes": Setting("address", _FELIX),
        "nodes_peers": Setting("closed", f"{_FELIX}: nodes and domainNames cannot be converted"),
        "cluster_policies": Setting("enforced", f"{_FELIX}: tiers kube-admin and kube-baseline"),
        "rule_types": Setting("listed", _FELIX),
        "selector_labels": Setting("all", _FELIX),
        "port_names": Setting(
            "init", f"{_FELIX}, libcalico-go/lib/backend/k8s/conversion/workload_endpoint_default.go"
        ),
        "same_port_name": Setting("all", _FELIX),
        "equal_priority": Setting("name", _FELIX),
        "baseline_tier": Setting("direction", _FELIX),
        "unselected_pods": Setting("allowed", f"{_FELIX}: profile kns.NAMESPACE"),
        "host_network_namespace": Setting("", f"{_FELIX}: pods on the host network are no endpoints"),
        "own_node": Setting("allowed", "felix: what a host sends to its own workloads is always let through"),
        "to_own_node": Setting(
            "policy", "felix/config: DefaultEndpointToHostAction is asked after egress policies"
        ),
        "same_pod": Setting("allowed", INSIDE_ITS_NAMESPACE),
        "icmp": Setting("policy", _FELIX),
        "node_devices": Setting("bridge", "annotations of Nodes tell; with host-local IPAM the first two"),
        "node_dns": Setting("unknown", KUBERNETES.settings["node_dns"].source),
        "staged": Setting("ignored", f"{_FELIX}: as they are in force"),
        "enforced": Setting("yes", _FELIX),
    },
)
