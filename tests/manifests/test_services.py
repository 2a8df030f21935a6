"""Services with their addresses and ports; EndpointSlices, and Endpoints where there are no slices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.model.cluster import Backend, Cluster, EndpointSlice, ServicePort
from flowcheck.model.policy import NOWHERE, TCP, UDP

Load = Callable[..., Cluster]


def service(spec: str, rest: str = "") -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {spec}\n{rest}"


def test_a_service(load: Load) -> None:
    (only,) = load(
        service(
            "{type: LoadBalancer, clusterIP: 10.2.0.1, clusterIPs: [10.2.0.1, 'fd02::1'],"
            " externalIPs: [192.0.2.1],"
            " selector: {app: web}, ports: [{name: http, port: 80, targetPort: web, nodePort: 30080},"
            " {name: dns, port: 53, protocol: UDP}, {name: alt, port: 81, targetPort: 8081}]}",
            "status: {loadBalancer: {ingress: [{ip: 198.51.100.7}, {hostname: lb.example}]}}",
        )
    ).services
    assert (only.namespace, only.name, only.type) == ("default", "s", "LoadBalancer")
    assert only.cluster_ips == ("10.2.0.1", "fd02::1")
    assert only.external_ips == ("192.0.2.1", "198.51.100.7")
    assert only.selector == {"app": "web"}
    assert only.ports == (
        ServicePort("http", TCP, 80, "web", 30080),
        ServicePort("dns", UDP, 53, 53),
        ServicePort("alt", TCP, 81, 8081),
    )


@pytest.mark.parametrize(
    "spec",
    ["{clusterIP: None, selector: {}}", "{}", "{clusterIP: '', clusterIPs: [None]}", "{type: ExternalName}"],
)
def test_services_without_an_address(load: Load, spec: str) -> None:
    (only,) = load(service(spec)).services
    assert only.cluster_ips == ()
    assert only.selector is None


def test_a_bad_address_is_refused(problems: Callable[..., list[str]]) -> None:
    assert "spec.clusterIPs: Service s: is not an IP address" in problems(service("{clusterIP: 10.0.0}"))[0]


SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, labels: {kubernetes.io/service-name: s}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- {addresses: [10.0.0.1], nodeName: n1, zone: a, targetRef: {kind: Pod, name: p1}, conditions: {ready: true}}
- {addresses: [10.0.0.2], conditions: {ready: false, serving: true, terminating: true}}
- {addresses: [10.0.0.3]}
"""
ENDPOINTS = """
apiVersion: v1
kind: Endpoints
metadata: {name: %s}
subsets:
- addresses: [{ip: 10.0.0.1, nodeName: n1, targetRef: {kind: Pod, name: p1}}]
  notReadyAddresses: [{ip: 10.0.0.2}]
  ports: [{port: 80, protocol: UDP}]
"""


def test_a_slice(load: Load) -> None:
    (only,) = load(SLICE).slices
    assert only.service == "s"
    assert only.ports == (ServicePort("http", TCP, 8080, 8080),)
    assert only.backends == (
        Backend("10.0.0.1", "p1", "n1", "a"),
        Backend("10.0.0.2", ready=False, serving=True, terminating=True),
        Backend("10.0.0.3"),
    )


def test_endpoints_are_read_where_there_are_no_slices(load: Load) -> None:
    cluster = load(f"{SLICE}---{ENDPOINTS % 's'}---{ENDPOINTS % 'hand-made'}")
    assert [one.service for one in cluster.slices] == ["s", "hand-made"]
    assert cluster.slices[1] == EndpointSlice(
        "default",
        "hand-made",
        (ServicePort("", UDP, 80, 80),),
        (Backend("10.0.0.1", "p1", "n1"), Backend("10.0.0.2", ready=False, serving=False)),
        cluster.slices[1].source,
        "hand-made",
    )
    assert cluster.slices[1].source != NOWHERE


def test_slices_of_host_names_give_nothing(load: Load) -> None:
    text = SLICE.replace("IPv4", "FQDN").replace("10.0.0.1", "db.example")
    assert load(text).slices == ()
