"""A cluster as large as one likes, of pods and policies alone: for how reading and compiling grow.

Pods come in workloads of ten replicas, ten workloads a namespace and forty pods a node. Policy ``i`` selects
workload ``i`` (round again where there are more policies), and each of its rules lets in one other workload
at one port: the same in every language.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

REPLICAS, A_NAMESPACE, A_NODE = 10, 10, 40
PORTS = (80, 443, 5432, 6379, 8080, 9102)
Peers = list[tuple[int, int]]
"""Whom a policy lets in: a workload and a port each."""


@dataclass(frozen=True)
class Wide:
    """How many pods and policies, and rules in each policy; and whose policies they are."""

    n_pods: int
    n_policies: int
    n_rules: int
    language: str = "kubernetes"

    @property
    def n_workloads(self) -> int:
        return self.n_pods // REPLICAS

    def __str__(self) -> str:
        language = "" if self.language == "kubernetes" else f"-{self.language}"
        return f"{self.n_pods}-{self.n_policies}-{self.n_rules}{language}"


def write(size: Wide, directory: Path, seed: int) -> None:
    """Write the objects of a size as one file of JSON; the same seed gives the same file."""
    directory.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    namespaces = [{"metadata": {"name": _namespace(w)}} for w in range(0, size.n_workloads, A_NAMESPACE)]
    kinds = (
        ("v1", "NamespaceList", namespaces),
        ("v1", "PodList", [_pod(number) for number in range(size.n_workloads * REPLICAS)]),
        (*LANGUAGES[size.language][:2], [_policy(size, number, rng) for number in range(size.n_policies)]),
    )
    for version, kind, items in kinds:
        text = json.dumps({"apiVersion": version, "kind": kind, "items": items})
        (directory / f"{kind}.json").write_text(text, encoding="utf-8")


def flows(size: Wide, n: int, seed: int) -> pa.Table:
    """Some flows from any pod to any other, half of them to a port that some rule names."""
    dice = np.random.default_rng(seed)
    n_pods = size.n_workloads * REPLICAS
    addresses = pa.array([_address(number) for number in range(n_pods)])
    some = np.where(dice.random(n) < 0.5, dice.choice(PORTS, n), dice.integers(1, 1 << 16, n))
    src, dst = (addresses.take(pa.array(dice.integers(0, n_pods, n))) for _ in range(2))
    times = pa.array(np.full(n, 1_773_100_000_000_000), pa.timestamp("us", "UTC"))
    return pa.table(
        {
            "start_time": times,
            "src_ip": src,
            "dst_ip": dst,
            "src_port": pa.array(np.full(n, 40_000, dtype=np.uint16)),
            "dst_port": pa.array(some.astype(np.uint16)),
            "protocol": pa.array(np.full(n, 6, dtype=np.uint8)),
        }
    )


def _address(pod: int) -> str:
    return f"10.{pod >> 16}.{pod >> 8 & 255}.{pod & 255}"


def _namespace(workload: int) -> str:
    return f"team-{workload // A_NAMESPACE:04d}"


def _pod(number: int) -> dict[str, Any]:
    workload, node = number // REPLICAS, number // A_NODE
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": f"app-{workload}", "controller": True}
    return {
        "metadata": {
            "namespace": _namespace(workload),
            "name": f"app-{workload}-{number % REPLICAS}",
            "uid": f"uid-{number}",
            "labels": {"app": f"app-{workload}"},
            "ownerReferences": [owner | {"uid": f"uid-app-{workload}"}],
        },
        "spec": {"nodeName": f"node-{node}", "containers": [{"name": "main", "image": "app"}]},
        "status": {
            "phase": "Running",
            "podIP": _address(number),
            "startTime": f"2026-03-01T{number % 24:02d}:{number // 24 % 60:02d}:00Z",
        },
    }


def _policy(size: Wide, number: int, rng: random.Random) -> dict[str, Any]:
    workload = number % size.n_workloads
    spec = LANGUAGES[size.language][2]
    peers = [(rng.randrange(size.n_workloads), rng.choice(PORTS)) for _ in range(size.n_rules)]
    return {
        "metadata": {"namespace": _namespace(workload), "name": f"policy-{number}"},
        "spec": spec(f"app-{workload}", peers),
    }


def _kubernetes(app: str, peers: Peers) -> dict[str, Any]:
    def rule(peer: int, port: int) -> dict[str, Any]:
        space = {"matchLabels": {"kubernetes.io/metadata.name": _namespace(peer)}}
        pods = {"matchLabels": {"app": f"app-{peer}"}}
        return {
            "from": [{"namespaceSelector": space, "podSelector": pods}],
            "ports": [{"protocol": "TCP", "port": port}],
        }

    return {
        "podSelector": {"matchLabels": {"app": app}},
        "policyTypes": ["Ingress"],
        "ingress": [rule(*one) for one in peers],
    }


def _cilium(app: str, peers: Peers) -> dict[str, Any]:
    def rule(peer: int, port: int) -> dict[str, Any]:
        labels = {"app": f"app-{peer}", "k8s:io.kubernetes.pod.namespace": _namespace(peer)}
        ports = [{"port": str(port), "protocol": "TCP"}]
        return {"fromEndpoints": [{"matchLabels": labels}], "toPorts": [{"ports": ports}]}

    return {"endpointSelector": {"matchLabels": {"app": app}}, "ingress": [rule(*one) for one in peers]}


def _calico(app: str, peers: Peers) -> dict[str, Any]:
    def rule(peer: int, port: int) -> dict[str, Any]:
        source = {
            "selector": f"app == 'app-{peer}'",
            "namespaceSelector": f"projectcalico.org/name == '{_namespace(peer)}'",
        }
        return {"action": "Allow", "protocol": "TCP", "source": source, "destination": {"ports": [port]}}

    rules = [rule(*one) for one in peers]
    return {"selector": f"app == '{app}'", "types": ["Ingress"], "ingress": rules}


LANGUAGES: Mapping[str, tuple[str, str, Callable[[str, Peers], dict[str, Any]]]] = {
    "kubernetes": ("networking.k8s.io/v1", "NetworkPolicyList", _kubernetes),
    "cilium": ("cilium.io/v2", "CiliumNetworkPolicyList", _cilium),
    "calico": ("projectcalico.org/v3", "NetworkPolicyList", _calico),
}
