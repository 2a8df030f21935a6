"""What Istio's validation says of one value of a rule. Source: pkg/config/security of Istio 1.31."""

from __future__ import annotations

import ipaddress
import re

from flowcheck.manifests.validation import canonical_address, parse_cidr

KNOWN_KEYS = frozenset(
    {
        *("source.ip", "remote.ip", "source.namespace", "source.principal", "source.serviceAccount"),
        *("source.trustDomain", "destination.ip", "destination.port", "connection.sni"),
        *("request.auth.principal", "request.auth.audiences", "request.auth.presenter"),
    }
)
MAP_KEYS = ("request.headers", "request.auth.claims", "experimental.envoy.filters.")
_BLOCKS = frozenset({"ipBlocks", "remoteIpBlocks", "source.ip", "remote.ip", "destination.ip"})
_HTTP = frozenset({"hosts", "methods", "paths", "requestPrincipals"})
_TEMPLATES = ("{*}", "{**}")
_LITERAL = re.compile(r"[A-Za-z0-9\-._~%!$&'()+,;:@=]+")


def is_http(field: str) -> bool:
    """Whether a field of an entry is about requests."""
    return field in _HTTP


def fault_of(name: str, value: str) -> str:
    """What is wrong with a value of a field, or of a condition's key; empty: nothing."""
    if not value:
        return "is empty"
    if name in _BLOCKS:
        return "" if _is_block(value) else "is neither an address nor a CIDR"
    match name:
        case "ports" | "destination.port":
            return "" if _is_port(value) else "is no number of a port"
        case "serviceAccounts" | "source.serviceAccount":
            return _account_fault(value)
        case "trustDomains" | "source.trustDomain":
            return _wildcard_fault(value, slash=name == "source.trustDomain")
        case "paths":
            return _path_fault(value)
    return ""


def _is_block(value: str) -> bool:
    try:
        _ = parse_cidr(value) if "/" in value else canonical_address(value)
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return True


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdecimal() and int(value) <= 65535


def _account_fault(value: str) -> str:
    if "*" in value:
        return "has a wildcard"
    parts = value.split("/")
    return "" if len(parts) < 3 and all(parts) else "is neither a name nor namespace/name"


def _wildcard_fault(value: str, *, slash: bool) -> str:
    if "*" in value[1:-1] or value.count("*") > 1:
        return "may have one * only, first or last"
    return "has a slash" if "/" in value and not slash else ""


def _path_fault(value: str) -> str:
    parts = value.strip("/").split("/")
    templated = any(one in value for one in _TEMPLATES)
    for place, part in enumerate(parts):
        if part in _TEMPLATES:
            if "{**}" in parts[:place]:
                return "has something after {**}"
        elif "{" in part or "}" in part:
            return "has braces that are neither {*} nor {**}"
        elif templated and not _LITERAL.fullmatch(part):
            return "has characters that do not go with {*}"
    return ""
