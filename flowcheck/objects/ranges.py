"""Objects that say where pods get their addresses from, and what the pods themselves tell of that.

Source: crd.projectcalico.org/v1 and projectcalico.org/v3 IPPool, BlockAffinity, IPAMBlock spec.cidr;
networking.k8s.io/v1alpha1 ClusterCIDR spec.ipv4, spec.ipv6; cilium.io/v2alpha1 CiliumPodIPPool
spec.ipv4.cidrs, spec.ipv6.cidrs; config.openshift.io/v1 Network status.clusterNetwork.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from flowcheck.manifests.blocks import plain_cidr
from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import Network, address_number
from flowcheck.model.cluster import Node, Pod
from flowcheck.model.ranges import PRIVATE, SEEN, PodRanges

BITS = {4: 32, 6: 128}
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
    nat_outgoing: Any = msgspec.field(default=None, name="natOutgoing")


class _Object(msgspec.Struct):
    spec: _Spec | None = None
    status: _Spec | None = None


def read_ranges(document: Document) -> PodRanges:
    """The CIDRs of one object; one that is none is reported. Of Calico's IPPools also whether pods' addresses
    are not seen outside: spec.natOutgoing."""
    manifest = document.decode(_Object)
    translated = manifest.spec is not None and manifest.spec.nat_outgoing is True
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
    cidrs = tuple(dict.fromkeys(found))
    return PodRanges(document.kind, document.name, cidrs, document.source, translated)


def _listed(given: str | _Cidrs | None) -> Sequence[str]:
    return [given] if isinstance(given, str) else (given.cidrs or ()) if given is not None else ()


def seen_ranges(pods: Sequence[Pod], nodes: Iterable[Node], told: Iterable[str]) -> PodRanges | None:
    """The ranges of pods whose addresses lie in none that is told; None where there is no such pod.

    Of pods that have an address space (a /16, or a /48 of IPv6) for themselves, the smallest network around
    all of them. Where nodes have addresses there too, as in a cloud's network, others may have: only the /24,
    or /64, around each pod.
    """
    known = _blocks(told)
    spaces: dict[tuple[int, int], set[int]] = defaultdict(set)
    own = {pod.host_address for pod in pods if pod.host_address}
    shared = {_space(*address_number(text)) for text in own.union(*(node.addresses for node in nodes))}
    for text in {text for pod in pods if not pod.host_network for text in pod.addresses}:
        version, number = address_number(text)
        for shift, starts in known[version].items():
            if number >> shift in starts:
                break
        else:
            spaces[_space(version, number)].add(number)
    found: set[Network] = set()
    for space, numbers in spaces.items():
        least = BITS[space[0]] - SMALLEST[space[0]]
        if space in shared:
            found |= {_network(space[0], number, least) for number in numbers}
        else:
            first, last = min(numbers), max(numbers)
            found.add(_network(space[0], first, max(least, (first ^ last).bit_length())))
    cidrs = tuple(map(str, sorted(found, key=lambda network: (network.version, network))))
    return PodRanges(SEEN, "", cidrs) if cidrs else None


def unknown_ranges(pods: Sequence[Pod], told: Iterable[str]) -> PodRanges | None:
    """Where nothing tells of any address, of pods or of ranges: a private one may be a pod's."""
    live = [pod for pod in pods if not pod.finished and not pod.host_network]
    silent = live and not any(pod.addresses for pod in live) and not list(told)
    return PodRanges(SEEN, "", PRIVATE) if silent else None


def _blocks(cidrs: Iterable[str]) -> dict[int, dict[int, set[int]]]:
    """By family and the number of bits that a CIDR leaves open, the addresses' other bits."""
    found: dict[int, dict[int, set[int]]] = {4: defaultdict(set), 6: defaultdict(set)}
    for network in map(ipaddress.ip_network, cidrs):
        shift = BITS[network.version] - network.prefixlen
        found[network.version][shift].add(int(network.network_address) >> shift)
    return found


def _space(version: int, number: int) -> tuple[int, int]:
    """The address space that an address lies in: family, and the bits that its addresses have in common."""
    return version, number >> (BITS[version] - LARGEST[version])


def _network(version: int, number: int, shift: int) -> Network:
    """The network around an address that leaves so many bits open."""
    start = number >> shift << shift
    length = BITS[version] - shift
    return ipaddress.IPv4Network((start, length)) if version == 4 else ipaddress.IPv6Network((start, length))
