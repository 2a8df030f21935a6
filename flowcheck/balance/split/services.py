"""Every route of a cluster held against what was counted, and what its proxies leave to be expected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from flowcheck import arrays as a
from flowcheck.balance.count.sums import ClientEntries
from flowcheck.balance.expect.routing import Routing
from flowcheck.balance.split.choosers import IN_MESH, Chooser, Client, Clients, clients_of
from flowcheck.balance.split.counts import Tallied, rows_for, rows_of, see
from flowcheck.balance.split.groups import Lookup
from flowcheck.balance.split.judge import Split, hold
from flowcheck.balance.split.phases import Divided, Phases, phases_of
from flowcheck.balance.split.rules import gateways_of, is_for_service, rules_for_service, rules_of_gateway
from flowcheck.balance.split.spread import Spread, divided_by_gateway, spread_of


class Held(NamedTuple):
    """A split, and by whom it is divided: a gateway as ``namespace/name``, or the clients' choosers."""

    split: Split
    by: tuple[str, ...]


@dataclass(slots=True)
class Divisions:
    """By number of service port; ``unclear``: why its routes are not known."""

    spreads: dict[int, Spread] = field(default_factory=dict)
    splits: dict[int, list[Held]] = field(default_factory=lambda: defaultdict(list))
    unclear: dict[int, tuple[str, ...]] = field(default_factory=dict)


NOTHING_DIVIDED = Divisions()


def divide(tallied: Tallied) -> Divisions:
    """Of a catalog whose routing is known."""
    catalog = tallied.catalog
    routing = catalog.routing
    if routing is None:
        return NOTHING_DIVIDED
    found, lookup = Divisions(), Lookup(catalog, routing)
    versions: dict[int, list[int]] = defaultdict(list)
    for number in range(len(catalog.ports)):
        versions[catalog.counts_as(number)].append(number)
    for number, same in versions.items():
        _dialled(tallied, lookup, number, same, found)
    for gateway in dict.fromkeys(name for route in routing.routes for name in gateways_of(route)):
        _by_gateway(tallied, lookup, gateway, found)
    return found


def _dialled(tallied: Tallied, lookup: Lookup, number: int, same: Sequence[int], found: Divisions) -> None:
    """What clients dial as a service port, of which ``same`` are the versions."""
    routing, backends = lookup.routing, tallied.catalog.ports[number]
    clients = _clients(tallied, routing, [number])
    service = backends.service
    named = lookup.routes((service.namespace, service.name))
    routes = [one for one in named if is_for_service(one, backends)]
    phases = None
    if routes:
        proxies = clients.choosers & IN_MESH
        spaces = frozenset(one.namespace for one in clients.known.values() if one.chooser in IN_MESH)
        namespaces = spaces or frozenset({service.namespace})
        rules_at = partial(rules_for_service, backends=backends, choosers=proxies, namespaces=namespaces)
        divided = Divided(lookup, tuple(same), backends.port.port, namespaces, rules_at)
        phases = phases_of(divided)
        if phases.unclear:
            found.unclear[number] = tuple(phases.unclear)
        by = tuple(sorted(one.value for one in proxies))
        found.splits[number] += (Held(split, by) for split in _hold(tallied, divided, phases, _reads_routes))
    rules = lookup.rules((service.namespace, service.name))
    spread = spread_of(routing, rules, backends, clients, phases)
    if spread is not None:
        found.spreads[number] = spread


def _by_gateway(tallied: Tallied, lookup: Lookup, gateway: str, found: Divisions) -> None:
    """What comes in by a gateway: told with the first target of each rule."""
    namespace, _, name = gateway.partition("/")

    def reads(client: Client) -> bool:
        return client.chooser is Chooser.GATEWAY and client.gateway == (namespace, name)

    rules_at = partial(rules_of_gateway, gateway=(namespace, name))
    divided = Divided(lookup, (), 0, frozenset({namespace}), rules_at)
    phases = phases_of(divided)
    for number in sorted({tallied.catalog.counts_as(n) for one in phases.found for n in one.numbers}):
        backends, clients = tallied.catalog.ports[number], _clients(tallied, lookup.routing, [number])
        spread = divided_by_gateway(found.spreads.get(number), backends, clients, phases)
        if spread is not None:
            found.spreads[number] = spread
    for split in _hold(tallied, divided, phases, reads):
        ports = [n for target in split.phase.targets for n in lookup.ports(target, 0)]
        if ports:
            number = tallied.catalog.counts_as(ports[0])
            found.splits[number].append(Held(split, (f"gateway {gateway}",)))


def _reads_routes(client: Client) -> bool:
    return client.chooser in IN_MESH


def _hold(
    tallied: Tallied, divided: Divided, phases: Phases, reads: Callable[[Client], bool]
) -> Iterator[Split]:
    for phase in phases.found:
        rows, ports = rows_for(tallied, divided.host, phase.numbers)
        clients = _clients(tallied, divided.lookup.routing, sorted(ports))
        yield hold(phase, see(tallied, phase, rows, ports, clients, reads))


def _clients(tallied: Tallied, routing: Routing, numbers: Sequence[int]) -> Clients:
    """Who reached any of the service ports."""
    known: dict[int, Client] = {}
    others = False
    for number in numbers:
        entries = ClientEntries._make(c[rows_of(tallied.clients.what, number)] for c in tallied.clients)
        rows = rows_of(tallied.entries.what, number)
        crowd = tallied.entries.place[rows] == a.NO_SINGLE_SENDER
        more = bool(tallied.entries.connections[rows][crowd].any())
        one = clients_of(routing, tallied.catalog.ports[number], entries, others=more)
        known, others = {**one.known, **known}, others or one.others
    return Clients(known, others)
