"""What a policy is, in one vocabulary for every dialect: tier, policy, rule, subject, peer, ports, action.

Dialects write these values; ``compile`` and ``reference`` read them. Nothing here knows a language.
The order in which a verdict is found, for one direction:

    tiers in their order; within a tier its policies by (priority, kind, namespace, name), rules as written;
    the first rule whose subject, peer and ports match decides: allow, deny, or pass to the next tier;
    a subject that no rule matched but that a policy of the tier isolates gets deny; otherwise the
    next tier; after the last tier: allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from flowcheck.model.labels import EVERYTHING, Selector
from flowcheck.model.pickled import fast_to_pickle
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime

MOST_WAYS = 4096
"""What rules hang on and no input tells is tried in at most so many ways; more leave the verdict open."""


class Direction(StrEnum):
    """Always seen from the subject: ingress at the destination, egress at the source."""

    __hash__ = str.__hash__  # Enum's own is a Python function

    INGRESS = "ingress"
    EGRESS = "egress"


class Action(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    PASS = "pass"


class Tier(IntEnum):
    """The tiers of Kubernetes, in the order they are asked."""

    ADMIN = 0
    NETWORK_POLICY = 1
    BASELINE = 2


class PodQuery(NamedTuple):
    """Which pods: those matching ``pods`` in ``namespace``, or in the namespaces matching ``namespaces``.

    Exactly one of the two is set. Host-network pods, nodes and external addresses never match.
    """

    namespace: str | None = None
    namespaces: Selector | None = None
    pods: Selector = EVERYTHING


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """Addresses inside ``cidr`` and in none of ``excepts``.

    ``may_match_pods`` is True where the language says that pods' addresses count (ClusterNetworkPolicy
    ``networks``) and None where it leaves that open (NetworkPolicy ``ipBlock``), so that an option decides.
    CIDRs are canonical: no host bits.
    """

    cidr: str
    excepts: tuple[str, ...] = ()
    may_match_pods: bool | None = None


@dataclass(frozen=True, slots=True)
class NodeQuery:
    """Nodes by label, matched by their addresses."""

    nodes: Selector


@dataclass(frozen=True, slots=True)
class DomainNames:
    """Destinations by DNS name: not decidable from a flow's addresses."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Anyone:
    """Every endpoint; what a deny rule with a peer of an unknown kind fails closed to."""


Peer = PodQuery | AddressBlock | NodeQuery | DomainNames | Anyone


@dataclass(frozen=True, slots=True)
class PortRange:
    """Destination ports ``first`` to ``last``, both included, of one protocol (IANA number)."""

    protocol: int
    first: int = 0
    last: int = 65535


@dataclass(frozen=True, slots=True)
class NamedPort:
    """A container port's name, looked up on the destination pod of each flow.

    ``protocol`` is None where the name alone counts (ClusterNetworkPolicy destinationNamedPort).
    A name may stand for several numbers on one pod; all of them match. On a destination that
    is not a pod it matches nothing.
    """

    name: str
    protocol: int | None


Ports = PortRange | NamedPort


@fast_to_pickle
@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a policy in one direction.

    ``peers`` None: everyone, external addresses too. An empty tuple: nobody. ``ports`` None: every
    protocol and port, ICMP too. ``label`` is how a report names it, for example ``ingress[0]``.

    ``unread``: a part of it cannot be read, though the API server took it. Peers and ports are then the most
    it may be about, and whether it matches them is one question that nothing answers.
    """

    label: str
    action: Action
    peers: tuple[Peer, ...] | None = None
    ports: tuple[Ports, ...] | None = None
    source: SourceLocation = NOWHERE
    unread: bool = False


@fast_to_pickle
@dataclass(frozen=True, slots=True)
class Policy:
    """A named object in a tier. ``namespace`` is empty for a cluster-scoped kind.

    ``isolates`` holds the directions in which a selected pod is denied whatever no rule allows
    (NetworkPolicy policyTypes); it is empty for the Admin and Baseline tiers. A policy that was changed
    stands once for each version, under the same name; ``lifetime`` says when each was in force. ``unread``:
    the subject cannot be read; it is the most that the policy may select, and nothing tells whether it does.
    """

    kind: str
    namespace: str
    name: str
    tier: Tier
    subject: PodQuery
    priority: int = 0
    isolates: frozenset[Direction] = frozenset()
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    source: SourceLocation = field(default=NOWHERE)
    lifetime: Lifetime = ALWAYS
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}" if self.namespace else f"{self.kind}/{self.name}"

    @property
    def order(self) -> tuple[int, int, str, str, str]:
        """The order policies are asked in; ties in priority are broken by name."""
        return (self.tier, self.priority, self.kind, self.namespace, self.name)

    def rules(self, direction: Direction) -> tuple[Rule, ...]:
        return self.ingress if direction is Direction.INGRESS else self.egress

    def peers(self) -> Iterator[Peer]:
        """Every peer of every rule."""
        for rule in (*self.ingress, *self.egress):
            yield from rule.peers or ()

    def pod_queries(self) -> Iterator[PodQuery]:
        """Everything it asks about pods: whom it selects, and whom its rules name."""
        yield self.subject
        yield from (peer for peer in self.peers() if isinstance(peer, PodQuery))
