"""``address:port`` as proxies write it, an IPv6 address in brackets -> its two parts."""

from __future__ import annotations

from flowcheck.flows.logs.values.addresses import canonical_address


def split_endpoint(text: str | None) -> tuple[str | None, int | None]:
    """(address or name, port); None for what is not there. ``-`` and empty text are nothing."""
    if not text or text == "-":
        return None, None
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or (":" in host and not host.startswith("[")):
        return text.strip("[]") or None, None
    return host.strip("[]") or None, int(port[:6])


def address_and_port(text: str | None) -> tuple[str | None, int | None]:
    """The same, with None for a name in place of an address."""
    host, port = split_endpoint(text)
    return (canonical_address(host) if host else None), port
