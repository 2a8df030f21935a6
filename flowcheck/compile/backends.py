"""Who stands behind a Service port: the one place that says so, of EndpointSlices and of pods by a selector.

Backends are those the Service's EndpointSlices list, else (where it never has any) the pods of its selector;
ExternalName, a name in DNS, has none. A slice serves a service port by its name and protocol. Which of them
are used, and what they are on the axis or to whoever counts, is left to those who ask.

Source: core/v1 ServiceSpec; discovery.k8s.io/v1 EndpointSlice; kube-proxy's CategorizeEndpoints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort


class Listed(NamedTuple):
    """A backend as a version of a slice lists it for a service port. ``number``: its port, 0 where the slice
    leaves that to the pod."""

    slice: EndpointSlice
    number: int
    backend: Backend


class Backends:
    """Everything that stands behind the Services of a cluster, at any time."""

    def __init__(self, cluster: Cluster) -> None:
        self._slices: dict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
        self._pods: dict[str, list[Pod]] = defaultdict(list)
        for one in cluster.slices:
            self._slices[one.namespace, one.service].append(one)
        for pod in cluster.pods:
            if not pod.finished:
                self._pods[pod.namespace].append(pod)

    def slices(self, service: Service) -> Sequence[EndpointSlice]:
        """Every version of every slice, in the order of the cluster."""
        if service.type == "ExternalName":
            return ()
        return self._slices.get((service.namespace, service.name), ())

    def selected(self, service: Service) -> Iterator[Pod]:
        """Every version of every pod that the selector matches, ready or not; nobody where slices tell."""
        if service.type == "ExternalName" or not service.selector or self.slices(service):
            return
        wanted = service.selector.items()
        for pod in self._pods.get(service.namespace, ()):
            if pod.labels.items() >= wanted:
                yield pod


def listed_for(slices: Iterable[EndpointSlice], port: ServicePort) -> Iterator[Listed]:
    """All that slices list for a service port, whatever its conditions."""
    for one in slices:
        for number in port_numbers(one, port):
            yield from (Listed(one, number, backend) for backend in one.backends)


def port_numbers(one: EndpointSlice, port: ServicePort) -> list[int]:
    """The ports of a slice that serve a service port; none: it does not."""
    found = (p.port for p in one.ports if (p.name, p.protocol) == (port.name, port.protocol))
    return list(dict.fromkeys(found))


def target_number(pod: Pod, port: ServicePort) -> int | None:
    """The pod's port behind the Service's: a number, or the first container port of that name; None: it has
    none, and is no backend."""
    if isinstance(port.target_port, int):
        return port.target_port
    for declared in pod.ports:
        if (declared.name, declared.protocol) == (port.target_port, port.protocol):
            return declared.number
    return None


def is_ready(pod: Pod, service: Service) -> bool:
    """Whether a selected pod counts as ready."""
    return pod.ready or service.publish_not_ready


class Conditions(Protocol):
    """What a slice says of how a backend is."""

    @property
    def ready(self) -> bool: ...
    @property
    def serving(self) -> bool: ...
    @property
    def terminating(self) -> bool: ...


def serves_to_the_end(one: Conditions) -> bool:
    """Whether it is used where nobody is ready: it terminates, and still serves."""
    return one.serving and one.terminating


C = TypeVar("C", bound=Conditions)


def used(group: Sequence[C]) -> list[C]:
    """Of backends that are asked together the ready ones, else those that serve to the end."""
    return [one for one in group if one.ready] or [one for one in group if serves_to_the_end(one)]
