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
)

Explained = PodQuery | AddressBlock | NodeQuery | DomainNames | Anyone
"""The peers that sentences are made of."""


def is_explained(policy: Policy) -> bool:
    """Whether all of a policy is what Kubernetes' own policies are made of."""
    rules = (*policy.ingress, *policy.egress)
    ports = (port for rule in rules for port in rule.ports or ())
    return (
        isinstance(policy.subject, PodQuery)
        and not (policy.isolated or policy.needs or policy.tier.by_level or policy.tier.asked_last)
        and all(isinstance(peer, Explained) for rule in rules for peer in rule.peers or ())
        and all(isinstance(port, PortRange | NamedPort) for port in ports)
        and not any(rule.subject or rule.needs for rule in rules)
    )


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
