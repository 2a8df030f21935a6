"""The policies of a world, as ``kubectl get networkpolicies -o json`` lists them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from benchmarks.inputs.world import BLOCKED, METRICS, PARTNER, RANGE, Workload, World

Document = dict[str, Any]
NAME = "kubernetes.io/metadata.name"


def policies(world: World) -> Iterator[Document]:
    """Default deny, DNS and metrics in each namespace but kube-system; two policies for each workload."""
    for namespace in world.namespaces[:-1]:
        yield from _namespace_policies(namespace)
    for workload in world.workloads[:-2]:
        yield _ingress(world, workload)
        yield _egress(world, workload)
    scraping = {"to": [{"namespaceSelector": {}}], "ports": [{"protocol": "TCP", "port": METRICS}]}
    yield _policy("monitoring", "prometheus", {"matchLabels": {"app": "prometheus"}}, "Egress", [scraping])


def _policy(namespace: str, name: str, pods: Document, direction: str, rules: list[Document]) -> Document:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": pods, "policyTypes": [direction], direction.lower(): rules},
    }


def _namespace_policies(namespace: str) -> Iterator[Document]:
    everything = _policy(namespace, "default-deny", {}, "Ingress", [])
    everything["spec"] = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    yield everything
    dns = {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {NAME: "kube-system"}},
                "podSelector": {"matchLabels": {"app": "kube-dns"}},
            }
        ],
        "ports": [{"protocol": "UDP", "port": 53}],
    }
    yield _policy(namespace, "allow-dns", {}, "Egress", [dns])
    scraper = {
        "namespaceSelector": {
            "matchExpressions": [{"key": "team", "operator": "In", "values": ["monitoring"]}]
        },
        "podSelector": {"matchLabels": {"app": "prometheus"}},
    }
    metrics = {"from": [scraper], "ports": [{"protocol": "TCP", "port": "metrics"}]}
    scraped = {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["hidden"]}]}
    yield _policy(namespace, "allow-metrics", scraped, "Ingress", [metrics])


def _port(workload: Workload, named: bool) -> Document:
    if workload.ranged:
        return {"protocol": "TCP", "port": workload.port, "endPort": workload.port + RANGE - 1}
    return {"protocol": "TCP", "port": workload.port_name if named else workload.port}


def _peers(world: World, namespace: str, others: list[int]) -> list[Document]:
    """One entry for each namespace the others are in: by name, by podSelector alone in the own namespace."""
    names = defaultdict(list)
    for other in sorted(others):
        names[world.workloads[other].namespace].append(world.workloads[other].name)
    peers: list[Document] = []
    for other_namespace, apps in sorted(names.items()):
        pods = {"matchExpressions": [{"key": "app", "operator": "In", "values": apps}]}
        if other_namespace == namespace:
            peers.append({"podSelector": pods})
        else:
            peers.append({"namespaceSelector": {"matchLabels": {NAME: other_namespace}}, "podSelector": pods})
    return peers


def _ingress(world: World, workload: Workload) -> Document:
    ports = [_port(workload, named=workload.index % 2 == 0)]
    n_parts = world.size.client_rules
    parts = filter(None, (workload.clients[part::n_parts] for part in range(n_parts)))
    rules: list[Document] = [
        {"from": _peers(world, workload.namespace, clients), "ports": ports} for clients in parts
    ]
    if workload.shared:
        selector = {"matchExpressions": [{"key": "env", "operator": "Exists"}]}
        rules.append({"from": [{"namespaceSelector": selector}], "ports": ports})
    if workload.public:
        block = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", f"{BLOCKED}.0/24"]}
        rules.append({"from": [{"ipBlock": block}], "ports": ports})
    name = {"matchLabels": {"app": workload.name}}
    return _policy(workload.namespace, f"{workload.name}-in", name, "Ingress", rules)


def _egress(world: World, workload: Workload) -> Document:
    """One rule for each port that the servers listen on."""
    by_port: dict[int, list[int]] = defaultdict(list)
    for server in workload.servers:
        by_port[world.workloads[server].port].append(server)
    rules = [
        {
            "to": _peers(world, workload.namespace, servers),
            "ports": [_port(world.workloads[servers[0]], named=workload.index % 4 == 1)],
        }
        for _, servers in sorted(by_port.items())
    ]
    if workload.uses_partner:
        block = {"cidr": f"{PARTNER}.0/24", "except": [f"{PARTNER}.128/25"]}
        rules.append({"to": [{"ipBlock": block}], "ports": [{"protocol": "TCP", "port": 443}]})
    name = {"matchLabels": {"app": workload.name}}
    return _policy(workload.namespace, f"{workload.name}-out", name, "Egress", rules)
