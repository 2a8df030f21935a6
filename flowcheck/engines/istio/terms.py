"""What a term of a rule means to an Envoy: by identity, address, port or request.

An Envoy has two sets of rules, one for each connection's bytes and one for its requests. What a value says
of a request cannot be said of bytes (:class:`Unsaid`); nor can a value that is none of its field.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flowcheck.engines.istio import patterns
from flowcheck.engines.istio.asked import NOTHING_ASKED, Asked
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.requests import Asks, Part, RequestExpression
from flowcheck.model.mesh.written import Term
from flowcheck.model.peers import AddressBlock, AnyOf, Expression, Not, Peer, Presents, Where
from flowcheck.model.policy import PortRange
from flowcheck.model.ports import LAST_NUMBER, without
from flowcheck.model.protocols import TCP

_KEYS = {
    "source.principal": "principals",
    "source.namespace": "namespaces",
    "source.serviceAccount": "serviceAccounts",
    "source.trustDomain": "trustDomains",
    "source.ip": "ipBlocks",
    "remote.ip": "remoteIpBlocks",
    "destination.port": "ports",
}
"""Keys of conditions that mean what a field means."""
IDENTITIES = frozenset({"principals", "namespaces", "serviceAccounts", "trustDomains"})
ADDRESSES = frozenset({"ipBlocks", "remoteIpBlocks", "destination.ip"})
_REQUESTS: dict[str, tuple[Part, Callable[[str], str]]] = {
    "hosts": (Part.HOST, lambda value: ".*" if value == "*" else patterns.glob(value.lower())),
    "methods": (Part.METHOD, lambda value: ".*" if value == "*" else patterns.glob(value)),
    "paths": (Part.PATH, patterns.path_pattern),
}
_TOKENS = frozenset(
    {"requestPrincipals", "request.auth.principal", "request.auth.audiences", "request.auth.presenter"}
)
_HEADERS, _CLAIMS, _FILTERS = "request.headers", "request.auth.claims", "experimental.envoy.filters."
_BRACKETS = re.compile(r"\[.*\]", re.DOTALL)
_Said = str | AddressBlock | PortRange | Asks
"""What one value says: an identity, an address, a port, something of the request."""


class Unsaid(Exception):  # noqa: N818 (no error: it tells that a rule has no form)
    """A value says something that cannot be said of this connection."""


def name_of(term: Term) -> str:
    """The field's name, also where the same is asked by a condition."""
    return _KEYS.get(term.field, term.field)


def is_known(key: str) -> bool:
    """Whether an Envoy knows a condition's key; without, it passes over the rule."""
    simple = key in _KEYS or key in _TOKENS or key in ("destination.ip", "connection.sni")
    return simple or key.startswith((_HEADERS, _CLAIMS, _FILTERS))


def block(value: str) -> AddressBlock:
    """An address or a CIDR. Raises Unsaid."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise Unsaid(value) from None
    return AddressBlock(str(network), may_match_pods=True)


def port(value: str) -> PortRange:
    """Raises Unsaid."""
    if not (value.isascii() and value.isdecimal() and int(value) <= LAST_NUMBER):
        raise Unsaid(value)
    return PortRange(TCP, int(value), int(value))


def ports_asked(ranges: Iterable[PortRange], *, negated: bool) -> Asked:
    return Asked(ports=without((PortRange(TCP),), ranges) if negated else tuple(dict.fromkeys(ranges)))


def blocks_of(found: Iterable[AddressBlock], *, negated: bool) -> Peer:
    some = tuple(found)
    peer: Peer = some[0] if len(some) == 1 else AnyOf(some)
    return Not(peer) if negated else peer


def identities_of(found: Iterable[str], *, negated: bool) -> Peer:
    """Clients by the ids they present. Negated, it takes those too that present none."""
    leaves = tuple(map(Presents, found))
    what: Expression = leaves[0] if len(leaves) == 1 else AnyOf(leaves)
    return Where(Not(what) if negated else what)


@dataclass(frozen=True, slots=True)
class Envoy:
    """``namespace`` is the policy's. ``is_http``: the connection is taken for requests. ``is_lenient``: what
    cannot be said is passed over. ``unseen``: names of terms about what no record tells that this proxy
    sees."""

    settings: MeshSettings
    namespace: str
    is_http: bool
    is_lenient: bool
    unseen: frozenset[str] = frozenset()

    def asked(self, term: Term) -> Asked:
        """Raises Unsaid, if it is not lenient."""
        name, values = name_of(term), term.values
        if name == "principals":
            values = patterns.with_aliases(values, self.settings)
        elif name == "trustDomains":
            values = patterns.domains_with_aliases(values, self.settings)
        said: list[_Said] = []
        for value in values:
            try:
                said.append(self._said(name, value))
            except Unsaid:
                if not self.is_lenient:
                    raise
        if said and name in self.unseen:
            return Asked(is_open=True)
        return _joined(name, said, negated=term.negated)

    def _said(self, name: str, value: str) -> _Said:
        match name:
            case "principals":
                return patterns.principal(value)
            case "namespaces":
                return patterns.namespace_in_id(value)
            case "serviceAccounts":
                return patterns.account(value, self.namespace)
            case "trustDomains":
                return patterns.trust_domain(value)
            case "ipBlocks" | "destination.ip":
                return block(value)
            case "remoteIpBlocks":
                found = block(value)
                return Asks(Part.OTHER, value, "remote.ip") if self.is_http else found
            case "ports":
                return port(value)
            case "connection.sni":
                return Asks(Part.SNI, patterns.glob(value))
        if name.startswith(_FILTERS):
            return Asks(Part.OTHER, value, name)
        return self._of_request(name, value)

    def _of_request(self, name: str, value: str) -> Asks:
        if not self.is_http:
            raise Unsaid(name)
        if name in _REQUESTS:
            part, pattern = _REQUESTS[name]
            return Asks(part, pattern(value))
        for prefix in (_HEADERS, _CLAIMS):
            if name.startswith(prefix) and not _BRACKETS.fullmatch(name.removeprefix(prefix)):
                raise Unsaid(name)
        return Asks(Part.OTHER, value, name)


def _joined(name: str, said: list[_Said], *, negated: bool) -> Asked:
    """Any of what the values say, or none; without any the term says nothing."""
    if not said:
        return NOTHING_ASKED
    blocks = [one for one in said if isinstance(one, AddressBlock)]
    if blocks:
        peer = blocks_of(blocks, negated=negated)
        is_ours = name == "destination.ip"
        return Asked(subjects=(peer,)) if is_ours else Asked(peers=(peer,), by_client=True)
    if name == "ports":
        return ports_asked([one for one in said if isinstance(one, PortRange)], negated=negated)
    if name in IDENTITIES:
        ids = [one for one in said if isinstance(one, str)]
        return Asked(peers=(identities_of(ids, negated=negated),), by_client=True)
    asks: tuple[RequestExpression, ...] = tuple(one for one in said if isinstance(one, Asks))
    what: RequestExpression = asks[0] if len(asks) == 1 else AnyOf(asks)
    return Asked(requests=(Not(what) if negated else what,))
