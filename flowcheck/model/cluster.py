"""The cluster: the snapshot of namespaces, nodes, pods, services that an audit is made against.

Written by ``manifests``, read by ``compile`` and ``reference``. Values only: every rule of what
traffic means lives in those two. Addresses are kept as the canonical text of :mod:`ipaddress`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowcheck.model.labels import Labels
from flowcheck.model.policy import NOWHERE, Policy, SourceLocation

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
    (Succeeded, Failed) no longer own their addresses and take no part in any verdict.
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


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its addresses (InternalIP and ExternalIP) and the ranges its pods get addresses from."""

    name: str
    labels: Labels = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    source: SourceLocation = NOWHERE


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
    """A Service. ``selector`` None: its endpoints are made by hand; no ``cluster_ips``: it is headless."""

    namespace: str
    name: str
    type: str = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    external_ips: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    selector: Labels | None = None
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class Backend:
    """One address behind a Service, as an EndpointSlice or Endpoints object lists it."""

    address: str
    pod: str = ""
    node: str = ""
    zone: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """Addresses behind a Service for one set of ports. Endpoints objects are read as slices too."""

    namespace: str
    service: str
    ports: tuple[ServicePort, ...] = ()
    backends: tuple[Backend, ...] = ()
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that took no part, and why. ``kind`` may be empty where there was none."""

    kind: str
    name: str
    reason: str
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything known about one cluster at one time.

    ``namespaces`` holds every namespace that any object names, keyed by name. ``policies`` are in
    the order of the input. ``inputs`` maps each file read to the SHA-256 of its bytes. ``warnings``
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
