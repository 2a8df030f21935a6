"""A CIDR in a policy of any language, with what its readers may differ in."""

from __future__ import annotations

import ipaddress

from flowcheck.manifests.fields import Field
from flowcheck.manifests.names import Network, parse_cidr, without_leading_zeros
from flowcheck.manifests.oddities import Sort


def read_cidr(field: Field) -> Network | None:
    """The CIDR without its host bits, or None after reporting that it is none."""
    text = field.text()
    if text is None:
        return None
    try:
        network = parse_cidr(text)
    except ValueError as error:
        field.report(str(error), _remedy(text))
        return None
    plain = without_leading_zeros(text)
    if plain != text:
        field.document.note(Sort.LEADING_ZEROS, text, str(network), field.line)
    elif ipaddress.ip_address(plain.partition("/")[0]) != network.network_address:
        field.document.note(Sort.HOST_BITS, text, str(network), field.line)
    return network


def _remedy(text: str) -> str:
    """What to write for an address that lacks its prefix length."""
    try:
        address = ipaddress.ip_address(without_leading_zeros(text))
    except ValueError:
        return ""
    return f"write {address}/{address.max_prefixlen} for this one address"
