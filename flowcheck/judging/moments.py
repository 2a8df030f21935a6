"""When what is said of flows to an endpoint may change, so that between two such moments it is said once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import CountingTables, Int32, Int64, MomentTable, ServiceTable
from flowcheck.model.timeline import BEGINNING, END


def find_moments(
    services: ServiceTable, endpoints: Int32, counting: CountingTables | None = None
) -> MomentTable:
    """Of endpoints (endpoints, 8), policies aside. ``counting``: what the load is counted by, where it is.

    A Service changes with its ports, a backend with the Services it is behind, a node with all that node
    ports and host ports lead to; whatever else is what it is at all times.
    """
    of_port = _of_ports(services, counting)
    lists: dict[int, set[int]] = defaultdict(set)
    kinds, numbers = endpoints[:, a.KIND], endpoints[:, a.NUMBER]
    first = services.ports.first
    if of_port:
        for endpoint in np.flatnonzero(kinds == a.KIND_SERVICE).tolist():
            service = numbers[endpoint]
            lists[endpoint] |= _union(of_port, range(first[service], first[service + 1]))
        listeners = services.listeners
        behind = np.repeat(np.arange(len(kinds)), np.diff(listeners.serving_first)).tolist()
        for endpoint, port in zip(behind, listeners.serving.tolist(), strict=True):
            if port in of_port:
                lists[endpoint] |= of_port[port]
    nodes = np.flatnonzero(kinds == a.KIND_NODE).tolist()
    at_nodes = _at_nodes(services, of_port).union(*(lists.pop(node, ()) for node in nodes))
    return _table(len(kinds), lists, nodes if at_nodes else [], at_nodes)


def _of_ports(services: ServiceTable, counting: CountingTables | None) -> dict[int, set[int]]:
    """By service port, those that have any."""
    found: dict[int, set[int]] = defaultdict(set)
    _add(found, services.ports.segment_first, services.ports.segment_start)
    _add(found, services.backends.first, services.backends.start)
    _add(found, services.backends.first, services.backends.end)
    if counting is not None:
        each = np.arange(len(counting.start) + 1)
        _add(found, each, counting.start)
        _add(found, each, counting.end)
        for port, same in enumerate(counting.same.tolist()):
            if same != port and same in found:
                found[port] |= found[same]
    return dict(found)


def _add(found: dict[int, set[int]], first: np.ndarray, instants: Int64) -> None:
    """Add the instants ``first[n]:first[n + 1]`` of each ``n``."""
    finite = np.flatnonzero((instants != BEGINNING) & (instants != END))
    owners = np.searchsorted(first, finite, side="right") - 1
    for owner, instant in zip(owners.tolist(), instants[finite].tolist(), strict=True):
        found[owner].add(instant)


def _union(of_port: dict[int, set[int]], ports: Iterable[int]) -> set[int]:
    return set().union(*(of_port.get(port, ()) for port in ports))


def _at_nodes(services: ServiceTable, of_port: dict[int, set[int]]) -> set[int]:
    """Of all nodes, as one: their node ports are the same."""
    doors = services.doors
    instants = np.concatenate([doors.node_port_start, doors.host_start])
    leads = np.unique(doors.node_port_leads).tolist()
    return {*instants[(instants != BEGINNING) & (instants != END)].tolist()} | _union(of_port, leads)


def _table(n_endpoints: int, lists: dict[int, set[int]], nodes: list[int], at_nodes: set[int]) -> MomentTable:
    of = np.full(n_endpoints, -1, dtype=np.int32)
    kept = [(endpoint, instants) for endpoint, instants in lists.items() if instants]
    of[[endpoint for endpoint, _ in kept]] = np.arange(len(kept), dtype=np.int32)
    of[nodes] = len(kept)
    each = [[BEGINNING, *sorted(instants)] for _, instants in [*kept, (-1, at_nodes)]]
    return MomentTable(
        of=of,
        first=np.cumsum([0, *map(len, each)], dtype=np.int32),
        start=np.array([instant for instants in each for instant in instants], dtype=np.int64),
    )
