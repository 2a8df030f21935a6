"""What is worth knowing of the backends of a Service: who is left out, and why there are none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.compile.backends import is_ready, listed_for, port_numbers, target_number, used
from flowcheck.counted import listed
from flowcheck.explaining.compiled import Leads
from flowcheck.explaining.finder import Finder
from flowcheck.kernels import translate
from flowcheck.model.cluster import Pod
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort


def external_name_notes(service: Service) -> list[str]:
    target = f" for {service.external_name}" if service.external_name else ""
    return [f"it is a name in DNS{target}: Kubernetes translates nothing, and nobody is behind it"]


def local_note(program: Program, leads: Leads, place: int) -> str:
    """On which node backends are asked, where the Service's traffic policy limits that; else empty."""
    if place == translate.EVERYWHERE:
        return ""
    inner = leads.endpoint == a.NOT_ONE or program.tables.services.doors.reached[leads.endpoint] == a.INNER
    policy = f"{'internal' if inner else 'external'}TrafficPolicy: Local"
    if place == translate.EACH:
        return f"{policy}: each node asks its own backends, and which node it is, is not known"
    whose = "the client's node" if inner else "the node that was reached"
    return f"{policy}: only backends on Node/{program.nodes[place]}, {whose}, are asked"


def listed_backends(slices: Sequence[EndpointSlice], port: ServicePort) -> list[Backend]:
    """All that slices list for a service port, each once."""
    return list(dict.fromkeys(one.backend for one in listed_for(slices, port)))


def asked_backends(program: Program, backends: Sequence[Backend], place: int) -> list[Backend]:
    """Those of listed backends that a connection may go to, as kernels choose them: ready ones, else those
    that serve to the end, of all of them or of one node's own. ``place``: as for :func:`local_note`."""
    groups: dict[str, list[Backend]] = defaultdict(list)
    for backend in _placed(program, backends, place):
        groups["" if place == translate.EVERYWHERE else backend.node].append(backend)
    return [backend for group in groups.values() for backend in used(group)]


def _placed(program: Program, backends: Sequence[Backend], place: int) -> list[Backend]:
    """Those on the node that is asked; on any, where each node asks its own."""
    if place == translate.EVERYWHERE:
        return list(backends)
    if place == translate.EACH:
        return [backend for backend in backends if backend.node]
    return [backend for backend in backends if backend.node == program.nodes[place]]


def notes_on_backends(finder: Finder, service: Service, port: ServicePort, place: int) -> list[str]:
    """Who of those listed or selected is left out."""
    slices = finder.backends.slices(service)
    if slices:
        return list(_of_slices(finder.program, slices, port, place))
    if not service.selector:
        return ["it has no selector and no EndpointSlices, so its backends are not in the snapshot"]
    return list(_of_pods(finder.backends.selected(service), service, port))


def _of_slices(
    program: Program, slices: Sequence[EndpointSlice], port: ServicePort, place: int
) -> Iterator[str]:
    if not any(port_numbers(one, port) for one in slices):
        names = sorted({p.name or "one without a name" for one in slices for p in one.ports})
        has = f"they have {listed(names)}" if names else "they have no ports, and so serve none"
        wanted = f"named {port.name}" if port.name else "without a name"
        yield f"none of its EndpointSlices has a port {wanted}, by which it is found: {has}"
        return
    backends = _placed(program, listed_backends(slices, port), place)
    unready = [backend for backend in backends if not backend.ready]
    if unready:
        leaving = any(not backend.ready for backend in asked_backends(program, backends, place))
        left = "those that serve to the end are judged" if leaving else "they are left out"
        if leaving and place == translate.EACH:
            left += " where no other on their node is ready"
        where = f" on Node/{program.nodes[place]}" if place >= 0 else ""
        yield f"{len(unready)} backends of {len(backends)}{where} are not ready: {left}"


def _of_pods(pods: Iterable[Pod], service: Service, port: ServicePort) -> Iterator[str]:
    for pod in pods:
        if not is_ready(pod, service):
            yield f"{pod.namespace}/{pod.name} is not ready: it is left out"
        elif target_number(pod, port) is None:
            yield f"{pod.namespace}/{pod.name} has no port named {port.target_port}: it is no backend"
