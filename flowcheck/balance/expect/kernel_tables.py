"""What the kernels count connections by, from what is known of the service ports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import CountingTables, Int32, Int64, Listeners, ServiceTable, UInt64
from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.expect.shares import depends_on_origin
from flowcheck.kernels.balance import last_levels
from flowcheck.model.timeline import BEGINNING, END

Bool = npt.NDArray[np.bool_]


def counting_tables(catalog: Catalog, endpoints: Int32) -> CountingTables:
    """For a catalog. endpoints (endpoints, 8): see CountingTables."""
    numbers = {zone: number for number, zone in enumerate(sorted({*catalog.zones.values()} - {""}))}
    return make_counting_tables(
        catalog.services,
        endpoints,
        same=[catalog.counts_as(number) for number in range(len(catalog.ports))],
        spans=catalog.spans,
        by_origin=[
            any(depends_on_origin(backends.service, members) for members in backends.segments)
            for backends in catalog.ports
        ],
        zones=[numbers.get(catalog.zones.get(node, ""), -1) for node in catalog.nodes],
    )


def make_counting_tables(
    services: ServiceTable,
    endpoints: Int32,
    *,
    same: Sequence[int] = (),
    spans: Sequence[tuple[int, int]] = (),
    by_origin: Sequence[bool] = (),
    zones: Sequence[int] = (),
) -> CountingTables:
    """Each (service_ports,) or empty: every port counts as itself, always was, and depends on no origin."""
    n_ports = len(services.ports.slot)
    lives = np.array(spans or [(BEGINNING, END)] * n_ports, dtype=np.int64).reshape(-1, 2)
    counts_as = np.array(same or range(n_ports), dtype=np.int32)
    kinds = endpoints[:, a.KIND]
    single = (kinds == a.KIND_POD) | (kinds == a.KIND_NODE)
    always = (lives == [BEGINNING, END]).all(axis=1)
    listeners = services.listeners
    only = _only_servings(listeners, kinds == a.KIND_POD, always)
    last_level = np.empty(len(endpoints), dtype=np.int8)
    last_levels(np.arange(len(endpoints)), last_level)
    return CountingTables(
        services=services,
        endpoints=endpoints,
        same=counts_as,
        start=np.ascontiguousarray(lives[:, 0]),
        end=np.ascontiguousarray(lives[:, 1]),
        by_origin=np.array(by_origin or [False] * n_ports, dtype=np.uint8),
        only_port=_where_any(only, listeners.serving_slot << a.PORT_BITS | listeners.serving_port),
        only_what=_where_any(only, counts_as[listeners.serving]),
        location=_locations(
            np.where(single, endpoints[:, a.NODE], -1), single, np.array([*zones, -1], dtype=np.int64)
        ),
        last_level=np.where(single, last_level, -1).astype(np.int8),
        outside=len(zones),
    )


def _only_servings(listeners: Listeners, pods: Bool, always: Bool) -> Int32:
    """(endpoints,) the place in ``serving`` of a pod's only one, of a service port that always was; else -1.
    pods (endpoints,), always (service_ports,)."""
    only = listeners.serving_first[:-1]
    plain = pods & (np.diff(listeners.serving_first) == 1)
    plain[plain] = always[listeners.serving[only[plain]]]
    return np.where(plain, only, -1).astype(np.int32)


def _where_any(places: Int32, values: Int32) -> Int32:
    """The value at each place, -1 at none."""
    return np.append(values, -1).astype(np.int32)[places]


def _locations(nodes: Int32, single: Bool, zones: Int64) -> UInt64:
    """zones (nodes + 1,): of each node, the last is that of none."""
    words = (zones[nodes] + 1) << a.HALF | (nodes.astype(np.int64) + 1)
    return np.append(np.uint64(0), np.where(single, words.astype(np.uint64), a.MANY_SENDERS))
