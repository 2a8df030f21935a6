"""One side of a flow, as policies are asked about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowcheck.explaining.ends import Candidate
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, PortRange
from flowcheck.model.ports import LAST_NUMBER, PortsBut
from flowcheck.model.protocols import ICMP, ICMPV6


def telling_types(policies: Iterable[Policy], direction: Direction, protocol: int) -> list[int]:
    """One number (type and code) of every stretch of ICMP messages that no rule divides; nothing where rules
    are about all messages or none."""
    if protocol not in (ICMP, ICMPV6):
        return []
    starts = {0}
    for policy in policies:
        for ports in (port for rule in policy.rules(direction) for port in rule.ports or ()):
            inner = (*(ports.ports or ()), *ports.but) if isinstance(ports, PortsBut) else (ports,)
            starts |= {
                edge
                for one in inner
                if isinstance(one, PortRange) and one.protocol == protocol
                for edge in (one.first, one.last + 1)
            }
    found = sorted(edge for edge in starts if edge <= LAST_NUMBER)
    return found if len(found) > 1 else []


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
