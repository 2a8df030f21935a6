"""The NetworkPolicies of a changing cluster, as Kubernetes objects, and which of them change when.

Every namespace but kube-system denies all it does not allow. A workload's ingress policy admits its
clients unless they are quarantined, and says so by labels that roll-outs and operators change. One
namespace in four is strict: its workloads have egress policies of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from benchmarks.churn.world import ChurnWorkload, ChurnWorld, rfc3339

Document = dict[str, Any]
NAME = "kubernetes.io/metadata.name"
TRUSTED = {"key": "quarantine", "operator": "DoesNotExist"}


def at_the_beginning(world: ChurnWorld) -> Iterator[Document]:
    """All policies of midnight; the workload ``changes.added`` has no ingress policy yet."""
    for namespace in world.namespaces[:-1]:
        yield from _of_namespace(namespace, strict=is_strict(world, namespace))
    for workload in world.workloads[:-1]:
        if workload.kind != "Job" and workload.index != world.changes.added:
            yield ingress(world, workload)
        if workload.partner or is_strict(world, workload.namespace):
            yield _egress(world, workload)


def is_strict(world: ChurnWorld, namespace: str) -> bool:
    return world.namespaces.index(namespace) % 4 == 0


def added(world: ChurnWorld) -> Document:
    """The ingress policy that is new at ``changes.second``."""
    policy = ingress(world, world.workloads[world.changes.added])
    policy["metadata"]["creationTimestamp"] = rfc3339(world.changes.second)
    return policy


def edited(world: ChurnWorld) -> Document:
    """The ingress policy that loses a client at ``changes.first``."""
    return ingress(world, world.workloads[world.changes.edited], without=world.changes.dropped)


def _of_namespace(namespace: str, *, strict: bool) -> Iterator[Document]:
    yield _policy(namespace, "default-deny", {}, {"policyTypes": ["Ingress", "Egress"]})
    dns = {"namespaceSelector": {"matchLabels": {NAME: "kube-system"}}}
    rules: list[Document] = [{"to": [dns], "ports": [{"protocol": "UDP", "port": 53}]}]
    inside: Document = {"namespaceSelector": {}}
    if strict:
        inside["podSelector"] = {"matchLabels": {"shared": "true"}}
    rules.append({"to": [inside], "ports": [{"protocol": "TCP"}]})
    yield _policy(namespace, "allow-inside", {}, {"policyTypes": ["Egress"], "egress": rules})


def _policy(namespace: str, name: str, pods: Document, spec: Document) -> Document:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": "2026-02-01T08:00:00Z"},
        "spec": {"podSelector": pods, **spec},
    }


def ingress(world: ChurnWorld, workload: ChurnWorkload, without: int = -1) -> Document:
    """Admits the workload's clients, all but ``without``."""
    requirements = [TRUSTED]
    if workload.modern:
        requirements.append({"key": "version", "operator": "NotIn", "values": ["v1"]})
    clients = [client for client in workload.clients if client != without]
    sources = _apps(world, clients, requirements)
    if workload.shared:
        sources.append(
            {
                "namespaceSelector": {"matchLabels": {"env": "prod"}},
                "podSelector": {"matchExpressions": [TRUSTED]},
            }
        )
    if workload.public:
        sources.append({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}})
    ports = [{"protocol": "TCP", "port": workload.port}]
    rules = [{"from": sources, "ports": ports}] if sources else []
    spec = {"policyTypes": ["Ingress"], "ingress": rules}
    return _policy(workload.namespace, f"{workload.name}-in", _app(workload), spec)


def _egress(world: ChurnWorld, workload: ChurnWorkload) -> Document:
    """Lets a workload out to its servers where its namespace does not, to the partner where it may."""
    by_port: dict[int, list[int]] = defaultdict(list)
    for server in workload.servers if is_strict(world, workload.namespace) else ():
        by_port[world.workloads[server].port].append(server)
    rules = [
        {"to": _apps(world, servers, []), "ports": [{"protocol": "TCP", "port": port}]}
        for port, servers in sorted(by_port.items())
    ]
    if workload.partner:
        block = {"ipBlock": {"cidr": "198.51.100.0/24"}}
        rules.append({"to": [block], "ports": [{"protocol": "TCP", "port": 443}]})
    spec = {"policyTypes": ["Egress"], "egress": rules}
    return _policy(workload.namespace, f"{workload.name}-out", _app(workload), spec)


def _app(workload: ChurnWorkload) -> Document:
    return {"matchLabels": {"app": workload.name}}


def _apps(world: ChurnWorld, others: list[int], requirements: list[Document]) -> list[Document]:
    """One peer for all the others, in whatever namespace: their names are unique."""
    if not others:
        return []
    names = [world.workloads[other].name for other in sorted(others)]
    named = {"key": "app", "operator": "In", "values": names}
    return [{"namespaceSelector": {}, "podSelector": {"matchExpressions": [named, *requirements]}}]
