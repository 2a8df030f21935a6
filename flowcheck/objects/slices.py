"""EndpointSlice and Endpoints documents: who stands behind a Service.

Source: discovery.k8s.io/v1 EndpointSlice; core/v1 Endpoints.
"""

from __future__ import annotations

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.service import Backend, EndpointSlice
from flowcheck.objects.services import PortObject, read_ports
from flowcheck.objects.shared import LabelledObject, read_addresses, read_labels

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN", "IP")
"""The last one is of v1alpha1, and either of the first two."""


class _Target(msgspec.Struct):
    kind: str | None = None
    name: str | None = None


class _Conditions(msgspec.Struct):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class _For(msgspec.Struct):
    name: str | None = None


class _Hints(msgspec.Struct, rename="camel"):
    for_zones: list[_For] | None = None
    for_nodes: list[_For] | None = None


class _Endpoint(msgspec.Struct, rename="camel"):
    addresses: list[str] | None = None
    conditions: _Conditions | None = None
    target_ref: _Target | None = None
    node_name: str | None = None
    zone: str | None = None
    hints: _Hints | None = None


class _Slice(LabelledObject, rename="camel"):
    address_type: str | None = None
    endpoints: list[_Endpoint] | None = None
    ports: list[PortObject] | None = None


class _Address(msgspec.Struct, rename="camel"):
    ip: str | None = None
    node_name: str | None = None
    target_ref: _Target | None = None


class _Subset(msgspec.Struct, rename="camel"):
    addresses: list[_Address] | None = None
    not_ready_addresses: list[_Address] | None = None
    ports: list[PortObject] | None = None


class _Endpoints(msgspec.Struct):
    subsets: list[_Subset] | None = None


def read_slice(document: Document) -> list[EndpointSlice]:
    """An EndpointSlice. Those of host names (addressType FQDN) or of no Service give nothing.

    A condition that is not there is true, but for ``terminating``. Source: discovery.k8s.io/v1.
    """
    manifest = document.decode(_Slice)
    service = read_labels(document, manifest.metadata).get(SERVICE_NAME_LABEL, "")
    if manifest.address_type and manifest.address_type not in ADDRESS_TYPES:
        document.report(f"must be {' or '.join(ADDRESS_TYPES[:3])}", path="addressType")
    if not service or manifest.address_type == "FQDN":
        return []
    backends = []
    for endpoint in manifest.endpoints or ():
        state = endpoint.conditions or _Conditions()
        ready = state.ready is not False
        backends += [
            Backend(
                address,
                _pod_name(endpoint.target_ref),
                endpoint.node_name or "",
                endpoint.zone or "",
                ready=ready,
                serving=state.serving is not False,
                terminating=bool(state.terminating),
                for_zones=_names(endpoint.hints.for_zones if endpoint.hints else None),
                for_nodes=_names(endpoint.hints.for_nodes if endpoint.hints else None),
            )
            for address in read_addresses(document, endpoint.addresses or (), "endpoints")
        ]
    ports = read_ports(document, manifest.ports, "ports")
    namespace = document.namespace or DEFAULT_NAMESPACE
    return [EndpointSlice(namespace, service, ports, tuple(backends), document.source)]


def read_endpoints(document: Document) -> list[EndpointSlice]:
    """An Endpoints object, one slice for each of its subsets."""
    manifest = document.decode(_Endpoints)
    namespace = document.namespace or DEFAULT_NAMESPACE
    result = []
    for subset in manifest.subsets or ():
        backends = [
            Backend(address, _pod_name(entry.target_ref), entry.node_name or "", ready=ready, serving=ready)
            for entries, ready in ((subset.addresses, True), (subset.not_ready_addresses, False))
            for entry in entries or ()
            for address in read_addresses(document, [entry.ip], "subsets")
        ]
        ports = read_ports(document, subset.ports, "subsets")
        result.append(EndpointSlice(namespace, document.name, ports, tuple(backends), document.source))
    return result


def _names(hints: list[_For] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hint.name for hint in hints or () if hint.name))


def _pod_name(target: _Target | None) -> str:
    return target.name or "" if target and target.kind == "Pod" else ""
