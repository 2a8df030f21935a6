"""One side of a flow, as policies are asked about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowcheck.explaining.ends import Candidate
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, PortRange
from flowcheck.model.protocols import ICMP, ICMPV6


def asks_types(policies: Iterable[Policy], direction: Direction, protocol: int) -> bool:
    """Whether a rule is about some messages of ICMP or ICMPv6 only: no port says which one is asked about."""
    return protocol in (ICMP, ICMPV6) and any(
        isinstance(ports, PortRange) and ports.protocol == protocol and ports != PortRange(protocol)
        for policy in policies
        for rule in policy.rules(direction)
        for ports in rule.ports or ()
    )


@dataclass(frozen=True)
class Asked:
    """One side of a flow: may this subject talk with this peer? ``own_node``: the peer is the node of the
    subject."""

    cluster: Cluster
    options: Options
    direction: Direction
    subject: Candidate
    peer: Candidate
    protocol: int
    port: int | None
    own_node: bool = False

    @property
    def destination(self) -> Candidate:
        return self.subject if self.direction is Direction.INGRESS else self.peer

    @property
    def peer_word(self) -> str:
        return "the source" if self.direction is Direction.INGRESS else "the destination"

    @property
    def subject_word(self) -> str:
        return "the destination" if self.direction is Direction.INGRESS else "the source"
