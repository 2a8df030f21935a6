"""VirtualService documents: rules for what clients dial as a host, for sidecars (``mesh``) and gateways.

Of several rules the first that matches counts. A rule with one destination sends everything there, whatever
its weight; of several, those of weight 0 get nothing. A match of every path asks nothing.

Source: networking.istio.io/v1 VirtualService of Istio 1.30; pkg/config/validation/virtualservice.go,
validateHTTPRoute; pilot route.go, processDestination.
"""

from __future__ import annotations

from dataclasses import replace

from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.mesh.routes import MESH, Match, Route, RouteRule, Target, full_host, service_of
from flowcheck.objects.routes.shared import elements, port, read_spec, text, texts, weight

VERSIONS = ("v1", "v1beta1", "v1alpha3")
MOST_WEIGHT = 2**31 - 1
_INSTEAD = ("redirect", "directResponse", "delegate")
_HTTP = (
    *("name", "match", "route", *_INSTEAD, "rewrite", "timeout", "retries", "fault", "mirror", "mirrors"),
    *("mirrorPercent", "mirror_percent", "mirrorPercentage", "corsPolicy", "headers"),
)
_HTTP_ASKS = (
    *("uri", "scheme", "method", "authority", "headers", "withoutHeaders", "queryParams"),
    *("sourceLabels", "sourceNamespace"),
)
_TCP_ASKS = ("destinationSubnets", "sourceSubnet", "sourceLabels", "sourceNamespace")
_TLS_ASKS = ("sniHosts", "destinationSubnets", "sourceLabels", "sourceNamespace")
_ASK_NOTHING = ("name", "statPrefix", "ignoreUriCase", "port", "gateways")
_ANYTHING = ({"prefix": "/"}, {"regex": ".*"}, {"regex": "/.*"})
"""Paths that every request has. Source: pilot route.go, IsCatchAllRoute."""


def read_virtual_service(document: Document) -> Route:
    namespace = document.namespace or DEFAULT_NAMESPACE
    spec = read_spec(document, VERSIONS)
    parts = spec.mapping("hosts", "gateways", "http", "tls", "tcp", "exportTo") if spec is not None else {}
    rules = [_http(one, n, namespace) for n, one in enumerate(elements(parts, "http"))]
    rules += [_raw("tls", one, n, namespace, _TLS_ASKS) for n, one in enumerate(elements(parts, "tls"))]
    rules += [_raw("tcp", one, n, namespace, _TCP_ASKS) for n, one in enumerate(elements(parts, "tcp"))]
    return Route(
        document.kind,
        namespace,
        document.name,
        tuple(rules),
        hosts=tuple(full_host(host, namespace) for host in texts(parts.get("hosts"))),
        gateways=_gateways(parts.get("gateways"), namespace) or (MESH,),
        ordered=True,
        exported_to=texts(parts.get("exportTo")),
        source=document.source,
    )


def _gateways(field: Field | None, namespace: str) -> tuple[str, ...]:
    """As ``namespace/name``."""
    return tuple(one if one == MESH or "/" in one else f"{namespace}/{one}" for one in texts(field))


def _http(field: Field, number: int, namespace: str) -> RouteRule:
    parts = field.mapping(*_HTTP)
    given = [name for name in ("route", *_INSTEAD) if name in parts]
    if len(given) != 1:
        field.report(f"needs one of route, {', '.join(_INSTEAD)}")
    mirrors = [_target(parts["mirror"], namespace)] if "mirror" in parts else []
    for one in elements(parts, "mirrors"):
        mirror = one.mapping("destination", "percentage", required=("destination",))
        mirrors += [_target(mirror["destination"], namespace)] if "destination" in mirror else []
    return RouteRule(
        f"http[{number}]",
        Carried.HTTP,
        _targets(parts, namespace, ("destination", "weight", "headers")),
        _matches(parts, _HTTP_ASKS, namespace),
        tuple(mirrors),
        "" if "route" in given else next(iter(given), ""),
        field.source,
    )


def _raw(language: str, field: Field, number: int, namespace: str, asks: tuple[str, ...]) -> RouteRule:
    parts = field.mapping("match", "route", required=("route",))
    return RouteRule(
        f"{language}[{number}]",
        Carried.TCP,
        _targets(parts, namespace, ("destination", "weight")),
        _matches(parts, asks, namespace),
        source=field.source,
    )


def _targets(parts: dict[str, Field], namespace: str, known: tuple[str, ...]) -> tuple[Target, ...]:
    found = []
    for one in elements(parts, "route"):
        given = one.mapping(*known, required=("destination",))
        if "destination" in given:
            share = weight(given.get("weight"), MOST_WEIGHT, 0)
            found.append(replace(_target(given["destination"], namespace), weight=share))
    if len(found) == 1:
        return (replace(found[0], weight=1),)
    if found and not any(target.weight for target in found):
        parts["route"].report("has no weight above 0")
    return tuple(found)


def _target(field: Field, namespace: str) -> Target:
    parts = field.mapping("host", "subset", "port", required=("host",))
    number = port(parts["port"].mapping("number").get("number")) if "port" in parts else 0
    host = full_host(text(parts.get("host")), namespace)
    subset = text(parts.get("subset"))
    found = service_of(host)
    if found is None:
        return Target("", host, number, subset, fault="no Service of the cluster")
    return Target(*found, number, subset)


def _matches(parts: dict[str, Field], asks: tuple[str, ...], namespace: str) -> tuple[Match, ...]:
    found = []
    for one in elements(parts, "match"):
        given = one.mapping(*asks, *_ASK_NOTHING)
        asked = tuple(name for name in asks if name in given and _asks(name, given[name].value))
        found.append(Match(port(given.get("port")), _gateways(given.get("gateways"), namespace), asked))
    return tuple(found)


def _asks(name: str, value: object) -> bool:
    return bool(value) and not (name == "uri" and value in _ANYTHING)
