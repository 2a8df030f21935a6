"""What goes into the reference and what comes out: a recorded flow, and what was found of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from flowcheck.model.mesh.requests import Request
from flowcheck.model.verdict import Reason, Verdict

NO_PRINCIPAL = "none"
"""What a record has for the principal of a source that proved no identity."""

Basis = Literal["record", "flags", "pair", "listener", "port", "none"]
Quality = Literal["exact", "inferred", "external", "ambiguous", "unresolved"]


class Recorded(NamedTuple):
    """All that a flow says of one of its ends; empty text is as good as None."""

    address: str | None
    namespace: str | None
    pod: str | None
    workload: str | None
    uid: str | None


@dataclass(frozen=True)
class Tuple5:
    """One recorded flow. Ends are addresses, or names with or without one.

    ``port`` is the destination's. ``initiator``: 1 or 2 the source, as recorded; 0 not told; None: there is
    no such column, and the source. ``at`` is when it began, in microseconds since 1970; None: no matter
    when. ``tcp_flags`` are those of the whole flow, OR-ed; None: not recorded. ``icmp_type``, ``icmp_code``
    are those of an ICMP or ICMPv6 message, of which the port says nothing.

    ``service_port`` is the port of the Service that was dialled, None not told. ``by_waypoint``: the record
    is a waypoint's, of what came through it.

    What a mesh's proxy tells: ``src_principal`` is the SPIFFE id that the source proved (NO_PRINCIPAL: the
    proxy saw none); ``outer_port`` the port on the wire, where ``port`` is the one inside a tunnel; then what
    was requested, and of which server by TLS. None, or empty text, of each: not told.
    """

    src: str | None
    dst: str | None
    protocol: int
    port: int | None
    src_namespace: str | None = None
    src_pod: str | None = None
    src_workload: str | None = None
    dst_namespace: str | None = None
    dst_pod: str | None = None
    dst_workload: str | None = None
    initiator: int | None = None
    at: int | None = None
    src_pod_uid: str | None = None
    dst_pod_uid: str | None = None
    src_port: int | None = None
    tcp_flags: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    src_principal: str | None = None
    http_method: str | None = None
    http_path: str | None = None
    http_host: str | None = None
    tls_server_name: str | None = None
    outer_port: int | None = None
    service_port: int | None = None
    by_waypoint: bool = False

    @property
    def request(self) -> Request:
        told = (self.http_method, self.http_path, self.http_host, self.tls_server_name)
        return Request(*(text or None for text in told))

    @property
    def icmp(self) -> int | None:
        """Type and code as one number, if both are recorded."""
        recorded = self.icmp_type is not None and self.icmp_code is not None
        return (self.icmp_type or 0) * 256 + (self.icmp_code or 0) if recorded else None

    @property
    def time(self) -> int:
        return self.at or 0

    @property
    def source(self) -> Recorded:
        return Recorded(self.src, self.src_namespace, self.src_pod, self.src_workload, self.src_pod_uid)

    @property
    def destination(self) -> Recorded:
        return Recorded(self.dst, self.dst_namespace, self.dst_pod, self.dst_workload, self.dst_pod_uid)

    def turned(self) -> Tuple5:
        """The same flow seen from its other end. Who proved an identity there, and what is outside of a
        tunnel to that end, was not told."""
        return replace(
            self,
            **_fields("src", self.destination),
            **_fields("dst", self.source),
            src_port=self.port,
            port=self.src_port,
            src_principal=None,
            outer_port=None,
            by_waypoint=False,
        )


def _fields(end: str, recorded: Recorded) -> dict[str, Any]:
    return {
        end: recorded.address,
        f"{end}_namespace": recorded.namespace,
        f"{end}_pod": recorded.pod,
        f"{end}_workload": recorded.workload,
        f"{end}_pod_uid": recorded.uid,
    }


@dataclass(frozen=True)
class Side:
    """What one end's policies say, or a mesh's. ``decided_by`` is empty where no policy applied or none is
    known to."""

    verdict: Verdict
    reason: Reason
    decided_by: str


NOT_APPLICABLE = Side(Verdict.NOT_APPLICABLE, Reason.NONE, "")
ALLOWED = Side(Verdict.ALLOW, Reason.NONE, "")


def unknown(reason: Reason) -> Side:
    return Side(Verdict.UNKNOWN, reason, "")


class Sides(NamedTuple):
    """What a connection has to pass, in this order: network policies at its source and at its destination,
    and the mesh before the destination."""

    egress: Side
    ingress: Side
    mesh: Side = NOT_APPLICABLE


def join(sides: Sides) -> tuple[Verdict, Reason]:
    """A connection needs all of them: deny beats unknown, which beats allow."""
    for verdict in (Verdict.DENY, Verdict.UNKNOWN, Verdict.ALLOW):
        for side in sides:
            if side.verdict is verdict:
                return verdict, side.reason
    return Verdict.NOT_APPLICABLE, Reason.NONE


@dataclass(frozen=True)
class Judgement:
    """What was found of a flow. ``src`` is who opened it: where ``swapped``, the recorded destination.

    ``src_quality``, ``dst_quality``: how sure it is who the ends were. ``disagrees_src``, ``disagrees_dst``:
    the recorded address belonged to somebody else than the recorded pod.
    """

    src: str
    dst: str
    egress: Side
    ingress: Side
    mesh: Side
    verdict: Verdict
    reason: Reason
    initiator_basis: Basis = "record"
    swapped: bool = False
    src_quality: Quality = "exact"
    dst_quality: Quality = "exact"
    disagrees_src: bool = False
    disagrees_dst: bool = False
