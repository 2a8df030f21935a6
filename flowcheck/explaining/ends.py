"""What an end of the question may turn out to be."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Literal

from flowcheck.model.cluster import Pod

Kind = Literal["pod", "workload", "service", "node", "secondary", "external", "unknown"]


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """One thing an end may be: a pod, a node, or (neither) an address outside. ``lost``: nobody knows who, as
    ``why_lost`` says; ``settle`` would tell.

    ``secondary``: a pod's interface beside the cluster's network. ``members`` names all that this one stands
    for. ``port`` is set for a Service's backends only. ``unlisted``: an address that may be a Service's,
    and no input lists those. ``dialled``: the endpoint that it stands behind; None: it is dialled itself.
    """

    endpoint: int
    name: str
    address: str | None = None
    pod: Pod | None = None
    node: str | None = None
    lost: Literal["", "unresolved", "ambiguous"] = ""
    why_lost: str = ""
    settle: str = ""
    members: tuple[str, ...] = ()
    port: int | None = None
    secondary: bool = False
    unlisted: bool = False
    dialled: int | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """One side of the question: how it was given, what it was found to be, and all it may mean.

    ``by_source``: what it means to each of the source's ends, where that may differ. ``settle``: what to do
    where it is nobody.
    """

    given: str
    kind: Kind
    name: str
    ends: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    service: bool = field(default=False)
    by_source: tuple[tuple[Candidate, ...], ...] = ()
    settle: str = ""


def as_address(text: str) -> str:
    """The canonical address, or empty where the text is none. IPv4-mapped IPv6 is IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def kind_of(end: Candidate) -> Kind:
    if end.lost:
        return "unknown"
    return "pod" if end.pod else "node" if end.node else "secondary" if end.secondary else "external"
