"""What a mesh says of a flow: of a TCP connection to a pod that it carries, unless that goes past its proxy.

What is not told (which identity the client proves, for what the proxy takes the connection) is tried in
every way.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import HBONE_PORT, Membership
from flowcheck.model.options import Options
from flowcheck.model.peers import DataPlane
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import TCP
from flowcheck.model.service import ServicePort
from flowcheck.model.tiers import Layer
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference.ends import End
from flowcheck.reference.flow import NOT_APPLICABLE, Side, Tuple5, unknown
from flowcheck.reference.mesh.carried import Speaking
from flowcheck.reference.mesh.identity import Identities
from flowcheck.reference.policies import Policies
from flowcheck.reference.requests import Told
from flowcheck.reference.translation import Services

_BEHIND = Membership(DataPlane.AMBIENT)


class Mesh:
    """The proxies that stand before the pods of a cluster."""

    def __init__(self, cluster: Cluster, options: Options, services: Services) -> None:
        self.policies = Policies(cluster, options, Layer.MESH)
        self.identities = Identities(cluster, options)
        self.speaking = Speaking(services)
        self.is_there = any(pod.mesh is not None for pod in cluster.pods)
        self.at_waypoints = self.is_there and any(policy.by_waypoint for policy in cluster.policies)

    def ask(self, flow: Tuple5, src: End, dst: End, port: int | None, via: ServicePort | None) -> Side:
        """The side of a flow from one end to another, at this port of it; ``via``: the Service port whose
        address that was. The port inside a tunnel that is seen from outside is as good as not recorded; a
        waypoint takes a Service's as it was dialled, and may have policies for what is no pod."""
        membership = stands_before(flow, dst, port)
        if flow.by_waypoint and dst.pod is None and self.at_waypoints:
            return unknown(Reason.NEEDS_L7)
        if membership is None or not self.is_there:
            return NOT_APPLICABLE
        inside = None if flow.port == HBONE_PORT else port
        if flow.by_waypoint:
            inside = flow.service_port if via is None else flow.port
        sides = []
        for presented in self.identities.proved(flow, src, membership):
            told = [
                Told(presented, carried, flow.request, membership.inbound_past, flow.by_waypoint)
                for carried in self.speaking.carried(flow, dst, port if flow.by_waypoint else inside, via)
            ]
            asked = [
                self.policies.ask(Direction.INGRESS, dst, src, flow, inside, own_node=False, told=one)
                for one in told
            ]
            sides.append(agreed(asked, Reason.NEEDS_L7))
        return agreed(sides, Reason.NEEDS_IDENTITY)

    def doubted(self, flow: Tuple5, reason: Reason) -> Side:
        """The side of a flow of which nobody can say between whom it is."""
        return unknown(reason) if self.is_there and flow.protocol == TCP else NOT_APPLICABLE


def stands_before(flow: Tuple5, dst: End, port: int | None) -> Membership | None:
    """How a flow's destination is in the mesh, if a proxy stands before this port of it; a waypoint does
    before whatever it passes on to."""
    if flow.by_waypoint:
        return _BEHIND if dst.pod is not None else None
    membership = dst.pod.mesh if dst.pod is not None else None
    if flow.protocol != TCP or membership is None or port in membership.inbound_past:
        return None
    return membership


def agreed(sides: Sequence[Side], doubt: Reason) -> Side:
    """The first of several that say the same; else unknown, for the first reason that any has."""
    if len({(side.verdict, side.reason) for side in sides}) == 1:
        return sides[0]
    return unknown(next((side.reason for side in sides if side.verdict is Verdict.UNKNOWN), doubt))
