"""What parts of a flow say: its time, the names of an endpoint, the name of a Service."""

from __future__ import annotations

from flowcheck.flows.formats.hubble.records import Endpoint, Moment, Service


def microseconds(time: str | Moment | None) -> int | str | None:
    """A time as rows have it."""
    return time.seconds * 1_000_000 + (time.nanos or 0) // 1000 if isinstance(time, Moment) else time


def names_of(end: Endpoint | None) -> tuple[str | None, str | None, str | None]:
    """Namespace, pod, workload."""
    if end is None:
        return None, None, None
    workload = end.workloads[0].name if end.workloads else None
    return end.namespace or None, end.pod_name or None, workload or None


def service_of(service: Service | None) -> str | None:
    if service is None or not service.name:
        return None
    return f"{service.namespace}/{service.name}" if service.namespace else service.name
