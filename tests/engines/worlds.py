"""Small clusters as objects, and what an engine says of one flow in them, by both paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowcheck.engines.profiles import apply
from flowcheck.model.options import Options
from flowcheck.model.protocols import PROTOCOLS
from flowcheck.reference import Tuple5
from tests.tools.conformance import PATHS, judge, load_objects

Json = dict[str, Any]
NODES = {"n1": "10.9.0.1", "n2": "10.9.0.2"}
MODES = {"ipblock_matches_pods": "yes", "ipblock_matches_nodes": "yes", "nodes_peers": "match"}
KNP = {"port_names": "containers", "baseline_tier": "pod", "equal_priority": "name"}
ENGINES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "F": ("kubernetes", {"equal_priority": "name"}),
    "C": ("cilium", MODES),
    "D": ("cilium", {}),
    "K": ("calico", {}),
    "P": ("kubernetes", KNP),
    "A": ("antrea", {}),
    "O": ("ovn", {}),
    "W": ("aws", {}),
}
"""As in the table of causes: flowcheck as it was, Cilium with all modes on, its defaults, Calico,
kube-network-policies; and Antrea, OVN-Kubernetes, AWS."""


def thing(kind: str, name: str, namespace: str = "", api: str = "v1", **parts: Any) -> Json:
    meta: Json = {"name": name, **({"namespace": namespace} if namespace else {}), **parts.pop("meta", {})}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **parts}


def pod(name: str, node: str, ip: str, *more: str, namespace: str = "shop", **parts: Any) -> Json:
    """``parts``: ``labels``, and of the spec."""
    labels = {"app": name, **parts.pop("labels", {})}
    spec = {"nodeName": node, "containers": [{"name": "c"}], **parts}
    status = {"podIPs": [{"ip": one} for one in (ip, *more)]}
    return thing("Pod", name, namespace, meta={"labels": labels}, spec=spec, status=status)


def base() -> list[Json]:
    """Two namespaces and two nodes."""
    spaces = [
        thing("Namespace", name, meta={"labels": {"kubernetes.io/metadata.name": name, "team": team}})
        for name, team in (("shop", "red"), ("lab", "blue"))
    ]
    return spaces + [
        thing("Node", name, status={"addresses": [{"type": "InternalIP", "address": address}]})
        for name, address in NODES.items()
    ]


def network_policy(name: str, namespace: str, **spec: Any) -> Json:
    return thing("NetworkPolicy", name, namespace, "networking.k8s.io/v1", spec={"podSelector": {}, **spec})


def cluster_policy(name: str, tier: str = "Admin", priority: int = 5, **spec: Any) -> Json:
    spec = {"tier": tier, "priority": priority, "subject": {"namespaces": {}}, **spec}
    api = "policy.networking.k8s.io/v1alpha2"
    return thing("ClusterNetworkPolicy", name, api=api, spec=spec)


def said(objects: list[Json], flow: str, side: str, cni: str, given: Mapping[str, str]) -> str:
    """The verdict of a side of ``10.0.0.1 > 10.0.0.2 TCP 80``, which both paths must share."""
    src, _, dst, protocol, port = flow.split()
    enforced = apply(load_objects(objects), Options(), cni, given)
    asked = Tuple5(src, dst, PROTOCOLS[protocol], int(port))
    found = {getattr(judge(path, enforced.cluster, [asked], enforced.options)[0], side) for path in PATHS}
    assert len(found) == 1, found
    return str(found.pop())
