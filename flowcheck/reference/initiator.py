"""Who opened a connection, where the record does not say.

In this order: the record, TCP's flags, another record of the same connection, who declares to listen on
its port, whose port is one that Linux gives to whoever opens. Nobody else is asked: unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, NamedTuple

from flowcheck.model.protocols import TCP, WITH_PORTS
from flowcheck.reference.ends import canonical
from flowcheck.reference.flow import Basis, Tuple5

SYN, ACK = 2, 16
ECE, CWR = 64, 128
GIVEN_PORTS = range(32768, 61000)
"""Linux's net.ipv4.ip_local_port_range."""

Opener = Literal["source", "destination", ""]


class Opened(NamedTuple):
    """By which end, and how that is known."""

    by: Opener
    basis: Basis


NOT_KNOWN = Opened("", "none")


def by_itself(flow: Tuple5) -> Opened:
    """What the record itself tells. A SYN is the opener's, one with nothing but an ACK is the answer to it.

    SYN, ACK and more are the flags of a whole flow, in which the opener sent an ACK too.
    """
    if flow.initiator != 0:
        return Opened("source", "record")
    if flow.protocol != TCP or flow.tcp_flags is None or not flow.tcp_flags & SYN:
        return NOT_KNOWN
    if not flow.tcp_flags & ACK:
        return Opened("source", "flags")
    handshake = flow.tcp_flags - (flow.tcp_flags & ECE) - (flow.tcp_flags & CWR)
    return Opened("destination", "flags") if handshake == SYN + ACK else NOT_KNOWN


def infer_pairs(flows: Sequence[Tuple5]) -> list[Opened]:
    """What is told of each flow of a table by itself, else by another with the same two ends and ports.

    Nothing where the others contradict one another, or where an address or port was not recorded.
    """
    openers: dict[_Ends, set[str]] = defaultdict(set)
    for flow, opened in zip(flows, map(by_itself, flows), strict=True):
        ends = ends_of(flow)
        if ends is not None and opened.by:
            openers[ends].add("source" if opened.by == "source" else "destination")
            openers[ends[1], ends[0], ends[2]].add("destination" if opened.by == "source" else "source")
    return [_paired(flow, openers) for flow in flows]


_Ends = tuple[tuple[str, int], tuple[str, int], int]


def ends_of(flow: Tuple5) -> _Ends | None:
    """Both addresses with their ports, and the protocol; None where one of them is missing."""
    if not flow.src or not flow.dst or flow.src_port is None or flow.port is None:
        return None
    if flow.protocol not in WITH_PORTS:
        return None
    return (canonical(flow.src), flow.src_port), (canonical(flow.dst), flow.port), flow.protocol


def _paired(flow: Tuple5, openers: dict[_Ends, set[str]]) -> Opened:
    opened = by_itself(flow)
    ends = ends_of(flow)
    if opened.by or ends is None:
        return opened
    match sorted(openers.get(ends, ())):
        case ["source"]:
            return Opened("source", "pair")
        case ["destination"]:
            return Opened("destination", "pair")
        case _:
            return NOT_KNOWN


def by_listener(source_listens: bool, destination_listens: bool) -> Opened:
    """Who listens did not open; nothing where both do or nobody."""
    if source_listens == destination_listens:
        return NOT_KNOWN
    return Opened("destination" if source_listens else "source", "listener")


def by_port(flow: Tuple5) -> Opened:
    """Whoever has a port that is given to openers opened; nothing where both have one or nobody."""
    if flow.protocol not in WITH_PORTS or flow.src_port is None or flow.port is None:
        return NOT_KNOWN
    source, destination = flow.src_port in GIVEN_PORTS, flow.port in GIVEN_PORTS
    if source == destination:
        return NOT_KNOWN
    return Opened("source" if source else "destination", "port")
