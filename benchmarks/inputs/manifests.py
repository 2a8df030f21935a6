"""Writes a world's cluster and policies as ``kubectl get ... -o json`` would: cluster.json, policies.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.policies import NAME, Document, policies
from benchmarks.inputs.world import METRICS, RANGE, Workload, World, node_of, pod_address, pod_cidr


def write(world: World, directory: Path) -> None:
    """Write both lists into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    _write_list(directory / "cluster.json", cluster(world))
    _write_list(directory / "policies.json", policies(world))


def _write_list(path: Path, items: Iterator[Document]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n    "apiVersion": "v1",\n    "kind": "List",\n    "items": [\n')
        for i, item in enumerate(items):
            file.write(",\n" if i else "")
            file.write(json.dumps(item, indent=4))
        file.write("\n    ]\n}\n")


def cluster(world: World) -> Iterator[Document]:
    """Namespaces, nodes, workloads with their pods, Services with their EndpointSlices."""
    for name in world.namespaces:
        env = "dev" if name.endswith("7") else "prod"
        labels = {NAME: name, "team": name, "env": env}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    for node in range(world.size.n_nodes):
        yield _node(node)
    first = 0
    for workload in world.workloads:
        yield from _workload(world, workload, first)
        first += workload.replicas


def _node(node: int) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": f"node-{node:03d}",
            "labels": {"topology.kubernetes.io/zone": f"zone-{node % 3}"},
        },
        "spec": {"podCIDR": pod_cidr(node), "podCIDRs": [pod_cidr(node)]},
        "status": {"addresses": [{"type": "InternalIP", "address": _node_address(node)}]},
    }


def _node_address(node: int) -> str:
    return f"172.16.{node // 200}.{node % 200 + 10}"


def labels_of(workload: Workload) -> dict[str, str]:
    return {
        "app": workload.name,
        "tier": f"tier-{workload.index % 6}",
        "app.kubernetes.io/part-of": workload.namespace,
    }


def _ports(workload: Workload) -> list[Document]:
    metrics = {"name": "metrics", "containerPort": METRICS, "protocol": "TCP"}
    if workload.name == "kube-dns":
        return [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]
    if workload.ranged:
        return [{"containerPort": workload.port + i, "protocol": "TCP"} for i in range(RANGE)] + [metrics]
    return [{"name": workload.port_name, "containerPort": workload.port, "protocol": "TCP"}, metrics]


def _workload(world: World, workload: Workload, first_pod: int) -> Iterator[Document]:
    labels = labels_of(workload)
    owner = (workload.kind, workload.name)
    yield {
        "apiVersion": "apps/v1",
        "kind": workload.kind,
        "metadata": _metadata(workload, workload.name, labels),
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": {"app": workload.name}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [_container(workload)]}},
        },
    }
    if workload.kind == "Deployment":
        stem = f"{workload.name}-{workload.index * 7919 + 0x5D8C7B00:x}"
        labels = labels | {"pod-template-hash": stem.rsplit("-", 1)[1]}
        yield {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": _metadata(workload, stem, labels, owner),
            "spec": {"replicas": workload.replicas, "selector": {"matchLabels": labels}},
        }
        owner = ("ReplicaSet", stem)
    for i in range(workload.replicas):
        yield _pod(world, workload, first_pod + i, f"{owner[1]}-{i}", labels, owner)
    yield from _service(world, workload, first_pod, owner[1])


def _metadata(
    workload: Workload, name: str, labels: dict[str, str], owner: tuple[str, str] | None = None
) -> Document:
    metadata: Document = {
        "name": name,
        "namespace": workload.namespace,
        "uid": f"00000000-0000-4000-8000-{abs(hash_of(workload.namespace, name)):012x}",
        "resourceVersion": "481516",
        "creationTimestamp": "2026-03-01T06:00:00Z",
        "labels": labels,
        "annotations": {"deployment.kubernetes.io/revision": "3", "prometheus.io/scrape": "true"},
    }
    if owner is not None:
        kind, owner_name = owner
        metadata["ownerReferences"] = [
            {
                "apiVersion": "apps/v1",
                "kind": kind,
                "name": owner_name,
                "uid": f"00000000-0000-4000-8000-{hash_of(workload.namespace, owner_name):012x}",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return metadata


def hash_of(*words: str) -> int:
    """A number for a uid, the same in every run."""
    number = 0
    for character in "/".join(words):
        number = (number * 131 + ord(character)) % (1 << 48)
    return number


def _container(workload: Workload) -> Document:
    probe = {"httpGet": {"path": "/healthz", "port": METRICS, "scheme": "HTTP"}, "periodSeconds": 10}
    return {
        "name": workload.name,
        "image": f"registry.example/{workload.namespace}/{workload.name}:1.{workload.index}.0",
        "imagePullPolicy": "IfNotPresent",
        "ports": _ports(workload),
        "env": [{"name": f"SETTING_{i}", "value": f"value-{i}"} for i in range(4)],
        "resources": {
            "limits": {"cpu": "1", "memory": "512Mi"},
            "requests": {"cpu": "100m", "memory": "128Mi"},
        },
        "livenessProbe": probe,
        "readinessProbe": probe,
        "volumeMounts": [
            {
                "name": "kube-api-access",
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "readOnly": True,
            }
        ],
    }


def _pod(
    world: World, workload: Workload, pod: int, name: str, labels: dict[str, str], owner: tuple[str, str]
) -> Document:
    address = pod_address(world.size, pod)
    node = node_of(world.size, pod)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(workload, name, labels, owner) | {"generateName": f"{owner[1]}-"},
        "spec": {
            "containers": [_container(workload)],
            "nodeName": f"node-{node:03d}",
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            "schedulerName": "default-scheduler",
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
            ],
            "volumes": [{"name": "kube-api-access", "projected": {"defaultMode": 420}}],
        },
        "status": {
            "phase": "Running",
            "hostIP": _node_address(node),
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": "2026-03-01T06:00:00Z",
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": "2026-03-01T06:00:09Z"}
                for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "containerStatuses": [
                {
                    "name": workload.name,
                    "ready": True,
                    "restartCount": 0,
                    "image": f"registry.example/{workload.namespace}/{workload.name}:1.{workload.index}.0",
                    "state": {"running": {"startedAt": "2026-03-01T06:00:08Z"}},
                }
            ],
            "qosClass": "Burstable",
        },
    }


def _service(world: World, workload: Workload, first_pod: int, stem: str) -> Iterator[Document]:
    protocol = "UDP" if workload.name == "kube-dns" else "TCP"
    address = f"10.96.{workload.index // 250}.{workload.index % 250 + 1}"
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": workload.name, "namespace": workload.namespace},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "selector": {"app": workload.name},
            "ports": [
                {"name": "main", "protocol": protocol, "port": workload.port, "targetPort": workload.port}
            ],
        },
    }
    for start in range(0, workload.replicas, 100):
        yield {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{workload.name}-{start // 100}",
                "namespace": workload.namespace,
                "labels": {"kubernetes.io/service-name": workload.name},
            },
            "addressType": "IPv4",
            "ports": [{"name": "main", "protocol": protocol, "port": workload.port}],
            "endpoints": [
                {
                    "addresses": [pod_address(world.size, first_pod + i)],
                    "conditions": {"ready": True, "serving": True, "terminating": False},
                    "nodeName": f"node-{node_of(world.size, first_pod + i):03d}",
                    "targetRef": {"kind": "Pod", "namespace": workload.namespace, "name": f"{stem}-{i}"},
                }
                for i in range(start, min(start + 100, workload.replicas))
            ],
        }
