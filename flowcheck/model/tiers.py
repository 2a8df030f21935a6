"""Tiers: the ordered list in which policies are asked, and what holds at the end of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol


class Layer(StrEnum):
    """A list of tiers of its own. What a connection meets are layers one behind the other, and each must let
    it through: network policies at both its ends, then what a mesh's proxy before the destination asks."""

    __hash__ = str.__hash__

    NETWORK = "network"
    MESH = "mesh"


@dataclass(frozen=True, slots=True)
class Tier:
    """One entry of the list; tiers are asked by (order, name). Equal values are one tier.

    ``denies``: what its policies isolate (see ``Policy.isolates``) and no rule of the tier decides is denied;
    otherwise that goes on to the next tier, whatever they isolate. ``asked_last``: that default is asked
    after the last tier, and only of what no tier decided. ``by_level``: its rules are not asked policy by
    policy but by their level, and within a level first those that deny, then those that allow, then those
    that pass. ``icmp_open``: what its default means for protocols without ports is left open, so that the
    option ``icmp`` decides.
    """

    name: str
    order: float
    denies: bool = False
    asked_last: bool = False
    by_level: bool = False
    icmp_open: bool = False
    layer: Layer = Layer.NETWORK

    ADMIN: ClassVar[Tier]
    NETWORK_POLICY: ClassVar[Tier]
    BASELINE: ClassVar[Tier]

    @property
    def place(self) -> tuple[float, str]:
        """What tiers are sorted by."""
        return self.order, self.name


Tier.ADMIN = Tier("ADMIN", 0)
Tier.NETWORK_POLICY = Tier("NETWORK_POLICY", 1, denies=True, icmp_open=True)
Tier.BASELINE = Tier("BASELINE", 2)


class InTier(Protocol):
    """What stands in a tier, such as a policy."""

    @property
    def tier(self) -> Tier: ...


def tiers_of(policies: Iterable[InTier]) -> tuple[Tier, ...]:
    """The tiers that any of the policies is in, in the order they are asked."""
    return tuple(sorted({policy.tier for policy in policies}, key=lambda tier: tier.place))
