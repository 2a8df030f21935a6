"""Addresses of a node's tunnel and bridge devices: what comes from there comes from the node.

Network plugins tell most of them in annotations, Cilium in objects of its own. Those of a bridge and of
flannel's tunnel are told nowhere: they are the first two of the node's pod range, where pods' addresses come
from that range at all, and so only likely.

Source: projectcalico/calico libcalico-go k8s node client; flannel-io/flannel kube subnet manager; Cilium
annotation.go and cilium.io/v2 CiliumNode, spec.addresses; containernetworking/plugins bridge and host-local.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import Network, address_number
from flowcheck.model.cluster import Node, Pod
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.objects.annotations import annotations_of, device_address
from flowcheck.objects.shared import read_addresses

ANNOTATIONS = (
    *(f"projectcalico.org/{family}Address" for family in ("IPv4", "IPv6")),
    *(f"projectcalico.org/{family}VXLANTunnelAddr" for family in ("IPv4", "IPv6")),
    *(f"projectcalico.org/{family}WireguardInterfaceAddr" for family in ("IPv4", "IPv6")),
    "projectcalico.org/IPv4IPIPTunnelAddr",
    *(f"flannel.alpha.coreos.com/public-{family}" for family in ("ip", "ipv6")),
    *(f"network.cilium.io/{family}-cilium-host" for family in ("ipv4", "ipv6")),
    *(f"io.cilium.network.{family}-cilium-host" for family in ("ipv4", "ipv6")),
)
"""Of a Node: each the address of a device, for some with the length of its network's prefix."""
_WORDS = ("projectcalico.org/", "flannel.alpha.coreos.com/", "cilium")
DEVICE_IP = "DeviceIP"
"""The type of a status address by which an inventory tells of a device."""


@dataclass(frozen=True, slots=True)
class NodeDevices:
    """What a CiliumNode tells of the node of its name: its own addresses, and its devices'."""

    name: str
    addresses: tuple[str, ...]
    devices: tuple[str, ...]
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS


class _Address(msgspec.Struct):
    type: str = ""
    ip: str | None = None


class _Spec(msgspec.Struct):
    addresses: list[_Address] | None = None


class _CiliumNode(msgspec.Struct):
    spec: _Spec | None = None


def read_cilium_node(document: Document) -> NodeDevices:
    listed = (document.decode(_CiliumNode).spec or _Spec()).addresses or ()

    def of(*types: str) -> tuple[str, ...]:
        return read_addresses(document, (a.ip for a in listed if a.type in types), "spec.addresses")

    own, devices = of("InternalIP", "ExternalIP"), of("CiliumInternalIP")
    return NodeDevices(document.name, own, devices, document.source)


def annotated(document: Document) -> Iterator[str]:
    """The addresses of devices that a Node's annotations tell of."""
    for word in _WORDS:
        given = annotations_of(document, word)
        for name in ANNOTATIONS:
            if word in name and given.get(name) and (text := device_address(document, given[name], name)):
                yield text


def add_devices(
    nodes: Iterable[Node], told: Mapping[str, NodeDevices], pods: Iterable[Pod]
) -> tuple[Node, ...]:
    """The nodes with what CiliumNodes tell of them, as these were last, and with the devices they likely
    have. Of a node that only a CiliumNode tells of no label is known."""
    known = list(nodes)
    names = {node.name for node in known}
    strangers = (one for one in told.values() if one.name not in names)
    known += [Node(one.name, addresses=one.addresses, described=False) for one in strangers]
    for place, node in enumerate(known):
        if (more := told.get(node.name)) is not None:
            found = dict.fromkeys((*node.device_addresses, *more.addresses, *more.devices))
            devices = tuple(address for address in found if address not in node.addresses)
            known[place] = replace(node, device_addresses=devices)
    return tuple(_with_likely(known, pods))


def _with_likely(nodes: list[Node], pods: Iterable[Pod]) -> Iterator[Node]:
    ranges = {node.name: [ipaddress.ip_network(cidr) for cidr in node.pod_cidrs] for node in nodes}
    families = _follow_ranges(nodes, ranges, pods)
    for node in nodes:
        known = {*node.addresses, *node.device_addresses}
        first = [str(a) for cidr in ranges[node.name] if cidr.version in families for a in _first_two(cidr)]
        likely = tuple(address for address in first if address not in known)
        yield replace(node, likely_addresses=likely) if likely else node


def _follow_ranges(nodes: list[Node], ranges: Mapping[str, list[Network]], pods: Iterable[Pod]) -> set[int]:
    """The IP versions in which pods have addresses of their nodes' ranges: some are known to, none not to,
    and no device of a node lies elsewhere in its range than a bridge or flannel's tunnel would."""
    placed = {
        (pod.node, address)
        for pod in pods
        if ranges.get(pod.node) and not (pod.finished or pod.host_network)
        for address in pod.addresses
    }
    spans = {
        name: [(cidr.version, int(cidr.network_address), int(cidr.broadcast_address)) for cidr in cidrs]
        for name, cidrs in ranges.items()
    }
    inside: dict[bool, set[int]] = defaultdict(set)
    for node, text in placed:
        version, number = address_number(text)
        for family, first, last in spans[node]:
            if version == family and first <= number <= last:
                inside[True].add(version)
                break
        else:
            inside[False].add(version)
    for one in nodes:
        for address in map(ipaddress.ip_address, one.device_addresses):
            around = [cidr for cidr in ranges[one.name] if address in cidr]
            if any(address not in _first_two(cidr) for cidr in around):
                inside[False].add(address.version)
    return inside[True] - inside[False]


def _first_two(cidr: Network) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Flannel's tunnel has a range's own address, a bridge the next; none in a range too small for pods."""
    return [cidr[0], cidr[1]] if cidr.num_addresses > 2 else []
