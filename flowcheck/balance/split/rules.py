"""By which rules of which routes the connections to a service port may have gone, at one time.

A rule that asks for what counts do not tell (headers, a path) leaves it open who went by it; so all rules up
to the first that asks nothing are candidates.

Source: Istio 1.30 pilot, SelectVirtualServices, matchTCP; GEP-1294 (a route in another namespace than its
Service is for the clients of its own); GEP-1426.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowcheck.balance.expect.members import PortBackends
from flowcheck.balance.split.choosers import Chooser
from flowcheck.compile.mesh.spoken import spoken_at
from flowcheck.model.mesh.routes import MESH, Route, RouteRule, covers, is_exported


class Candidate(NamedTuple):
    """``asks``: of what the rule's matches hang that counts do not tell; none: everything that comes so far
    goes by it."""

    route: Route
    rule: RouteRule
    asks: tuple[str, ...] = ()


class Candidates(NamedTuple):
    """``unclear``: why it is not known which rules there are."""

    found: tuple[Candidate, ...] = ()
    unclear: str = ""


NO_RULES = Candidates()


def rules_for_service(
    routes: Iterable[Route], backends: PortBackends, choosers: frozenset[Chooser], namespaces: frozenset[str]
) -> Candidates:
    """Those by which what clients in a mesh dial as this service port goes. ``namespaces``: the clients'."""
    service, number = backends.service, backends.port.port
    own = [route for route in routes if is_for_service(route, backends)]
    if Chooser.LINKERD in choosers:
        own = [route for route in own if not route.hosts]
    exact = [route for route in own if not _is_wild(route, service.namespace, service.name)]
    covered = {route: _covered(route, service.namespace, namespaces) for route in exact or own}
    if any(0 < n < len(namespaces) for n in covered.values()):
        return Candidates(unclear="some_clients")
    chosen = [route for route, n in covered.items() if n]
    if not chosen:
        return NO_RULES
    if len(chosen) > 1 and any(route.hosts for route in chosen):
        return Candidates(unclear="several_routes")
    carried = spoken_at(backends.port.app_protocol, backends.port.name)
    if carried is None:
        return Candidates(unclear="protocol_not_told")
    found = [
        Candidate(route, rule, asks)
        for route in chosen
        for rule in route.rules
        if rule.carried is carried and (asks := _asks(rule, number)) is not None
    ]
    return Candidates(tuple(_reachable(found, ordered=any(route.ordered for route in chosen))))


def rules_of_gateway(routes: Iterable[Route], gateway: tuple[str, str]) -> Candidates:
    """Those by which what comes in by a gateway goes on."""
    name = "/".join(gateway)
    found = [
        Candidate(route, rule, _asks(rule, 0) or ())
        for route in routes
        if name in gateways_of(route)
        for rule in route.rules
    ]
    return Candidates(tuple(found))


def gateways_of(route: Route) -> list[str]:
    """As ``namespace/name``."""
    named = (f"{one.namespace}/{one.name}" for one in route.parents if one.kind == "Gateway")
    return [*named, *(gateway for gateway in route.gateways if gateway != MESH)]


def is_for_mesh(route: Route) -> bool:
    return MESH in route.gateways or any(parent.kind == "Service" for parent in route.parents)


def is_for_service(route: Route, backends: PortBackends) -> bool:
    """Whether what clients in a mesh dial as this service port goes by a route."""
    service = backends.service
    return _is_for(route, service.namespace, service.name, backends.port.port)


def _is_for(route: Route, namespace: str, name: str, port: int) -> bool:
    if route.hosts:
        return MESH in route.gateways and any(covers(host, namespace, name) for host in route.hosts)
    services = [one for one in route.parents if one.kind == "Service" and one.port in (0, port)]
    return any((one.namespace, one.name) == (namespace, name) for one in services)


def _is_wild(route: Route, namespace: str, name: str) -> bool:
    return bool(route.hosts) and all(
        host.startswith("*") for host in route.hosts if covers(host, namespace, name)
    )


def _covered(route: Route, of_service: str, namespaces: frozenset[str]) -> int:
    """For how many of the clients' namespaces a route is."""
    if route.hosts:
        return sum(is_exported(route.exported_to, route.namespace, one) for one in namespaces)
    return len(namespaces) if route.namespace == of_service else len(namespaces & {route.namespace})


def _asks(rule: RouteRule, port: int) -> tuple[str, ...] | None:
    """None where no match can hold at this port, in the mesh."""
    if not rule.matches:
        return ()
    matches = [
        match
        for match in rule.matches
        if (not port or match.port in (0, port)) and (not match.gateways or MESH in match.gateways)
    ]
    if not matches:
        return None
    if any(not match.asks for match in matches):
        return ()
    return tuple(dict.fromkeys(name for match in matches for name in match.asks))


def _reachable(found: list[Candidate], *, ordered: bool) -> list[Candidate]:
    """In order, all up to the first that asks nothing; else all that ask, and the first that does not."""
    plain = next((n for n, one in enumerate(found) if not one.asks), len(found))
    if ordered:
        return found[: plain + 1]
    return [one for n, one in enumerate(found) if one.asks or n == plain]
