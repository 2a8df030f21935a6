"""A cluster as large as one likes, of pods and policies alone: for how reading and compiling grow.

Pods come in workloads of ten replicas, ten workloads a namespace and forty pods a node. Policy ``i`` selects
workload ``i`` (round again where there are more policies), and each of its rules lets in one other workload
at one port.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPLICAS, A_NAMESPACE, A_NODE = 10, 10, 40
PORTS = (80, 443, 5432, 6379, 8080, 9102)


@dataclass(frozen=True)
class Wide:
    """How many pods and policies, and rules in each policy."""

    n_pods: int
    n_policies: int
    n_rules: int

    @property
    def n_workloads(self) -> int:
        return self.n_pods // REPLICAS

    def __str__(self) -> str:
        return f"{self.n_pods}-{self.n_policies}-{self.n_rules}"


def write(size: Wide, directory: Path, seed: int) -> None:
    """Write the objects of a size as one file of JSON; the same seed gives the same file."""
    directory.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    namespaces = [{"metadata": {"name": _namespace(w)}} for w in range(0, size.n_workloads, A_NAMESPACE)]
    kinds = (
        ("v1", "NamespaceList", namespaces),
        ("v1", "PodList", [_pod(number) for number in range(size.n_workloads * REPLICAS)]),
        (
            "networking.k8s.io/v1",
            "NetworkPolicyList",
            [_policy(size, number, rng) for number in range(size.n_policies)],
        ),
    )
    for version, kind, items in kinds:
        text = json.dumps({"apiVersion": version, "kind": kind, "items": items})
        (directory / f"{kind}.json").write_text(text, encoding="utf-8")


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
            "podIP": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "startTime": f"2026-03-01T{number % 24:02d}:{number // 24 % 60:02d}:00Z",
        },
    }


def _policy(size: Wide, number: int, rng: random.Random) -> dict[str, Any]:
    workload = number % size.n_workloads
    return {
        "metadata": {"namespace": _namespace(workload), "name": f"policy-{number}"},
        "spec": {
            "podSelector": {"matchLabels": {"app": f"app-{workload}"}},
            "policyTypes": ["Ingress"],
            "ingress": [_rule(rng.randrange(size.n_workloads), rng) for _ in range(size.n_rules)],
        },
    }


def _rule(peer: int, rng: random.Random) -> dict[str, Any]:
    space = {"matchLabels": {"kubernetes.io/metadata.name": _namespace(peer)}}
    return {
        "from": [{"namespaceSelector": space, "podSelector": {"matchLabels": {"app": f"app-{peer}"}}}],
        "ports": [{"protocol": "TCP", "port": rng.choice(PORTS)}],
    }
