"""Which identity a client may prove and for what its connection may be taken, with what tells so."""

from __future__ import annotations

from typing import NamedTuple

from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.mesh.told import Telling
from flowcheck.explaining.question import UNKNOWN_ID
from flowcheck.explaining.words import in_mesh_by
from flowcheck.judging.told import NO_PRINCIPAL
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import HBONE_PORT, MeshSettings, identity
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.service import ServicePort

Presented = str | None


class Clients(NamedTuple):
    """Every identity that the client may prove, one before none, and why."""

    ways: tuple[Presented, ...]
    because: str


def clients(
    src: Candidate, port: int, telling: Telling, cluster: Cluster, *, derived: bool, differ: bool
) -> Clients:
    """``port`` is the one that was dialled. ``derived``: one in the mesh proves its own identity, unless
    clients ``differ``."""
    domain = (cluster.mesh or MeshSettings()).trust_domain
    pod, member = src.pod, src.pod.mesh if src.pod is not None else None
    own = identity(domain, pod.namespace, pod.account) if pod is not None else UNKNOWN_ID
    if telling.principal:
        told = None if telling.principal == NO_PRINCIPAL else telling.principal
        return Clients((told,), "as it is asked about (--principal)")
    if telling.by_waypoint or port == HBONE_PORT:
        tunnel = "a waypoint's tunnel" if telling.by_waypoint else f"the tunnel's port {HBONE_PORT}"
        if member is not None:
            return Clients((own,), f"its own, as it comes by {tunnel}")
        return Clients((own, None), f"it comes by {tunnel}, and is in no mesh")
    if member is None:
        whose = f"{src.name} is {in_mesh_by(None)}" if pod is not None else f"{src.name} is no pod"
        return Clients((None,), f"{whose}, so that it comes in plaintext")
    because = f"{src.name} is {in_mesh_by(member.plane)}"
    because += f" ({member.because})" if member.because else ""
    if port in member.outbound_past:
        return Clients((None,), f"{because}, and port {port} goes past its proxy")
    if derived and not differ:
        return Clients((own,), f"its own, derived: {because}")
    if derived:
        doubt = "a DestinationRule may have it opened otherwise than by mutual TLS"
        return Clients((own, None), f"{because}, and {doubt}")
    return Clients((own, None), f"{because}, and no record tells whether it proves it")


def carried_because(ways: tuple[Carried, ...], telling: Telling, via: ServicePort | None) -> str:
    if telling.is_http:
        return "as a request is asked about"
    if len(ways) > 1:
        return "no Service tells what is spoken there, or those that lead there differ"
    if via is not None:
        word = f"appProtocol {via.app_protocol}" if via.app_protocol else f"the name {via.name}"
        return f"as {word} of the Service's port says"
    return "as the Services that lead there say"
