"""Service documents, and the ports that these and ``slices`` have.

Source: core/v1 Service; discovery.k8s.io/v1 EndpointPort.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.service import Service, ServicePort
from flowcheck.objects.shared import ObjectMeta, read_addresses, read_labels, read_protocol

DEFAULT_AFFINITY_SECONDS, MOST_AFFINITY_SECONDS = 10800, 86400
TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
TRAFFIC_POLICIES = ("Cluster", "Local")
AFFINITIES = ("None", "ClientIP")
PROXY = "Proxy"
"""The ipMode of a load balancer's address that no node translates. Source: core/v1 LoadBalancerIngress."""
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")


class PortObject(msgspec.Struct, rename="camel"):
    port: int | None = None
    name: str | None = None
    protocol: str | None = None
    target_port: int | str | None = None
    node_port: int | None = None
    app_protocol: str | None = None


class _ClientIP(msgspec.Struct, rename="camel"):
    timeout_seconds: int | None = None


class _AffinityConfig(msgspec.Struct):
    client_ip: _ClientIP | None = msgspec.field(default=None, name="clientIP")


class _Spec(msgspec.Struct, rename="camel"):
    type: str | None = None
    ports: list[PortObject] | None = None
    selector: dict[str, str] | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    cluster_ips: list[str] | None = msgspec.field(default=None, name="clusterIPs")
    external_ips: list[str] | None = msgspec.field(default=None, name="externalIPs")
    internal_traffic_policy: str | None = None
    external_traffic_policy: str | None = None
    traffic_distribution: str | None = None
    session_affinity: str | None = None
    session_affinity_config: _AffinityConfig | None = None
    external_name: str | None = None
    publish_not_ready_addresses: bool | None = None


class _Ingress(msgspec.Struct, rename="camel"):
    ip: str | None = None
    ip_mode: str | None = None


class _LoadBalancer(msgspec.Struct):
    ingress: list[_Ingress] | None = None


class _Status(msgspec.Struct, rename="camel"):
    load_balancer: _LoadBalancer | None = None


class _Service(msgspec.Struct):
    metadata: ObjectMeta | None = None
    spec: _Spec | None = None
    status: _Status | None = None


def read_service(document: Document) -> Service:
    """A Service; ``external_ips`` are spec.externalIPs and the load balancer's addresses.

    An ExternalName Service is a name in DNS: it has no addresses and no backends, whatever else it says. Of a
    headless one nothing is translated, at external addresses either. Source: pkg/proxy/util,
    ShouldSkipService.
    """
    manifest = document.decode(_Service)
    spec, status = manifest.spec or _Spec(), manifest.status or _Status()
    balancer = (status.load_balancer.ingress if status.load_balancer else None) or ()
    own = spec.cluster_ips or [spec.cluster_ip or ""]
    headless = "None" in own
    ports = read_ports(document, spec.ports, "spec.ports")
    if any(not port.port for port in ports):
        document.report("a Service's port must be from 1 to 65535, and given", path="spec.ports")
    virtual = (entry.ip for entry in balancer if entry.ip_mode != PROXY)
    outside = [*(spec.external_ips or ()), *virtual]
    service = Service(
        document.namespace or DEFAULT_NAMESPACE,
        document.name,
        _word(document, spec.type, "spec.type", TYPES),
        read_addresses(document, () if headless else own, "spec.clusterIPs"),
        read_addresses(document, () if headless else outside, "spec.externalIPs"),
        ports,
        spec.selector or None,
        document.source,
        _word(document, spec.internal_traffic_policy, "spec.internalTrafficPolicy", TRAFFIC_POLICIES),
        _word(document, spec.external_traffic_policy, "spec.externalTrafficPolicy", TRAFFIC_POLICIES),
        _distribution(document, spec.traffic_distribution),
        _word(document, spec.session_affinity, "spec.sessionAffinity", AFFINITIES),
        _affinity_seconds(document, spec.session_affinity_config),
        bool(spec.publish_not_ready_addresses),
        headless=headless,
        labels=read_labels(document, manifest.metadata),
    )
    if service.type == "ExternalName":
        name = spec.external_name or ""
        return replace(
            service, cluster_ips=(), external_ips=(), selector=None, headless=False, external_name=name
        )
    return service


def _word(document: Document, given: str | None, path: str, words: tuple[str, ...]) -> str:
    """One of the API's words, the first where the manifest says nothing."""
    if not given or given in words:
        return given or words[0]
    document.report(f"must be {' or '.join(words)}", path=path)
    return words[0]


def _distribution(document: Document, given: str | None) -> str:
    """Only a wish: what came of it are the hints of the EndpointSlices. Newer words are no reason to stop."""
    if given and given not in DISTRIBUTIONS:
        document.warn(f"spec.trafficDistribution: {given[:63]!r} is unknown; hints are followed all the same")
    return given or ""


def _affinity_seconds(document: Document, config: _AffinityConfig | None) -> int:
    given = config.client_ip.timeout_seconds if config and config.client_ip else None
    seconds = DEFAULT_AFFINITY_SECONDS if given is None else given
    if 1 <= seconds <= MOST_AFFINITY_SECONDS:
        return seconds
    path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
    document.report(f"must be from 1 to {MOST_AFFINITY_SECONDS}, is {seconds}", path=path)
    return DEFAULT_AFFINITY_SECONDS


def read_ports(document: Document, ports: list[PortObject] | None, path: str) -> tuple[ServicePort, ...]:
    """A target port is the port itself where none is given; port 0 stands for any, as slices may have it."""
    result = []
    for port in ports or ():
        number, target = port.port or 0, port.target_port or port.port or 0
        if not 0 <= number <= 65535 or (isinstance(target, int) and not 0 <= target <= 65535):
            document.report("a port must be from 1 to 65535", path=path)
        if not 0 <= (port.node_port or 0) <= 65535:
            document.report("a nodePort must be from 1 to 65535", path=path)
        protocol = read_protocol(document, port.protocol, path)
        spoken = port.app_protocol or ""
        result.append(ServicePort(port.name or "", protocol, number, target, port.node_port or 0, spoken))
    return tuple(result)
