"""Objects that say where pods get their addresses from, and what the pods themselves tell of that.

Source: crd.projectcalico.org/v1 and projectcalico.org/v3 IPPool spec.cidr, IPAMBlock spec.cidr;
networking.k8s.io/v1alpha1 ClusterCIDR spec.ipv4, spec.ipv6; cilium.io/v2alpha1 CiliumPodIPPool
spec.ipv4.cidrs, spec.ipv6.cidrs; config.openshift.io/v1 Network status.clusterNetwork.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from flowcheck.manifests.blocks import plain_cidr
from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import Network
from flowcheck.model.cluster import Node, Pod
from flowcheck.model.ranges import PRIVATE, SEEN, PodRanges, Within

LARGEST = {4: 16, 6: 48}
"""By family, the prefix length of the largest range that is guessed from pods' addresses."""
SMALLEST = {4: 24, 6: 64}
"""And of the smallest, around a single pod: what a node's share mostly is."""


class _Cidrs(msgspec.Struct):
    cidrs: list[str] | None = None


class _ClusterNetwork(msgspec.Struct):
    cidr: str | None = None


class _Spec(msgspec.Struct):
    """The specs of all these kinds; ``ipv4`` and ``ipv6`` are a CIDR or hold several."""

    cidr: str | None = None
    ipv4: str | _Cidrs | None = None
    ipv6: str | _Cidrs | None = None
    cluster_network: list[_ClusterNetwork] | None = msgspec.field(default=None, name="clusterNetwork")


class _Object(msgspec.Struct):
    spec: _Spec | None = None
    status: _Spec | None = None


def read_ranges(document: Document) -> PodRanges:
    """The CIDRs of one object; one that is none is reported."""
    manifest = document.decode(_Object)
    texts = []
    for part in (manifest.spec, manifest.status):
        if part is not None:
            texts += [part.cidr, *_listed(part.ipv4), *_listed(part.ipv6)]
            texts += [one.cidr for one in part.cluster_network or ()]
    found = []
    for text in filter(None, texts):
        try:
            found.append(str(plain_cidr(document, text)))
        except ValueError as error:
            document.report(str(error), path="spec")
    return PodRanges(document.kind, document.name, tuple(dict.fromkeys(found)), document.source)


def _listed(given: str | _Cidrs | None) -> Sequence[str]:
    return [given] if isinstance(given, str) else (given.cidrs or ()) if given is not None else ()


def seen_ranges(pods: Iterable[Pod], nodes: Iterable[Node], told: Iterable[str]) -> PodRanges | None:
    """The ranges of pods whose addresses lie in none that is told; None where there is no such pod.

    Of pods that have an address space (a /16, or a /48 of IPv6) for themselves, the smallest network around
    all of them. Where nodes have addresses there too, as in a cloud's network, others may have: only the /24,
    or /64, around each pod.
    """
    told_ranges = Within(map(ipaddress.ip_network, told))
    spaces: dict[Network, set[Network]] = defaultdict(set)
    hosts = {ipaddress.ip_network(text) for node in nodes for text in node.addresses}
    for pod in pods:
        hosts |= {ipaddress.ip_network(text) for text in (pod.host_address,) if text}
        for text in () if pod.host_network else pod.addresses:
            address = ipaddress.ip_network(text)
            if address not in told_ranges:
                spaces[address.supernet(new_prefix=LARGEST[address.version])].add(address)
    found: list[Network] = []
    for space, addresses in spaces.items():
        if any(_inside(host, space) for host in hosts):
            found += {address.supernet(new_prefix=SMALLEST[space.version]) for address in addresses}
        else:
            found.append(_around(addresses))
    cidrs = tuple(map(str, sorted(found, key=lambda network: (network.version, network))))
    return PodRanges(SEEN, "", cidrs) if cidrs else None


def unknown_ranges(pods: Sequence[Pod], told: Iterable[str]) -> PodRanges | None:
    """Where nothing tells of any address, of pods or of ranges: a private one may be a pod's."""
    live = [pod for pod in pods if not pod.finished and not pod.host_network]
    silent = live and not any(pod.addresses for pod in live) and not list(told)
    return PodRanges(SEEN, "", PRIVATE) if silent else None


def _around(addresses: set[Network]) -> Network:
    """The smallest network with all the addresses that is not too small."""
    first, last = min(addresses), max(addresses)
    around = first.supernet(new_prefix=SMALLEST[first.version])
    while not _inside(last, around):
        around = around.supernet()
    return around


def _inside(address: Network, network: Network) -> bool:
    return address.version == network.version and address.subnet_of(network)  # type: ignore[arg-type]
