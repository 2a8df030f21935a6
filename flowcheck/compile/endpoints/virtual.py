"""Virtual addresses on the axis: which Service has one when and, where several may have it, at which port.

Services may share a load balancer's or an external address, and either may be a node's own. So such an
address is asked for by protocol and port; what no Service has there is the node's, or nobody's. A pod's
address is the pod's, whatever a Service says.

Source: core/v1 ServiceSpec, externalIPs; kube-proxy, which translates before anything else is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from flowcheck import arrays as a
from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import Axis, Claims, Endpoint, Shared, port_word
from flowcheck.compile.endpoints.ownership import segments
from flowcheck.model.cluster import Cluster
from flowcheck.model.places import NOWHERE
from flowcheck.model.service import Service
from flowcheck.model.timeline import ALWAYS, Lifetime

Held = Sequence[tuple[int, Lifetime]]
"""Who has an address when: numbers of Services."""


def add_services(axis: Axis, cluster: Cluster, claims: Claims, skew: int) -> dict[Prefix, int]:
    """Number the Services and put their addresses on the axis, after nodes and pods.

    Returns the endpoint of each address that several have, for when it is none of them in particular.
    """
    held = _number(axis, cluster)
    several = {}
    nodes = _node_addresses(axis)
    for address, holders in held.items():
        if address not in claims:
            ends = _ends(axis, holders, address, -1)
            claims[address] = [(ends[number], life) for number, life in holders]
            if len(ends) > 1:
                several[address] = axis.add(_nobody_in_particular(axis, address))
                _share(axis, (several[address], *ends.values()), holders, ends, skew)
        for node, own in nodes.get(address, {}).items():
            _share(axis, own, holders, _ends(axis, holders, address, node), skew)
    return several


def plain_service(service: Service) -> Hashable:
    """A Service without what tells versions apart that say the same."""
    selector = None if service.selector is None else frozenset(service.selector.items())
    return replace(service, selector=None, lifetime=ALWAYS, source=NOWHERE, labels={}), selector


def addresses_of(service: Service) -> list[Prefix]:
    return list(dict.fromkeys(prefix(text) for text in (*service.cluster_ips, *service.external_ips)))


def _number(axis: Axis, cluster: Cluster) -> dict[Prefix, list[tuple[int, Lifetime]]]:
    """Number every version of every Service; who has which address when."""
    held: dict[Prefix, list[tuple[int, Lifetime]]] = defaultdict(list)
    numbers: dict[Hashable, int] = {}
    for service in cluster.services:
        number = numbers.setdefault(plain_service(service), len(numbers))
        if number == len(axis.services):
            axis.services.append(service)
        for address in addresses_of(service):
            held[address].append((number, service.lifetime))
    return held


def _node_addresses(axis: Axis) -> Mapping[Prefix, Mapping[int, list[int]]]:
    """The endpoints of every node at every address."""
    found: dict[Prefix, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for endpoint, end in enumerate(axis.endpoints):
        if end.kind == a.KIND_NODE and end.prefix is not None:
            found[end.prefix][end.node].append(endpoint)
    return found


def _ends(axis: Axis, holders: Held, address: Prefix, node: int) -> dict[int, int]:
    """An endpoint for each Service at an address, which is that of a node or (-1) of none. Who answers at the
    cluster IP of a cached Service nobody knows."""
    ends = {}
    for number in dict.fromkeys(number for number, _ in holders):
        service = axis.services[number]
        name = str(service)
        inner = address in map(prefix, service.cluster_ips)
        if inner and service.cached:
            ends[number] = axis.add(Endpoint(a.KIND_AMBIGUOUS, name, name, service.namespace, address))
            continue
        ends[number] = axis.add(Endpoint(a.KIND_SERVICE, name, name, service.namespace, address, node=number))
        axis.reached[ends[number]] = a.INNER if inner else node
    return ends


def _nobody_in_particular(axis: Axis, address: Prefix) -> Endpoint:
    """A Service that has no ports: its number is the one after the last."""
    group = f"{address.network_address} (several Services)"
    return Endpoint(a.KIND_SERVICE, group, prefix=address, node=len(axis.services))


def _share(axis: Axis, endpoints: Sequence[int], holders: Held, ends: Mapping[int, int], skew: int) -> None:
    """Let these endpoints at one address be asked for by port."""
    claims: dict[int, list[tuple[int, Lifetime]]] = defaultdict(list)
    for number, life in holders:
        for word in {port_word(port.protocol, port.port) for port in axis.services[number].ports}:
            claims[word].append((ends[number], life))
    by_port = {word: segments(claims[word], skew) for word in sorted(claims)}
    axis.shared.append(Shared(tuple(endpoints), by_port))


def port_table(axis: Axis, n_endpoints: int) -> a.PortTable:
    """The shared addresses as arrays, for so many endpoints."""
    of = np.full(n_endpoints, -1, dtype=np.int32)
    for number, one in enumerate(axis.shared):
        of[list(one.endpoints)] = number
    doors = [(word, found) for one in axis.shared for word, found in one.by_port.items()]
    flat = [segment for _, found in doors for segment in found]
    owners = (segment.who(-1, axis.ambiguous) for segment in flat)
    return a.PortTable(
        of=of,
        first=np.cumsum([0, *(len(one.by_port) for one in axis.shared)]).astype(np.int32),
        word=np.array([word for word, _ in doors], dtype=np.int32),
        segment_first=np.cumsum([0, *(len(found) for _, found in doors)]).astype(np.int32),
        start=np.array([segment.start for segment in flat], dtype=np.int64),
        endpoint=np.fromiter(owners, dtype=np.int32),
        inferred=np.array([segment.inferred for segment in flat], dtype=np.uint8),
    )
