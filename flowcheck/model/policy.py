"""What a policy is, in one vocabulary for every dialect: tier, policy, rule, subject, peer, ports, action.

Dialects write these values; ``compile`` and ``reference`` read them. Nothing here knows a language.
The order in which a verdict is found, for one direction:

    tiers in their order; within a tier its policies by (priority, tie, kind, namespace, name), rules as
    written, or by level where the tier says so;
    the first rule whose subject, peer and ports match decides: allow, deny, or pass to the next tier;
    a subject that no rule matched but that a policy of the tier isolates gets deny, if the tier denies;
    otherwise the next tier;
    after the last tier: deny for whom a policy isolates whose tier is asked last; else allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from flowcheck.model.labels import Requirement
from flowcheck.model.mesh.requests import Carried, RequestExpression
from flowcheck.model.mesh.written import MeshWritten
from flowcheck.model.peers import (
    AddressBlock,
    Anyone,
    DomainNames,
    Expression,
    Labelled,
    NodeQuery,
    Of,
    Peer,
    PodQuery,
    Simple,
    Subject,
    Where,
    leaves,
    simple_peers,
)
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.ports import NamedPort, PortRange, Ports
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.model.verdict import Reason

__all__ = (
    "MOST_WAYS",
    "Action",
    "AddressBlock",
    "Anyone",
    "Direction",
    "DomainNames",
    "Hosts",
    "NamedPort",
    "NodeQuery",
    "Peer",
    "PodQuery",
    "Policy",
    "PortRange",
    "Ports",
    "Rule",
    "Tier",
)

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


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a policy in one direction.

    ``peers`` None: everyone, external addresses too. An empty tuple: nobody. ``ports`` None: every
    protocol and port, ICMP too. ``label`` is how a report names it, for example ``ingress[0]``.

    ``unread``: a part of it cannot be read, though the API server took it. ``needs``: it also asks for what
    a flow does not tell, such as a request's path (``needs_l7``). Peers and ports are then the most it may be
    about, and whether it matches them is one question that nothing answers.

    ``source_ports``: the numbers the flow may come from, None any; only where ``ports`` are of protocols with
    ports. ``subject``: it is only for those of the policy's subjects that are these, too. ``level``: where it
    stands in a tier that goes by levels; None: at the policy's priority.

    ``request``: what the connection's request must be, too; ``carried``: for what the proxy must take the
    connection, of a mesh's rules. What a record does not tell of that leaves it open (``needs_l7``).

    ``written``: each peer as it stands in the policy, ``written_subject`` the subject, where the language has
    words of its own; ``names``: the DNS names that it is about, where addresses stand in their place. No
    verdict hangs on them.
    """

    label: str
    action: Action
    peers: tuple[Peer, ...] | None = None
    ports: tuple[Ports, ...] | None = None
    source: SourceLocation = NOWHERE
    unread: bool = False
    needs: Reason = Reason.NONE
    subject: Peer | None = None
    level: float | None = None
    request: RequestExpression | None = None
    carried: Carried | None = None
    source_ports: tuple[PortRange, ...] | None = None
    written: tuple[str, ...] = field(default=(), compare=False)
    written_subject: str = field(default="", compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)

    @property
    def open_for(self) -> Reason:
        """Why it is open whether it matches, if it is."""
        return Reason.UNSUPPORTED_FIELD if self.unread else self.needs


@dataclass(frozen=True, slots=True)
class Hosts:
    """Host endpoints of whose labels ``what`` holds. ``early``: the policy is for these alone, and asked
    before all others: ``untracked`` or, after those, ``preDNAT``; its tier then has no default."""

    what: Expression
    early: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A named object in a tier. ``namespace`` is empty for a cluster-scoped kind.

    ``isolates`` holds the directions in which the default of its tier is asked of a selected pod
    (NetworkPolicy policyTypes); it is empty for the Admin and Baseline tiers. ``isolated``: where it isolates
    only some of its subjects, whom, by direction. A policy that was changed
    stands once for each version, under the same name; ``lifetime`` says when each was in force. ``unread``:
    the subject cannot be read; it is the most that the policy may select, and nothing tells whether it does.
    ``needs``: likewise, for another reason. ``tie`` orders policies of equal priority, and tells policies of
    one name apart. ``staged``: it is not in force, only previewed.
    ``beside_types`` are its rules of directions that policyTypes leaves out: of no effect, but where an
    engine goes by the rules. ``written``: the subject as it stands in the policy, as in :class:`Rule`;
    ``notes``: what else stands there that decides nothing. ``hosts``: which host endpoints it selects, if it
    may select such (Calico); the engine makes subjects of those. ``mesh``: it is a mesh's, as written; the
    engine makes rules of it. ``by_waypoint``: asked by waypoints of what comes through them to its subjects,
    and by no proxy before those. ``refused``: why its engine refuses it, though the API server took it; it
    then selects nobody.
    """

    kind: str
    namespace: str
    name: str
    tier: Tier
    subject: Subject
    priority: float = 0
    isolates: frozenset[Direction] = frozenset()
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    source: SourceLocation = field(default=NOWHERE)
    lifetime: Lifetime = ALWAYS
    unread: bool = False
    tie: str = ""
    staged: bool = False
    isolated: tuple[tuple[Direction, Subject], ...] = ()
    needs: Reason = Reason.NONE
    beside_types: tuple[tuple[Direction, tuple[Rule, ...]], ...] = ()
    written: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    hosts: Hosts | None = None
    mesh: MeshWritten | None = None
    by_waypoint: bool = False
    refused: str = ""

    @property
    def open_for(self) -> Reason:
        """Why it is open whether it selects whom it may, if it is."""
        return Reason.UNSUPPORTED_FIELD if self.unread else self.needs

    @property
    def identity(self) -> tuple[str, str]:
        """What all versions of one policy share."""
        return str(self), self.tie

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}" if self.namespace else f"{self.kind}/{self.name}"

    @property
    def order(self) -> tuple[float, str, float, str, str, str, str]:
        """The order policies are asked in; ties in priority are broken by name, if not by ``tie``."""
        return (*self.tier.place, self.priority, self.tie, self.kind, self.namespace, self.name)

    def rules(self, direction: Direction) -> tuple[Rule, ...]:
        return self.ingress if direction is Direction.INGRESS else self.egress

    def isolates_whom(self, direction: Direction) -> Iterator[Subject]:
        """Whom it isolates in a direction, if anybody."""
        if direction in self.isolates:
            chosen = [subject for of, subject in self.isolated if of is direction]
            yield from chosen or (self.subject,)

    def peers(self) -> Iterator[Simple]:
        """What every peer of every rule is made of, and what rules say of their subjects."""
        for rule in (*self.ingress, *self.egress):
            for peer in rule.peers or ():
                yield from simple_peers(peer)
            if rule.subject is not None:
                yield from simple_peers(rule.subject)

    def subjects(self) -> Iterator[Subject]:
        """All that it asks of subjects."""
        yield self.subject
        yield from (subject for _, subject in self.isolated)

    def clauses(self) -> Iterator[tuple[Of, Requirement]]:
        """Everything its expressions ask about labels."""
        for one in (*self.subjects(), *self.peers()):
            if isinstance(one, Where):
                yield from ((leaf.of, leaf.clause) for leaf in leaves(one.what) if isinstance(leaf, Labelled))

    def pod_queries(self) -> Iterator[PodQuery]:
        """Everything it asks about pods by query: whom it selects, and whom its rules name."""
        asked = (*self.subjects(), *self.peers())
        yield from (one for one in asked if isinstance(one, PodQuery))
