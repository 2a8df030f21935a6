"""A Service, and what API objects list behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowcheck.model.labels import Labels
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime


@dataclass(frozen=True, slots=True)
class ServicePort:
    """``target_port`` is a number, or the name of a container port, per pod.
    ``app_protocol``: what is spoken there, as the object says, "" not told."""

    name: str
    protocol: int
    port: int
    target_port: int | str
    node_port: int = 0
    app_protocol: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A Service. ``selector`` None: its endpoints are made by hand. ``headless``: ``clusterIP`` is None.
    Without ``cluster_ips`` it is that, or it has no address yet, or (``type`` ExternalName) it is another
    name for ``external_name`` in DNS, with nobody behind it.

    ``external_ips`` are spec.externalIPs and the load balancer's. ``internal_traffic_policy``,
    ``external_traffic_policy``, ``traffic_distribution`` and ``session_affinity`` are core/v1
    ServiceSpec's words; ``affinity_seconds`` is sessionAffinityConfig.clientIP.timeoutSeconds. ``cached``:
    a cache on the client's node may answer at the cluster IPs instead of a backend. ``labels`` are the
    object's own.
    """

    namespace: str
    name: str
    type: str = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    external_ips: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    selector: Labels | None = None
    source: SourceLocation = NOWHERE
    internal_traffic_policy: str = "Cluster"
    external_traffic_policy: str = "Cluster"
    traffic_distribution: str = ""
    session_affinity: str = "None"
    affinity_seconds: int = 10800
    publish_not_ready: bool = False
    lifetime: Lifetime = ALWAYS
    headless: bool = False
    external_name: str = ""
    cached: bool = False
    labels: Labels = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.namespace}/Service/{self.name}"


@dataclass(frozen=True, slots=True)
class Backend:
    """One address behind a Service, as an EndpointSlice or Endpoints object lists it.

    ``for_zones`` and ``for_nodes`` are its topology hints. Source: discovery.k8s.io/v1 Endpoint.
    """

    address: str
    pod: str = ""
    node: str = ""
    zone: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    for_zones: tuple[str, ...] = ()
    for_nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """Addresses behind a Service for one set of ports; without ports it serves none. Endpoints objects are
    read as slices too.

    ``name`` tells the slices of one Service apart.
    """

    namespace: str
    service: str
    ports: tuple[ServicePort, ...] = ()
    backends: tuple[Backend, ...] = ()
    source: SourceLocation = NOWHERE
    name: str = ""
    lifetime: Lifetime = ALWAYS
