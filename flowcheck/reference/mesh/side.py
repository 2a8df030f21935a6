"""What a mesh says of a flow: of a TCP connection to a pod that it carries, unless that goes past its proxy.

What is not told (which identity the client proves, for what the proxy takes the connection) is tried in
every way.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import TCP
from flowcheck.model.service import ServicePort
from flowcheck.model.tiers import Layer
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference.ends import End, Resolved
from flowcheck.reference.flow import ALLOWED, NOT_APPLICABLE, Side, Tuple5, unknown
from flowcheck.reference.mesh.carried import Speaking
from flowcheck.reference.mesh.identity import Identities
from flowcheck.reference.policies import Policies
from flowcheck.reference.requests import Told
from flowcheck.reference.translation import Services


class Mesh:
    """The proxies that stand before the pods of a cluster."""

    def __init__(self, cluster: Cluster, options: Options, services: Services) -> None:
        self.policies = Policies(cluster, options, Layer.MESH)
        self.identities = Identities(cluster, options)
        self.speaking = Speaking(services)
        self.is_there = any(pod.mesh is not None for pod in cluster.pods)

    def ask(self, flow: Tuple5, src: End, dst: End, port: int | None, via: ServicePort | None) -> Side:
        """The side of a flow from one end to another, at this port of it; ``via``: the Service port that led
        there."""
        if not stands_before(flow, dst, port):
            return NOT_APPLICABLE
        sides = []
        for presented in self.identities.proved(flow, src, port):
            told = [
                Told(presented, carried, flow.request)
                for carried in self.speaking.carried(flow, dst, port, via)
            ]
            asked = [self._decided(flow, src, dst, port, one) for one in told]
            sides.append(agreed(asked, Reason.NEEDS_L7))
        return agreed(sides, Reason.NEEDS_IDENTITY)

    def _decided(self, flow: Tuple5, src: End, dst: End, port: int | None, told: Told) -> Side:
        """Inside a tunnel that is seen from outside the port is as good as not recorded. Where it is not, and
        some go past the proxy, nothing is denied for sure."""
        inside = None if port == HBONE_PORT else port
        side = self.policies.ask(Direction.INGRESS, dst, src, flow, inside, own_node=False, told=told)
        past = dst.pod is not None and dst.pod.mesh is not None and dst.pod.mesh.inbound_past
        return unknown(Reason.NO_PORT) if past and port is None and side.verdict is Verdict.DENY else side

    def lets_in(self, flow: Tuple5, dst: End, port: int | None) -> Side:
        """The side of what nothing can forbid."""
        versions = dst.versions or (dst,)
        return ALLOWED if any(stands_before(flow, one, port) for one in versions) else NOT_APPLICABLE

    def doubted(self, flow: Tuple5, reason: Reason, *ends: Resolved) -> Side:
        """The side of a flow of which nobody can say between whom it is, if one of these may be its
        destination: not applicable only where surely no proxy stands before them."""
        may = self.is_there and flow.protocol == TCP and any(map(may_be_carried, ends))
        return unknown(reason) if may else NOT_APPLICABLE


def stands_before(flow: Tuple5, dst: End, port: int | None) -> bool:
    """Whether a proxy stands before this port of a flow's destination."""
    membership = dst.pod.mesh if dst.pod is not None else None
    return flow.protocol == TCP and membership is not None and port not in membership.inbound_past


def may_be_carried(end: Resolved) -> bool:
    ends = [*end.ends, *(one for target in end.backends for one in target.resolved.ends)]
    if end.lost or not ends:
        return True
    versions = [version for one in ends for version in one.versions or (one,)]
    return any(one.may_be_virtual or (one.pod is not None and one.pod.mesh is not None) for one in versions)


def agreed(sides: Sequence[Side], doubt: Reason) -> Side:
    """The first of several that say the same; else unknown, for the first reason that any has."""
    if len({(side.verdict, side.reason) for side in sides}) == 1:
        return sides[0]
    return unknown(next((side.reason for side in sides if side.verdict is Verdict.UNKNOWN), doubt))
