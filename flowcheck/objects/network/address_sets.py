"""NetworkSet, GlobalNetworkSet and HostEndpoint documents of Calico's: addresses that have labels.

A HostEndpoint is one to others by its expectedIPs; of the host itself see ``engines.hosts``.

Source: projectcalico.org/v3 of Calico v3.32: NetworkSetSpec, GlobalNetworkSetSpec, HostEndpointSpec;
libcalico-go/lib/validator/v3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from flowcheck.manifests.blocks import plain_address, plain_cidr
from flowcheck.manifests.complaints import likely
from flowcheck.manifests.documents import Document
from flowcheck.manifests.stored import stored_metadata
from flowcheck.manifests.validation import (
    DEFAULT_NAMESPACE,
    label_key_fault,
    label_value_fault,
    name_fault,
    port_name_fault,
)
from flowcheck.model.labels import Labels
from flowcheck.model.ports import LAST_NUMBER
from flowcheck.model.protocols import PROTOCOLS, WITH_PORTS
from flowcheck.model.ranges import AddressSet

_NAMESPACED = frozenset({"NetworkSet"})
_RESERVED = "projectcalico.org/namespace"
_INTERFACE = re.compile(r"\*|[A-Za-z0-9_.-]{1,15}")
_WITH_PORTS = frozenset({*PROTOCOLS, *map(str, WITH_PORTS), *WITH_PORTS})


class _Meta(msgspec.Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Port(msgspec.Struct):
    name: str = ""
    protocol: str | int = ""
    port: int = 0


class _Spec(msgspec.Struct, rename="camel"):
    nets: list[str] | None = None
    node: str | None = None
    interface_name: str | None = None
    expected_ips: list[str] | None = msgspec.field(default=None, name="expectedIPs")
    ports: list[_Port] | None = None
    profiles: list[str] | None = None


class _Object(msgspec.Struct):
    metadata: _Meta | None = None
    spec: _Spec | None = None


def read_address_set(document: Document) -> AddressSet:
    """A set of the addresses that it names; what the API server would refuse is reported."""
    manifest = document.decode(_Object)
    spec = manifest.spec or _Spec()
    is_namespaced = document.kind in _NAMESPACED
    if document.name and (fault := name_fault(document.name)):
        document.report(fault, path="metadata.name")
    if document.kind == "HostEndpoint":
        cidrs = _addresses(document, spec.expected_ips or ())
        _check_host(document, spec)
    else:
        cidrs = _nets(document, spec.nets or ())
    return AddressSet(
        document.kind,
        (document.namespace or DEFAULT_NAMESPACE) if is_namespaced else "",
        document.name,
        cidrs,
        _labels(document, manifest.metadata or _Meta()),
        document.source,
        node=spec.node or "",
        interface=spec.interface_name or "",
        profiles=tuple(spec.profiles or ()),
    )


def _check_host(document: Document, spec: _Spec) -> None:
    if not spec.node:
        document.report("needs node", "write the name of the node it is of", path="spec")
    if not spec.interface_name and not spec.expected_ips:
        hint = 'write interfaceName: "*" for all of the node'
        document.report("needs interfaceName or expectedIPs", hint, path="spec")
    if spec.interface_name and not _INTERFACE.fullmatch(spec.interface_name):
        hint = "at most 15 letters, digits, '-', '_', '.', as eth0"
        document.report("is no name of an interface, nor *", hint, path="spec.interfaceName")
    for number, port in enumerate(spec.ports or ()):
        if fault := port_name_fault(port.name):
            document.report(fault, path=f"spec.ports[{number}].name")
        if port.protocol not in _WITH_PORTS:
            hint = likely(str(port.protocol), PROTOCOLS) or f"write {' or '.join(PROTOCOLS)}"
            document.report("must be a protocol with ports", hint, path=f"spec.ports[{number}].protocol")
        if not 1 <= port.port <= LAST_NUMBER:
            document.report(f"must be from 1 to {LAST_NUMBER}", path=f"spec.ports[{number}].port")


def _nets(document: Document, texts: Sequence[str]) -> tuple[str, ...]:
    """CIDRs and single addresses."""
    found: dict[str, None] = {}
    for number, text in enumerate(texts):
        try:
            found[str(plain_cidr(document, text)) if "/" in text else _single(document, text)] = None
        except ValueError:
            hint = "write one such as 10.0.0.0/8 or 192.0.2.1"
            document.report("is no CIDR and no address", hint, path=f"spec.nets[{number}]")
    return tuple(found)


def _addresses(document: Document, texts: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for number, text in enumerate(texts):
        try:
            found[_single(document, text)] = None
        except ValueError:
            hint = "write one such as 192.0.2.1, without a prefix length"
            document.report("is not an address", hint, path=f"spec.expectedIPs[{number}]")
    return tuple(found)


def _single(document: Document, text: str) -> str:
    address = plain_address(document, text)
    return f"{address}/{128 if ':' in address else 32}"


def _labels(document: Document, meta: _Meta) -> Labels:
    kept: Any = stored_metadata(document, {"annotations": meta.annotations}).get("labels")
    labels = {**(meta.labels or {}), **(kept if isinstance(kept, dict) else {})}
    for key, value in labels.items():
        fault = label_key_fault(key) or label_value_fault(str(value))
        if key == _RESERVED:
            fault = "is Calico's own label: leave it out"
        if fault:
            document.report(fault, path=f"metadata.labels.{key}")
    return labels
