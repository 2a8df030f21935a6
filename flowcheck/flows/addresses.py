"""Addresses of flow columns as canonical text, whatever form they were recorded in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pyarrow as pa


def address_texts(column: pa.Array) -> Iterator[str | None]:
    """Integers are IPv4, 16 bytes IPv6 or mapped IPv4; text stays, but for IPv6, which has many forms."""
    for value in column.to_pylist():
        if isinstance(value, int):
            yield str(ipaddress.IPv4Address(value))
        elif isinstance(value, bytes):
            yield _canonical(ipaddress.IPv6Address(value))
        elif value is not None and ":" in value:
            yield _canonical(ipaddress.IPv6Address(value.split("%")[0]))
        else:
            yield value


def _canonical(address: ipaddress.IPv6Address) -> str:
    return str(address.ipv4_mapped or address)
