"""What lets clients in at a Server: AuthorizationPolicies and ServerAuthorizations, each while all that it
hangs on is there.

An AuthorizationPolicy is passed over as long as anything that it refers to is not there. For requests of a
route it says nothing that a record of a connection could tell.

Source: Linkerd edge-26.8.3 policy-controller/k8s/index/src/inbound/index.rs client_authzs,
policy_client_authz.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from flowcheck.engines.linkerd.clients import Clients, networks_of
from flowcheck.engines.linkerd.servers import ServerAt
from flowcheck.model.labels import Selector
from flowcheck.model.mesh.linkerd import (
    Identities,
    LinkerdAuthorization,
    LinkerdSettings,
    MeshTlsAuthentication,
    NetworkAuthentication,
    Reference,
    ServerAuthorization,
)
from flowcheck.model.policy import Policy
from flowcheck.model.timeline import Lifetime
from flowcheck.model.verdict import Reason

_ACCOUNT = "ServiceAccount"
_ROUTES = ("HTTPRoute", "GRPCRoute")


class Authorized(NamedTuple):
    """The clients that a policy lets in at a Server. ``needs``: why it is open whether it does."""

    policy: Policy
    clients: Clients
    needs: Reason
    lifetime: Lifetime


@dataclass(frozen=True, slots=True)
class Authorizations:
    """``authentications``: every version, by kind, namespace and name."""

    settings: LinkerdSettings
    policies: dict[str, list[Policy]]
    authentications: dict[Reference, list[Policy]]

    @classmethod
    def of(cls, given: Iterable[Policy], settings: LinkerdSettings) -> Authorizations:
        policies: dict[str, list[Policy]] = defaultdict(list)
        authentications: dict[Reference, list[Policy]] = defaultdict(list)
        for one in given:
            if isinstance(one.mesh, LinkerdAuthorization | ServerAuthorization):
                policies[one.namespace].append(one)
            elif _is_valid(one):
                authentications[Reference(one.kind, one.name, one.namespace)].append(one)
        return cls(settings, policies, authentications)

    def at(self, server: ServerAt) -> Iterator[Authorized]:
        """By the policies of its namespace that are for it."""
        for policy in self.policies.get(server.policy.namespace, ()):
            common = policy.lifetime.within(server.policy.lifetime)
            for needs, clients, lifetime in self._by(policy, server):
                while_all = common.within(lifetime)
                if while_all.start < while_all.end:
                    yield Authorized(policy, clients, needs or clients.needs, while_all)

    def absent(self, policy: Policy) -> list[str]:
        """What an AuthorizationPolicy refers to and is not there."""
        written = policy.mesh
        refs = written.requires if isinstance(written, LinkerdAuthorization) else ()
        named = [_in(one, policy) for one in refs if one.kind != _ACCOUNT]
        return [f"{one.kind}/{one.namespace}/{one.name}" for one in named if one not in self.authentications]

    def _by(self, policy: Policy, server: ServerAt) -> Iterator[tuple[Reason, Clients, Lifetime]]:
        match policy.mesh:
            case ServerAuthorization(of, networks, identities, is_void):
                if not is_void and _selects(of, server):
                    given = networks or networks_of(self.settings.networks)
                    yield Reason.NONE, Clients(given, identities), policy.lifetime
            case LinkerdAuthorization(target, requires, is_void):
                needs = Reason.NEEDS_L7 if target.kind in _ROUTES else Reason.NONE
                if not is_void and _targets(target, server):
                    for clients, lifetime in self._meeting(requires, policy):
                        yield needs, clients, lifetime

    def _meeting(self, requires: tuple[Reference, ...], policy: Policy) -> Iterator[tuple[Clients, Lifetime]]:
        """Who meets all that is required, in each version of it."""
        accounts = [one for one in requires if one.kind == _ACCOUNT]
        named = Identities(accounts=tuple((one.namespace or policy.namespace, one.name) for one in accounts))
        others = [_in(one, policy) for one in requires if one.kind != _ACCOUNT]
        for versions in product(*(self.authentications.get(one, []) for one in others)):
            lifetime, identities, networks = policy.lifetime, named if accounts else None, None
            for version in versions:
                lifetime = lifetime.within(version.lifetime)
                match version.mesh:
                    case MeshTlsAuthentication(found):
                        identities = found
                    case NetworkAuthentication(blocks):
                        networks = blocks
            yield Clients(networks, identities), lifetime


def _is_valid(policy: Policy) -> bool:
    match policy.mesh:
        case MeshTlsAuthentication(_, is_void):
            return not is_void
        case NetworkAuthentication(networks):
            return bool(networks)
        case _:
            return False


def _in(reference: Reference, policy: Policy) -> Reference:
    return Reference(reference.kind, reference.name, reference.namespace or policy.namespace)


def _selects(of: str | Selector, server: ServerAt) -> bool:
    if isinstance(of, str):
        return of == server.policy.name
    return of.matches(dict(server.written.labels))


def _targets(target: Reference, server: ServerAt) -> bool:
    """A route may be any Server's that carries requests: which, only the route tells."""
    if target.kind in _ROUTES:
        return server.written.is_http
    return target.kind == "Namespace" or target.name == server.policy.name
