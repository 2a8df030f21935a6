"""Versions of one Service: when each may have been there, and which of them count as one.

A Service stands once for every version. Versions that send connections to the same places are one to whoever
asks how it carried its load; those that differ in that are not.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from flowcheck.compile.endpoints.virtual import plain_service
from flowcheck.model.cluster import Cluster
from flowcheck.model.service import Service, ServicePort
from flowcheck.model.timeline import BEGINNING, END

Span = tuple[int, int]
"""A half-open stretch of time, microseconds."""


def service_spans(cluster: Cluster, services: Sequence[Service]) -> list[Span]:
    """When a version that says what each of ``services`` says may have been there, first to last."""
    spans: dict[Hashable, Span] = {}
    plain_of: dict[int, Hashable] = {}
    for service in cluster.services:
        plain = plain_of[id(service)] = plain_service(service)
        start, end = spans.get(plain, (END, BEGINNING))
        life = service.lifetime
        spans[plain] = min(start, life.start), max(end, life.end)
    plain_of |= {id(service): plain_service(service) for service in services if id(service) not in plain_of}
    return [spans.get(plain_of[id(service)], (BEGINNING, END)) for service in services]


def count_together(ports: Sequence[tuple[Service, ServicePort]], spans: Sequence[Span]) -> list[int]:
    """For each service port, the latest one that says the same of where connections go."""
    latest: dict[Hashable, int] = {}
    for number, (service, port) in enumerate(ports):
        known = latest.setdefault(_places(service, port), number)
        if spans[number][0] > spans[known][0]:
            latest[_places(service, port)] = number
    return [latest[_places(service, port)] for service, port in ports]


def _places(service: Service, port: ServicePort) -> Hashable:
    """All of a Service that decides where the connections to one of its ports go."""
    return (
        *(service.namespace, service.name, port.protocol, port.port, port.name, port.target_port),
        None if service.selector is None else frozenset(service.selector.items()),
        *(service.type, service.headless, bool(service.external_ips), service.publish_not_ready),
        *(service.internal_traffic_policy, service.external_traffic_policy),
        *(service.session_affinity, service.affinity_seconds),
    )
