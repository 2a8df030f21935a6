"""The cluster: the snapshot of namespaces, nodes, pods, services that an audit is made against.

Written by ``manifests``, read by ``compile`` and ``reference``. Values only: every rule of what
traffic means lives in those two. Addresses are kept as the canonical text of :mod:`ipaddress`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flowcheck.model.labels import Labels
from flowcheck.model.policy import NOWHERE, Policy, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"
"""The label the API server puts on every namespace (since Kubernetes 1.21)."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """``labels`` always hold :data:`NAMESPACE_NAME_LABEL`, whether or not the manifest does."""

    name: str
    labels: Labels = field(default_factory=dict)
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class Workload:
    """What owns a pod: the top of its owner chain, or the pod itself where nothing owns it."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A declared container port. ``protocol`` is the IANA number; ``name`` may be empty."""

    name: str
    number: int
    protocol: int


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod, or (``template``) the one endpoint that stands for a workload without pods.

    ``ports`` are those of containers and native sidecars (init containers with restartPolicy
    Always), in manifest order; one name may stand for several numbers. ``addresses`` are
    status.podIPs; they are the node's where ``host_network`` is set. ``finished`` pods
    (Succeeded, Failed) of which nobody knows when they ended no longer own their addresses and take no
    part in any verdict. A pod stands once for each version of its labels, its namespace's labels and its
    addresses; ``lifetime`` says when it was so. Versions of one pod share namespace, name and ``uid``.
    ``namespace_labels`` are its namespace's at that time; None: those of ``Cluster.namespaces``.
    ``ready`` is the Ready condition at that time.
    """

    namespace: str
    name: str
    workload: Workload
    labels: Labels = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    node: str = ""
    host_address: str = ""
    host_network: bool = False
    finished: bool = False
    template: bool = False
    ready: bool = True
    uid: str = ""
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS
    namespace_labels: Labels | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its addresses (InternalIP and ExternalIP) and the ranges its pods get addresses from."""

    name: str
    labels: Labels = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS


@dataclass(frozen=True, slots=True)
class ServicePort:
    """``target_port`` is a number, or the name of a container port, per pod."""

    name: str
    protocol: int
    port: int
    target_port: int | str
    node_port: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """A Service. ``selector`` None: its endpoints are made by hand; no ``cluster_ips``: it is headless,
    or (``type`` ExternalName) a name for something outside.

    ``external_ips`` are spec.externalIPs and the load balancer's. ``internal_traffic_policy``,
    ``external_traffic_policy``, ``traffic_distribution`` and ``session_affinity`` are core/v1
    ServiceSpec's words; ``affinity_seconds`` is sessionAffinityConfig.clientIP.timeoutSeconds.
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
    """Addresses behind a Service for one set of ports. Endpoints objects are read as slices too.

    ``name`` tells the slices of one Service apart.
    """

    namespace: str
    service: str
    ports: tuple[ServicePort, ...] = ()
    backends: tuple[Backend, ...] = ()
    source: SourceLocation = NOWHERE
    name: str = ""
    lifetime: Lifetime = ALWAYS


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that took no part, and why. ``kind`` may be empty where there was none."""

    kind: str
    name: str
    reason: str
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything known about one cluster, over the time it is known for.

    ``namespaces`` holds every namespace that any object names, keyed by name, as it was last. Of all
    other objects that changed there is one value for each version. ``policies`` are in the order of
    the input. ``inputs`` maps each file read to the SHA-256 of its bytes. ``warnings``
    are sentences for the reader; ``skipped`` are documents that took no part.
    """

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    policies: tuple[Policy, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Counts only. What changed has several versions, and counts once."""
        pods = {(pod.namespace, pod.name, pod.uid, pod.template) for pod in self.pods}
        templates = sum(template for *_, template in pods)
        nodes = len({node.name for node in self.nodes})
        services, policies = len(set(map(str, self.services))), len(set(map(str, self.policies)))
        return (
            f"<Cluster namespaces={len(self.namespaces)} nodes={nodes} pods={len(pods) - templates} "
            f"workloads_without_pods={templates} services={services} policies={policies} "
            f"skipped={len(self.skipped)} warnings={len(self.warnings)}>"
        )

    @property
    def is_static(self) -> bool:
        """Whether nothing in it ever changes."""
        timed = (self.nodes, self.pods, self.services, self.slices, self.policies)
        return all(one.lifetime == ALWAYS for objects in timed for one in objects)

    def at(self, time: int) -> Cluster:
        """The cluster at one instant: whatever may have been there then, as if it always had been.

        Of an object that changed at a time known only roughly, the later version.
        """
        return replace(
            self,
            nodes=_there(self.nodes, time, lambda node: node.name),
            pods=_there(self.pods, time, lambda pod: (pod.namespace, pod.name, pod.uid)),
            services=_there(self.services, time, lambda service: (service.namespace, service.name)),
            slices=_there(self.slices, time, lambda one: (one.namespace, one.service, one.name)),
            policies=_there(self.policies, time, str),
        )


_Timed = TypeVar("_Timed", Node, Pod, Service, EndpointSlice, Policy)


def _there(
    objects: Iterable[_Timed], time: int, identity: Callable[[_Timed], Hashable]
) -> tuple[_Timed, ...]:
    found: dict[Hashable, _Timed] = {}
    for one in sorted(objects, key=lambda one: one.lifetime.start):
        if one.lifetime.possible(time):
            found[identity(one)] = one
    return tuple(replace(one, lifetime=ALWAYS) for one in found.values())
