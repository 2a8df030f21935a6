"""A small cluster with Linkerd, written as YAML, and what both paths say of connections to its server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from flowcheck.engines.profiles import apply
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.reference import Tuple5
from tests.builders import make_flow
from tests.tools.conformance import PATHS, judge

Load = Callable[..., Cluster]
SERVER = "10.244.0.1"
CLIENTS = {
    "near": "10.244.0.2",
    "robot": "10.244.1.1",
    "plain": "10.244.0.3",
    "outside": "198.51.100.7",
    "own node": "10.0.0.1",
}
"""``near`` is in the server's namespace, ``robot`` in another, both in the mesh; ``plain`` is not."""
ALLOW, DENY, UNKNOWN, NONE = "allow", "deny", "unknown", "not_applicable"


class Said(NamedTuple):
    verdict: str
    reason: str = ""
    by: str = ""


def pod(name: str, address: str, namespace: str = "x", **more: Any) -> dict[str, Any]:
    account, ports = more.pop("account", "default"), more.pop("ports", [])
    spec = {
        "serviceAccountName": account,
        "nodeName": "n1",
        "containers": [{"name": "c", "ports": ports}],
        **more.pop("spec", {}),
    }
    annotations = {"linkerd.io/proxy-version": "2.366", **more.pop("annotations", {})}
    meta = {"name": name, "namespace": namespace, "annotations": annotations, **more}
    status = {"podIPs": [{"ip": address}], "hostIP": CLIENTS["own node"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def server_pod(**annotations: str) -> dict[str, Any]:
    ports = [{"name": "web", "containerPort": 8080}, {"name": "admin", "containerPort": 9990}]
    return pod("server", SERVER, labels={"app": "server"}, ports=ports, annotations=annotations)


PLAIN = pod("plain", CLIENTS["plain"])
PLAIN["metadata"]["annotations"] = {}
OTHERS = (
    pod("near", CLIENTS["near"], account="near"),
    pod("robot", CLIENTS["robot"], "y", account="robot"),
    PLAIN,
)


def thing(kind: str, name: str, spec: dict[str, Any], version: str = "", **meta: Any) -> dict[str, Any]:
    versions = {"Server": "v1beta3", "ServerAuthorization": "v1beta1"}
    return {
        "apiVersion": f"policy.linkerd.io/{version or versions.get(kind, 'v1alpha1')}",
        "kind": kind,
        "metadata": {"name": name, "namespace": "x", **meta},
        "spec": spec,
    }


def a_server(name: str = "web", port: int | str = 8080, **more: Any) -> dict[str, Any]:
    spec = {"podSelector": {"matchLabels": {"app": "server"}}, "port": port, **more.pop("spec", {})}
    return thing("Server", name, spec, **more)


def reference(kind: str, name: str, group: str = "policy.linkerd.io", **more: str) -> dict[str, str]:
    return {"group": group, "kind": kind, "name": name, **more}


def authorizing(target: dict[str, str], *required: dict[str, str], name: str = "p") -> dict[str, Any]:
    spec = {"targetRef": target, "requiredAuthenticationRefs": list(required)}
    return thing("AuthorizationPolicy", name, spec)


def config(**values: Any) -> dict[str, Any]:
    """ConfigMap linkerd-config, whose values are YAML, which JSON is, too."""
    meta = {"name": "linkerd-config", "namespace": values.pop("namespace", "linkerd")}
    data = {"values": json.dumps(values)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def listed(things: Iterable[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(things)})


def cluster_of(load: Load, *things: dict[str, Any], **annotations: str) -> Cluster:
    return load(listed((server_pod(**annotations), *OTHERS, *things)), "a.json")


def asked(cluster: Cluster, *flows: Tuple5, options: Options | None = None) -> list[Said]:
    """What the mesh says of each, by both paths alike."""
    enforced = apply(cluster, options or Options(), "kubernetes")
    answers = [judge(path, enforced.cluster, flows, enforced.options) for path in PATHS]
    assert answers[0] == answers[1]
    return [Said(one.mesh, one.reason, one.mesh_policy) for one in answers[0]]


def ask(cluster: Cluster, client: str = "near", port: int | None = 8080, **told: Any) -> Said:
    (said,) = asked(cluster, make_flow(CLIENTS[client], SERVER, port, **told))
    return said


def verdicts(cluster: Cluster, port: int = 8080) -> dict[str, str]:
    """Of a connection from each client."""
    flows = [make_flow(address, SERVER, port) for address in CLIENTS.values()]
    return dict(zip(CLIENTS, [one.verdict for one in asked(cluster, *flows)], strict=True))


def letting_in(*clients: str) -> dict[str, str]:
    """The verdicts where these are let in, and no others; the server's own node is never asked."""
    found = {client: ALLOW if client in clients else DENY for client in CLIENTS}
    return {**found, "own node": NONE}
