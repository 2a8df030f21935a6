"""Applying what an explanation proposes to a cluster, the way a person would: by its YAML."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from flowcheck.explaining.records import Change, Edit
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Policy
from flowcheck.reading import load_cluster

HEAD = """\
apiVersion: {version}
kind: {kind}
metadata: {{name: wrapper, namespace: {namespace}}}
spec:
"""
SPECS = {
    "NetworkPolicy": ("networking.k8s.io/v1", "  podSelector: {{}}\n  policyTypes: [{type}]\n"),
    "CiliumNetworkPolicy": ("cilium.io/v2", "  endpointSelector: {{}}\n"),
    "CiliumClusterwideNetworkPolicy": ("cilium.io/v2", "  nodeSelector: {{}}\n"),
    "CalicoNetworkPolicy": ("projectcalico.org/v3", "  types: [{type}]\n"),
    "GlobalNetworkPolicy": ("projectcalico.org/v3", "  types: [{type}]\n"),
}
"""By kind: the version, and what a policy needs beside its rules."""


def apply(cluster: Cluster, change: Change) -> Cluster:
    """The cluster with every edit of the change made."""
    for edit in change.edits:
        cluster = _apply(cluster, edit)
    return cluster


def _apply(cluster: Cluster, edit: Edit) -> Cluster:
    if not edit.policy:
        return replace(cluster, policies=(*cluster.policies, _read(edit.yaml)))
    kind = edit.policy.partition("/")[0]
    version, spec = SPECS[kind]
    head = HEAD.format(
        version=version, kind=kind.replace("CalicoN", "N"), namespace=edit.namespace or "default"
    )
    head += spec.format(type=edit.direction.title()) + f"  {edit.direction}:\n"
    added = _read(head + "".join(f"  {line}\n" for line in edit.yaml.splitlines()))
    policies = []
    for policy in cluster.policies:
        if str(policy) == edit.policy:
            ingress = (*policy.ingress, *added.ingress)
            policy = replace(policy, ingress=ingress, egress=(*policy.egress, *added.egress))
        policies.append(policy)
    return replace(cluster, policies=tuple(policies))


def _read(text: str) -> Policy:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "policy.yaml")
        file.write_text(text)
        (policy,) = load_cluster([str(file)]).policies
    return policy
