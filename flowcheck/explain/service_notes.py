"""What is worth knowing of the backends of a Service: who is left out, and why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.explain.compiled import Leads
from flowcheck.kernels import translate
from flowcheck.model.cluster import Cluster, EndpointSlice, Pod, Service, ServicePort
from flowcheck.model.counted import listed


def external_name_notes(service: Service) -> list[str]:
    target = f" for {service.external_name}" if service.external_name else ""
    return [f"it is a name in DNS{target}: Kubernetes translates nothing, and nobody is behind it"]


def local_note(program: Program, leads: Leads, place: int) -> str:
    """On which node backends are asked, where the Service's traffic policy limits that; else empty."""
    if place == translate.EVERYWHERE:
        return ""
    inner = leads.endpoint == a.NOT_ONE or program.tables.services.reached[leads.endpoint] == a.INNER
    policy = f"{'internal' if inner else 'external'}TrafficPolicy: Local"
    if place == translate.EACH:
        return f"{policy}: each node asks its own backends, and which node it is, is not known"
    whose = "the client's node" if inner else "the node that was reached"
    return f"{policy}: only backends on Node/{program.nodes[place]}, {whose}, are asked"


def notes_on_backends(cluster: Cluster, service: Service, port: ServicePort) -> list[str]:
    """Who of those listed or selected is left out."""
    slices = cluster.slices_of(service)
    if slices:
        return list(_of_slices(slices, port))
    if not service.selector:
        return ["it has no selector and no EndpointSlices, so its backends are not in the snapshot"]
    return list(_of_pods(cluster.pods, service, port))


def _of_slices(slices: Sequence[EndpointSlice], port: ServicePort) -> Iterator[str]:
    with_port = [
        one for one in slices if any((p.name, p.protocol) == (port.name, port.protocol) for p in one.ports)
    ]
    if not with_port:
        names = sorted({p.name or "one without a name" for one in slices for p in one.ports})
        has = f"they have {listed(names)}" if names else "they have no ports, and so serve none"
        wanted = f"named {port.name}" if port.name else "without a name"
        yield f"none of its EndpointSlices has a port {wanted}, by which it is found: {has}"
        return
    backends = list(dict.fromkeys(backend for one in with_port for backend in one.backends))
    ready = [backend for backend in backends if backend.ready]
    leaving = [backend for backend in backends if backend.serving and backend.terminating]
    if len(ready) < len(backends):
        left = "they are left out" if ready or not leaving else "those that serve to the end are judged"
        yield f"{len(backends) - len(ready)} backends of {len(backends)} are not ready: {left}"


def _of_pods(pods: Sequence[Pod], service: Service, port: ServicePort) -> Iterator[str]:
    wanted = (service.selector or {}).items()
    for pod in pods:
        if pod.finished or pod.namespace != service.namespace or not pod.labels.items() >= wanted:
            continue
        declared = {(declared.name, declared.protocol) for declared in pod.ports}
        if not pod.ready and not service.publish_not_ready:
            yield f"{pod.namespace}/{pod.name} is not ready: it is left out"
        elif isinstance(port.target_port, str) and (port.target_port, port.protocol) not in declared:
            yield f"{pod.namespace}/{pod.name} has no port named {port.target_port}: it is no backend"
