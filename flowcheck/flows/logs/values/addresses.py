"""Addresses as logs write them."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PLAIN_IPV4 = rf"^{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}$"
"""What an IPv4 address in its one form looks like."""


@lru_cache(1 << 16)
def canonical_address(text: str) -> str | None:
    """An address in its one form, IPv4-mapped as IPv4, without a zone; None for what is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
