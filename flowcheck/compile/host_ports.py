"""Ports of a node that lead to a pod on it (``hostPort``), as arrays.

They lead there while the pod is there, at all of the node's addresses or at ``hostIP``, for the family that
the pod has an address of. A Service's address or node port goes before; a pod on the host network has no such
port, as it is its node.

Source: core/v1 ContainerPort, hostPort and hostIP; CNI, plugins/meta/portmap.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64
from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import Axis, port_word
from flowcheck.compile.endpoints.ownership import Segment, segments
from flowcheck.model.cluster import ContainerPort
from flowcheck.model.timeline import Lifetime

Behind = tuple[int, int]
"""A pod's endpoint and the container's port."""
Claim = tuple[Behind, Lifetime]
AtHosts = dict[int, dict[int, list[Claim]]]
"""By endpoint, and by the word of a port: who is behind it when."""


class HostPorts(NamedTuple):
    """The fields of Doors of the same names."""

    host_first: Int32
    host_word: Int32
    host_segment: Int32
    host_start: Int64
    host_leads: Int32
    host_port: Int32


def build_host_ports(at_hosts: AtHosts, n_endpoints: int, skew: int) -> HostPorts:
    """The host ports at every endpoint of a node, as :func:`host_ports_at` lists them."""
    doors: list[tuple[int, list[Segment[Behind]]]] = []
    counts = np.zeros(n_endpoints + 1, dtype=np.int64)
    for endpoint, words in at_hosts.items():
        counts[endpoint + 1] = len(words)
        doors += ((word, segments(words[word], skew)) for word in sorted(words))
    flat = [segment for _, found in doors for segment in found]
    leads = [segment.who((a.NOT_ONE, 0), (a.SEVERAL, 0)) for segment in flat]
    return HostPorts(
        host_first=np.cumsum(counts).astype(np.int32),
        host_word=np.array([word for word, _ in doors], dtype=np.int32),
        host_segment=np.cumsum([0, *(len(found) for _, found in doors)]).astype(np.int32),
        host_start=np.array([segment.start for segment in flat], dtype=np.int64),
        host_leads=np.array([endpoint for endpoint, _ in leads], dtype=np.int32),
        host_port=np.array([port for _, port in leads], dtype=np.int32),
    )


def host_ports_at(axis: Axis) -> AtHosts:
    """The host ports at every endpoint of a node with an address, the endpoints ascending."""
    of_node = _of_nodes(axis)
    found: AtHosts = {}
    for endpoint, end in enumerate(axis.endpoints):
        if end.kind != a.KIND_NODE or end.prefix is None:
            continue
        words: dict[int, list[Claim]] = defaultdict(list)
        for port, claim in of_node.get((end.name, end.prefix.version), ()):
            if _is_at(port, end.prefix):
                words[port_word(port.protocol, port.host_port)].append(claim)
        if words:
            found[endpoint] = words
    return found


def _is_at(port: ContainerPort, address: Prefix) -> bool:
    """Whether it is at this address of its node: at any, at any of a family (0.0.0.0, ::), or at that."""
    if not port.host_ip:
        return True
    wanted = prefix(port.host_ip)
    if wanted.first == 0:
        return wanted.version == address.version
    return wanted == address


def _of_nodes(axis: Axis) -> dict[tuple[str, int], list[tuple[ContainerPort, Claim]]]:
    """By the name of a node's endpoint and family: the host ports of the pods on it."""
    found: dict[tuple[str, int], list[tuple[ContainerPort, Claim]]] = defaultdict(list)
    for pod, endpoints, life in axis.versions:
        for port in () if pod.host_network else pod.ports:
            if not port.host_port or not pod.node:
                continue
            for endpoint in endpoints:
                at = axis.endpoints[endpoint].prefix
                if at is not None:
                    found[f"Node/{pod.node}", at.version].append((port, ((endpoint, port.number), life)))
    return found
