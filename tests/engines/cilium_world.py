"""A small cluster, and what Cilium says of flows in it, through either path."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flowcheck.engines.cilium import enforced, options
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster
from flowcheck.reference import Tuple5
from tests.tools.conformance import PROTOCOLS, Answer, judge

NODES = {"n1": "10.1.0.1", "n2": "10.1.0.2"}
PODS = {"a/one": "10.2.1.1", "a/two": "10.2.2.2", "b/three": "10.2.1.3"}
PLACES = {**{f"node/{name}": address for name, address in NODES.items()}, **PODS}

WORLD = """
{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: red}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b, labels: {team: blue}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {disk: ssd}},
 status: {addresses: [{type: InternalIP, address: 10.1.0.1}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2, labels: {disk: hdd}},
 status: {addresses: [{type: InternalIP, address: 10.1.0.2}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: one, namespace: a, labels: {app: one, pod-template-hash: h}},
 spec: {nodeName: n1, serviceAccountName: red, containers: [
 {name: c, ports: [{name: web, containerPort: 80}]},
 {name: d, ports: [{name: web, containerPort: 81}]}]}, status: {podIP: 10.2.1.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: a, labels: {app: two}},
 spec: {nodeName: n2, containers: [{name: c, ports: [{name: web, containerPort: 90, protocol: UDP}]}]},
 status: {podIP: 10.2.2.2}}
---
{apiVersion: v1, kind: Pod, metadata: {name: three, namespace: b, labels: {app: one}},
 spec: {nodeName: n1, containers: [{name: c}]}, status: {podIP: 10.2.1.3}}
"""
SERVER = """
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}},
 endpoints: [{addresses: [10.1.0.2]}], ports: [{port: 6443}]}
"""


def policy(spec: str, name: str = "p", namespace: str = "a") -> str:
    """A CiliumNetworkPolicy, or a clusterwide one where the namespace is empty."""
    kind = "CiliumNetworkPolicy" if namespace else "CiliumClusterwideNetworkPolicy"
    where = f", namespace: {namespace}" if namespace else ""
    return f"{{apiVersion: cilium.io/v2, kind: {kind}, metadata: {{name: {name}{where}}}, spec: {spec}}}"


def read(*objects: str, server: bool = True) -> Cluster:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "world.yaml")
        file.write_text("\n---\n".join([WORLD + (SERVER if server else ""), *objects]))
        return load_cluster([file])


def flow(text: str) -> Tuple5:
    """``a/one > node/n1 TCP 80``; of ICMP the number is the type."""
    src, _, dst, protocol, number = text.split()
    ends = [PLACES.get(end, end) for end in (src, dst)]
    if protocol == "ICMP":
        return Tuple5(*ends, 1, None, icmp_type=int(number), icmp_code=0)
    return Tuple5(*ends, PROTOCOLS[protocol], int(number))


def answers(path: str, cluster: Cluster, settings: CiliumSettings, *flows: str) -> list[Answer]:
    view = enforced(cluster, settings)
    return judge(path, view, [flow(text) for text in flows], options(Options(), settings))


def verdicts(path: str, cluster: Cluster, settings: CiliumSettings, *flows: str) -> str:
    """One word each: ``allow``, ``deny``, or why it is unknown."""
    found = answers(path, cluster, settings, *flows)
    return " ".join(one.reason if one.verdict == "unknown" else one.verdict for one in found)
