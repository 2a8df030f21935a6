"""Rules and Services that look as if they did something: each is said once, with what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.model.cluster import Cluster

Load = Callable[..., Cluster]

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: x, labels: {app: web}}
spec: {nodeName: n1}
status: {podIP: 10.8.1.10}
"""
NODE = """
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDR: 10.8.1.0/24}
status: {addresses: [{type: InternalIP, address: 10.0.0.11}]}
"""
API = """
apiVersion: v1
kind: Service
metadata: {name: kubernetes}
spec: {clusterIP: 10.96.0.1, ports: [{name: https, port: 443}]}
"""
API_SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
ports: [{name: https, port: 6443}]
endpoints: [{addresses: [10.0.0.11]}]
"""
WEB = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: x}
spec: {clusterIP: 10.96.0.7, externalIPs: [198.51.100.7], selector: {app: web}, ports: [{port: 80}]}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], %s}
"""


def said(load: Load, *texts: str) -> list[str]:
    return list(load("---".join(filter(None, [POD, NODE, *texts]))).warnings)


def to(*cidrs: str) -> str:
    blocks = ", ".join(f"{{ipBlock: {{cidr: {cidr}}}}}" for cidr in cidrs)
    return POLICY % f"egress: [{{to: [{blocks}]}}]"


def test_the_virtual_address_of_the_api_server(load: Load) -> None:
    (warning,) = said(load, API, API_SLICE, to("10.96.0.1/32"))
    assert warning.startswith("NetworkPolicy/x/p[egress[0]] (")
    assert "names 10.96.0.1/32, the virtual address of default/Service/kubernetes, which" in warning
    assert warning.endswith("write 10.0.0.11/32, port 6443")


def test_a_service_with_a_selector_is_named_by_its_pods(load: Load) -> None:
    for cidr in ("10.96.0.7/32", "198.51.100.7/32"):
        (warning,) = said(load, WEB, to(cidr))
        assert warning.endswith("podSelector with matchLabels {app: web} in x")


@pytest.mark.parametrize(
    "cidr",
    [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.8.0.0/13",
        "10.96.0.0/12",
        "10.0.0.11/32",
        "10.97.0.0/16",
        "10.96.0.2/32",
        "198.51.100.0/24",
        "'fd00::/108'",
    ],
)
def test_blocks_that_hold_anything_else_are_not_remarked(load: Load, cidr: str) -> None:
    assert said(load, API, API_SLICE, WEB, to(cidr)) == []


def test_an_address_that_a_node_has_too_is_real(load: Load) -> None:
    shared = WEB.replace("198.51.100.7", "10.0.0.11")
    assert said(load, shared, to("10.0.0.11/32")) == []


def test_a_published_address_may_be_a_source(load: Load) -> None:
    """From outside come addresses that look like a balancer's; a clusterIP never does."""
    from_block = POLICY % "ingress: [{from: [{ipBlock: {cidr: %s}}]}]"
    assert said(load, WEB, from_block % "198.51.100.7/32") == []
    assert len(said(load, WEB, from_block % "10.96.0.7/32")) == 1


HOST_NETWORK = """
apiVersion: v1
kind: Namespace
metadata:
  name: openshift-host-network
  labels: {policy-group.network.openshift.io/ingress: ""}
"""


def test_the_namespace_that_stands_for_nodes(load: Load) -> None:
    group = "{namespaceSelector: {matchLabels: {policy-group.network.openshift.io/ingress: ''}}}"
    every, other = "{namespaceSelector: {}}", "{namespaceSelector: {matchLabels: {a: b}}}"
    for peer, namespace, number in (
        (group, HOST_NETWORK, 1),
        (group, "", 1),
        (every, HOST_NETWORK, 1),
        (every, "", 0),
        (other, HOST_NETWORK, 0),
        ("{podSelector: {}}", HOST_NETWORK, 0),
    ):
        found = said(load, namespace, POLICY % f"ingress: [{{from: [{peer}]}}, {{from: [{peer}]}}]")
        warnings = [sentence for sentence in found if "may let in" in sentence]
        assert len(warnings) == number, (peer, namespace)
        assert not warnings or ("p[ingress[0]]" in warnings[0] and " and 1 more may let in" in warnings[0])


ENDPOINTS = """
apiVersion: v1
kind: Endpoints
metadata: {name: metrics, namespace: x}
subsets: [{addresses: [{ip: 10.8.1.10}], ports: [%s]}]
"""
METRICS = """
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: x}
spec: {clusterIP: 10.96.0.9, ports: [%s]}
"""


@pytest.mark.parametrize(
    ("ports", "theirs", "end"),
    [
        (
            "{name: metrics, port: 15460}",
            "{port: 15460}",
            "(no name), and names join the two; write name: metrics",
        ),
        ("{port: 15460}", "{name: m, port: 15460}", "(m), and names join the two; leave the name out"),
        ("{name: a, port: 1}, {name: b, port: 2}", "{name: a, port: 1}, {name: c, port: 2}", "write name: b"),
    ],
)
def test_endpoints_whose_port_has_another_name(load: Load, ports: str, theirs: str, end: str) -> None:
    (warning,) = said(load, METRICS % ports, ENDPOINTS % theirs)
    assert warning.startswith("x/Service/metrics (")
    assert warning.endswith(f"{end} there")


@pytest.mark.parametrize(
    ("ports", "theirs"),
    [
        ("{name: metrics, port: 15460}", "{name: metrics, port: 9}"),
        ("{port: 15460}", "{port: 9}"),
        ("{name: a, port: 1}, {name: b, port: 2}", "{name: a, port: 1}"),
    ],
)
def test_endpoints_whose_ports_are_named_alike(load: Load, ports: str, theirs: str) -> None:
    assert said(load, METRICS % ports, ENDPOINTS % theirs) == []


def test_kubectl_get_all_is_not_everything(load: Load) -> None:
    (warning,) = load(POD + "---" + WEB).warnings
    assert "`kubectl get all` gives none" in warning
    assert load(POD.replace("podIP: 10.8.1.10", "phase: Pending") + "---" + WEB).warnings == ()
    assert load(POD + "---" + WEB + "---" + NODE).warnings == ()
    assert load(POD).warnings == ()
