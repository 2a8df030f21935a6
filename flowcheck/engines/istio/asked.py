"""What a part of a rule asks of a connection, and rules made of such parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeVar

from flowcheck.model.mesh.requests import Carried, RequestExpression
from flowcheck.model.peers import AllOf, Peer
from flowcheck.model.policy import Rule
from flowcheck.model.ports import PortRange, both_of
from flowcheck.model.verdict import Reason

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Asked:
    """All of it must hold. ``ports`` None: any. ``by_client``: it asks who the client is. ``is_open``: it
    asks for more, too, which no record tells."""

    peers: tuple[Peer, ...] = ()
    subjects: tuple[Peer, ...] = ()
    ports: tuple[PortRange, ...] | None = None
    requests: tuple[RequestExpression, ...] = ()
    by_client: bool = False
    is_open: bool = False

    def and_(self, other: Asked) -> Asked:
        if self.ports is None or other.ports is None:
            ports = other.ports if self.ports is None else self.ports
        else:
            ports = both_of(self.ports, other.ports)
        return Asked(
            (*self.peers, *other.peers),
            (*self.subjects, *other.subjects),
            ports,
            (*self.requests, *other.requests),
            self.by_client or other.by_client,
            self.is_open or other.is_open,
        )

    def without_client(self) -> Asked:
        """The same, where it is open who the client is to the proxy."""
        return replace(self, peers=(), by_client=False, is_open=True) if self.by_client else self


NOTHING_ASKED = Asked()


def all_asked(parts: Iterable[Asked]) -> Asked:
    return reduce(Asked.and_, parts, NOTHING_ASKED)


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Any of ``clients`` and any of ``operations``, and ``always``."""

    clients: tuple[Asked, ...]
    operations: tuple[Asked, ...]
    always: Asked

    @property
    def by_client(self) -> bool:
        return self.always.by_client or any(one.by_client for one in self.clients)

    def without_client(self) -> Alternatives:
        clients = tuple(one.without_client() for one in self.clients)
        return Alternatives(clients, self.operations, self.always.without_client())

    def rules(
        self, written: Rule, subject: Peer | None, carried: Carried | None = None, peer: Peer | None = None
    ) -> Iterator[Rule]:
        """A rule for each operation, whose peers are all clients; and one more for each client that asks for
        a request of its own. ``written``: as what; ``peer``: who the client is, too."""
        plain = tuple(one for one in self.clients if not one.requests and not one.is_open)
        odd = ((one,) for one in self.clients if one not in plain)
        for group in filter(None, (plain, *odd)):
            clients = [one.and_(self.always) for one in group]
            for operation in self.operations:
                rest = replace(clients[0], peers=()).and_(operation)
                if rest.ports == ():
                    continue
                peers = [_together((*one.peers, *((peer,) if peer else ()))) for one in clients]
                yield replace(
                    written,
                    peers=_distinct(peers),
                    ports=rest.ports,
                    subject=_together((*((subject,) if subject else ()), *rest.subjects)),
                    request=_together(rest.requests),
                    carried=carried,
                    needs=Reason.NEEDS_L7 if rest.is_open else written.needs,
                )


def _distinct(peers: Sequence[Peer | None]) -> tuple[Peer, ...] | None:
    """None where any of them is everyone."""
    some = tuple(dict.fromkeys(one for one in peers if one is not None))
    return None if None in peers else some


def _together(parts: Sequence[_Part]) -> _Part | AllOf[_Part] | None:
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))
