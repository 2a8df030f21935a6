"""What a pod, or the template of one, tells itself of its part in an Istio mesh: its proxy, its annotations.

A container istio-proxy, or the annotation that the injector leaves, is a sidecar; one that runs as a router
or a waypoint is a gateway. The node's agent marks pods whose traffic goes through ztunnel. A template with
annotations for a sidecar's traffic stands for pods that get one. What labels tell, also those of
namespaces, is found where the cluster is put together: ``engines.istio.membership``.

Source: Istio 1.31 manifests/charts/istio-control/istio-discovery/files (injection-template.yaml,
gateway-injection-template.yaml, waypoint.yaml), tools/istio-iptables/pkg/capture/run.go,
cni/pkg/util/podutil.go; istio.io/api annotation/annotations.gen.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flowcheck.manifests.documents import Document
from flowcheck.model.mesh.membership import SIDECAR_PORTS, Membership
from flowcheck.model.peers import DataPlane
from flowcheck.objects.mesh.told import EVERY_PORT, LAST_PORT, Told, is_port, port_text, words

STATUS = "sidecar.istio.io/status"
REDIRECTION = "ambient.istio.io/redirection"
BYPASS = "ambient.istio.io/bypass-inbound-capture"
TRAFFIC = "traffic.sidecar.istio.io/"
INCLUDE_INBOUND = f"{TRAFFIC}includeInboundPorts"
EXCLUDE_INBOUND = f"{TRAFFIC}excludeInboundPorts"
EXCLUDE_OUTBOUND = f"{TRAFFIC}excludeOutboundPorts"
TEMPLATES = "inject.istio.io/templates"
_STATUS_PORT = "status.sidecar.istio.io/port"
_MODE = "sidecar.istio.io/interceptionMode"
OF_PODS = (
    *(STATUS, REDIRECTION, BYPASS, INCLUDE_INBOUND, EXCLUDE_INBOUND, EXCLUDE_OUTBOUND),
    *(TEMPLATES, _STATUS_PORT, _MODE),
)
"""The annotations of a pod that are read; of a template also whether there is any below ``TRAFFIC``."""
PROXY = "istio-proxy"
GATEWAYS = ("router", "waypoint")
"""What the proxy of a gateway is told first or second."""


def istio_membership(told: Told, *, template: bool) -> Membership | None:
    """None: it tells of none."""
    annotations = told.annotations
    proxies = [one for one in told.containers if one.get("name") == PROXY]
    if any(_is_gateway(one) for one in proxies) or "gateway" in words(annotations.get(TEMPLATES, "")):
        return Membership(DataPlane.GATEWAY, SIDECAR_PORTS, because="its proxy is a gateway")
    if proxies or STATUS in annotations:
        because = f"its container {PROXY}" if proxies else f"its annotation {STATUS}"
        return _sidecar(told.document, annotations, because)
    if annotations.get(REDIRECTION) == "enabled":
        past = EVERY_PORT if annotations.get(BYPASS) == "true" else frozenset[int]()
        return Membership(DataPlane.AMBIENT, past, because=f"its annotation {REDIRECTION}")
    if template and any(key.startswith(TRAFFIC) for key in annotations):
        return _sidecar(told.document, annotations, f"its annotations {TRAFFIC}")
    return None


def _is_gateway(container: dict[Any, Any]) -> bool:
    args = container.get("args")
    return isinstance(args, list) and any(one in GATEWAYS for one in args[:2])


def _sidecar(document: Document, annotations: Mapping[str, str], because: str) -> Membership:
    if annotations.get(_MODE) == "NONE":
        return Membership(DataPlane.SIDECAR, EVERY_PORT, EVERY_PORT, because=because)
    for name in (INCLUDE_INBOUND, EXCLUDE_INBOUND, EXCLUDE_OUTBOUND):
        if wrong := [one for one in words(annotations.get(name, "")) if one != "*" and not is_port(one)]:
            document.warn(f"its annotation {name} holds {wrong[0][:63]!r}, which is no port")
    inbound = _inbound_past(
        annotations.get(INCLUDE_INBOUND, "*"),
        annotations.get(EXCLUDE_INBOUND, ""),
        annotations.get(_STATUS_PORT, ""),
    )
    outbound = _ports(annotations.get(EXCLUDE_OUTBOUND, ""))
    return Membership(DataPlane.SIDECAR, inbound, outbound, because=because)


@lru_cache(1 << 10)
def _ports(text: str) -> frozenset[int]:
    return frozenset(int(word) for word in words(text) if is_port(word))


@lru_cache(1 << 10)
def _inbound_past(included: str, excluded: str, status: str) -> frozenset[int]:
    """Beside what is excluded the sidecar's own ports; what is excluded counts only where all is included."""
    if included.strip() == "*":
        return SIDECAR_PORTS | _ports(excluded) | _ports(status)
    return EVERY_PORT - _ports(included)


def istio_annotations(mesh: Membership) -> dict[str, str]:
    """Annotations of which the same would be read."""
    match mesh.plane:
        case DataPlane.GATEWAY:
            return {TEMPLATES: "gateway"}
        case DataPlane.AMBIENT:
            return {REDIRECTION: "enabled", **({BYPASS: "true"} if mesh.inbound_past else {})}
        case DataPlane.SIDECAR:
            return {STATUS: "", **_traffic(mesh)}
        case _:
            return {}


def _traffic(mesh: Membership) -> dict[str, str]:
    found = {}
    if len(mesh.inbound_past) > LAST_PORT // 2:
        found[INCLUDE_INBOUND] = port_text(EVERY_PORT - mesh.inbound_past)
    elif mesh.inbound_past != SIDECAR_PORTS:
        found[EXCLUDE_INBOUND] = port_text(mesh.inbound_past)
    if mesh.outbound_past == EVERY_PORT:
        return {_MODE: "NONE"}
    if mesh.outbound_past:
        found[EXCLUDE_OUTBOUND] = port_text(mesh.outbound_past)
    return found
