"""What a service port's endpoints should have had where proxies choose among them, not kube-proxy.

Proxies spread evenly over the endpoints they may choose (LEAST_REQUEST, ROUND_ROBIN, RANDOM; a ztunnel
draws), whatever a Service says of affinity or an EndpointSlice of hints. Where they prefer their own zone
or node, or choose by a hash or (Linkerd's) by how fast answers come, nothing is expected.

Source: Istio 1.30 pilot, GetEffectiveLbSetting (trafficDistribution, or outlierDetection with zones, makes a
sidecar prefer its zone), defaultLBAlgorithm; ztunnel state.rs, load_balance; Envoy, "Load balancing".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from flowcheck.balance.assess.states import Why
from flowcheck.balance.expect.members import PortBackends
from flowcheck.balance.expect.routing import Routing
from flowcheck.balance.expect.shares import follows_hints
from flowcheck.balance.split.choosers import Chooser, Clients
from flowcheck.balance.split.phases import Phases
from flowcheck.model.mesh.routes import Balancer, DestinationRule, Locality, TrafficPolicy

READ_RULES = frozenset({Chooser.SIDECAR, Chooser.WAYPOINT, Chooser.GATEWAY})
"""Who goes by DestinationRules, where there are any."""
ISTIOS = frozenset({Chooser.SIDECAR, Chooser.WAYPOINT})
"""Who chooses as Istio has it, without any."""
BESIDE_GATEWAYS = frozenset({Chooser.SIDECAR, Chooser.WAYPOINT, Chooser.ZTUNNEL, Chooser.LINKERD})
"""Who surely is no gateway; a client without a proxy of its own may be one."""


class Spread(NamedTuple):
    """Which expectation holds. ``backends`` are what is expected of, ``cells`` as in ``compare``; ``why``:
    not NONE where nothing is expected. ``rules``: the DestinationRules that say how."""

    by: tuple[str, ...]
    balancer: str
    rules: tuple[str, ...]
    ejects: bool
    why: Why
    backends: PortBackends
    cells: Mapping[int, int] | None = None


def spread_of(
    routing: Routing,
    of_host: Iterable[DestinationRule],
    backends: PortBackends,
    clients: Clients,
    phases: Phases | None,
) -> Spread | None:
    """None where no proxy has to do with the service port. ``of_host``: DestinationRules for the Service;
    ``phases``: of the routes for it, if any."""
    proxies = clients.choosers - {Chooser.KUBE_PROXY}
    crowd = {Chooser.KUBE_PROXY} if clients.others else set()
    by = tuple(sorted(one.value for one in clients.choosers | crowd))
    if not proxies:
        carried = any(pod.mesh for e in _members(backends) for pod in routing.pods.get(e, ()))
        return Spread(by, "", (), False, Why.NONE, backends) if carried or phases else None
    rules = _rules(routing, of_host, backends, clients) if proxies & READ_RULES else []
    policies = [policy for rule in rules for policy in _policies(rule, backends.port.port)]
    policies = policies or [TrafficPolicy()]
    balancers = {policy.balancer or Balancer.LEAST_REQUEST for policy in policies}
    told = Spread(
        by,
        " or ".join(sorted(balancers)) if rules or proxies & ISTIOS else "",
        tuple(dict.fromkeys(str(rule) for rule in rules)),
        any(policy.ejects for policy in policies),
        Why.NONE,
        backends,
    )
    if balancers == {Balancer.PASSTHROUGH}:
        return told
    why = Why.BALANCER if Chooser.LINKERD in proxies else _nothing_expected(backends, balancers, policies)
    mixed = len(by) > len(proxies) or Chooser.OPEN in proxies
    if not why and mixed and _kube_proxy_differs(backends):
        why = Why.CLIENTS_DIFFER
    cells = _cells(backends, phases) if phases is not None and phases.parts else None
    if not why and phases is not None and phases.unclear:
        why = Why.ROUTED
    elif not why and cells is not None and len(set(cells.values())) > 1:
        known = phases is not None and phases.clear and not mixed
        why = Why.NONE if known and not _are_single(cells) else Why.ROUTED
    return told._replace(why=why, backends=_as_proxies_see(backends), cells=cells)


def divided_by_gateway(
    spread: Spread | None, backends: PortBackends, clients: Clients, phases: Phases
) -> Spread | None:
    """The same of a service port among whose endpoints a gateway may divide; ``phases``: of its routes."""
    apart = len(set(_cells(backends, phases).values())) > 1
    if not apart or clients.are_all(BESIDE_GATEWAYS):
        return spread
    by = tuple(sorted(one.value for one in clients.choosers))
    spread = spread or Spread(by, "", (), False, Why.NONE, backends)
    return spread._replace(why=spread.why or Why.ROUTED)


def _members(backends: PortBackends) -> set[int]:
    return {member.endpoint for segment in backends.segments for member in segment}


def _rules(
    routing: Routing, of_host: Iterable[DestinationRule], backends: PortBackends, clients: Clients
) -> list[DestinationRule]:
    """All that may hold for any client, at any time."""
    places = {client.namespace for client in clients.known.values()}
    places |= {backends.service.namespace, routing.root_namespace}
    return [one for one in of_host if one.namespace in places]


def _policies(rule: DestinationRule, port: int) -> Iterable[TrafficPolicy]:
    whole = dict(rule.ports).get(port, rule.policy)
    yield whole
    for subset in rule.subsets:
        yield subset.policy.over(whole)


def _nothing_expected(
    backends: PortBackends, balancers: set[Balancer], policies: Iterable[TrafficPolicy]
) -> Why:
    if Balancer.CONSISTENT_HASH in balancers:
        return Why.HASHED
    if balancers & {Balancer.OTHER, Balancer.PASSTHROUGH}:
        return Why.BALANCER
    members = {member.endpoint: member for segment in backends.segments for member in segment}.values()
    asked = backends.service.traffic_distribution
    if asked == "PreferSameNode" and len({member.node for member in members}) > 1:
        return Why.OWN_ZONES
    zoned = bool(asked) or any(_prefers_zones(policy) for policy in policies)
    return Why.OWN_ZONES if zoned and len({member.zone for member in members}) > 1 else Why.NONE


def _prefers_zones(policy: TrafficPolicy) -> bool:
    """Zones are on by default, and count where an endpoint can be ejected."""
    return policy.locality is Locality.CHOSEN or (policy.ejects and policy.locality is not Locality.OFF)


def _kube_proxy_differs(backends: PortBackends) -> bool:
    sticky = backends.service.session_affinity == "ClientIP"
    return sticky or any(follows_hints(segment) for segment in backends.segments)


def _as_proxies_see(backends: PortBackends) -> PortBackends:
    """Without affinity and hints, which they do not read."""
    segments = tuple(
        tuple(member._replace(for_zones=(), for_nodes=()) for member in segment)
        for segment in backends.segments
    )
    service = replace(backends.service, session_affinity="None")
    return replace(backends, service=service, segments=segments)


def _cells(backends: PortBackends, phases: Phases) -> dict[int, int]:
    numbers: dict[frozenset[object], int] = {}
    parts = {e: frozenset(phases.parts.get(e, ())) for e in sorted(_members(backends))}
    return {endpoint: numbers.setdefault(part, len(numbers)) for endpoint, part in parts.items()}


def _are_single(cells: Mapping[int, int]) -> bool:
    return len(set(cells.values())) == len(cells)
