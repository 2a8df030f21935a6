"""Addresses and CIDRs as Kubernetes reads them, with a note of what others may read differently."""

from __future__ import annotations

import ipaddress

from flowcheck.manifests.complaints import Complaints
from flowcheck.manifests.fields import Field
from flowcheck.manifests.oddities import Sort
from flowcheck.manifests.validation import Network, canonical_address, parse_cidr, without_leading_zeros


def plain_address(complaints: Complaints, text: str) -> str:
    """The canonical address. Raises ValueError where it is none."""
    address = canonical_address(text)
    if address != text and (sort := _sort(text, address)) is not None:
        complaints.note(sort, text, address)
    return address


def plain_cidr(complaints: Complaints, text: str, line: int = 0) -> Network:
    """The CIDR without its host bits. Raises ValueError with the reason where it is none."""
    network = parse_cidr(text)
    sort = _sort(text, str(network))
    if sort is None and ipaddress.ip_address(text.partition("/")[0]) != network.network_address:
        sort = Sort.HOST_BITS
    if sort is not None:
        complaints.note(sort, text, str(network), line)
    return network


def read_cidr(field: Field, *, doubtful: bool = False) -> Network | None:
    """The CIDR in a policy, or None after reporting that it is none (``doubtful``: that it is in doubt)."""
    text = field.text()
    if text is None:
        return None
    try:
        return plain_cidr(field.complaints, text, field.line)
    except ValueError as error:
        if doubtful:
            field.doubt(str(error))
        else:
            field.report(str(error), _remedy(text))
        return None


def _sort(text: str, read_as: str) -> Sort | None:
    """What is odd about an address or a CIDR, but for its host bits."""
    if without_leading_zeros(text) != text:
        return Sort.LEADING_ZEROS
    return Sort.MAPPED if ":" in text and ":" not in read_as else None


def _remedy(text: str) -> str:
    """What to write for an address that lacks its prefix length."""
    try:
        address = ipaddress.ip_address(canonical_address(text))
    except ValueError:
        return "write one such as 10.0.0.0/8 or 2001:db8::/32"
    return f"write {address}/{address.max_prefixlen} for this one address"
