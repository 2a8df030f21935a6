"""What may explain a finding beside a breach: said with it, so that nobody looks for the wrong thing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from flowcheck.model.cluster import Cluster
from flowcheck.model.verdict import Violation
from flowcheck.results.records.findings import Finding

OWN_NODE = (
    "the example's pod runs on this node: Kubernetes' documentation always allows traffic to a pod's own "
    "node, network plugins judge it by policy, as here"
)


def add_notes(findings: Sequence[Finding], cluster: Cluster | None) -> list[Finding]:
    """The findings, with a note where a pod was denied the node that it runs on."""
    kind = str(Violation.FORWARDED_DENIED)
    to_nodes = [f for f in findings if f.kind == kind and f.direction == "egress" and _is_node(f)]
    if cluster is None or not to_nodes:
        return list(findings)
    places = {(f"{pod.namespace}/Pod/{pod.name}", f"Node/{pod.node}") for pod in cluster.pods if pod.node}
    own = {f.fingerprint for f in to_nodes if (f.example.src, f.example.dst) in places}
    return [msgspec.structs.replace(f, note=OWN_NODE) if f.fingerprint in own else f for f in findings]


def _is_node(finding: Finding) -> bool:
    return finding.destination.startswith("Node/")
