"""Addresses as logs write them."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(1 << 16)
def canonical_address(text: str) -> str | None:
    """An address in its one form, IPv4-mapped as IPv4, without a zone; None for what is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
