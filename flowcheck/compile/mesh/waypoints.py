"""What a waypoint sees otherwise than a proxy before the pod: whom it is asked of, and at which port."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, ServiceTable


def endpoints_seen(endpoints: Int32) -> Int32:
    """Of ``Tables.endpoints``: a pod that dials its own Service is asked as any other, and so is a node's."""
    seen = endpoints.copy()
    seen[:, a.POD] = -1
    seen[seen[:, a.KIND] == a.KIND_NODE, a.NODE] = -1
    return seen


def services_seen(services: ServiceTable) -> ServiceTable:
    """The waypoint chooses among all backends, by the Service's address alone, and takes the port as it was
    dialled."""
    ports, doors, backends = services.ports, services.doors, services.backends
    nothing = np.zeros(0, dtype=np.int32)
    return services._replace(
        ports=ports._replace(
            inner_local=np.zeros_like(ports.inner_local), outer_local=np.zeros_like(ports.outer_local)
        ),
        doors=doors._replace(
            node_port=nothing, host_word=nothing, host_first=np.zeros_like(doors.host_first)
        ),
        backends=backends._replace(port=np.repeat(ports.port, np.diff(backends.first))),
    )
