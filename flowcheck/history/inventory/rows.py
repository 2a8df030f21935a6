"""One version of an object as a row of an inventory: to a document that the ordinary readers read.

A pod's row holds all that is known of it; any other kind's row has its object as JSON text, where the
labels and addresses are not enough. ``flowcheck.history.inventory`` reads the table, ``recording`` fills it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import msgspec

from flowcheck.history.dated import Dated
from flowcheck.history.kept import Kept
from flowcheck.history.sightings import When
from flowcheck.manifests.envelopes import What
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.shapes import Unpacker
from flowcheck.manifests.text.json_items import JsonError
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.cluster import Workload
from flowcheck.model.labels import Labels
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.objects.annotations import NETWORK_STATUS
from flowcheck.objects.devices import DEVICE_IP
from flowcheck.objects.owners import MADE

ROW_KINDS = (
    *("pod", "node", "namespace", "service", "serviceaccount", "endpointslice", "policy", "range"),
    *("set", "tier", "agent", "route"),
)
SIDECAR, INIT = "sidecar", "init"
RUNNING, FINISHED, TEMPLATE = PHASES = ("Running", "Finished", "Template")
"""Of a pod. Finished: nobody knows when it ended. Template: it stands for a workload without pods."""

_APIS = {
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "ReplicationController": "v1",
    "DeploymentConfig": "apps.openshift.io/v1",
    "Pod": "v1",
}
_OBJECT_KINDS = {
    "node": ("Node",),
    "namespace": ("Namespace",),
    "service": ("Service",),
    "endpointslice": ("EndpointSlice", "Endpoints"),
}


class RowPort(NamedTuple):
    """A container port, with the word for its protocol; ``host_port`` 0: none. ``container``: what kind its
    container is of, where that is none of spec.containers: :data:`SIDECAR` or :data:`INIT`."""

    name: str
    protocol: str
    number: int
    host_port: int = 0
    host_ip: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A version with all its addresses. ``source`` is where it was read from first, as ``file:line``; empty:
    nowhere; None: not told. ``links`` are the owners below the one named, as
    ``Kind/name``. ``place`` is the row of the table. ``mesh``: the annotations by which a pod tells of its
    part in a mesh."""

    kind: str
    namespace: str = ""
    name: str = ""
    uid: str = ""
    ips: tuple[str, ...] = ()
    lifetime: Lifetime = ALWAYS
    labels: Labels = field(default_factory=dict)
    namespace_labels: Labels | None = None
    node_name: str = ""
    host_ip: str = ""
    host_network: bool = False
    phase: str = RUNNING
    ready: bool = True
    ports: tuple[RowPort, ...] = ()
    owner_kind: str = ""
    owner_name: str = ""
    source: str | None = None
    document: str = ""
    place: SourceLocation = NOWHERE
    secondary_ips: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    account: str = ""
    mesh: Labels = field(default_factory=dict)


def documents_of(row: Row, journal: Journal) -> Iterator[Dated]:
    """The documents that give a row's value when they are read."""
    source = row.place if row.source is None else _parse(row.source)
    parts = (link.partition("/") for link in row.links)
    owners = tuple(Workload(kind, row.namespace or DEFAULT_NAMESPACE, name) for kind, _, name in parts)
    kept = Kept(row.lifetime, source, row.place, row.namespace_labels, owners=owners)
    if row.kind not in ROW_KINDS:
        journal.refuse_part(row.place, "is of no known kind", f"one of {', '.join(ROW_KINDS)}")
    elif row.kind == "pod":
        template = row.phase == TEMPLATE
        yield from _read(
            _template(row, row.owner_kind, row.owner_name) if template else _pod(row), kept, journal
        )
        if row.owner_kind in MADE and not template:
            owner = _template(row, row.owner_kind, row.owner_name)
            yield from _read(owner, replace(kept, names_only=True, lifetime=ALWAYS), journal)
    elif row.document:
        yield from _of_kind(row, _read(row.document, kept, journal), journal)
    elif row.kind in ("node", "namespace", "serviceaccount"):
        kind = {"namespace": "Namespace", "serviceaccount": "ServiceAccount"}.get(row.kind, "")
        yield from _read(_object(row, "v1", kind) if kind else node_object(row), kept, journal)
    else:
        journal.refuse_part(row.place, f"a {row.kind} needs a document", "the Kubernetes object as JSON")


def _parse(text: str) -> SourceLocation:
    file, _, line = text.rpartition(":")
    if file and line.isascii() and line.isdecimal() and len(line) < 10:
        return SourceLocation(file, int(line))
    return SourceLocation(text)


def _read(body: str | dict[str, Any], kept: Kept, journal: Journal) -> Iterator[Dated]:
    """What a row's object is. Its lines count from where it stood first."""
    text = body.encode(errors="replace") if isinstance(body, str) else b""
    unpacker = Unpacker(str(kept.place), text, journal)
    try:
        found = unpacker.tree(body, 0) if isinstance(body, dict) else unpacker.json(msgspec.Raw(text), 0)
        for document, _ in found:
            document.source = kept.source
            yield Dated(document, When(kept.lifetime.start, What.KEPT), kept)
    except JsonError as fault:
        journal.refuse_part(kept.place, f"the document {fault.message.removeprefix('JSON ')}", fault.hint)


def _of_kind(row: Row, documents: Iterator[Dated], journal: Journal) -> Iterator[Dated]:
    """The documents, if they are what the row says they are."""
    for dated in documents:
        document = dated.document
        expected = _OBJECT_KINDS.get(row.kind)
        others = [kind for kinds in _OBJECT_KINDS.values() for kind in kinds]
        if document.kind not in expected if expected else document.kind in (*others, *_APIS):
            journal.refuse_part(row.place, f"a {row.kind} whose document is of kind {document.kind[:63]}")
        else:
            yield dated


def _object(row: Row, api_version: str, kind: str, **parts: Any) -> dict[str, Any]:
    """The object a row stands for; what is empty is left out, so that the readers' defaults hold."""
    meta = {"name": row.name, "namespace": row.namespace, "labels": row.labels, "uid": row.uid}
    given = {key: value for key, value in meta.items() if value}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": row.name, **given}, **parts}


def node_object(row: Row, pod_cidrs: Sequence[str] = (), devices: Sequence[str] = ()) -> dict[str, Any]:
    """A Node object of what a row tells of it."""
    typed = [*(("InternalIP", ip) for ip in row.ips), *((DEVICE_IP, ip) for ip in devices)]
    addresses = [{"type": kind, "address": ip} for kind, ip in typed]
    parts = {"spec": {"podCIDRs": list(pod_cidrs)}, "status": {"addresses": addresses}}
    return _object(row, "v1", "Node", **parts)


def _containers(row: Row) -> dict[str, Any]:
    """The parts of a pod's spec that have ports."""
    ports: dict[str, list[dict[str, Any]]] = {"": [], SIDECAR: [], INIT: []}
    for port in row.ports:
        ports.get(port.container, ports[""]).append(
            {
                "name": port.name,
                "protocol": port.protocol,
                "containerPort": port.number,
                "hostPort": port.host_port,
                "hostIP": port.host_ip,
            }
        )
    init: list[dict[str, Any]] = [
        {"ports": ports[SIDECAR], "restartPolicy": "Always"},
        {"ports": ports[INIT]},
    ]
    return {"containers": [{"ports": ports[""]}], "initContainers": [one for one in init if one["ports"]]}


def _pod(row: Row) -> dict[str, Any]:
    spec: dict[str, Any] = {"nodeName": row.node_name, "hostNetwork": row.host_network, **_containers(row)}
    spec["serviceAccountName"] = row.account
    status = {
        "phase": "Failed" if row.phase == FINISHED else "Running",
        "podIPs": [{"ip": ip} for ip in row.ips],
        "hostIP": row.host_ip,
        "conditions": [{"type": "Ready", "status": str(row.ready)}],
    }
    manifest = _object(row, "v1", "Pod", spec=spec, status=status)
    annotations = dict(row.mesh)
    if row.secondary_ips:
        annotations[NETWORK_STATUS] = json.dumps([{"ips": row.secondary_ips}])
    if annotations:
        manifest["metadata"]["annotations"] = annotations
    if row.owner_kind and row.owner_name:
        owner = {"kind": row.owner_kind, "name": row.owner_name, "controller": True}
        manifest["metadata"]["ownerReferences"] = [owner]
    return manifest


def _template(row: Row, kind: str, name: str) -> dict[str, Any]:
    spec = {"hostNetwork": row.host_network, "serviceAccountName": row.account, **_containers(row)}
    meta = {"labels": row.labels, "annotations": row.mesh}
    template: dict[str, Any] = {"template": {"metadata": meta, "spec": spec}}
    if kind == "CronJob":
        template = {"jobTemplate": {"spec": template}}
    return _object(
        replace(row, name=name, labels={}, uid=""), _APIS.get(kind, "apps/v1"), kind, spec=template
    )
