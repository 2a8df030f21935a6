"""HTTPRoute, GRPCRoute and TCPRoute documents of Gateway API: rules for what comes in by a Gateway, or for
what clients in a mesh dial as a Service (``parentRefs``).

Of several rules the most specific counts, in whatever order. A weight that is absent is 1; a backend of
weight 0 gets nothing. What a backend that is no Service should have had is answered with an error, and not
sent elsewhere.

Source: gateway.networking.k8s.io/v1 of Gateway API 1.4, and v1beta1, v1alpha2; GEP-1294, "xRoutes Mesh
Binding".
"""

from __future__ import annotations

from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.mesh.routes import Match, Parent, Route, RouteRule, Target
from flowcheck.objects.routes.shared import MOST_WEIGHT, elements, named, port, read_spec, text, weight

GROUP = "gateway.networking.k8s.io"
VERSIONS = {
    "HTTPRoute": ("v1", "v1beta1"),
    "GRPCRoute": ("v1", "v1alpha2"),
    "TCPRoute": ("v1", "v1alpha2"),
}
_RULE = ("name", "matches", "filters", "backendRefs", "timeouts", "retry", "sessionPersistence")
_ASKS = ("path", "headers", "queryParams", "method")
_REF = ("group", "kind", "namespace", "name", "port")
_FILTER = (
    *("type", "requestHeaderModifier", "responseHeaderModifier", "requestMirror", "requestRedirect"),
    *("urlRewrite", "cors", "externalAuth", "extensionRef"),
)
_EVERY_PATH = {"type": "PathPrefix", "value": "/"}
_INSTEAD = {"requestRedirect": "redirect", "extensionRef": "extensionRef"}


def read_gateway_route(document: Document) -> Route:
    namespace = document.namespace or DEFAULT_NAMESPACE
    spec = read_spec(document, VERSIONS[document.kind])
    known = ("parentRefs", "hostnames", "rules", "useDefaultGateways")
    parts = spec.mapping(*known) if spec is not None else {}
    parents = [_parent(one, namespace) for one in elements(parts, "parentRefs")]
    carried = Carried.TCP if document.kind == "TCPRoute" else Carried.HTTP
    return Route(
        document.kind,
        namespace,
        document.name,
        tuple(_rule(one, n, namespace, carried) for n, one in enumerate(elements(parts, "rules"))),
        parents=tuple(parent for parent in parents if parent is not None),
        source=document.source,
    )


def _parent(field: Field, namespace: str) -> Parent | None:
    """None of what is neither a Service nor a Gateway."""
    parts = field.mapping(*_REF, "sectionName", required=("name",))
    kind = text(parts.get("kind")) or "Gateway"
    group = text(parts["group"]) if "group" in parts else GROUP
    own = {"Gateway": GROUP, "Service": ""}.get(kind)
    parent = Parent(
        kind, named(parts.get("namespace")) or namespace, named(parts.get("name")), port(parts.get("port"))
    )
    return parent if own == group else None


def _rule(field: Field, number: int, namespace: str, carried: Carried) -> RouteRule:
    parts = field.mapping(*_RULE)
    mirrors, instead = _filters(parts, namespace)
    targets = []
    for one in elements(parts, "backendRefs"):
        given = one.mapping(*_REF, "weight", "filters", required=("name",))
        targets.append(_target(given, namespace))
        mirrors += _filters(given, namespace)[0]
    if "sessionPersistence" in parts:
        instead = "sessionPersistence"
    return RouteRule(
        f"rules[{number}]",
        carried,
        tuple(targets),
        tuple(_match(one) for one in elements(parts, "matches")),
        tuple(mirrors),
        instead or ("" if targets else "no backendRefs"),
        field.source,
    )


def _filters(parts: dict[str, Field], namespace: str) -> tuple[list[Target], str]:
    """Where copies go, and what a filter does that answers by itself."""
    mirrors, instead = [], ""
    for one in elements(parts, "filters"):
        given = one.mapping(*_FILTER, required=("type",))
        instead = next((word for name, word in _INSTEAD.items() if name in given), instead)
        if "requestMirror" in given:
            mirror = given["requestMirror"].mapping(
                "backendRef", "percent", "fraction", required=("backendRef",)
            )
            if "backendRef" in mirror:
                mirrors.append(_target(mirror["backendRef"].mapping(*_REF, required=("name",)), namespace))
    return mirrors, instead


def _target(parts: dict[str, Field], namespace: str) -> Target:
    kind, group = text(parts.get("kind")) or "Service", text(parts.get("group"))
    share = weight(parts.get("weight"), MOST_WEIGHT, 1)
    number = port(parts.get("port"))
    space, name = named(parts.get("namespace")) or namespace, named(parts.get("name"))
    if (group, kind) != ("", "Service"):
        return Target("", f"{kind} {space}/{name}", number, weight=share, fault="no Service of the cluster")
    return Target(space, name, number, weight=share)


def _match(field: Field) -> Match:
    parts = field.mapping(*_ASKS)
    return Match(asks=tuple(name for name in _ASKS if name in parts and _asks(name, parts[name].value)))


def _asks(name: str, value: object) -> bool:
    if name == "path" and isinstance(value, dict):
        return {"type": "PathPrefix", **value} != _EVERY_PATH
    return bool(value)
