"""A destination that leads elsewhere: a Service by its name or address, a node port, a host port.

Who is behind it, and on which port, is asked of the compiled program, as for a recorded flow: policies see
the connection after the translation, never the Service's own address and port. A headless Service translates
nothing: clients dial the pods.

Source: core/v1 ServiceSpec; discovery.k8s.io/v1 EndpointSlice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from flowcheck import arrays as a
from flowcheck.compile.backends import is_ready
from flowcheck.errors import RunError
from flowcheck.explaining import compiled
from flowcheck.explaining.backends import (
    asked_backends,
    external_name_notes,
    listed_backends,
    local_note,
    notes_on_backends,
)
from flowcheck.explaining.compiled import Leads
from flowcheck.explaining.ends import Candidate, Party, as_address, kind_of
from flowcheck.explaining.finder import Finder
from flowcheck.kernels import translate
from flowcheck.model.protocols import port_text, protocol_name
from flowcheck.model.service import Service, ServicePort


def find_destination(finder: Finder, given: str, port: int | None, protocol: int, src: Party) -> Party:
    """The destination: a Service by its name or its virtual address, or any other end.

    Raises: RunError for a name nobody has, or a port the Service does not have.
    """
    if as_address(given):
        return _at_address(finder, given, port, protocol, src)
    service = _named(finder, given)
    if service is None:
        return finder.find(given)
    name = f"{service.namespace}/Service/{service.name}"
    if service.type == "ExternalName":
        notes, settle = external_name_notes(service), "ask for the address that the name stands for"
        return Party(given, "service", name, (), tuple(notes), service=True, settle=settle)
    if service.headless:
        ends = _headless_ends(finder, service, port)
        note = "a headless Service translates no port: clients dial the pods themselves"
        return _party(finder, given, service, [list(ends)] * len(src.ends), src, [note])
    number = _service_port(finder, service, port, protocol)
    return _behind(finder, given, Leads(a.NOT_ONE, number), src, [])


def _at_address(finder: Finder, given: str, port: int | None, protocol: int, src: Party) -> Party:
    """Whoever an address leads to at a port; without any, whoever has it."""
    address = as_address(given)
    leads = compiled.leads_to(finder.program, address, protocol, port)
    found = finder.axis.endpoints[leads.endpoint]
    if finder.by_waypoint and found.kind != a.KIND_SERVICE:  # ports of nodes lead past it
        end = finder.end_of(leads.endpoint, address)
        return Party(given, kind_of(end), end.name, (end,))
    if leads.behind is not None:
        endpoint, number = leads.behind
        end = replace(finder.end_of(endpoint), port=number, dialled=leads.endpoint)
        note = f"port {port_text(port, protocol)} of {found.name} is a host port, of port {number} of the pod"
        return Party(given, "pod", end.name, (end,), (note,))
    if leads.service_port == a.SEVERAL:
        why = f"port {port_text(port, protocol)} of {found.name} leads to several at once"
        lost = Candidate(leads.endpoint, address, address, lost="ambiguous", why_lost=why)
        return Party(given, "unknown", address, (replace(lost, endpoint=finder.axis.ambiguous),))
    if found.kind == a.KIND_SERVICE and leads.service_port == a.NOT_ONE:
        raise _no_port(finder, given, address, port, protocol)
    if leads.service_port == a.NOT_ONE:
        end = finder.end_of(leads.endpoint, address)
        return Party(given, kind_of(end), end.name, (end,))
    service, _ = finder.program.service_ports[leads.service_port]
    if found.kind == a.KIND_SERVICE:
        notes = [f"{given} is the address of the Service"]
        others = [s for s in finder.services_at(address) if s is not service]
        if others:
            shared = ", ".join(f"{s.namespace}/{s.name}" for s in others)
            notes.append(f"{given} is also the address of {shared}: the port tells which")
        if finder.nodes_at(address):
            notes.append(f"{given} is also {finder.nodes_at(address)[0]}, at ports of no Service")
    else:
        notes = [f"port {port} of every node leads to the Service {service.namespace}/{service.name}"]
    return _behind(finder, given, leads, src, notes)


def _behind(finder: Finder, given: str, leads: Leads, src: Party, notes: list[str]) -> Party:
    """A service port with the backends that each of the sources may be sent to."""
    program = finder.program
    service, port = program.service_ports[leads.service_port]
    slices = finder.backends.slices(service)
    backends = listed_backends(slices, port)
    places = [translate.EVERYWHERE] * len(src.ends)
    if not finder.by_waypoint:
        places = [compiled.place_of(program, leads, source.endpoint) for source in src.ends]
    addresses = {
        place: [backend.address for backend in asked_backends(program, backends, place)]
        for place in dict.fromkeys(places)
    }
    dialled = leads.endpoint if leads.endpoint >= 0 else finder.endpoint_of(service)
    by_source = [
        [
            replace(end, port=number, dialled=dialled)
            for one, number in compiled.backends_of(program, leads, place)
            for end in _ends_at(finder, addresses[place], one)
        ]
        for place in places
    ]
    for place in addresses:
        notes += filter(None, [local_note(program, leads, place)])
        notes += notes_on_backends(finder, service, port, place)
    party = _party(finder, given, service, by_source, src, notes)
    return party if slices else replace(party, settle="give a snapshot that has its pods or EndpointSlices")


def _party(
    finder: Finder,
    given: str,
    service: Service,
    by_source: Sequence[Sequence[Candidate]],
    src: Party,
    notes: Iterable[str],
) -> Party:
    apart = [place for end in src.ends for place in finder.place_of(end)]
    collapsed = tuple(finder.collapse(ends, apart) for ends in by_source)
    everyone = finder.collapse((end for ends in by_source for end in ends), apart)
    name = f"{service.namespace}/Service/{service.name}"
    return Party(
        given,
        "service",
        name,
        everyone,
        tuple(dict.fromkeys(notes)),
        service=True,
        by_source=collapsed,
    )


def _ends_at(finder: Finder, addresses: Iterable[str], endpoint: int) -> list[Candidate]:
    """A backend; where it is nobody of the cluster's, each of the addresses asked that are there."""
    end = finder.end_of(endpoint)
    if end.pod or end.node:
        return [end]
    at = {address: finder.at(address) for address in addresses}
    there = [
        address for address, found in at.items() if endpoint == found.endpoint or (end.lost and found.lost)
    ]
    return [finder.end_of(endpoint, address) for address in there] or [end]


def _named(finder: Finder, given: str) -> Service | None:
    namespace, _, rest = given.partition("/")
    kind, _, name = rest.partition("/")
    if kind.lower() not in ("svc", "service", "services"):
        return None
    for service in finder.cluster.services:
        if (service.namespace, service.name) == (namespace, name):
            return service
    raise finder.not_found(given, f"there is no Service {namespace}/{name}", "")


def _service_port(finder: Finder, service: Service, port: int | None, protocol: int) -> int:
    """The number of a Service's port in the program."""
    for number, (owner, candidate) in enumerate(finder.program.service_ports):
        same = (owner.namespace, owner.name) == (service.namespace, service.name)
        if same and (candidate.port, candidate.protocol) == (port, protocol):
            return number
    raise RunError(
        f"the Service {service.namespace}/{service.name} has no port {port_text(port, protocol)}",
        hint=f"it has {_ports_of([service])}; a pod's own port is asked for with --to NS/POD or NS/WORKLOAD",
    )


def _no_port(finder: Finder, given: str, address: str, port: int | None, protocol: int) -> RunError:
    there = finder.services_at(address)
    names = " and ".join(f"{service.namespace}/{service.name}" for service in there)
    who = f"the Service {names} has" if len(there) == 1 else f"the Services {names} at {given} have"
    which = "it has" if len(there) == 1 else "they have"
    return RunError(
        f"{who} no port {port_text(port, protocol)}",
        hint=f"{which} {_ports_of(there)}; a pod's own port is asked for with --to NS/POD or NS/WORKLOAD",
    )


def _ports_of(services: Iterable[Service]) -> str:
    ports = [port for service in services for port in service.ports]
    return ", ".join(map(_port_words, ports)) or "none"


def _port_words(port: ServicePort) -> str:
    return port_text(port.port, port.protocol) + (f" ({port.name})" if port.name else "")


def _headless_ends(finder: Finder, service: Service, port: int | None) -> Iterator[Candidate]:
    """The pods that its name stands for in DNS: those its slices list as ready, else those selected."""
    slices = finder.backends.slices(service)
    if slices:
        for backend in dict.fromkeys(b for one in slices for b in one.backends if b.ready):
            yield replace(finder.at_backend(service.namespace, backend), port=port)
        return
    for pod in finder.backends.selected(service):
        if is_ready(pod, service):
            for endpoint in finder.axis.of_pod(pod.namespace, pod.name):
                yield replace(finder.end_of(endpoint), port=port)


def translation(service_port: int | None, dst: Party, protocol: int) -> str:
    """How the Service's port is translated, in words; empty where it stays the same."""
    numbers = sorted({end.port for end in dst.ends if end.port is not None})
    if not dst.service or not numbers or numbers == [service_port]:
        return ""
    behind = " or ".join(map(str, numbers))
    return f"port {service_port}/{protocol_name(protocol)} is translated to {behind} on the backends"
