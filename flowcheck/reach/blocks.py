"""Blocks of addresses outside, each less the longer ones inside it, so that no address is in two of them."""

from __future__ import annotations

from collections.abc import Iterable

from flowcheck import arrays as a
from flowcheck.compile.endpoints.addresses import ROOTS, Prefix, not_covered
from flowcheck.compile.endpoints.axis import Axis

INTERNET = {4: "internet (IPv4)", 6: "internet (IPv6)"}
"""What every address of a family is called that no other block holds."""


def blocks_of(axis: Axis, more: Iterable[Prefix] = ()) -> dict[Prefix, int]:
    """The blocks outside that hold any address, each with its endpoint: those of the cluster's policies, and
    ``more`` that another's name. The whole of a family, of which nobody and nothing speaks, is left out."""
    outside = {prefix: end for prefix, end in axis.owners.items() if _is_outside(axis, end)}
    for prefix in more:
        if prefix not in axis.owners and _is_outside(axis, end := axis.find(prefix)):
            outside[prefix] = end
    spoken = {end.prefix.version for end in axis.endpoints if end.prefix and end.prefix not in ROOTS} or {4}
    return {
        prefix: outside[prefix]
        for prefix in not_covered({*axis.owners, *more})
        if prefix in outside and prefix.version in spoken
    }


def name_of(prefix: Prefix) -> str:
    return str(prefix) if prefix not in ROOTS else INTERNET[prefix.version]


def _is_outside(axis: Axis, endpoint: int) -> bool:
    return axis.endpoints[endpoint].kind == a.KIND_BLOCK
