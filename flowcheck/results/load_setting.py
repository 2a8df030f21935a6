"""What the kernels count the load by, from what is known of the service ports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, LoadSetting, ServiceTable
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.results.load_catalog import Catalog
from flowcheck.results.load_expected import depends_on_origin

DEPENDS = -1


def setting_of(catalog: Catalog, endpoints: Int32) -> LoadSetting:
    """For a catalog. endpoints (endpoints, 8): see LoadSetting."""
    numbers = {zone: number for number, zone in enumerate(sorted({*catalog.zones.values()} - {""}))}
    return make_setting(
        catalog.services,
        endpoints,
        same=[catalog.counts_as(number) for number in range(len(catalog.ports))],
        spans=catalog.spans,
        by_origin=[
            any(depends_on_origin(facts.service, members) for members in facts.segments)
            for facts in catalog.ports
        ],
        zones=[numbers.get(catalog.zones.get(node, ""), -1) for node in catalog.nodes],
    )


def make_setting(
    services: ServiceTable,
    endpoints: Int32,
    *,
    same: Sequence[int] = (),
    spans: Sequence[tuple[int, int]] = (),
    by_origin: Sequence[bool] = (),
    zones: Sequence[int] = (),
) -> LoadSetting:
    """Each (service_ports,) or empty: every port counts as itself, always was, and depends on no origin."""
    n_ports = len(services.slot)
    lives = np.array(spans or [(BEGINNING, END)] * n_ports, dtype=np.int64).reshape(-1, 2)
    origins = np.array(by_origin or [False] * n_ports, dtype=np.uint8)
    segments = np.diff(services.segment_first)
    where = np.zeros(n_ports + len(services.serving) + 1, dtype=np.int64)
    where[:n_ports] = np.where(
        (segments > 1) | (origins != 0), DEPENDS, (services.segment_first[:-1].astype(np.int64) + 1) << 32
    )
    single = (endpoints[:, a.KIND] == a.KIND_POD) | (endpoints[:, a.KIND] == a.KIND_NODE)
    return LoadSetting(
        services=services,
        endpoints=endpoints,
        same=np.array(same or range(n_ports), dtype=np.int32),
        start=np.ascontiguousarray(lives[:, 0]),
        end=np.ascontiguousarray(lives[:, 1]),
        by_origin=origins,
        where=where,
        client=np.where(single, np.arange(len(endpoints)), -1).astype(np.int32),
        node=np.append(np.where(single, endpoints[:, a.NODE], -1), -1).astype(np.int32),
        zone=np.append(zones, -1).astype(np.int32),
    )
