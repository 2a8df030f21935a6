"""Pod documents and pod templates -> :class:`flowcheck.model.cluster.Pod`.

A pod comes out owned by its controller as it names it, or by itself; ``workloads.settle`` finds the
top of the chain.

Source: core/v1 Pod, PodTemplateSpec.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from flowcheck.manifests.alike import MOST_KEPT
from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.cluster import ContainerPort, Pod, Workload
from flowcheck.model.timeline import END
from flowcheck.objects.annotations import read_networks
from flowcheck.objects.mesh import read_membership
from flowcheck.objects.pod_times import TimedStatus, own_lifetime
from flowcheck.objects.shared import ObjectMeta, Owner, read_addresses, read_labels, read_protocol
from flowcheck.objects.times import FINISHED


class _Port(msgspec.Struct, rename="camel", gc=False, frozen=True):
    container_port: int
    name: str | None = None
    protocol: str | None = None
    host_port: int | None = None
    host_ip: str | None = msgspec.field(default=None, name="hostIP")


class _Container(msgspec.Struct, rename="camel", gc=False):
    ports: list[_Port] | None = None
    restart_policy: str | None = None


class _Spec(msgspec.Struct, rename="camel", gc=False):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    node_name: str | None = None
    host_network: bool | None = None
    service_account_name: str | None = None
    service_account: str | None = None


class _PodIP(msgspec.Struct, gc=False):
    ip: str | None = None


class _Status(TimedStatus, gc=False):
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    pod_ips: list[_PodIP] | None = msgspec.field(default=None, name="podIPs")
    host_ip: str | None = msgspec.field(default=None, name="hostIP")


class _Pod(msgspec.Struct, gc=False):
    metadata: ObjectMeta | None = None
    spec: _Spec | None = None
    status: _Status | None = None


DEFAULT_ACCOUNT = "default"
"""Whom a pod runs as that names nobody. Source: plugin/pkg/admission/serviceaccount."""

Ports = tuple[ContainerPort, ...]
_known_ports: dict[tuple[tuple[_Port, ...], ...], tuple[Ports, Ports]] = {}
"""Ports with which nothing was wrong: all pods of a workload have the same."""


class Template(msgspec.Struct, gc=False):
    """core/v1 PodTemplateSpec."""

    metadata: ObjectMeta | None = None
    spec: _Spec | None = None


def controller_of(meta: ObjectMeta | None) -> Owner | None:
    """The one owner that controls an object. Source: meta/v1 OwnerReference, controller."""
    for owner in (meta and meta.owner_references) or ():
        if owner.controller and owner.kind and owner.name:
            return owner
    return None


def read_pod(document: Document, seen: int | None) -> Pod:
    """A pod as an input has it, with the lifetime it tells of itself; ``seen``: when a dated input shows it.

    The mirror of a static pod, which its Node owns, is its own workload.
    """
    manifest = document.decode(_Pod)
    namespace = document.namespace or DEFAULT_NAMESPACE
    meta, spec, status = manifest.metadata, manifest.spec or _Spec(), manifest.status or _Status()
    owner = controller_of(meta)
    bare = owner is None or owner.kind == "Node"
    listed = [entry.ip for entry in status.pod_ips or ()]
    host = read_addresses(document, [status.host_ip], "status.hostIP")
    addresses = read_addresses(document, listed or [status.pod_ip], "status.podIPs")
    default, others = read_networks(document)
    addresses = tuple(dict.fromkeys((*addresses, *default)))
    created = meta.creation_timestamp if meta else None
    lifetime = own_lifetime(document, created, status, seen=seen, addressed=bool(addresses))
    ports, init_ports = _ports(document, spec, "spec")
    return Pod(
        namespace,
        document.name,
        Workload("Pod", namespace, document.name)
        if owner is None or bare
        else Workload(owner.kind, namespace, owner.name),
        labels=read_labels(document, meta),
        addresses=addresses,
        ports=ports,
        node=spec.node_name or "",
        host_address=host[0] if host else "",
        host_network=bool(spec.host_network),
        finished=status.phase in FINISHED and lifetime.end == END,
        ready=_is_ready(status),
        uid=(meta.uid if meta else None) or "",
        source=document.source,
        lifetime=lifetime,
        secondary_addresses=tuple(address for address in others if address not in addresses),
        account=_account(spec),
        init_ports=init_ports,
        mesh=read_membership(document),
    )


def read_template(document: Document, template: Template | None, workload: Workload, path: str) -> Pod:
    """The endpoint that stands for a workload without pods: its template's labels and ports."""
    spec = (template.spec if template else None) or _Spec()
    ports, init_ports = _ports(document, spec, f"{path}.spec")
    return Pod(
        workload.namespace,
        workload.name,
        workload,
        labels=read_labels(document, template.metadata if template else None, f"{path}.metadata.labels"),
        ports=ports,
        host_network=bool(spec.host_network),
        template=True,
        source=document.source,
        account=_account(spec),
        init_ports=init_ports,
        mesh=read_membership(document, tuple(path.split(".")), template=True),
    )


def _is_ready(status: _Status) -> bool:
    for condition in status.conditions or ():
        if condition.type == "Ready":
            return condition.status == "True"
    return status.phase != "Pending"


def _account(spec: _Spec) -> str:
    """spec.serviceAccount is the older name, which the API server keeps the same."""
    return spec.service_account_name or spec.service_account or DEFAULT_ACCOUNT


def _ports(document: Document, spec: _Spec, path: str) -> tuple[Ports, Ports]:
    """Ports of containers and of native sidecars; and those of other init containers, which end before there
    is traffic."""
    init = spec.init_containers or []
    sidecars = [one for one in init if one.restart_policy == "Always"] if init else []
    others = [one for one in init if one.restart_policy != "Always"] if init else []
    declared = (_declared(spec.containers or []), _declared(sidecars), _declared(others))
    known = _known_ports.get(declared)
    if known is None:
        own, beside, before = ([_port(document, port, f"{path}.containers") for port in p] for p in declared)
        known = (*own, *(replace(port, sidecar=True) for port in beside)), tuple(before)
        if document.are_none and len(_known_ports) < MOST_KEPT:
            _known_ports[declared] = known
    return known


def _declared(containers: list[_Container]) -> tuple[_Port, ...]:
    return tuple([port for container in containers for port in container.ports or ()])


def _port(document: Document, port: _Port, path: str) -> ContainerPort:
    if not 1 <= port.container_port <= 65535:
        document.report("a containerPort must be from 1 to 65535", path=path)
    protocol = read_protocol(document, port.protocol, path)
    return ContainerPort(port.name or "", port.container_port, protocol, *_at_host(document, port, path))


def _at_host(document: Document, port: _Port, path: str) -> tuple[int, str]:
    """The port of the node that leads to a container's, 0 none, and its address, empty for all."""
    if not port.host_port:
        return 0, ""
    if not 1 <= port.host_port <= 65535:
        document.report("a hostPort must be from 1 to 65535", path=path)
    address = read_addresses(document, [port.host_ip], path)
    return port.host_port, address[0] if address else ""
