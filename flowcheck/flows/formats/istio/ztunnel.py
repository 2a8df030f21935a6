"""ztunnel, Istio's proxy on each node in ambient mode: its access log.

A record is a connection that ended (``connection complete``), logged by the node of either end: ``outbound``
at the client's, ``inbound`` at the server's. The destination is ``dst.hbone_addr``: ``dst.addr`` is the
tunnel's end, port 15008, which is what a NetworkPolicy sees on the wire (``outer_port``). Where the two have
different
addresses, a waypoint stands between: the connection goes to it, and what was dialled is the Service. Bytes
are counted from the pod of the node that logs: sent by the client outbound, by the server inbound. The source
port is only known from an outbound line. ``src.identity`` is the client's certificate, which only a tunnel
has: what comes or goes without one is plaintext. A refusal by an AuthorizationPolicy is the mesh's
(``mesh_action``). Lines about connections that opened, that failed before their ends were known, and of
policies that were tried, are left out. UDP is never logged.

Source: src/proxy/metrics.rs, src/proxy/inbound.rs, src/proxy/inbound_passthrough.rs and src/proxy/outbound.rs
of istio/ztunnel 1.30.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pyarrow as pa

from flowcheck.flows.formats.istio.lines import COMPLETE, Access, access_of, microseconds
from flowcheck.flows.formats.istio.meshed import NO_IDENTITY
from flowcheck.flows.formats.istio.pairs import Line, Pairs
from flowcheck.flows.formats.istio.policies import ALLOWED, denied_by_ztunnel
from flowcheck.flows.formats.istio.services import service_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.rows import Meshed, Row, batch_of
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.items import objects_of
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.values.endpoints import address_and_port, split_endpoint
from flowcheck.flows.logs.values.times import microseconds_of
from flowcheck.model.mesh.membership import HBONE_PORT

_CONNECTION = 3
_POINTS = {"outbound": 1, "inbound": 2}
_LONGEST = 1 << 50
"""Microseconds of a connection: some 35 years."""


def recognise(head: Head) -> str:
    for document in head.objects:
        if "src.addr" in document and "direction" in document:
            return "its records have src.addr and a direction"
    if any("access" in line and "src.addr=" in line and "direction=" in line for line in head.lines):
        return "its lines have src.addr= and direction="
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    pairs = Pairs()
    for texts in objects_of(source, account):
        rows: list[Row] = []
        free: set[int] = set()
        for number, text in texts:
            access = access_of(text)
            if access is None:
                account.reject("bad_record", number)
            elif access.message != COMPLETE:
                account.leave_out("connection_opened" if access.message else "no_access_line")
            elif access.dst_hbone_addr and split_endpoint(access.dst_hbone_addr)[1] is None:
                account.reject("bad_dst_port", number)  # or the tunnel's end would pass for what was dialled
            else:
                row = _row(number, access)
                rows.append(row)
                free.add(id(row))
                _pair(row, access, pairs, free)
        if rows:
            yield batch_of(rows, account)


def _row(number: int, access: Access) -> Row:
    point = _POINTS.get((access.direction or "").lower(), 0)
    row = Row(record=number, protocol=6, action=0, initiator=1, observation_point=point)
    row.record_kind = _CONNECTION
    row.flow_count = row.flow_count_here = 1
    row.end_time = microseconds_of([access.time])[0][0]
    length = microseconds(access.duration)
    row.start_time = row.end_time
    if length is not None and isinstance(row.end_time, int) and length < _LONGEST:
        row.start_time = row.end_time - length
    row.src_ip, row.src_port = address_and_port(access.src_addr)
    row.src_namespace, row.src_pod = access.src_namespace or None, access.src_workload or None
    row.dst_namespace, row.dst_pod = access.dst_namespace or None, access.dst_workload or None
    row.service_name = service_of(access.dst_service)
    row.mesh = Meshed(src_principal=access.src_identity or (None if access.dst_hbone_addr else NO_IDENTITY))
    _destination(row, access, row.mesh)
    row.bytes, row.bytes_reverse = access.bytes_sent, access.bytes_recv
    if point == _POINTS["inbound"]:
        row.bytes, row.bytes_reverse = access.bytes_recv, access.bytes_sent
        if access.dst_hbone_addr:
            row.src_port = None  # the tunnel's
    row.mesh.mesh_action, row.mesh.mesh_policy_refs = denied_by_ztunnel(access.error or "")
    if access.error is None and (point == _POINTS["inbound"] or row.mesh.outer_port):
        row.mesh.mesh_action = ALLOWED
    return row


def _destination(row: Row, access: Access, mesh: Meshed) -> None:
    """What was dialled, or a waypoint before it: whether that lets it through is then its own matter."""
    outer, outer_port = address_and_port(access.dst_addr)
    inner, inner_port = address_and_port(access.dst_hbone_addr)
    if not access.dst_hbone_addr:
        row.dst_ip, row.dst_port = outer, outer_port
        return
    if outer is not None and outer_port == HBONE_PORT and outer != inner and not _is_loopback(outer):
        row.dst_ip, row.dst_port = outer, outer_port
        row.service_ip, row.service_port = inner, inner_port
    else:
        row.dst_ip, row.dst_port, mesh.outer_port = inner, inner_port, HBONE_PORT


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _pair(row: Row, access: Access, pairs: Pairs, free: set[int]) -> None:
    target = access.dst_hbone_addr or access.dst_addr
    if target and row.observation_point and isinstance(row.start_time, int) and isinstance(row.end_time, int):
        pairs.add(Line(row, target, row.start_time, row.end_time), free)


FORMAT = Format(
    "ztunnel",
    "Istio ztunnel",
    recognise,
    read,
    silent=(
        "what a CNI's policy decided: a refusal is the mesh's",
        "UDP, and connections that have not ended",
        "whether a waypoint let a connection through that it was given",
    ),
    tells_mesh=True,
)
