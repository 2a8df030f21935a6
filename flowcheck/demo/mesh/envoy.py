"""The hour as the sidecars of the namespace web wrote it: Istio's access log in JSON.

Each request has a record by its client's sidecar, and one by its server's. Refusals are the server's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flowcheck.demo.logs.connections import write_lines
from flowcheck.demo.mesh.connections import Connection, text
from flowcheck.demo.mesh.talk import PODS, SERVICES, Plane, identity, plane_of

_FORBIDDEN = "rbac_access_denied_matched_policy[none]"


def write(path: Path, connections: Iterable[Connection]) -> None:
    records: list[dict[str, Any]] = []
    for one in connections:
        if plane_of(one.dst) is Plane.SIDECAR:
            if plane_of(one.src) is Plane.SIDECAR:
                records.append(_outbound(one))
            records.append(_inbound(one))
    write_lines(path, records)


def _request(one: Connection, host: str) -> dict[str, Any]:
    return {
        "start_time": text(one.at),
        "duration": one.duration.seconds * 1000 + one.duration.microseconds // 1000,
        "protocol": "HTTP/1.1",
        "method": one.talk.method,
        "path": one.talk.path,
        "authority": f"{host}:{one.talk.port}",
        "response_code": 403 if one.talk.refused else 200,
        "response_code_details": "via_upstream",
        "response_flags": "-",
        "bytes_received": one.sent,
        "bytes_sent": one.received,
    }


def _outbound(one: Connection) -> dict[str, Any]:
    service, port = one.talk.service, one.talk.port
    return {
        **_request(one, service),
        "downstream_remote_address": f"{one.src_address}:{one.src_port - 7}",
        "downstream_local_address": f"{SERVICES[service]}:{port}",
        "upstream_cluster": f"outbound|{port}|{_version(one)}|{service}.web.svc.cluster.local",
        "upstream_host": f"{one.dst_address}:{port}",
        "upstream_local_address": f"{one.src_address}:{one.src_port}",
        "upstream_connection_id": one.number,
    }


def _inbound(one: Connection) -> dict[str, Any]:
    port, host = one.talk.port, one.talk.service or "shop.example"
    in_mesh = plane_of(one.src) is Plane.SIDECAR
    name = f"outbound_.{port}_.{_version(one)}_.{host}.web.svc.cluster.local"
    return {
        **_request(one, host),
        **({"response_code_details": _FORBIDDEN} if one.talk.refused else {}),
        "requested_server_name": name if in_mesh else None,
        "downstream_remote_address": f"{one.src_address}:{one.src_port}",
        "downstream_local_address": f"{one.dst_address}:{port}",
        "downstream_peer_uri_san": identity(one.src) if in_mesh else None,
        "connection_id": one.number,
        "upstream_cluster": f"inbound|{port}||",
        "upstream_host": None if one.talk.refused else f"{PODS[one.dst].address}:{port}",
        "upstream_local_address": None if one.talk.refused else f"127.0.0.6:{one.src_port - 9}",
    }


def _version(one: Connection) -> str:
    """The subset of the route that the destination is of."""
    return one.dst.split("-")[1] if one.talk.service == "reviews" else ""
