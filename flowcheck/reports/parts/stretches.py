"""Stretches of ports as JSON's values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowcheck.model.protocols import protocol_name
from flowcheck.reach.ports import NO_NUMBER, Stretch


def plain(stretches: Iterable[Stretch]) -> list[dict[str, Any]]:
    """``protocol``, with ``first`` and ``last`` where it has numbers."""
    return [
        {"protocol": protocol_name(protocol)} | ({} if first == NO_NUMBER else {"first": first, "last": last})
        for protocol, first, last in stretches
    ]
