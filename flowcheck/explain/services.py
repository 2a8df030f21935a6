"""A Service as destination: which backends stand behind it, and the port each of them is asked on.

Backends are those EndpointSlices list, else the pods of the selector. Policies see the connection after the
Service's translation: the backend's address and its target port, never the Service's own.

Source: core/v1 ServiceSpec; discovery.k8s.io/v1 EndpointSlice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flowcheck.compile.addresses import prefix
from flowcheck.errors import RunError
from flowcheck.explain.ends import End, Finder, Party, as_address
from flowcheck.explain.words import port_text, protocol_name
from flowcheck.model.cluster import Backend, Pod, Service, ServicePort
from flowcheck.model.counted import agreeing, counted


def find_destination(finder: Finder, given: str, port: int | None, protocol: int, src: Party) -> Party:
    """The destination: a Service by its name or its virtual address, or any other end.

    Raises: RunError for a name nobody has, or a port the Service does not have.
    """
    notes: list[str] = []
    service = _service(finder, given)
    at_node = _at_node_port(finder, given, port, protocol) if service is None else None
    if at_node is not None:
        service, service_port = at_node
        notes.append(f"port {port} of every node leads to the Service {service.namespace}/{service.name}")
    elif service is None:
        return finder.find(given)
    else:
        if as_address(given):
            notes.append(f"{given} is the address of the Service")
        service_port = _dialled(service, port, protocol, notes)
    ends = list(_backends(finder, service, service_port, _is_headless(service), notes))
    apart = [place for end in src.ends for place in finder.place_of(end)]
    name = f"{service.namespace}/Service/{service.name}"
    return Party(given, "service", name, finder.collapse(ends, apart), tuple(notes), service=True)


def _is_headless(service: Service) -> bool:
    return not service.cluster_ips and service.type == "ClusterIP"


def _dialled(service: Service, port: int | None, protocol: int, notes: list[str]) -> ServicePort:
    """The port of the Service that is asked for; of a headless one, the pods' own."""
    if not _is_headless(service):
        return _port_of(service, port, protocol)
    notes.append("a headless Service translates no port: clients dial the pods themselves")
    return ServicePort("", protocol, port or 0, port or 0)


def _service(finder: Finder, given: str) -> Service | None:
    address = as_address(given)
    if address:
        end = finder.at(address)
        virtual = [
            s
            for s in finder.cluster.services
            if prefix(address) in map(prefix, (*s.cluster_ips, *s.external_ips))
        ]
        return virtual[0] if virtual and end.lost == "unresolved" else None
    namespace, _, rest = given.partition("/")
    kind, _, name = rest.partition("/")
    if kind.lower() not in ("svc", "service", "services"):
        return None
    for service in finder.cluster.services:
        if (service.namespace, service.name) == (namespace, name):
            return service
    raise finder.not_found(given, f"there is no Service {namespace}/{name}", "")


def _at_node_port(
    finder: Finder, given: str, port: int | None, protocol: int
) -> tuple[Service, ServicePort] | None:
    """The Service that this port of a node's address leads to. Source: core/v1 ServicePort, nodePort."""
    if not as_address(given) or not port or finder.find(given).kind != "node":
        return None
    for service in finder.cluster.services:
        for candidate in service.ports if service.type in ("NodePort", "LoadBalancer") else ():
            if (candidate.node_port, candidate.protocol) == (port, protocol):
                return service, candidate
    return None


def _port_of(service: Service, port: int | None, protocol: int) -> ServicePort:
    for candidate in service.ports:
        if (candidate.port, candidate.protocol) == (port, protocol):
            return candidate
    has = ", ".join(port_text(p.port, p.protocol) + (f" ({p.name})" if p.name else "") for p in service.ports)
    raise RunError(
        f"the Service {service.namespace}/{service.name} has no port {port_text(port, protocol)}",
        hint=f"it has {has or 'none'}; a pod's own port is asked for with --to NS/POD or NS/WORKLOAD",
    )


def _backends(
    finder: Finder, service: Service, port: ServicePort, headless: bool, notes: list[str]
) -> Iterator[End]:
    slices = [
        s for s in finder.cluster.slices if (s.namespace, s.service) == (service.namespace, service.name)
    ]
    if slices:
        listed = [
            (backend, (number.port or _number(port)) if not headless else port.port)
            for one in slices
            for number in one.ports or (ServicePort("", port.protocol, 0, 0),)
            if headless or (number.name == port.name and number.protocol == port.protocol)
            for backend in one.backends
        ]
        ready = [(b, number) for b, number in listed if b.ready]
        leaving = [(b, number) for b, number in listed if b.serving and b.terminating]
        if len(ready) < len(listed):
            left = "left out" if ready or not leaving else "those that serve to the end are judged"
            idle, backends = len(listed) - len(ready), counted(len(listed), "backend")
            notes.append(f"{idle} of {backends} {agreeing(idle, 'is', 'are')} not ready: {left}")
        for backend, number in dict.fromkeys(ready or leaving):
            yield replace(_backend_end(finder, service, backend), port=number)
        return
    if service.selector is None:
        notes.append("it has no selector and no EndpointSlices, so its backends are not in the snapshot")
        return
    for pod in finder.cluster.pods:
        if (
            pod.finished
            or pod.namespace != service.namespace
            or not pod.labels.items() >= service.selector.items()
        ):
            continue
        if not pod.ready and not service.publish_not_ready:
            notes.append(f"{pod.namespace}/{pod.name} is not ready: it is left out")
            continue
        target = port.port if headless else _target(pod, port)
        if target is None:
            notes.append(f"{pod.namespace}/{pod.name} has no port named {port.target_port}: it is no backend")
            continue
        for endpoint in finder.axis.of_pod(pod.namespace, pod.name):
            yield replace(finder.end_of(endpoint), port=target)


def _number(port: ServicePort) -> int:
    return port.target_port if isinstance(port.target_port, int) else port.port


def _target(pod: Pod, port: ServicePort) -> int | None:
    """The pod's port behind the Service's: a number, or the first container port of that name."""
    if isinstance(port.target_port, int):
        return port.target_port or port.port
    for declared in pod.ports:
        if (declared.name, declared.protocol) == (port.target_port, port.protocol):
            return declared.number
    return None


def _backend_end(finder: Finder, service: Service, backend: Backend) -> End:
    """A listed backend: the pod it names where that pod has the address, else who is at the address."""
    wanted = prefix(backend.address)
    for endpoint in finder.axis.of_pod(service.namespace, backend.pod):
        if finder.axis.endpoints[endpoint].prefix == wanted:
            return finder.end_of(endpoint)
    return finder.at(backend.address)


def translation(service_port: int | None, ends: tuple[End, ...], protocol: int) -> str:
    """How the Service's port is translated, in words; empty where it stays the same."""
    numbers = sorted({end.port for end in ends if end.port is not None})
    if not numbers or numbers == [service_port]:
        return ""
    behind = " or ".join(map(str, numbers))
    return f"port {service_port}/{protocol_name(protocol)} is translated to {behind} on the backends"
