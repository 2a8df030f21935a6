"""What the API server takes for a name, a label, an address, a CIDR. Each function says what is wrong, or "".

Source: apimachinery pkg/util/validation (IsDNS1123Subdomain, IsQualifiedName, IsValidLabelValue,
IsValidPortName), networking/validation ValidateIPBlock.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache

DEFAULT_NAMESPACE = "default"
"""Where a namespaced object goes that names no namespace, as with kubectl."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_TEXT = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_IPV4 = re.compile(r"\d{1,9}(?:\.\d{1,9}){3}(?:/\d{1,9})?", re.ASCII)
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)", re.ASCII)
_LONG_GROUP = re.compile(r"\b0+(?=[0-9A-Fa-f]{4}\b)", re.ASCII)
_PORT_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def name_fault(name: str) -> str:
    """A name is a DNS subdomain: lower case letters, digits, ``-`` and ``.``, at most 253 characters."""
    if len(name) <= 253 and _SUBDOMAIN.fullmatch(name):
        return ""
    return "is not a name: lower case letters, digits, '-' and '.' only, at most 253"


@lru_cache(maxsize=65536)
def label_key_fault(key: str) -> str:
    """A label key is an optional DNS subdomain and ``/``, then at most 63 letters, digits, ``-_.``."""
    prefix, slash, name = key.rpartition("/")
    if slash and name_fault(prefix):
        return "the part before '/' is not a DNS subdomain"
    if len(name) <= 63 and _LABEL_TEXT.fullmatch(name):
        return ""
    return "a label key has 1 to 63 letters, digits, '-', '_', '.', after an optional prefix/"


@lru_cache(maxsize=65536)
def label_value_fault(value: str) -> str:
    """A label value is empty, or at most 63 letters, digits, ``-_.`` with a letter or digit at both ends."""
    if not value or (len(value) <= 63 and _LABEL_TEXT.fullmatch(value)):
        return ""
    return "a label value has at most 63 letters, digits, '-', '_', '.', and a letter or digit at both ends"


def port_name_fault(name: str) -> str:
    """A port name has at most 15 lower case letters, digits and single ``-``, one letter at least."""
    if len(name) <= 15 and _PORT_NAME.fullmatch(name) and not name.replace("-", "").isdigit():
        return ""
    return "is not a port name: at most 15 lower case letters, digits and single '-', with a letter"


@lru_cache(maxsize=65536)
def canonical_address(text: str) -> str:
    """The address as :mod:`ipaddress` writes it; IPv4 written as IPv6 is IPv4. Raises ValueError where it is
    none."""
    try:  # nearly all are IPv4 as it should be written: the socket library says so sooner
        if socket.inet_ntop(socket.AF_INET, socket.inet_pton(socket.AF_INET, text)) == text:
            return text
    except (OSError, ValueError):
        pass
    if "%" in text:
        raise ValueError("an address here has no zone")
    address = ipaddress.ip_address(without_leading_zeros(text))
    return str(getattr(address, "ipv4_mapped", None) or address)


@lru_cache(maxsize=65536)
def address_number(text: str) -> tuple[int, int]:
    """IP version and number of a canonical address, sooner than :mod:`ipaddress` makes an object of it."""
    version, family = (6, socket.AF_INET6) if ":" in text else (4, socket.AF_INET)
    return version, int.from_bytes(socket.inet_pton(family, text), "big")


def without_leading_zeros(text: str) -> str:
    """An address or CIDR as Kubernetes reads it: the numbers of IPv4 are decimal, also at the end of IPv6,
    whose groups may be long. Any other text as it is."""
    head, colon, tail = text.rpartition(":")
    if _IPV4.fullmatch(tail):
        tail = _LEADING_ZEROS.sub("", tail)
    return _LONG_GROUP.sub("", head + colon + tail) if colon else tail


def parse_cidr(text: str) -> Network:
    """A CIDR without its host bits; IPv4 written as IPv6 is IPv4. Raises ValueError with the reason where it
    is none, as netmasks and bare addresses are.

    Source: k8s.io/utils/net ParseCIDRSloppy, Go's net.IPNet Contains.
    """
    text = without_leading_zeros(text)
    address, slash, bits = text.partition("/")
    if not slash:
        raise ValueError("a CIDR needs a prefix length, as in 10.0.0.0/8")
    if not (bits.isascii() and bits.isdigit()) or "%" in address:
        raise ValueError("is not a CIDR")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("is not a CIDR") from None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
        return ipaddress.IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network
