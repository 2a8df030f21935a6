"""Random clusters with Linkerd: both paths agree, and say what its controller and proxies would."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from flowcheck.engines.linkerd.servers import TUNNEL_PORT
from flowcheck.engines.profiles import apply
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.verdict import Verdict
from flowcheck.reference import Reference
from tests.agreement.agree import WORLDS, disagreements, drawn
from tests.agreement.linkerd import OUTSIDE, PORTS, TAIL, Controller, linkerd_clusters
from tests.builders import make_flow


def enforced(cluster: Cluster) -> Cluster:
    return apply(cluster, Options(), "kubernetes").cluster


@drawn(WORLDS // 50)
@given(linkerd_clusters())
def test_paths_agree_on_linkerd(cluster: Cluster) -> None:
    addresses = [pod.addresses[0] for pod in cluster.pods]
    ports = (*PORTS, TUNNEL_PORT, None)
    flows = [make_flow(a, b, port) for a in (*addresses, OUTSIDE) for b in addresses for port in ports]
    for way in ("derived", "recorded"):
        world = enforced(cluster), replace(Options(), mesh_identity=way), flows
        assert disagreements(world) == []


@drawn(WORLDS // 3)
@given(linkerd_clusters())
def test_it_is_what_linkerd_says(cluster: Cluster) -> None:
    controller, reference = Controller(cluster), Reference(enforced(cluster), Options())
    clients = {pod.addresses[0]: f"{pod.account}.{pod.namespace}.{TAIL}" for pod in cluster.pods if pod.mesh}
    for client in (*(pod.addresses[0] for pod in cluster.pods), OUTSIDE):
        for pod in cluster.pods:
            for port in PORTS:
                if client == pod.addresses[0] or pod.mesh is None or port in pod.mesh.inbound_past:
                    continue
                said = reference.judge(make_flow(client, pod.addresses[0], port)).mesh.verdict
                let_in = controller.lets_in(client, clients.get(client), pod, port)
                assert said in (Verdict.ALLOW if let_in else Verdict.DENY, Verdict.UNKNOWN)
                assert said is not Verdict.UNKNOWN or "web=80 web=9090" in names_in(cluster)


def names_in(cluster: Cluster) -> set[str]:
    """What pods call their ports: of one that uses a name twice nothing tells, beside others that do not."""
    return {" ".join(f"{port.name}={port.number}" for port in pod.ports) for pod in cluster.pods}
