"""What is asked: a kind of connection, and one side of it, as policies are asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flowcheck.explaining.ends import Candidate
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import span_text
from flowcheck.model.mesh.requests import Carried, Request
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, PortRange
from flowcheck.model.ports import LAST_NUMBER
from flowcheck.model.protocols import PROTOCOL_NAMES, WITH_PORTS, protocol_name
from flowcheck.model.timeline import Lifetime

_PROTOCOLS = {name.upper(): number for number, name in PROTOCOL_NAMES.items()}


class Connection(NamedTuple):
    """A protocol with the ports of both ends; None: it has none, or of ``source_port`` any."""

    protocol: int
    port: int | None
    source_port: int | None

    @property
    def source(self) -> PortRange | None:
        return None if self.source_port is None else PortRange(self.protocol, *[self.source_port] * 2)


def connection(protocol: str | int, port: int | None, source_port: int | None) -> Connection:
    """Raises: ValueError for a protocol or a port that there cannot be."""
    number = _PROTOCOLS.get(protocol.upper(), -1) if isinstance(protocol, str) else protocol
    if not 0 <= number <= 255:
        raise ValueError(f"{protocol!r} is not a protocol; there are {', '.join(_PROTOCOLS)}")
    name = protocol_name(number)
    if number not in WITH_PORTS:
        if source_port is not None:
            raise ValueError(f"{name} has no ports to come from")
        return Connection(number, None, None)
    if port is None or not 1 <= port <= LAST_NUMBER:
        raise ValueError(f"{name} needs a port from 1 to {LAST_NUMBER}, not {port}")
    if source_port is not None and not 0 <= source_port <= LAST_NUMBER:
        raise ValueError(f"a source port is from 0 to {LAST_NUMBER}, not {source_port}")
    return Connection(number, port, source_port)


class Way(NamedTuple):
    """How a connection comes to a mesh's proxy. ``presented``: the SPIFFE id that the client proves; None: it
    proves none; UNKNOWN_ID: one that no input tells."""

    presented: str | None
    carried: Carried
    request: Request
    by_waypoint: bool = False


UNKNOWN_ID = ""


@dataclass(frozen=True)
class Asked:
    """One side of a flow: may this subject talk with this peer? ``own_node``: the peer is the node of the
    subject. ``source``: the port that it comes from, or several that no rule tells apart. ``way``: a mesh is
    asked."""

    cluster: Cluster
    options: Options
    direction: Direction
    subject: Candidate
    peer: Candidate
    protocol: int
    port: int | None
    source: PortRange | None = None
    own_node: bool = False
    way: Way | None = None

    @property
    def names(self) -> Lifetime | None:
        """Of which time a DNS map tells, if one was given."""
        return self.cluster.view.names if self.cluster.view else None

    @property
    def unnamed(self) -> str:
        """Why it is open which names an address had."""
        if self.names is None:
            return "an address does not tell its domain"
        told = span_text(self.names.start, self.names.end)
        return f"the DNS map, which tells of names {told}, does not tell of this moment"

    @property
    def destination(self) -> Candidate:
        return self.subject if self.direction is Direction.INGRESS else self.peer

    @property
    def peer_word(self) -> str:
        return "the source" if self.direction is Direction.INGRESS else "the destination"

    @property
    def subject_word(self) -> str:
        return "the destination" if self.direction is Direction.INGRESS else "the source"
