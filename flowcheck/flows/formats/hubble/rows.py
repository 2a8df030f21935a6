"""A flow of Hubble -> a row: which end opened the connection, what was decided, where, and by whom seen."""

from __future__ import annotations

from flowcheck.flows.formats.hubble.enums import DIRECTIONS, POINTS, POLICY_DROPS, VERDICTS, name_of
from flowcheck.flows.formats.hubble.kinds import (
    DROP,
    LAYER_7,
    POLICY_VERDICT,
    TRACE,
    UNTOLD,
    kind_of,
    reply_of,
)
from flowcheck.flows.formats.hubble.parts import microseconds, names_of, service_of
from flowcheck.flows.formats.hubble.policies import references
from flowcheck.flows.formats.hubble.records import (
    Counts,
    Flags,
    Flow,
    Layer4,
    Line,
    extensions_of,
)
from flowcheck.flows.logs.counting.connections import turn_round
from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.values.icmp import ANSWERS, ERRORS
from flowcheck.flows.logs.values.tcp import ACK, FLAGS, SYN

ALLOWED, DENIED, AUDITED, DROPPED = 1, 2, 3, 4
SOURCE, DESTINATION, NEITHER, BOTH = 1, 2, 3, 4
EVENT, AGGREGATE = 1, 5
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
_RETINA_POINTS = {
    **dict.fromkeys(("TO_STACK", "TO_NETWORK"), SOURCE),
    **dict.fromkeys(("TO_ENDPOINT", "FROM_NETWORK"), DESTINATION),
}
_ENDPOINT_POINTS = {"FROM_ENDPOINT": SOURCE, "TO_ENDPOINT": DESTINATION}


def row_of(line: Line, flow: Flow) -> Row:
    """A flow that is no step of a translation, with marks for its time and ports, as a row."""
    kind, addresses, counts = kind_of(flow), flow.IP, flow.aggregate or Counts()
    extensions = extensions_of(flow)
    is_retina = "Retina" in (extensions.type_ or "")
    row = Row(
        record=0,
        start_time=microseconds(flow.time or line.time),
        src_ip=addresses.source or None if addresses else None,
        dst_ip=addresses.destination or None if addresses else None,
        observer=flow.node_name or line.node_name or None,
        record_kind=EVENT,
    )
    if flow.l4 is not None:
        _layer_4(row, flow.l4.Protocol or flow.l4)
    row.src_namespace, row.src_pod, row.src_workload = names_of(flow.source)
    row.dst_namespace, row.dst_pod, row.dst_workload = names_of(flow.destination)
    row.service_name = service_of(flow.destination_service)
    row.observation_point = _seen_from(flow, kind, is_retina)
    _judge(row, flow, kind, is_retina)
    _orient(row, flow, kind, is_retina)
    _count(row, kind, counts.total if counts.total is not None else extensions.total)
    row.policy_refs = references(flow) or None
    return row


def _layer_4(row: Row, layer: Layer4) -> None:
    for ports, protocol in ((layer.TCP, 6), (layer.UDP, 17), (layer.SCTP, 132)):
        if ports is not None:
            row.protocol, row.dst_port = protocol, ports.destination_port
            row.src_port = ports.source_port or None
            row.tcp_flags = _bits(ports.flags) if ports.flags is not None else None
            return
    for icmp, protocol in ((layer.ICMPv4, 1), (layer.ICMPv6, 58)):
        if icmp is not None:
            row.protocol, row.icmp_type, row.icmp_code = protocol, icmp.type or 0, icmp.code or 0
            return
    row.protocol = 112 if layer.VRRP is not None else 2 if layer.IGMP is not None else None


def _bits(flags: Flags) -> int:
    return sum(FLAGS[name] for name in _FLAGS if getattr(flags, name))


def _seen_from(flow: Flow, kind: int, is_retina: bool) -> int:
    """Which end of the record is the reporter's; 0 unknown.

    Of traces the direction does not tell: deliveries to a pod say EGRESS. The reporter's are the ends with an
    ID, or where a mask took that, what was taken from or delivered to an endpoint. Retina's are the points of
    a pod's or a node's interface. Of other records the direction is that of the connection, or of the packet
    where it does not say whether it is an answer.
    """
    point = name_of(flow.trace_observation_point, POINTS)
    if is_retina:
        return _RETINA_POINTS.get(point, 0)
    if kind not in (TRACE, UNTOLD):
        direction = name_of(flow.traffic_direction, DIRECTIONS)
        return {"EGRESS": SOURCE, "INGRESS": DESTINATION}.get(direction, 0)
    here, there = (end is not None and bool(end.ID) for end in (flow.source, flow.destination))
    if here or there:
        return BOTH if here and there else SOURCE if here else DESTINATION
    if point in _ENDPOINT_POINTS:
        return _ENDPOINT_POINTS[point]
    is_whole = any(end is not None and end.identity for end in (flow.source, flow.destination))
    return NEITHER if is_whole else 0


def _judge(row: Row, flow: Flow, kind: int, is_retina: bool) -> None:
    """What a policy decided. At layer 7 a proxy refuses a message, not the connection; Retina writes
    POLICY_DENIED for whatever rule of iptables dropped a packet. A policy verdict whose reason a mask took
    needs none."""
    verdict = name_of(flow.verdict, VERDICTS)
    row.action = 0
    if verdict == "DROPPED":
        told = [reason for reason in (flow.drop_reason_desc, flow.drop_reason) if reason]
        is_policy = kind == POLICY_VERDICT and not told
        if kind in (DROP, POLICY_VERDICT):
            is_policy |= any(name_of(reason, POLICY_DROPS) in POLICY_DROPS.values() for reason in told)
        row.action = DENIED if is_policy and not is_retina else DROPPED
    elif verdict == "ERROR":
        row.action = DROPPED
    elif kind == POLICY_VERDICT:
        row.action = {"FORWARDED": ALLOWED, "REDIRECTED": ALLOWED, "AUDIT": AUDITED}.get(verdict, 0)
    if row.action in (ALLOWED, DENIED, AUDITED):
        direction = name_of(flow.traffic_direction, DIRECTIONS)
        row.egress_action = row.action if direction == "EGRESS" else None
        row.ingress_action = row.action if direction == "INGRESS" else None


def _orient(row: Row, flow: Flow, kind: int, is_retina: bool) -> None:
    """Which end opened the connection, and what was dialled.

    A SYN with an ACK never opens. A drop does not say whether it was an answer: what policy denied was none,
    unless it is a packet of TCP without a SYN, whose connection may be older. "No reply" is Retina's word for
    what it does not know. An answer that was denied is no decision about its connection.
    """
    reply, flags, asks = reply_of(flow), row.tcp_flags or 0, ANSWERS.get(row.protocol or 0, {})
    asked = next((asked for asked, answer in asks.items() if answer == row.icmp_type), None)
    translated = flow.IP.source_xlated or None if flow.IP else None
    if reply or flags & (SYN | ACK) == SYN | ACK or (asked is not None and reply is None):
        is_of_packet = kind in (TRACE, UNTOLD) or not reply
        point = _turned(row.observation_point or 0) if is_of_packet else row.observation_point
        turn_round(row)
        row.observation_point = point
        row.icmp_type = row.icmp_type if asked is None else asked
        row.service_ip, row.service_name = translated, service_of(flow.source_service)
        row.action = DROPPED if row.action == DENIED else row.action
        row.egress_action = row.ingress_action = None
        return
    row.nat_src_ip = translated
    if flags & SYN or row.icmp_type in asks:
        row.initiator = 1
    elif _is_error(row) and kind != POLICY_VERDICT:
        row.initiator = 0
    elif kind in (DROP, POLICY_VERDICT) and row.action != DROPPED:
        row.initiator = 1 if reply is False or row.tcp_flags is None else 0
    elif reply is False:
        row.initiator = 0 if is_retina or _is_doubtful(flow, kind) else 1


def _is_error(row: Row) -> bool:
    return row.icmp_type in ERRORS.get(row.protocol or 0, ())


def _turned(point: int) -> int:
    return {SOURCE: DESTINATION, DESTINATION: SOURCE}.get(point, point)


def _is_doubtful(flow: Flow, kind: int) -> bool:
    """Whether "no reply" may be Retina's, which writes traces, numbers no endpoints, and gives no reason."""
    is_hubble = flow.emitter is not None and flow.emitter.name == "Hubble"
    numbered = any(end is not None and end.ID for end in (flow.source, flow.destination))
    return kind == TRACE and not (is_hubble or numbered or flow.trace_reason)


def _count(row: Row, kind: int, records: int | None) -> None:
    """Messages are no connections, nor are errors. Of policy verdicts there is one for each connection; of
    other records a line may count any number, and answers too, so that it tells of one at least."""
    if kind == LAYER_7 or (row.initiator == 0 and _is_error(row)):
        row.flow_count = row.flow_count_here = 0
    if records is not None:
        row.record_kind = AGGREGATE
        if kind == POLICY_VERDICT:
            row.flow_count = row.flow_count_here = max(records, 1)
