"""The words of a suggestion: peers, what was seen of them, needs, rules and policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from flowcheck.model.policy import Direction
from flowcheck.model.protocols import protocol_name
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.suggesting.units import Unit

Network = IPv4Network | IPv6Network
NO_PORT = -1


@dataclass(frozen=True, slots=True)
class Pods:
    """All pods of a workload."""

    unit: Unit

    def __str__(self) -> str:
        return self.unit.name


@dataclass(frozen=True, slots=True)
class Entity:
    """Nodes, by a word that a language has for them."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses outside, or of nodes."""

    network: Network
    of_nodes: bool = False

    def __str__(self) -> str:
        return str(self.network)


Peer = Pods | Entity | Block


@dataclass(slots=True)
class Tally:
    """``connections`` may be fewer than ``records``, of which several tell of one. Times are microseconds."""

    connections: int = 0
    records: int = 0
    first: int = END
    last: int = BEGINNING

    def add(self, other: Tally) -> None:
        self.connections += other.connections
        self.records += other.records
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)


@dataclass(slots=True, eq=False)
class Need:
    """One thing that a policy of ``subject`` should allow. ``port`` is NO_PORT of a protocol without ports.

    ``atoms``: the endpoints of the subject that need it, each with the endpoint or the address of the peer.
    ``ends``: what was seen, by the name of the peer's end: an address, or a node with it. ``denied_by``: what
    denies it today, though it went through. ``refused``: what the network did not let through of the same.
    ``services``: a Service or a node's port stood before it, so that the peer is one that may have got it.
    """

    subject: Unit
    direction: Direction
    peer: Peer
    protocol: int
    port: int
    tally: Tally = field(default_factory=Tally)
    atoms: set[tuple[int, int | str]] = field(default_factory=set)
    ends: dict[str, Tally] = field(default_factory=dict)
    denied_by: set[str] = field(default_factory=set)
    refused: int = 0
    services: bool = False

    def join(self, other: Need) -> None:
        """Take what another says as well, whose peer is part of this one's."""
        self.tally.add(other.tally)
        self.atoms |= other.atoms
        for end, tally in other.ends.items():
            self.ends.setdefault(end, Tally()).add(tally)
        self.denied_by |= other.denied_by
        self.refused += other.refused
        self.services |= other.services

    @property
    def place(self) -> tuple[str, str, str, int, int]:
        """By which needs are sorted."""
        return self.subject.name, str(self.direction), str(self.peer), self.protocol, self.port


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports ``first`` to ``last`` of a protocol; NO_PORT: it has none."""

    protocol: int
    first: int
    last: int

    def __str__(self) -> str:
        name = protocol_name(self.protocol)
        if self.first == NO_PORT:
            return name
        return f"{self.first}/{name}" if self.first == self.last else f"{self.first}-{self.last}/{name}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a policy: whoever is among the peers may use the ports."""

    direction: Direction
    peers: tuple[Peer, ...]
    ports: tuple[Ports, ...]
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy for one workload: it isolates the directions named, and lets through what the rules say.
    ``looks_up``: a lookup of a name in DNS was seen."""

    name: str
    unit: Unit
    directions: tuple[Direction, ...]
    rules: tuple[Rule, ...]
    looks_up: bool = True

    def of(self, direction: Direction) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.direction is direction)


def stretches(ports: Iterable[tuple[int, int]]) -> tuple[Ports, ...]:
    """(protocol, port) as stretches: three ports and more in a row are one."""
    found: list[Ports] = []
    for protocol, port in sorted(ports):
        last = found[-1] if found else None
        if last is not None and last.protocol == protocol and port != NO_PORT and last.last + 1 == port:
            found[-1] = Ports(protocol, last.first, port)
        else:
            found.append(Ports(protocol, port, port))
    apart: list[Ports] = []
    for one in found:
        if one.last - one.first == 1:
            apart += [Ports(one.protocol, one.first, one.first), Ports(one.protocol, one.last, one.last)]
        else:
            apart.append(one)
    return tuple(apart)
