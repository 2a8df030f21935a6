"""The hour as ztunnel wrote it on each node: its access log, as text.

A connection through a tunnel has a line on its client's node and one on its server's; one in plaintext has
the latter only. Of a refusal the client's node is told no more than that.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from flowcheck.demo.mesh.connections import Connection, text
from flowcheck.demo.mesh.talk import PODS, Plane, identity, plane_of
from flowcheck.model.mesh.membership import HBONE_PORT

_LATER = timedelta(milliseconds=1)
_REJECTED = "connection closed due to policy rejection: explicitly denied by: "
_TUNNEL_PORT = 20000
"""Tunnels come from ports of their own, which connections share."""


def write(path: Path, connections: Iterable[Connection]) -> None:
    lines: list[tuple[datetime, str]] = []
    for one in connections:
        if plane_of(one.dst) is Plane.AMBIENT:
            if one.src in PODS and plane_of(one.src) is Plane.AMBIENT:
                lines.append((one.at + one.duration, _outbound(one)))
            lines.append((one.at + one.duration + _LATER, _inbound(one)))
    written = "".join(f"{text(at, 'microseconds')}\t{line}\n" for at, line in sorted(lines))
    path.write_bytes(gzip.compress(written.encode(), 9, mtime=0))


def _outbound(one: Connection) -> str:
    error = "http status: 401 Unauthorized" if one.talk.refused else ""
    return _line(one, one.src_port, "outbound", one.sent, one.received, error)


def _inbound(one: Connection) -> str:
    is_tunnel = plane_of(one.src) is Plane.AMBIENT
    port = _TUNNEL_PORT + one.number % 8 if is_tunnel else one.src_port
    error = f"{_REJECTED}{one.talk.refused}" if one.talk.refused else ""
    return _line(one, port, "inbound", one.received, one.sent, error)


def _line(one: Connection, port: int, direction: str, sent: int, received: int, error: str) -> str:
    is_tunnel = plane_of(one.src) is Plane.AMBIENT
    target, service = f"{one.dst_address}:{one.talk.port}", one.talk.service
    fields = [f"src.addr={one.src_address}:{port}"]
    if one.src in PODS:
        namespace, _, pod = one.src.partition("/")
        fields += [f'src.workload="{pod}"', f'src.namespace="{namespace}"']
    if is_tunnel:
        fields += [
            f'src.identity="{identity(one.src)}"',
            f"dst.addr={one.dst_address}:{HBONE_PORT}",
            f"dst.hbone_addr={target}",
        ]
    else:
        fields.append(f"dst.addr={target}")
    namespace, _, pod = one.dst.partition("/")
    if service:
        fields.append(f'dst.service="{service}.{namespace}.svc.cluster.local"')
    fields += [
        f'dst.workload="{pod}"',
        f'dst.namespace="{namespace}"',
        f'direction="{direction}"',
        f"bytes_sent={sent}",
        f"bytes_recv={received}",
        f'duration="{one.duration.microseconds // 1000}ms"',
    ]
    level = "info"
    if error:
        level, fields = "error", [*fields, f'error="{error}"']
    return f"{level}\taccess\tconnection complete\t{' '.join(fields)}"
