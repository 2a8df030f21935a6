"""How proxies of a mesh or a gateway divide what clients dial, among versions of a Service or Services.

As written, in one vocabulary: VirtualServices, and the routes of Gateway API. A rule has targets with
weights; by which rule a connection or a request goes, its matches say. DestinationRules say what a subset is,
and how a proxy chooses among a target's endpoints.

Source: networking.istio.io/v1 VirtualService, DestinationRule; gateway.networking.k8s.io/v1 HTTPRoute,
GRPCRoute, TCPRoute.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from flowcheck.model.mesh.requests import Carried
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime

MESH = "mesh"
"""The gateway that stands for all sidecars."""
EVERYONE = "*"
_SERVICE = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.(?!clusterset\.local$)[a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a share of the traffic goes. ``port``: of the Service, 0 the one that was dialled. ``fault``: why
    it is no Service of this cluster, ``service`` being what stands there."""

    namespace: str
    service: str
    port: int = 0
    subset: str = ""
    weight: int = 1
    fault: str = ""

    @property
    def label(self) -> str:
        """Which of the targets of one rule it is: its subset, else its Service."""
        return self.subset or (self.service if self.fault else f"{self.namespace}/{self.service}")


@dataclass(frozen=True, slots=True)
class Match:
    """All of it must hold. ``port``: of the Service, 0 any. ``gateways``: whose traffic, none: all of the
    route's. ``asks``: fields of the match that counts of connections tell nothing of (``headers``)."""

    port: int = 0
    gateways: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Any of ``matches`` suffices; none: everything matches. ``mirrors`` get copies. ``instead``: what it
    does where it sends to no target (``redirect``)."""

    label: str
    carried: Carried
    targets: tuple[Target, ...] = ()
    matches: tuple[Match, ...] = ()
    mirrors: tuple[Target, ...] = ()
    instead: str = ""
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class Parent:
    """What a route of Gateway API hangs on: a Service, for its clients in a mesh, or a Gateway. ``port``: of
    it, 0 any."""

    kind: str
    namespace: str
    name: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A VirtualService has ``hosts``, in full where they are Services, and ``gateways``; a route of Gateway
    API has ``parents``. ``ordered``: the first rule that matches counts; else the most specific does.
    ``exported_to``: namespaces of the clients it is for, none: everyone's."""

    kind: str
    namespace: str
    name: str
    rules: tuple[RouteRule, ...] = ()
    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    ordered: bool = False
    exported_to: tuple[str, ...] = ()
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


class Balancer(StrEnum):
    """How a proxy chooses among endpoints. ``UNSET``: as the next wider policy says, in the end
    ``LEAST_REQUEST``."""

    UNSET = ""
    LEAST_REQUEST = "LEAST_REQUEST"
    ROUND_ROBIN = "ROUND_ROBIN"
    RANDOM = "RANDOM"
    PASSTHROUGH = "PASSTHROUGH"
    CONSISTENT_HASH = "consistentHash"
    OTHER = "other"


class Locality(StrEnum):
    """What a policy says of zones. ``UNSET``: nothing; ``CHOSEN``: weights or an order of its own."""

    UNSET = ""
    OFF = "off"
    ON = "on"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """``balancing``: whether it says anything of the balancer or of zones, which then come from it alone.
    ``ejects``: outlierDetection is set."""

    balancing: bool = False
    balancer: Balancer = Balancer.UNSET
    locality: Locality = Locality.UNSET
    ejects: bool = False

    def over(self, wider: TrafficPolicy) -> TrafficPolicy:
        """This one where it says something, else the wider one. Source: pilot MergeTrafficPolicy."""
        chosen = self if self.balancing else wider
        return TrafficPolicy(chosen.balancing, chosen.balancer, chosen.locality, self.ejects or wider.ejects)


@dataclass(frozen=True, slots=True)
class Subset:
    """The endpoints with these labels."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    policy: TrafficPolicy = TrafficPolicy()


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """``host`` in full. ``ports``: policies of single ports, which take the place of ``policy``.
    ``selective``: only for some clients of its namespace, by their labels. ``other_tls``: one of its policies
    says that connections are opened otherwise than by the mesh's mutual TLS."""

    namespace: str
    name: str
    host: str
    policy: TrafficPolicy = TrafficPolicy()
    ports: tuple[tuple[int, TrafficPolicy], ...] = ()
    subsets: tuple[Subset, ...] = ()
    selective: bool = False
    exported_to: tuple[str, ...] = ()
    other_tls: bool = False
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS

    def __str__(self) -> str:
        return f"DestinationRule {self.namespace}/{self.name}"


def full_host(host: str, namespace: str) -> str:
    """A short name is one of the namespace's own Services. Source: pilot ResolveShortnameToFQDN."""
    short = host and "." not in host and "*" not in host
    return f"{host}.{namespace}.svc.cluster.local" if short else host


@lru_cache(maxsize=1 << 14)
def service_of(host: str) -> tuple[str, str] | None:
    """Namespace and name of the Service that a host in full is, in whatever domain the cluster has."""
    found = _SERVICE.fullmatch(host)
    return (found[2], found[1]) if found else None


def covers(host: str, namespace: str, name: str) -> bool:
    """Whether a host, which may begin with ``*``, is that of a Service or holds it."""
    if host.startswith("*"):
        return f"{name}.{namespace}.svc.cluster.local".endswith(host[1:])
    return service_of(host) == (namespace, name)


def is_exported(exported_to: Sequence[str], own: str, to: str) -> bool:
    """Whether what stands in namespace ``own`` holds for clients of another."""
    return (
        not exported_to or EVERYONE in exported_to or to in exported_to or ("." in exported_to and own == to)
    )
