"""The Kubernetes objects of a changing cluster, with the fields an audit reads and few others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.churn.pods import ChurnPod
from benchmarks.churn.policies import NAME
from benchmarks.churn.world import TCP, UDP, ChurnWorkload, ChurnWorld, node_name, pod_range, rfc3339

Document = dict[str, Any]


def namespace(world: ChurnWorld, name: str, *, relabelled: bool = False) -> Document:
    env = "staging" if relabelled else "system" if name == world.namespaces[-1] else "prod"
    labels = {NAME: name, "env": env}
    created = "2026-02-01T08:00:00Z"
    metadata = {"name": name, "creationTimestamp": created, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def node(number: int) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node_name(number), "creationTimestamp": "2026-02-01T08:00:00Z"},
        "spec": {"podCIDRs": [f"{pod_range(number)}.0/24"]},
        "status": {"addresses": [{"type": "InternalIP", "address": f"172.16.0.{number + 10}"}]},
    }


def service(workload: ChurnWorkload) -> Document:
    port = {"name": "main", "protocol": _protocol(workload), "port": workload.port}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": workload.name,
            "namespace": workload.namespace,
            "creationTimestamp": "2026-02-01T08:00:00Z",
        },
        "spec": {
            "clusterIPs": [workload.service_address],
            "selector": {"app": workload.name},
            "ports": [port],
        },
    }


def endpoint_slice(workload: ChurnWorkload, pods: Iterable[ChurnPod]) -> Document:
    """The slice of the workload's Service: every pod with an address whose containers have not ended."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{workload.name}-1",
            "namespace": workload.namespace,
            "labels": {"kubernetes.io/service-name": workload.name},
        },
        "addressType": "IPv4",
        "ports": [{"name": "main", "protocol": _protocol(workload), "port": workload.port}],
        "endpoints": [_endpoint(pod) for pod in pods if pod.shown.address and pod.shown.finished is None],
    }


def _protocol(workload: ChurnWorkload) -> str:
    return "UDP" if workload.protocol == UDP else "TCP"


def _endpoint(pod: ChurnPod) -> Document:
    terminating = pod.shown.deletion is not None
    conditions = {"ready": pod.shown.ready and not terminating}
    if terminating:
        conditions |= {"serving": pod.shown.ready, "terminating": True}
    return {
        "addresses": [pod.shown.address],
        "conditions": conditions,
        "nodeName": node_name(pod.node),
        "targetRef": {"kind": "Pod", "name": pod.name},
    }


def pod(one: ChurnPod) -> Document:
    """The pod as the API shows it now."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _pod_metadata(one),
        "spec": {"nodeName": node_name(one.node), "containers": [{"ports": _container_ports(one.workload)}]},
        "status": _pod_status(one),
    }


OWNERS = {"Deployment": "ReplicaSet", "StatefulSet": "StatefulSet", "Job": "Job"}


def _pod_metadata(one: ChurnPod) -> Document:
    metadata = {
        "name": one.name,
        "namespace": one.workload.namespace,
        "uid": one.uid,
        "creationTimestamp": rfc3339(one.created),
        "labels": one.labels,
        "ownerReferences": [{"kind": OWNERS[one.workload.kind], "name": one.owner, "controller": True}],
    }
    if one.shown.deletion is not None:
        metadata["deletionTimestamp"] = rfc3339(one.shown.deletion)
    return metadata


def _container_ports(workload: ChurnWorkload) -> list[Document]:
    if not workload.port:
        return []
    port = {"containerPort": workload.port}
    return [port if workload.protocol == TCP else port | {"protocol": _protocol(workload)}]


def _pod_status(one: ChurnPod) -> Document:
    shown = one.shown
    status: Document = {"phase": shown.phase}
    if shown.started is None:
        return status
    status |= {"startTime": rfc3339(shown.started), "podIP": shown.address, "conditions": _conditions(one)}
    if shown.running_since is not None:
        status["containerStatuses"] = [_container_status(one)]
    return status


def _conditions(one: ChurnPod) -> list[Document]:
    """Ready, and since when the pod's network is up; a pod that ended has none."""
    shown = one.shown
    network: Document = {"type": "PodReadyToStartContainers"}
    if shown.finished is not None:
        network |= {"status": "False", "lastTransitionTime": rfc3339(shown.finished)}
    elif shown.network_since is not None:
        network |= {"status": "True", "lastTransitionTime": rfc3339(shown.network_since)}
    return [network, {"type": "Ready", "status": str(shown.ready)}]


def _container_status(one: ChurnPod) -> Document:
    shown = one.shown
    since = rfc3339(shown.running_since or 0)
    status: Document = {"state": {"running": {"startedAt": since}}}
    if shown.finished is not None:
        ended = {"startedAt": since, "finishedAt": rfc3339(shown.finished)}
        status["state"] = {"terminated": ended}
    if shown.ran is not None:
        started, finished = map(rfc3339, shown.ran)
        status["lastState"] = {"terminated": {"startedAt": started, "finishedAt": finished}}
    return status
