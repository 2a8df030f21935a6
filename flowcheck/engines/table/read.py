"""Antrea, OVN-Kubernetes and the AWS VPC CNI's network policy agent, as their sources say."""

from __future__ import annotations

from flowcheck.engines.table.upstream import INSIDE_ITS_NAMESPACE, KUBERNETES
from flowcheck.model.engines import Profile, Setting

_DNS = Setting("unknown", KUBERNETES.settings["node_dns"].source)
_A_NP = "read, pkg/controller/networkpolicy/networkpolicy_controller.go"
_A_CNP = "read, pkg/controller/networkpolicy/clusternetworkpolicy.go (feature gate ClusterNetworkPolicy)"
_A_FLOWS = "read, pkg/agent/openflow/pipeline.go"

ANTREA = Profile(
    "antrea",
    "Antrea",
    "v2.7.0",
    {
        "ipblock_matches_pods": Setting("yes", f"{_A_FLOWS}: matched by address"),
        "ipblock_matches_nodes": Setting("yes", f"{_A_FLOWS}: matched by address"),
        "networks_match": Setting("inside", f"{_A_CNP}, toAntreaIPBlocksForCNPNetworks"),
        "block_takes": Setting("address", f"{_A_FLOWS}: matched by address"),
        "nodes_peers": Setting("match", f"{_A_CNP}, toAntreaEgressPeerForCNP"),
        "cluster_policies": Setting("enforced", _A_CNP),
        "rule_types": Setting("all", f"{_A_NP}, processNetworkPolicy: rules whatever policyTypes says"),
        "selector_labels": Setting("all", "read, pkg/controller/grouping"),
        "port_names": Setting("containers", f"{_A_NP}, podToGroupMember"),
        "same_port_name": Setting(
            "first", "read, pkg/agent/controller/networkpolicy/pod_reconciler.go, resolveService"
        ),
        "equal_priority": Setting("unknown", "read, pkg/agent/types/networkpolicy.go: nothing breaks a tie"),
        "baseline_tier": Setting("direction", f"{_A_FLOWS}: one table a direction"),
        "unselected_pods": Setting("allowed", f"{_A_FLOWS}: default rules"),
        "host_network_namespace": Setting("", f"{_A_NP}: pods on the host network are left out"),
        "own_node": Setting("allowed", f"{_A_FLOWS}, localProbeFlows"),
        "to_own_node": Setting("policy", f"{_A_FLOWS}: egress tables come first"),
        "same_pod": Setting("allowed", INSIDE_ITS_NAMESPACE),
        "icmp": Setting("policy", f"{_A_FLOWS}, defaultDropFlow: all protocols"),
        "node_devices": Setting(
            "gateway", "read, pkg/agent/agent.go: antrea-gw0 has the next after the range's own"
        ),
        "node_dns": _DNS,
        "staged": Setting("ignored", "it has none"),
        "enforced": Setting("yes", _A_FLOWS),
    },
    notes=("Antrea's own policies and tiers are not evaluated.",),
)

_O_NP = "read, go-controller/pkg/ovn/base_network_controller_policy.go"
_O_ANP = "read, go-controller/pkg/ovn/controller/admin_network_policy"
_O_ACL = "read, go-controller/pkg/ovn/gress_policy.go"

OVN = Profile(
    "ovn",
    "OVN-Kubernetes",
    "v1.3.0",
    {
        "ipblock_matches_pods": Setting("yes", f"{_O_ACL}: matched by address"),
        "ipblock_matches_nodes": Setting("yes", f"{_O_ACL}: matched by address"),
        "networks_match": Setting("inside", f"{_O_ANP}: matched by address"),
        "block_takes": Setting("address", f"{_O_ACL}: matched by address"),
        "nodes_peers": Setting("match", f"{_O_ANP}/types.go"),
        "cluster_policies": Setting(
            "enforced", f"{_O_ANP}: AdminNetworkPolicy and BaselineAdminNetworkPolicy v1alpha1"
        ),
        "rule_types": Setting(
            "allow", f"{_O_NP}: rules whatever policyTypes says, default denies by policyTypes"
        ),
        "selector_labels": Setting("all", "read, go-controller/pkg/ovn/addresssetmanager"),
        "port_names": Setting("unread", f"{_O_ACL}, addPortPolicy: the number of a name is 0, which is all"),
        "same_port_name": Setting("all", f"{_O_ANP}: namedPorts of all containers"),
        "equal_priority": Setting("unknown", f"{_O_ANP}: undefined behavior, an event says"),
        "baseline_tier": Setting("direction", f"{_O_NP}: ACL tiers, each direction by itself"),
        "unselected_pods": Setting("allowed", _O_NP),
        "host_network_namespace": Setting(
            "", "read, go-controller/pkg/config: host-network-namespace, empty by default"
        ),
        "own_node": Setting("allowed", f"{_O_NP}, addAllowACLFromNode: the management port's address"),
        "to_own_node": Setting("policy", f"{_O_NP}: egress ACLs of the pod's port"),
        "same_pod": Setting("allowed", f"{_O_NP}, addHairpinAllowACL"),
        "icmp": Setting("policy", f"{_O_NP}: default denies are of all protocols"),
        "node_devices": Setting(
            "management", "read, go-controller/pkg/util/net.go, GetNodeManagementIfAddr: ovn-k8s-mp0"
        ),
        "node_dns": _DNS,
        "staged": Setting("ignored", "it has none"),
        "enforced": Setting("yes", _O_NP),
    },
    notes=("A namespace openshift-host-network or ovn-host-network is taken to stand for the host network.",),
)

_W_EBPF = "read, aws-network-policy-agent v1.4.1 pkg/ebpf/c"
_W_AGENT = "read, aws-network-policy-agent v1.4.1 controllers/policyendpoints_controller.go"
_W_CONTROLLER = "read, amazon-network-policy-controller-k8s v1.1.7 pkg/resolvers/endpoints.go"
_W_RULES = "read, aws-network-policy-agent v1.4.1 pkg/fwruleprocessor"

AWS = Profile(
    "aws",
    "AWS VPC CNI",
    "network policy agent v1.4.1, controller v1.1.7",
    {
        "ipblock_matches_pods": Setting("yes", f"{_W_EBPF}: matched by address"),
        "ipblock_matches_nodes": Setting("yes", f"{_W_EBPF}: matched by address"),
        "networks_match": Setting("inside", "no cluster-wide policy of Kubernetes is read"),
        "block_takes": Setting("address", f"{_W_EBPF}: matched by address"),
        "nodes_peers": Setting("match", "no cluster-wide policy of Kubernetes is read"),
        "cluster_policies": Setting(
            "ignored", "read, amazon-network-policy-controller-k8s v1.1.7: networking.k8s.aws only"
        ),
        "rule_types": Setting("all", f"{_W_AGENT}: no catch-all entry where there are rules"),
        "selector_labels": Setting("all", f"{_W_CONTROLLER}, listMatchingPods"),
        "port_names": Setting(
            "containers", "read, amazon-network-policy-controller-k8s v1.1.7 pkg/k8s/pod_utils.go"
        ),
        "same_port_name": Setting(
            "first", "read, amazon-network-policy-controller-k8s v1.1.7 pkg/k8s/pod_utils.go"
        ),
        "equal_priority": Setting("unknown", "no cluster-wide policy of Kubernetes is read"),
        "baseline_tier": Setting("direction", f"{_W_EBPF}: a program each direction"),
        "unselected_pods": Setting(
            "allowed", f"{_W_AGENT}: NETWORK_POLICY_ENFORCING_MODE standard; strict: denied"
        ),
        "host_network_namespace": Setting("", f"{_W_CONTROLLER}: no namespace stands for nodes"),
        "own_node": Setting("allowed", f"{_W_RULES}: the node's address is always added"),
        "to_own_node": Setting("policy", f"{_W_EBPF}, tc.v4egress.bpf.c"),
        "same_pod": Setting("allowed", INSIDE_ITS_NAMESPACE),
        "icmp": Setting("policy", f"{_W_EBPF}: port 0 of a protocol that no rule names"),
        "node_devices": Setting("told", "pods' addresses are of the VPC; there is no tunnel"),
        "node_dns": _DNS,
        "staged": Setting("ignored", "it has none"),
        "enforced": Setting("yes", f"{_W_AGENT}, with enable-network-policy, which is off by default"),
    },
    (
        "Egress is asked before a Service's address is translated: rules by selector also take the Services "
        "that select the same pods, a rule by address must have the Service's own. Flows to Services are "
        "judged at their backends here.",
        "Pods on the host network are peers by their nodes' addresses, where a selector takes them.",
    ),
)
