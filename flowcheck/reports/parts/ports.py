"""Ports with their protocol, as records have them, in words."""

from __future__ import annotations

from collections.abc import Sequence

RANGES_SHOWN = 3


def ports_text(protocol: str, port: int | None, ports: Sequence[str] = (), n_ports: int = 0) -> str:
    """``443/TCP``, the protocol alone where there is no port, or the first of many. ``ports``: the ranges of
    ``n_ports``; 0: it is one."""
    if n_ports:
        some = ", ".join(ports[:RANGES_SHOWN])
        more = ", ..." if len(ports) > RANGES_SHOWN else ""
        return f"{n_ports:,} ports of {protocol} ({some}{more})"
    return protocol if port is None else f"{port}/{protocol}"
