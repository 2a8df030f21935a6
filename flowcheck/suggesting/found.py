"""What contacts come to: needs, what makes none, and what policies allow already."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowcheck.model.policy import Direction
from flowcheck.model.verdict import Reason
from flowcheck.suggesting.needs import Need, Tally

UNKNOWN_ENDS = frozenset(
    {
        Reason.UNRESOLVED_SRC,
        Reason.UNRESOLVED_DST,
        Reason.AMBIGUOUS_SRC,
        Reason.AMBIGUOUS_DST,
        Reason.UNKNOWN_INITIATOR,
        Reason.NO_SERVICE,
    }
)
"""Of who talked to whom; whatever else is unknown is a matter of policies that there are."""
Key = tuple[str, Direction, object, int, int]
"""Of a need: the workload's name, the peer, protocol and port."""


@dataclass(frozen=True, slots=True)
class Aside:
    """What makes no rule. ``reason``: a Reason's word, or one of docs/suggest.md."""

    reason: str
    source: str
    destination: str
    protocol: int
    port: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What a policy that there is allows already, on one side."""

    direction: Direction
    source: str
    destination: str
    protocol: int
    port: int
    by: str


@dataclass(slots=True)
class Evidence:
    """``seen``: the workloads at either end of any contact; ``at_dns``: who looked up names, or answered."""

    needs: dict[Key, Need] = field(default_factory=dict)
    aside: dict[Aside, Tally] = field(default_factory=dict)
    kept: dict[Kept, Tally] = field(default_factory=dict)
    refused: dict[Key, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    at_dns: set[str] = field(default_factory=set)
