"""Kubernetes objects with times, and the files of a history: for tests of versions and their lifetimes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import parse_instant
from flowcheck.model.timeline import Lifetime

Json = dict[str, Any]


def at(clock: str) -> int:
    """``"10:05"`` or ``"10:05:30.5"`` of the day that all of it happens on."""
    return parse_instant(stamp(clock))


def stamp(clock: str) -> str:
    return f"2026-03-10T{clock}{':00' if clock.count(':') == 1 else ''}Z"


def thing(kind: str, name: str, api: str, uid: str = "", created: str = "", **parts: Any) -> Json:
    """An object in namespace ``x``, or of no namespace where ``namespace=None`` is given."""
    namespace = parts.pop("namespace", "x")
    metadata: Json = {"name": name, "labels": parts.pop("labels", {}), **parts.pop("metadata", {})}
    if namespace is not None:
        metadata["namespace"] = namespace
    if uid:
        metadata["uid"] = uid
    if created:
        metadata["creationTimestamp"] = stamp(created)
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def pod(name: str = "p", ip: str = "10.0.0.1", started: str = "", **parts: Any) -> Json:
    """A running pod; ``started`` is its startTime, ``app`` its label, ``status`` is merged into its own."""
    status: Json = {"phase": "Running", **({"podIPs": [{"ip": ip}]} if ip else {})}
    if started:
        status["startTime"] = stamp(started)
    status.update(parts.pop("status", {}))
    parts.setdefault("uid", f"uid-{name}")
    labels = {"app": parts.pop("app", "a")}
    return thing("Pod", name, "v1", labels=labels, status=status, **parts)


def policy(name: str = "n", port: int = 80, **parts: Any) -> Json:
    spec = {"podSelector": {}, "ingress": [{"ports": [{"port": port}]}]}
    return thing("NetworkPolicy", name, "networking.k8s.io/v1", spec=spec, **parts)


def namespace(name: str = "x", **parts: Any) -> Json:
    return thing("Namespace", name, "v1", namespace=None, **parts)


def slice_of(name: str = "s-1", *ips: str, **parts: Any) -> Json:
    return thing(
        "EndpointSlice",
        name,
        "discovery.k8s.io/v1",
        labels={"kubernetes.io/service-name": "s"},
        addressType="IPv4",
        endpoints=[{"addresses": [ip]} for ip in ips],
        ports=[{"port": 80}],
        **parts,
    )


def snapshot(folder: Path, clock: str, *objects: Json, name: str = "state") -> None:
    """A ``kubectl get -o json`` file whose name tells its time; without a clock it has none."""
    suffix = f"-{stamp(clock)}" if clock else ""
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    (folder / f"{name}{suffix}.json").write_text(json.dumps(listed))


def watch(folder: Path, *events: Json, name: str = "watch.json") -> None:
    (folder / name).write_text("\n".join(json.dumps(event, indent=4) for event in events))


def event(kind: str, thing: Json, time: str = "") -> Json:
    """A watch event, with the time in its envelope where one is given."""
    return {"type": kind, "object": thing, **({"time": stamp(time)} if time else {})}


def seen(cluster: Cluster, attribute: str = "pods", name: str = "p") -> list[Any]:
    """The versions of one object, oldest first."""
    found = [one for one in getattr(cluster, attribute) if one.name == name]
    return sorted(found, key=lambda one: one.lifetime.start)


def life(start: str | int, end: str | int, sure_start: str | int, sure_end: str | int) -> Lifetime:
    """A lifetime from clocks."""
    return Lifetime(*(at(x) if isinstance(x, str) else x for x in (start, end, sure_start, sure_end)))
