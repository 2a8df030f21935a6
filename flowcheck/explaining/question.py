"""One side of a flow, as policies are asked about it."""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.explaining.ends import Candidate
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import (
    AddressBlock,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    PodQuery,
    Policy,
    PortRange,
    Tier,
)
from flowcheck.model.protocols import WITH_PORTS

Explained = PodQuery | AddressBlock | NodeQuery | DomainNames | Anyone
"""The peers that sentences are made of."""
_EXPLAINED = frozenset({*WITH_PORTS, None})
"""And the protocols; None: a name's own."""


def is_explained(policy: Policy) -> bool:
    """Whether all of a policy is what Kubernetes' own policies are made of."""
    rules = (*policy.ingress, *policy.egress)
    ports = (port for rule in rules for port in rule.ports or ())
    return (
        isinstance(policy.subject, PodQuery)
        and not (
            policy.staged or policy.isolated or policy.needs or policy.tier.by_level or policy.tier.asked_last
        )
        and all(isinstance(peer, Explained) for rule in rules for peer in rule.peers or ())
        and all(isinstance(port, PortRange | NamedPort) and port.protocol in _EXPLAINED for port in ports)
        and not any(rule.subject or rule.needs or rule.source_ports for rule in rules)
    )


def is_changed(policy: Policy) -> bool:
    """Whether proposals know the tier of a policy, and so what a NetworkPolicy can do beside it."""
    return is_explained(policy) and policy.tier in (Tier.ADMIN, Tier.NETWORK_POLICY, Tier.BASELINE)


@dataclass(frozen=True)
class Asked:
    """One side of a flow: may this subject talk with this peer?"""

    cluster: Cluster
    options: Options
    direction: Direction
    subject: Candidate
    peer: Candidate
    protocol: int
    port: int | None

    @property
    def destination(self) -> Candidate:
        return self.subject if self.direction is Direction.INGRESS else self.peer

    @property
    def peer_word(self) -> str:
        return "the source" if self.direction is Direction.INGRESS else "the destination"

    @property
    def subject_word(self) -> str:
        return "the destination" if self.direction is Direction.INGRESS else "the source"
