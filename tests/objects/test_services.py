"""Services with their addresses and ports; EndpointSlices, and Endpoints where there are no slices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowcheck.model.cluster import Cluster, ContainerPort
from flowcheck.model.places import NOWHERE
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.service import Backend, EndpointSlice, ServicePort

Load = Callable[..., Cluster]


def service(spec: str, rest: str = "") -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {spec}\n{rest}"


def test_a_service(load: Load) -> None:
    (only,) = load(
        service(
            "{type: LoadBalancer, clusterIP: 10.2.0.1, clusterIPs: [10.2.0.1, 'fd02::1'],"
            " externalIPs: [192.0.2.1],"
            " selector: {app: web}, ports: [{name: http, port: 80, targetPort: web, nodePort: 30080},"
            " {name: dns, port: 53, protocol: UDP},"
            " {name: alt, port: 81, targetPort: 8081, appProtocol: kubernetes.io/h2c}]}",
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
        ServicePort("alt", TCP, 81, 8081, app_protocol="kubernetes.io/h2c"),
    )


def test_how_a_service_spreads_its_traffic(load: Load) -> None:
    (only,) = load(
        service(
            "{type: NodePort, internalTrafficPolicy: Local, externalTrafficPolicy: Local,"
            " trafficDistribution: PreferSameZone, sessionAffinity: ClientIP,"
            " sessionAffinityConfig: {clientIP: {timeoutSeconds: 600}}, publishNotReadyAddresses: true}"
        )
    ).services
    assert (only.internal_traffic_policy, only.external_traffic_policy) == ("Local", "Local")
    assert only.traffic_distribution == "PreferSameZone"
    assert (only.session_affinity, only.affinity_seconds) == ("ClientIP", 600)
    assert only.publish_not_ready


@pytest.mark.parametrize(
    "spec", ["{}", "{sessionAffinity: None, sessionAffinityConfig: {clientIP: null}, type: ''}"]
)
def test_what_a_service_does_that_says_nothing(load: Load, spec: str) -> None:
    (only,) = load(service(spec)).services
    assert (only.type, only.internal_traffic_policy, only.external_traffic_policy) == (
        *("ClusterIP", "Cluster", "Cluster"),
    )
    assert (only.traffic_distribution, only.session_affinity, only.affinity_seconds) == ("", "None", 10800)
    assert not only.publish_not_ready


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("{type: Clusterip}", "spec.type: Service s: must be ClusterIP or NodePort or LoadBalancer"),
        ("{internalTrafficPolicy: local}", "spec.internalTrafficPolicy: Service s: must be Cluster or Local"),
        ("{externalTrafficPolicy: Zone}", "spec.externalTrafficPolicy: Service s: must be Cluster or Local"),
        ("{sessionAffinity: Cookie}", "spec.sessionAffinity: Service s: must be None or ClientIP"),
        (
            "{sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}}",
            "sessionAffinityConfig.clientIP.timeoutSeconds: Service s: must be from 1 to 86400, is 86401",
        ),
        ("{sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}}", "must be from 1 to 86400, is 0"),
        ("{ports: [{port: 0}]}", "spec.ports: Service s: a Service's port must be from 1 to 65535"),
        (
            "{ports: [{name: web}]}",
            "spec.ports: Service s: a Service's port must be from 1 to 65535, and given",
        ),
        (
            "{ports: [{port: 80, nodePort: 65616}]}",
            "spec.ports: Service s: a nodePort must be from 1 to 65535",
        ),
    ],
)
def test_a_setting_that_the_api_server_refuses(
    problems: Callable[..., list[str]], spec: str, problem: str
) -> None:
    (only,) = problems(service(spec))
    assert only.startswith("a.yaml:4 spec.")
    assert problem in only


def test_a_newer_distribution_is_a_warning(load: Load) -> None:
    cluster = load(service("{trafficDistribution: PreferSameRack}"))
    assert cluster.services[0].traffic_distribution == "PreferSameRack"
    (warning,) = cluster.warnings
    assert "spec.trafficDistribution: 'PreferSameRack' is unknown" in warning


def test_an_external_name_has_no_backends(load: Load) -> None:
    spec = "{type: ExternalName, externalName: db.example, selector: {app: a}, externalIPs: [192.0.2.1]}"
    (only,) = load(service(spec)).services
    assert (only.cluster_ips, only.external_ips, only.selector) == ((), (), None)


@pytest.mark.parametrize(
    "spec",
    ["{clusterIP: None, selector: {}}", "{}", "{clusterIP: '', clusterIPs: [None]}", "{type: ExternalName}"],
)
def test_services_without_an_address(load: Load, spec: str) -> None:
    (only,) = load(service(spec)).services
    assert only.cluster_ips == ()
    assert only.selector is None


@pytest.mark.parametrize(
    ("spec", "headless"),
    [
        ("{clusterIP: None}", True),
        ("{clusterIP: '', clusterIPs: [None]}", True),
        ("{}", False),
        ("{clusterIP: ''}", False),
        ("{type: ExternalName, clusterIP: None}", False),
    ],
)
def test_only_none_is_headless(load: Load, spec: str, headless: bool) -> None:
    (only,) = load(service(spec)).services
    assert (only.headless, only.cluster_ips) == (headless, ())


def test_external_addresses_that_no_node_translates(load: Load) -> None:
    text = service("{clusterIP: None, externalIPs: [192.0.2.1]}")
    assert load(text).services[0].external_ips == ()
    balancer = "status: {loadBalancer: {ingress: [{ip: 192.0.2.2, ipMode: Proxy}, {ip: 192.0.2.3}]}}"
    assert load(service("{type: LoadBalancer}", balancer)).services[0].external_ips == ("192.0.2.3",)


def test_host_ports(load: Load) -> None:
    ports = "[{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1}, {containerPort: 81, hostPort: 0}]"
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{ports: {ports}}}]}}\n"
    (only,) = load(pod).pods
    assert only.ports == (ContainerPort("", 80, TCP, 8080, "10.0.0.1"), ContainerPort("", 81, TCP))


def test_a_host_port_there_cannot_be(problems: Callable[..., list[str]]) -> None:
    port = "{containerPort: 80, hostPort: 65536, hostIP: here}"
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{ports: [{port}]}}]}}\n"
    found = problems(pod)
    assert "a hostPort must be from 1 to 65535" in found[0]
    assert "is not an IP address" in found[1]


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


def test_the_hints_of_a_slice(load: Load) -> None:
    hints = "hints: {forZones: [{name: a}, {name: b}, {name: a}], forNodes: [{name: n1}, {}]}"
    (only,) = load(SLICE.replace("- {addresses: [10.0.0.3]}", f"- {{addresses: [10.0.0.3], {hints}}}")).slices
    assert (only.backends[2].for_zones, only.backends[2].for_nodes) == (("a", "b"), ("n1",))
    assert (only.backends[0].for_zones, only.backends[0].for_nodes) == ((), ())


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


def test_a_slice_of_no_known_addresses_is_refused(problems: Callable[..., list[str]]) -> None:
    (only,) = problems(SLICE.replace("IPv4", "ipv4"))
    assert "addressType: EndpointSlice" in only
    assert "must be IPv4 or IPv6 or FQDN" in only


def test_slices_of_host_names_give_nothing(load: Load) -> None:
    text = SLICE.replace("IPv4", "FQDN").replace("10.0.0.1", "db.example")
    assert load(text).slices == ()


RUNNING = """apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, uid: 6f1f6f0e-6a4b-4c9b-9a53-1d0c7c7b0001}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.8.0.1}
---
"""


@pytest.mark.parametrize(
    ("services", "lacking"),
    [
        ((), True),
        (("x/a",), True),
        (("x/a", "x/b"), True),
        (("x/a", "z/b"), False),
        (("default/kubernetes",), False),
    ],
)
def test_services_of_a_running_cluster_that_were_not_asked_for(
    load: Load, services: tuple[str, ...], lacking: bool
) -> None:
    names = [name.split("/") for name in services]
    asked = "---\n".join(
        f"apiVersion: v1\nkind: Service\nmetadata: {{namespace: {namespace}, name: {name}}}\n"
        f"spec: {{clusterIP: 10.96.0.{host}}}\n"
        for host, (namespace, name) in enumerate(names, start=1)
    )
    assert load(RUNNING + asked).services_unlisted is lacking
    without_uids = RUNNING.replace(", uid: 6f1f6f0e-6a4b-4c9b-9a53-1d0c7c7b0001", "")
    assert not load(without_uids + asked).services_unlisted
