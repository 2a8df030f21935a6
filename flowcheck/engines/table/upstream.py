"""What the APIs and the upstream tests say, and who enforces nothing."""

from __future__ import annotations

from flowcheck.model.engines import Profile, Setting

INSIDE_ITS_NAMESPACE = "Linux: what a pod sends to its own address does not leave its network namespace"
_NETWORKS = "network-policy-api v1alpha2, EgressPeer networks: cluster-internal traffic is checked too"
_SAME_NAME = "core/v1 ContainerPort name: unique in a pod, which nothing enforces; upstream tests take all"

KUBERNETES = Profile(
    "kubernetes",
    "Kubernetes' API",
    "k8s.io/api v0.36.3, network-policy-api v0.2.0",
    {
        "ipblock_matches_pods": Setting(
            "yes", "networking/v1 IPBlock: a particular CIDR; upstream end-to-end tests match pods"
        ),
        "ipblock_matches_nodes": Setting("yes", "networking/v1 IPBlock: a particular CIDR"),
        "networks_match": Setting("inside", _NETWORKS),
        "block_takes": Setting("address", "network-policy-api v1alpha2, CIDR: ::/0 is of IPv6 traffic"),
        "nodes_peers": Setting("match", "network-policy-api v1alpha2, EgressPeer nodes (experimental)"),
        "cluster_policies": Setting("enforced", "network-policy-api v1alpha2"),
        "rule_types": Setting(
            "listed", "networking/v1 policyTypes: rule types that the NetworkPolicy relates to"
        ),
        "selector_labels": Setting("all", "meta/v1 LabelSelector"),
        "port_names": Setting(
            "sidecars",
            "networking/v1 NetworkPolicyPort port: a named port on a pod",
        ),
        "same_port_name": Setting("all", _SAME_NAME),
        "equal_priority": Setting(
            "unknown", "network-policy-api v1alpha2, priority: any of the matching policies may apply"
        ),
        "baseline_tier": Setting("direction", "networking/v1: a pod is isolated by direction"),
        "unselected_pods": Setting("allowed", "networking/v1 NetworkPolicySpec podSelector"),
        "host_network_namespace": Setting("", "networking/v1: nothing is said of it"),
        "own_node": Setting("allowed", "documentation of NetworkPolicy: traffic from its node is allowed"),
        "to_own_node": Setting("policy", "documentation of NetworkPolicy: nothing is said of it"),
        "same_pod": Setting("allowed", "documentation of NetworkPolicy: a pod cannot block access to itself"),
        "icmp": Setting("unknown", "documentation of NetworkPolicy: undefined for protocols without ports"),
        "node_devices": Setting(
            "bridge", "containernetworking/plugins bridge and host-local, flannel-io/flannel: the first two"
        ),
        "node_dns": Setting("unknown", "kubernetes/kubernetes cluster/addons/dns/nodelocaldns"),
        "staged": Setting("ignored", "it has none"),
        "enforced": Setting("yes", "documentation of NetworkPolicy: needs a plugin that enforces it"),
    },
    notes=(
        "kube-network-policies v1.1.1 (run) --port-names containers --baseline-tier pod "
        "--equal-priority name",
    ),
)

FLANNEL = Profile(
    "flannel",
    "Flannel",
    "v0.28.9",
    {
        **KUBERNETES.settings,
        "enforced": Setting("no", "flannel-io/flannel README: flanneld does not enforce NetworkPolicies"),
    },
    notes=("Policies are judged as Kubernetes' API has them, to tell what an engine would stop.",),
)
