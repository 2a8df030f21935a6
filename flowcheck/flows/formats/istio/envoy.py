"""Access logs of Envoy as Istio has them written in JSON: sidecars, gateways and waypoints.

A record is one request, or of TCP one connection. The proxy that writes it stands between two connections:
``downstream`` (its peer > itself) and ``upstream`` (itself > where it sent the request). What a record tells
depends on where the proxy stands:

- before the client (cluster ``outbound|...``): the upstream connection, from ``upstream_local_address`` to
  ``upstream_host``. Beside a client, as its peer has the proxy's own address, ``downstream_local_address`` is
  what was dialled; a gateway's peer is somebody else, and that address its own.
- before the server (cluster ``inbound|...``, ``InboundPassthroughCluster``): the downstream connection;
  upstream is the pod itself. Of the proxy's own ports 15001 and 15006 redirect what was meant for others, and
  are a destination only where somebody dialled them; 15020, 15021 and 15090 are answered without a record.
- before a Service, as a waypoint (cluster ``inbound-vip|...``): its client and the Service, whose address
  ``downstream_local_address`` is; ``upstream_host`` is the pod it chose, at the end of a tunnel of its own.
- where nothing was dialled (``-`` or null): the downstream connection, if the proxy was its end.

``x_forwarded_for`` is what a request says, never an address; an address with port 0 comes from there.
Requests are no connections: they count none, unless an id of the connection is logged. Refusals by an
authorization policy are the mesh's: :mod:`.meshed` reads them.

Source: pilot/pkg/model/telemetry_logging.go of istio/istio 1.30; Envoy 1.35, "Access logging".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pyarrow as pa

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.istio.meshed import Told, meshed_of
from flowcheck.flows.formats.istio.services import cluster_service
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.head import Head, head_of
from flowcheck.flows.logs.text.items import objects_of
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.values.endpoints import address_and_port
from flowcheck.flows.logs.values.times import microseconds_of
from flowcheck.model.mesh.membership import HBONE_PORT

_TEXT = re.compile(r"\[[0-9]{4}-[0-9]{2}-[0-9]{2}T[^\]\s]+\] ")
"""How a line of Envoy's text begins."""
_MARK = "downstream_remote_address"
_BESIDE = frozenset({"upstream_host", "upstream_cluster", "downstream_local_address", "response_flags"})
_TO_POD = ("127.0.0.6", "::6")
"""From which a sidecar reaches its own pod."""
_NONE = (None, "-")
_TUNNEL = "envoy://connect_originate/"
_WAYPOINT = "inbound-vip|"
_NOWHERE = "BlackHoleCluster"
_INBOUND = ("inbound|", "InboundPassthrough")
EVENT, CONNECTION = 1, 3
SOURCE, DESTINATION, BETWEEN = 1, 2, 3


class Record(Told, gc=False):
    start_time: str | None = None
    duration: int | None = None
    protocol: str | None = None
    response_code: int | str | None = None
    bytes_received: int | None = None
    bytes_sent: int | None = None
    downstream_remote_address: str | None = None
    downstream_direct_remote_address: str | None = None
    downstream_local_address: str | None = None
    upstream_cluster: str | None = None
    upstream_host: str | None = None
    upstream_local_address: str | None = None
    connection_id: int | str | None = None
    upstream_connection_id: int | str | None = None


_decoder = msgspec.json.Decoder(Record, strict=False)


def recognise(head: Head) -> str:
    if any(_MARK in document and _BESIDE & document.keys() for document in head.objects):
        return f"its records have {_MARK}"
    return "its lines begin as Envoy's text does" if _is_text(head) else ""


def _is_text(head: Head) -> bool:
    """Whether there is an access log, and none of it in JSON."""
    text = any(_TEXT.match(line) and line.count('"') >= 4 for line in head.lines)
    return text and not any(_MARK in document for document in head.documents)


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """**Raises**: FlowFormatError for an access log that is text."""
    if _is_text(head_of(source)):
        raise FlowFormatError(
            "is an access log in Envoy's text, in which nothing says what stands where",
            where=source.path,
            hint="have it written as JSON: meshConfig.accessLogEncoding: JSON",
        )
    connections, made = Connections(), _Rows()
    for texts in objects_of(source, account):
        rows: list[Row] = []
        for number, text in texts:
            if not text.startswith(b"{"):
                account.leave_out("no_access_line")
                continue
            record = decoded(_decoder, text)
            if record is None:
                account.reject("bad_record", number)
            elif record.downstream_remote_address is None and record.upstream_host is None:
                account.leave_out("no_access_line")
            else:
                row = made.row(number, record)
                if isinstance(row, Row):
                    rows.append(row)
                else:
                    account.leave_out(row)
        connections.settle(rows)
        for row in rows:
            if row.flow_count == 0:
                row.bytes_here = row.bytes if row.flow_count_here else None
                row.bytes = row.bytes_reverse = None
        if rows:
            yield batch_of(rows, account)


class _Rows:
    """Rows of one log, in its order: of the ids that connections have, those that were seen are known."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def row(self, number: int, record: Record) -> Row | str:
        """A row, or why there is none."""
        row = Row(record=number, start_time=record.start_time, protocol=6, action=0, initiator=1)
        row.record_kind = EVENT
        if record.duration is not None and record.start_time is not None:
            start = microseconds_of([record.start_time])[0][0]
            row.end_time = None if start is None else start + record.duration * 1000
        why = _ends(row, record)
        if not why:
            self._count(row, record)
            _mesh(row, record)
        return why or row

    def _count(self, row: Row, record: Record) -> None:
        """TCP has a record for each connection, whichever of its proxies wrote it; a request counts a
        connection where it is the first with the connection's id."""
        if _is_tcp(record):
            row.record_kind = CONNECTION
            row.bytes, row.bytes_reverse = record.bytes_received, record.bytes_sent
            return
        row.flow_count = row.flow_count_here = 0
        upstream = row.observation_point == SOURCE
        id_ = record.upstream_connection_id if upstream else record.connection_id
        key = (f"{row.src_ip}:{row.src_port}>{row.dst_ip}", str(id_))
        if id_ not in (None, "-", "") and key not in self._known and len(self._known) < 1 << 20:
            self._known.add(key)
            row.flow_count = row.flow_count_here = 1


def _is_tcp(record: Record) -> bool:
    return record.protocol in _NONE and record.method in _NONE and record.response_code in (0, "0")


def _mesh(row: Row, record: Record) -> None:
    """Policies let through what reached the pod behind; those of TCP are asked at the first byte only."""
    point, host = row.observation_point, record.upstream_host
    passed = host not in _NONE and (not _is_tcp(record) or bool(record.bytes_received))
    row.mesh = meshed_of(record, point != SOURCE, passed=passed, tls=point != BETWEEN)
    if point == SOURCE and host and host.startswith(_TUNNEL):
        row.mesh.outer_port = HBONE_PORT


def _ends(row: Row, record: Record) -> str:
    """Put the connection that a record tells of; why it tells of none, or nothing."""
    peer, peer_port = _peer(record)
    local, local_port = address_and_port(record.downstream_local_address)
    target, target_port = address_and_port(_without_scheme(record.upstream_host))
    own, own_port = address_and_port(record.upstream_local_address)
    cluster = record.upstream_cluster or ""
    if cluster.startswith(_WAYPOINT):
        return _behind_waypoint(row, record)
    if cluster == _NOWHERE or (target is None and cluster.startswith("outbound|")):
        return "nothing_dialled"
    if target is None or own in _TO_POD or cluster.startswith(_INBOUND):
        if peer is None and peer_port == 0:
            return "source_from_a_header"
        row.src_ip, row.src_port, row.dst_ip, row.dst_port = peer, peer_port, local, local_port
        row.observation_point = DESTINATION
        return ""
    if own is None:
        return "no_proxy_address"
    row.src_ip, row.src_port, row.dst_ip, row.dst_port = own, own_port, target, target_port
    row.observation_point = SOURCE
    row.service_name = cluster_service(cluster)
    if peer == own and local is not None and local != target:
        row.service_ip, row.service_port = local, local_port
    return ""


def _behind_waypoint(row: Row, record: Record) -> str:
    """Put what came through a waypoint to a Service; of requests that it let nowhere, the Service."""
    peer, peer_port = _peer(record)
    local, local_port = address_and_port(record.downstream_local_address)
    if peer is None or local is None:
        return "source_from_a_header" if peer_port == 0 else "no_proxy_address"
    target, target_port = address_and_port(_without_scheme(record.upstream_host))
    row.src_ip, row.src_port = peer, peer_port
    row.dst_ip, row.dst_port = (local, local_port) if target is None else (target, target_port)
    row.service_ip, row.service_port = local, local_port
    row.service_name = cluster_service(record.upstream_cluster)
    row.observation_point = BETWEEN
    return ""


def _peer(record: Record) -> tuple[str | None, int | None]:
    """Who opened the downstream connection; (None, 0) where only a header tells."""
    address, port = address_and_port(record.downstream_direct_remote_address)
    if address is None:
        address, port = address_and_port(record.downstream_remote_address)
    return (None, 0) if port == 0 else (address, port)


def _without_scheme(text: str | None) -> str | None:
    """``envoy://connect_originate/10.0.0.1:80`` is the address: a waypoint's tunnel to it."""
    return text.rpartition("/")[2] if text and text.startswith("envoy://") else text


FORMAT = Format(
    "istio",
    "Istio access log",
    recognise,
    read,
    silent=(
        "what a CNI's policy decided: a refusal is the mesh's",
        "who the client is by its certificate, unless downstream_peer_uri_san or source_principal is logged",
        "a path after a VirtualService rewrote it: it is told as the client wrote it",
        "how many connections requests came by, where no id of a connection is logged",
        "the client behind a gateway: only the proxy's own connection is told",
        "connections of waypoints, and those that failed: the proxy's own address is not in the record; what "
        "came through a waypoint to a Service is told, as between its client and the pod",
    ),
    tells_mesh=True,
)
