"""Which pods a mesh carries, by which data plane, and how the mesh is set.

Source: istio.io, "Installing the Sidecar", "Add workloads to an ambient mesh", MeshConfig v1alpha1;
Linkerd 2.x, "Automatic Proxy Injection".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flowcheck.model.peers import DataPlane, InboundDefault
from flowcheck.model.places import NOWHERE, SourceLocation

HBONE_PORT = 15008
"""The port of tunnels between the ends of an ambient mesh, and to sidecars."""

SIDECAR_PORTS = frozenset({15020, 15021, 15090})
"""Where a sidecar itself is asked for its health and its numbers: nothing comes through it there."""

LINKERD_PORTS = frozenset({4190, 4191})
"""The same of a Linkerd proxy."""


@dataclass(frozen=True, slots=True)
class Membership:
    """How a pod is in a mesh. ``inbound_past``, ``outbound_past``: the TCP ports that go past its proxy, at
    the pod and at those it dials. ``waypoint``: namespace and name of the proxy that stands before it, ""
    none. ``clients_differ``: a DestinationRule has connections to it opened otherwise than by mutual TLS.
    ``default``: what holds at ports no policy is for (Linkerd). ``because``: what says so.
    """

    plane: DataPlane
    inbound_past: frozenset[int] = frozenset()
    outbound_past: frozenset[int] = frozenset()
    waypoint: str = ""
    because: str = field(default="", compare=False)
    default: InboundDefault | None = None
    clients_differ: bool = False


@dataclass(frozen=True, slots=True)
class MeshSettings:
    """A mesh's own settings, as they were last. ``aliases``: trust domains that stand for its own."""

    root_namespace: str = "istio-system"
    trust_domain: str = "cluster.local"
    aliases: tuple[str, ...] = ()
    source: SourceLocation = NOWHERE


def identity(trust_domain: str, namespace: str, account: str) -> str:
    """The SPIFFE id that a pod's certificate has."""
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{account}"
