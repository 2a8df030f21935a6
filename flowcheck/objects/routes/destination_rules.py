"""DestinationRule documents: what a subset is, and how proxies choose among the endpoints of a host.

A policy of a port takes the place of the host's, in whole; a subset's takes its place field by field. Of
policies only what decides who is chosen is read: the balancer, zones, ejection.

Source: networking.istio.io/v1 DestinationRule of Istio 1.30; pilot MergeTrafficPolicy, GetEffectiveLbSetting.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.mesh.routes import (
    Balancer,
    DestinationRule,
    Locality,
    Subset,
    TrafficPolicy,
    full_host,
)
from flowcheck.objects.routes.shared import elements, labels, port, read_spec, text, texts
from flowcheck.objects.routes.virtual_services import VERSIONS

_SIMPLE = {
    "UNSPECIFIED": Balancer.UNSET,
    "LEAST_CONN": Balancer.LEAST_REQUEST,
    **{word: Balancer(word) for word in ("LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "PASSTHROUGH")},
}
_MUTUAL = "ISTIO_MUTUAL"
_POLICY = ("loadBalancer", "connectionPool", "outlierDetection", "tls")
_WIDER = ("portLevelSettings", "tunnel", "proxyProtocol", "retryBudget")
_BALANCER = (
    *("simple", "consistentHash", "localityLbSetting", "zoneAwareLbSetting", "backendUtilization"),
    *("warmup", "warmupDurationSecs"),
)
_LOCALITY = ("distribute", "failover", "failoverPriority", "enabled")


def read_destination_rule(document: Document) -> DestinationRule:
    namespace = document.namespace or DEFAULT_NAMESPACE
    spec = read_spec(document, VERSIONS)
    known = ("host", "trafficPolicy", "subsets", "exportTo", "workloadSelector")
    parts = spec.mapping(*known, required=("host",)) if spec is not None else {}
    policy = parts.get("trafficPolicy")
    return DestinationRule(
        namespace,
        document.name,
        full_host(text(parts.get("host")), namespace),
        _policy(policy, *_WIDER) if policy is not None else TrafficPolicy(),
        _by_port(policy.mapping(*_POLICY, *_WIDER).get("portLevelSettings")) if policy is not None else (),
        tuple(_subset(one) for one in elements(parts, "subsets")),
        "workloadSelector" in parts,
        texts(parts.get("exportTo")),
        other_tls=any(_opens_otherwise(one) for one in _policies(parts)),
        source=document.source,
    )


def _policies(parts: dict[str, Field]) -> Iterator[Field]:
    """Those of the host, of its subsets and of their ports."""
    subsets = (one.mapping("name", "labels", "trafficPolicy") for one in elements(parts, "subsets"))
    for holder in (parts, *subsets):
        if "trafficPolicy" in holder:
            policy = holder["trafficPolicy"]
            yield policy
            ports = policy.mapping(*_POLICY, *_WIDER).get("portLevelSettings")
            yield from ports.elements() if ports is not None else ()


def _opens_otherwise(policy: Field) -> bool:
    """Source: networking.istio.io/v1 ClientTLSSettings, TLSmode."""
    tls = policy.mapping("port", *_POLICY, *_WIDER).get("tls")
    mode = tls.value.get("mode", "DISABLE") if tls is not None and isinstance(tls.value, dict) else _MUTUAL
    return mode != _MUTUAL


def _subset(field: Field) -> Subset:
    parts = field.mapping("name", "labels", "trafficPolicy", required=("name",))
    policy = TrafficPolicy()
    if "trafficPolicy" in parts:
        policy = _policy(parts["trafficPolicy"], *_WIDER)
        if _by_port(parts["trafficPolicy"].mapping(*_POLICY, *_WIDER).get("portLevelSettings")):
            policy = TrafficPolicy(True, Balancer.OTHER, policy.locality, policy.ejects)
    return Subset(text(parts.get("name")), labels(parts.get("labels")), policy)


def _by_port(field: Field | None) -> tuple[tuple[int, TrafficPolicy], ...]:
    found = []
    for one in field.elements() if field is not None else ():
        parts = one.mapping("port", *_POLICY, required=("port",))
        number = port(parts["port"].mapping("number").get("number")) if "port" in parts else 0
        policy = _policy(one, "port")
        found.append((number, TrafficPolicy(True, policy.balancer, policy.locality, policy.ejects)))
    return tuple(found)


def _policy(field: Field, *more: str) -> TrafficPolicy:
    parts = field.mapping(*_POLICY, *more)
    balancer = parts.get("loadBalancer")
    given = balancer.mapping(*_BALANCER) if balancer is not None else {}
    return TrafficPolicy(
        balancer is not None,
        _chosen(given),
        _locality(given),
        "outlierDetection" in parts,
    )


def _chosen(given: dict[str, Field]) -> Balancer:
    if "consistentHash" in given:
        return Balancer.CONSISTENT_HASH
    if "backendUtilization" in given:
        return Balancer.OTHER
    if "simple" not in given:
        return Balancer.UNSET
    return _SIMPLE.get(given["simple"].one_of(*_SIMPLE) or "", Balancer.OTHER)


def _locality(given: dict[str, Field]) -> Locality:
    if "zoneAwareLbSetting" in given:
        return Locality.CHOSEN
    if "localityLbSetting" not in given:
        return Locality.UNSET
    parts = given["localityLbSetting"].mapping(*_LOCALITY)
    if "enabled" in parts and parts["enabled"].value is False:
        return Locality.OFF
    return Locality.CHOSEN if {"distribute", "failover", "failoverPriority"} & parts.keys() else Locality.ON
