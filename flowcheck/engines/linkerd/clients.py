"""Which clients an authorization lets in, as peers of a rule; and what ``Access`` lets in.

Source: Linkerd edge-26.8.3 policy-controller/k8s/index/src/defaults.rs,
policy-controller/grpc/src/inbound.rs to_authz.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flowcheck.engines.linkerd.identities import ANYBODY, is_ambiguous, patterns
from flowcheck.model.mesh.linkerd import Identities, LinkerdSettings, Network
from flowcheck.model.peers import (
    Access,
    AddressBlock,
    AllOf,
    AnyOf,
    Carries,
    DataPlane,
    Expression,
    InboundDefault,
    Peer,
    Presents,
    Where,
)
from flowcheck.model.places import SourceLocation
from flowcheck.model.policy import Action, PortRange, Ports, Rule
from flowcheck.model.protocols import TCP
from flowcheck.model.verdict import Reason

_IDENTIFIED = (Access.ALL_AUTHENTICATED, Access.CLUSTER_AUTHENTICATED)
_OF_CLUSTER = (Access.CLUSTER_AUTHENTICATED, Access.CLUSTER_UNAUTHENTICATED)


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients at any of the networks (None: anywhere) that prove any of the identities (None: or none)."""

    networks: tuple[Network, ...] | None = None
    identities: Identities | None = None

    @property
    def needs(self) -> Reason:
        """Why it is open whom it takes, if it is."""
        ambiguous = self.identities is not None and is_ambiguous(self.identities)
        return Reason.NEEDS_IDENTITY if ambiguous else Reason.NONE

    def peers(self, settings: LinkerdSettings) -> tuple[Peer, ...] | None:
        parts: list[Peer] = []
        if self.networks is not None:
            parts.append(_either([AddressBlock(n.cidr, n.excepts, True) for n in self.networks]))
        if self.identities is not None and self.needs is Reason.NONE:
            parts.append(Where(_proving(patterns(self.identities, settings))))
        elif self.identities is not None:
            parts.append(Where(Presents(ANYBODY)))
        if not parts:
            return None
        return (parts[0] if len(parts) == 1 else AllOf(tuple(parts)),)


def networks_of(cidrs: Iterable[str]) -> tuple[Network, ...]:
    return tuple(Network(cidr) for cidr in cidrs)


def _either(blocks: list[Peer]) -> Peer:
    return blocks[0] if len(blocks) == 1 else AnyOf(tuple(blocks))


def _proving(found: tuple[str, ...]) -> Expression:
    leaves: tuple[Expression, ...] = tuple(map(Presents, found))
    return leaves[0] if len(leaves) == 1 else AnyOf(leaves)


def probing(default: InboundDefault, ports: frozenset[int], source: SourceLocation) -> Iterator[Rule]:
    """At ports of pods of one default a request for what a probe asks is let in from anywhere, at a Server
    too, unless that has routes. Only requests tell."""
    if ports:
        ranges = tuple(PortRange(TCP, one, one) for one in sorted(ports))
        at = Where(Carries(DataPlane.LINKERD, default))
        yield Rule("a probe's request", Action.ALLOW, None, ranges, source, needs=Reason.NEEDS_L7, subject=at)


def rules_of(
    access: Access,
    ports: tuple[Ports, ...] | None,
    label: str,
    settings: LinkerdSettings,
    source: SourceLocation,
) -> Iterator[Rule]:
    """Whom a word lets in at ports, and that nobody else is."""
    if access is not Access.DENY:
        clients = Clients(
            networks_of(settings.networks) if access in _OF_CLUSTER else None,
            Identities(("*",)) if access in _IDENTIFIED else None,
        )
        yield Rule(label, Action.ALLOW, clients.peers(settings), ports, source)
    if access not in (Access.ALL_UNAUTHENTICATED, Access.AUDIT):
        yield Rule(label, Action.DENY, None, ports, source)
