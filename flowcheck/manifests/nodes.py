"""Namespace and Node documents, and those that other objects only name.

Source: core/v1 Namespace; core/v1 Node, status.addresses, spec.podCIDRs.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.manifests.names import parse_cidr
from flowcheck.manifests.objects import LabelledObject, Meta, read_addresses, read_labels
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Namespace, Node, Pod


class _Address(msgspec.Struct):
    type: str = ""
    address: str | None = None


class _Status(msgspec.Struct):
    addresses: list[_Address] | None = None


class _Spec(msgspec.Struct):
    pod_cidr: str | None = msgspec.field(default=None, name="podCIDR")
    pod_cidrs: list[str] | None = msgspec.field(default=None, name="podCIDRs")


class _Node(msgspec.Struct):
    metadata: Meta | None = None
    spec: _Spec | None = None
    status: _Status | None = None


def read_namespace(document: Document) -> Namespace:
    labels = read_labels(document, document.decode(LabelledObject).metadata)
    return Namespace(document.name, {**labels, NAMESPACE_NAME_LABEL: document.name}, document.source)


def read_node(document: Document) -> Node:
    """A node's InternalIP and ExternalIP addresses; host names are of no use to an audit of addresses."""
    manifest = document.decode(_Node)
    spec, status = manifest.spec or _Spec(), manifest.status or _Status()
    texts = [a.address for a in status.addresses or () if a.type in ("InternalIP", "ExternalIP")]
    cidrs = []
    for text in spec.pod_cidrs or ([spec.pod_cidr] if spec.pod_cidr else []):
        try:
            cidrs.append(str(parse_cidr(text)))
        except ValueError as error:
            document.report(str(error), path="spec.podCIDRs")
    return Node(
        document.name,
        read_labels(document, manifest.metadata),
        read_addresses(document, texts, "status.addresses"),
        tuple(dict.fromkeys(cidrs)),
        document.source,
    )


def complete_namespaces(known: dict[str, Namespace], named: Iterable[str]) -> dict[str, Namespace]:
    """Add the namespaces that objects only name, with the label the API server gives every namespace."""
    result = dict(known)
    for name in named:
        if name and name not in result:
            result[name] = Namespace(name, {NAMESPACE_NAME_LABEL: name})
    return result


def complete_nodes(known: Iterable[Node], pods: Iterable[Pod]) -> tuple[Node, ...]:
    """Add nodes, and node addresses, that pods tell of: spec.nodeName and status.hostIP.

    A pod that tells only a host address is on the node that has it, else on one named by that address.
    """
    nodes = {node.name: node for node in known}
    told: dict[str, dict[str, None]] = {name: dict.fromkeys(node.addresses) for name, node in nodes.items()}
    by_address = {address: name for name, addresses in told.items() for address in addresses}
    nameless = []
    for pod in pods:
        if pod.finished:
            continue
        if pod.node:
            told.setdefault(pod.node, {})
            if pod.host_address and pod.host_address not in by_address:
                told[pod.node][pod.host_address] = None
                by_address[pod.host_address] = pod.node
        elif pod.host_address:
            nameless.append(pod.host_address)
    for address in nameless:
        if address not in by_address:
            by_address[address] = address
            told[address] = {address: None}
    result = []
    for name, addresses in told.items():
        node = nodes.get(name, Node(name))
        result.append(Node(name, node.labels, tuple(addresses), node.pod_cidrs, node.source))
    return tuple(result)
