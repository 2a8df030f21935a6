"""Namespace and Node documents, and those that other objects only name.

Source: core/v1 Namespace; core/v1 Node, status.addresses, spec.podCIDRs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from flowcheck.manifests.blocks import plain_cidr
from flowcheck.manifests.documents import Document
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Namespace, Node, Pod
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.objects.devices import DEVICE_IP, annotated
from flowcheck.objects.shared import LabelledObject, ObjectMeta, read_addresses, read_labels


class _Address(msgspec.Struct):
    type: str = ""
    address: str | None = None


class _Status(msgspec.Struct):
    addresses: list[_Address] | None = None


class _Spec(msgspec.Struct):
    pod_cidr: str | None = msgspec.field(default=None, name="podCIDR")
    pod_cidrs: list[str] | None = msgspec.field(default=None, name="podCIDRs")


class _Node(msgspec.Struct):
    metadata: ObjectMeta | None = None
    spec: _Spec | None = None
    status: _Status | None = None


def read_namespace(document: Document) -> Namespace:
    labels = read_labels(document, document.decode(LabelledObject).metadata)
    return Namespace(document.name, {**labels, NAMESPACE_NAME_LABEL: document.name}, document.source)


def read_node(document: Document) -> Node:
    """A node's InternalIP and ExternalIP addresses and its devices'; host names are of no use to an audit of
    addresses."""
    manifest = document.decode(_Node)
    spec, status = manifest.spec or _Spec(), manifest.status or _Status()
    listed = status.addresses or ()
    texts = [a.address for a in listed if a.type in ("InternalIP", "ExternalIP")]
    addresses = read_addresses(document, texts, "status.addresses")
    kept = read_addresses(document, (a.address for a in listed if a.type == DEVICE_IP), "status.addresses")
    devices = dict.fromkeys((*kept, *annotated(document)))
    cidrs = []
    for text in spec.pod_cidrs or ([spec.pod_cidr] if spec.pod_cidr else []):
        try:
            cidrs.append(str(plain_cidr(document, text)))
        except ValueError as error:
            document.report(str(error), path="spec.podCIDRs")
    return Node(
        document.name,
        read_labels(document, manifest.metadata),
        addresses,
        tuple(dict.fromkeys(cidrs)),
        document.source,
        device_addresses=tuple(address for address in devices if address not in addresses),
    )


def complete_namespaces(known: dict[str, Namespace], named: Iterable[str]) -> dict[str, Namespace]:
    """Add the namespaces that objects only name, with the label the API server gives every namespace."""
    result = dict(known)
    for name in named:
        if name and name not in result:
            result[name] = Namespace(name, {NAMESPACE_NAME_LABEL: name}, described=False)
    return result


def complete_nodes(known: Iterable[Node], pods: Iterable[Pod]) -> tuple[Node, ...]:
    """Add nodes, and node addresses, that pods tell of: spec.nodeName and status.hostIP.

    A pod that tells only a host address is on the node that has it, else on one named by that address. An
    address that pods give to several nodes is the first one's, unless it was theirs one after the other.
    """
    versions: dict[str, list[Node]] = {}
    for node in known:
        versions.setdefault(node.name, []).append(node)
    described = {address for nodes in versions.values() for node in nodes for address in node.addresses}
    told, shared = _told(pods, described)
    for name, addresses in told.items():
        more = tuple(addresses)
        if name in versions:
            versions[name] = [replace(node, addresses=node.addresses + more) for node in versions[name]]
        else:
            lifetime = _hull(addresses.values()) if shared & addresses.keys() else ALWAYS
            versions[name] = [Node(name, addresses=more, lifetime=lifetime, described=False)]
    return tuple(node for nodes in versions.values() for node in nodes)


def _told(pods: Iterable[Pod], described: set[str]) -> tuple[dict[str, dict[str, Lifetime]], set[str]]:
    """By node name, the addresses that pods tell of and no Node has, with the time they told so; and those
    addresses that several nodes had, one after the other."""
    told: dict[str, dict[str, Lifetime]] = {}
    nameless: dict[str, Lifetime] = {}
    for pod in pods:
        if pod.finished:
            continue
        claims = told.setdefault(pod.node, {}) if pod.node else nameless
        if pod.host_address and pod.host_address not in described:
            before = claims.get(pod.host_address, pod.lifetime)
            claims[pod.host_address] = _hull((before, pod.lifetime))
    owners: dict[str, list[Lifetime]] = {}
    for claims in told.values():
        for address, lifetime in list(claims.items()):
            if any(_overlap(lifetime, other) for other in owners.get(address, ())):
                del claims[address]
            else:
                owners.setdefault(address, []).append(lifetime)
    for address, lifetime in nameless.items():
        if address not in owners:
            told[address] = {address: lifetime}
    return told, {address for address, times in owners.items() if len(times) > 1}


def _hull(lifetimes: Iterable[Lifetime]) -> Lifetime:
    """From the first beginning to the last end."""
    several = list(lifetimes)
    return Lifetime(
        min(one.start for one in several),
        max(one.end for one in several),
        min(one.sure_start for one in several),
        max(one.sure_end for one in several),
    )


def _overlap(one: Lifetime, other: Lifetime) -> bool:
    return one.start < other.end and other.start < one.end
