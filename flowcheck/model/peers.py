"""Whom a policy is for and whom its rules are about, in one vocabulary for every language.

Two levels, with the same AllOf, AnyOf and Not. An *expression* is about one thing: a pod, a node, an address
outside, or a set of addresses, by its labels. A *peer* is about an end of a flow, which may be several things
at once: an address inside several blocks and sets. So ``Where(Not(e))`` takes the things of which e does not
hold, and ``Not(Where(e))`` everything that is not taken, addresses of which nothing is known too.

What no input tells (labels of a namespace, a node or an account that is not described) is neither yes nor no:
where the answer hangs on it, it is open, for the first reason there is, in the order written.

One file because peers are made of expressions, and a reader of the one needs the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from flowcheck.model.labels import EVERYTHING, Requirement, Selector

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class AllOf(Generic[Part]):
    """All parts hold; of none at all, that is everything."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[Part]):
    """Any part holds; of none at all, that is nothing."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Not(Generic[Part]):
    """The part does not hold."""

    part: Part


# -- expressions: about one thing ------------------------------------------------------------------


class Kind(StrEnum):
    """What a thing is. A pod on the host network is its node; an address of a secondary interface is outside.
    ``OWN_NODE`` is the node that the pod at the other end runs on, and a ``NODE`` too."""

    __hash__ = str.__hash__

    POD = "pod"
    NODE = "node"
    OWN_NODE = "own_node"
    OUTSIDE = "outside"


class Of(StrEnum):
    """Whose labels are meant: the thing's own (of a pod, a node, a set of addresses), its namespace's, or its
    service account's. What has no such map has an empty one, so ``NotIn`` and ``DoesNotExist`` hold for it.
    A namespace always has :data:`~flowcheck.model.cluster.NAMESPACE_NAME_LABEL`, known or not."""

    __hash__ = str.__hash__

    OWN = "own"
    NAMESPACE = "namespace"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class IsA:
    """The thing is of this kind. Never a set of addresses."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Family:
    """The address at this end is of IP version 4 or 6. Open where a pod is known by its name only."""

    version: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """A clause of a selector holds for one of the thing's maps of labels."""

    of: Of
    clause: Requirement


@dataclass(frozen=True, slots=True)
class Account:
    """The thing is a pod that runs as a service account of one of these names, in its own namespace."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Called:
    """The thing is a set of addresses of this name, in this namespace, or (empty) of the whole cluster; or,
    without a namespace, a node of this name."""

    name: str
    namespace: str = ""


class DataPlane(StrEnum):
    """What carries a pod's traffic, and decides what comes in. ``GATEWAY``: the pod is a proxy itself, at the
    edge of the mesh or before other workloads."""

    __hash__ = str.__hash__  # Enum's own is a Python function

    SIDECAR = "sidecar"
    AMBIENT = "ambient"
    GATEWAY = "gateway"
    LINKERD = "linkerd"


class Access(StrEnum):
    """What a Linkerd proxy lets in where no policy says more. ``authenticated``: clients that prove an
    identity; ``cluster``: from the cluster's own networks."""

    __hash__ = str.__hash__

    ALL_UNAUTHENTICATED = "all-unauthenticated"
    ALL_AUTHENTICATED = "all-authenticated"
    CLUSTER_UNAUTHENTICATED = "cluster-unauthenticated"
    CLUSTER_AUTHENTICATED = "cluster-authenticated"
    DENY = "deny"
    AUDIT = "audit"

    @property
    def authenticated(self) -> Access:
        """The same, of a port that asks for an identity all the same; what is denied or audited stays so."""
        return _WITH_IDENTITY.get(self, self)


_WITH_IDENTITY = {
    Access.ALL_UNAUTHENTICATED: Access.ALL_AUTHENTICATED,
    Access.CLUSTER_UNAUTHENTICATED: Access.CLUSTER_AUTHENTICATED,
}


@dataclass(frozen=True, slots=True)
class InboundDefault:
    """What holds at the ports of a pod that no Server is for. ``access`` None: what does in the cluster.
    ``identified``: the ports that ask for an identity in any case. ``probed``: those at which a request
    that is a probe's is let in from anywhere."""

    access: Access | None = None
    identified: frozenset[int] = frozenset()
    probed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Carries:
    """The thing is a pod whose traffic this data plane of a mesh carries; ``default``: and this holds at its
    ports that no policy is for."""

    plane: DataPlane
    default: InboundDefault | None = None


@dataclass(frozen=True, slots=True)
class Presents:
    """Who opens the connection proves an identity, and the whole of its SPIFFE id matches a regular
    expression. What presents none matches no pattern; which it is may be open (``needs_identity``)."""

    pattern: str


Leaf = IsA | Family | Labelled | Account | Called | Carries | Presents
Expression = Leaf | AllOf["Expression"] | AnyOf["Expression"] | Not["Expression"]


def labelled(of: Of, selector: Selector) -> AllOf[Expression]:
    """All clauses of a selector, as an expression."""
    return AllOf(tuple(Labelled(of, clause) for clause in selector.requirements))


# -- peers: about an end of a flow -----------------------------------------------------------------


class PodQuery(NamedTuple):
    """Which pods: those matching ``pods`` in ``namespace``, or in the namespaces matching ``namespaces``.

    Exactly one of the two is set. Host-network pods, nodes and external addresses never match. It says what
    ``Where`` can say too; most policies ask nothing else, and this is answered faster. ``whole``: it is about
    namespaces as such, so that an engine may count what else it keeps in them (Calico its NetworkSets).
    """

    namespace: str | None = None
    namespaces: Selector | None = None
    pods: Selector = EVERYTHING
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Where:
    """A pod, a node or an address outside of which the expression holds."""

    what: Expression


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """Addresses inside ``cidr`` and in none of ``excepts``.

    ``may_match_pods`` is True where the language says that pods' addresses count (ClusterNetworkPolicy
    ``networks``) and None where it leaves that open (NetworkPolicy ``ipBlock``), so that an option decides.
    ``may_match_nodes``: whether nodes' count. ``whole``: a pod or node is taken at all of its addresses as
    soon as one is inside and none in an exception. CIDRs are canonical: no host bits.
    """

    cidr: str
    excepts: tuple[str, ...] = ()
    may_match_pods: bool | None = None
    may_match_nodes: bool = True
    whole: bool = False


@dataclass(frozen=True, slots=True)
class InSets:
    """Addresses in any set of which the expression holds; ``may_match_pods`` and ``may_match_nodes`` as in
    :class:`AddressBlock`."""

    what: Expression
    may_match_pods: bool | None = None
    may_match_nodes: bool = True
    whole: bool = False


@dataclass(frozen=True, slots=True)
class NodeQuery:
    """Nodes by label, matched by their addresses."""

    nodes: Selector


@dataclass(frozen=True, slots=True)
class DomainNames:
    """Destinations outside by DNS name: not decidable from a flow's addresses alone.

    In a name ``*`` stands for any characters but a dot, in front ``**.`` for one label or more, ``*`` alone
    for every name. ``deep``: ``*.`` in front, too, is one label or more.
    """

    names: tuple[str, ...]
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Backends:
    """Whoever has an address that EndpointSlices of a Service list, ready or not: pod, node or outside."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class ServicePods:
    """The pods that a Service selects; of one without a selector the addresses outside that its slices list.

    Of ``namespace`` None: of every namespace; ``name`` None: of any name, with the ``labels``. What stands
    for nobody at all is open (``unsupported_field``).
    """

    namespace: str | None
    name: str | None
    labels: Selector = EVERYTHING


@dataclass(frozen=True, slots=True)
class Anyone:
    """Every endpoint; what a deny rule with a peer of an unknown kind fails closed to."""


Simple = PodQuery | Where | AddressBlock | InSets | NodeQuery | DomainNames | Backends | ServicePods | Anyone
Peer = Simple | AllOf["Peer"] | AnyOf["Peer"] | Not["Peer"]
Subject = PodQuery | Where
"""Whom a policy is for: pods; and nodes, of whom it holds, where the option ``host_policies`` says so."""


def simple_peers(peer: Peer) -> Iterator[Simple]:
    """What a peer is made of."""
    match peer:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from simple_peers(part)
        case Not(part):
            yield from simple_peers(part)
        case _:
            yield peer


def leaves(what: Expression) -> Iterator[Leaf]:
    """What an expression is made of."""
    match what:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield what
