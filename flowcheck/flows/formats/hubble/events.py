"""Lines of Hubble -> rows: which end opened the connection, what was decided, on which side, and by whom
seen."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from flowcheck.flows.formats.hubble.policies import references
from flowcheck.flows.formats.hubble.records import (
    OTHER,
    Endpoint,
    Flags,
    Flow,
    Layer4,
    Line,
    Ports,
    Service,
    flow_decoder,
    line_decoder,
)
from flowcheck.flows.formats.hubble.sockets import Translations
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.connections import Connections, turn_round
from flowcheck.flows.logs.decoding import decoded
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.head import Head
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.source import Source
from flowcheck.flows.logs.wrapped import Unwrapper

DROP, TRACE, POLICY_VERDICT, LAYER_7, SOCKET = 1, 4, 5, 129, 7
"""Of event_type.type. Source: pkg/monitor/api/types.go of cilium/cilium."""
OF_POLICY = frozenset({"POLICY_DENIED", "POLICY_DENY", "AUTH_REQUIRED", 133, 181, 189})
"""Reasons of a drop that are a policy's. Source: flow.proto, DropReason."""
ALLOWED, DENIED, AUDITED, DROPPED = 1, 2, 3, 4
SOURCE, DESTINATION, NEITHER, BOTH = 1, 2, 3, 4
EVENT, AGGREGATE = 1, 5
ASKED_OF = {0: 8, 129: 128, 14: 13, 16: 15, 18: 17}
"""The ICMP type that an answer's type answers. Source: RFC 792, RFC 4443."""
_BITS = (("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32))
_MARKS = frozenset({"verdict", "event_type", "l4", "IP", "traffic_direction", "Type"})


def recognise(head: Head) -> str:
    for document in head.documents:
        flow = document.get("flow")
        if isinstance(flow, dict) and ("node_name" in document or len(_MARKS & flow.keys()) >= 2):
            return "its lines have a flow"
        if any(isinstance(document.get(name), dict) for name in ("lost_events", "agent_event")):
            continue
        if "verdict" in document and len(_MARKS & document.keys()) >= 3:
            return "its lines are flows with a verdict"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, a block of lines at a time."""
    unwrapper, connections, translations = Unwrapper(), Connections(), Translations()
    for lines in source.lines():
        rows, ranks = [], []
        for number, text in unwrapper.unwrap(lines):
            account.read()
            line = _decode(text)
            if line is None:
                account.reject("bad_record", number)
            elif line.flow is None:
                account.leave_out(next((name for name in OTHER if getattr(line, name)), "no_flow"))
            elif translations.learn(line.flow):
                account.merge()
            else:
                row = _row(number, line, line.flow)
                rows.append(row)
                ranks.append(_rank(line.flow))
        connections.settle(rows, ranks)
        for row in rows:
            translations.tell(row)
        if rows:
            yield batch_of(rows, account)
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def _decode(text: bytes) -> Line | None:
    line = decoded(line_decoder, text)
    if line is not None and line.flow is None and b'"verdict"' in text:
        line.flow = decoded(flow_decoder, text)
    return line


def _rank(flow: Flow) -> int:
    """A policy verdict stands for its connection before a drop does, and a drop before a trace."""
    kind = _kind(flow)
    return 2 if kind == POLICY_VERDICT else int(kind == DROP)


def _kind(flow: Flow) -> int:
    """The type of event; where a mask took it, a flow at layer 3 and 4 that was dropped is a drop."""
    if flow.event_type is not None and flow.event_type.type:
        return flow.event_type.type
    if flow.Type in ("L7", 2):
        return LAYER_7
    return DROP if flow.verdict in ("DROPPED", 2) else 0


def _row(number: int, line: Line, flow: Flow) -> Row:
    kind, addresses = _kind(flow), flow.IP
    row = Row(
        record=number,
        start_time=flow.time or line.time,
        src_ip=addresses.source or None if addresses else None,
        dst_ip=addresses.destination or None if addresses else None,
        observer=flow.node_name or line.node_name or None,
        record_kind=EVENT,
    )
    if flow.l4 is not None:
        _layer_4(row, flow.l4)
    row.src_namespace, row.src_pod, row.src_workload = _names(flow.source)
    row.dst_namespace, row.dst_pod, row.dst_workload = _names(flow.destination)
    row.service_name = _service(flow.destination_service)
    if kind == LAYER_7:
        row.flow_count = row.flow_count_here = 0
    elif flow.aggregate is not None:
        _aggregated(row, flow, kind)
    _orient(row, flow, kind)
    _judged(row, flow, kind)
    row.policy_refs = references(flow) or None
    row.observation_point = _seen_from(row, flow, kind)
    return row


def _layer_4(row: Row, layer: Layer4) -> None:
    ports: Ports | None
    for ports, protocol in ((layer.TCP, 6), (layer.UDP, 17), (layer.SCTP, 132)):
        if ports is not None:
            row.protocol, row.src_port, row.dst_port = (
                protocol,
                ports.source_port or None,
                ports.destination_port,
            )
            row.tcp_flags = _bits(ports.flags) if ports.flags is not None else None
            return
    for icmp, protocol in ((layer.ICMPv4, 1), (layer.ICMPv6, 58)):
        if icmp is not None:
            row.protocol, row.icmp_type, row.icmp_code = protocol, icmp.type or 0, icmp.code or 0
            return
    row.protocol = 112 if layer.VRRP is not None else 2 if layer.IGMP is not None else None


def _bits(flags: Flags) -> int:
    return sum(bit for name, bit in _BITS if getattr(flags, name))


def _names(end: Endpoint | None) -> tuple[str | None, str | None, str | None]:
    if end is None:
        return None, None, None
    workload = end.workloads[0].name if end.workloads else None
    return end.namespace or None, end.pod_name or None, workload or None


def _service(service: Service | None) -> str | None:
    if service is None or not service.name:
        return None
    return f"{service.namespace}/{service.name}" if service.namespace else service.name


def _aggregated(row: Row, flow: Flow, kind: int) -> None:
    """Of policy verdicts there is one for each connection; of traces a line may count any number, and answers
    too, so that it tells of one at least."""
    assert flow.aggregate is not None
    counts = flow.aggregate
    row.record_kind = AGGREGATE
    if kind in (DROP, POLICY_VERDICT):
        row.flow_count = row.flow_count_here = max(
            (counts.ingress_flow_count or 0)
            + (counts.egress_flow_count or 0)
            + (counts.unknown_direction_flow_count or 0),
            1,
        )


def _orient(row: Row, flow: Flow, kind: int) -> None:
    """Which end opened the connection, and what was dialled. A drop does not say; a SYN with an ACK never
    opens; a policy verdict stands for the first packet."""
    reply = flow.is_reply if isinstance(flow.is_reply, bool | None) else flow.is_reply.value
    flags = row.tcp_flags or 0
    answers = flags & 0x12 == 0x12
    translated = flow.IP.source_xlated if flow.IP and flow.IP.source_xlated else None
    if reply or answers:
        turn_round(row)
        row.icmp_type = ASKED_OF.get(row.icmp_type, row.icmp_type) if row.icmp_type is not None else None
        row.service_ip, row.service_name = translated, _service(flow.source_service)
        return
    row.nat_src_ip = translated
    if flags & 0x02 or kind == POLICY_VERDICT:
        row.initiator = 1
    elif reply is False:
        row.initiator = 0 if kind == TRACE and _is_doubtful(flow) else 1


def _is_doubtful(flow: Flow) -> bool:
    """Retina says "no reply" where it does not know; and only the first packets of a connection are surely
    none where no conntrack entry was looked at."""
    emitter = flow.emitter.name if flow.emitter is not None else None
    return (
        emitter != "Hubble"
        and not (flow.source is not None and flow.source.ID)
        and not (flow.destination is not None and flow.destination.ID)
    )


def _judged(row: Row, flow: Flow, kind: int) -> None:
    """What a policy decided. At layer 7 a proxy refuses a message, not the connection."""
    verdict = flow.verdict
    if verdict in ("DROPPED", 2):
        reason = flow.drop_reason_desc or flow.drop_reason
        row.action = DENIED if kind in (DROP, POLICY_VERDICT) and reason in OF_POLICY else DROPPED
    elif verdict in ("ERROR", 3):
        row.action = DROPPED
    elif kind == POLICY_VERDICT and verdict in ("FORWARDED", "REDIRECTED", 1, 5):
        row.action = ALLOWED
    elif kind == POLICY_VERDICT and verdict in ("AUDIT", 4):
        row.action = AUDITED
    else:
        row.action = 0
    if row.action in (ALLOWED, DENIED, AUDITED):
        if flow.traffic_direction in ("EGRESS", 2):
            row.egress_action = row.action
        elif flow.traffic_direction in ("INGRESS", 1):
            row.ingress_action = row.action


def _seen_from(row: Row, flow: Flow, kind: int) -> int:
    """Of traces the direction does not tell: deliveries to a pod say EGRESS. Local is the end that has an
    ID."""
    if kind != TRACE:
        return {"EGRESS": SOURCE, 2: SOURCE, "INGRESS": DESTINATION, 1: DESTINATION}.get(
            flow.traffic_direction or "", 0
        )
    ends = (flow.source, flow.destination) if row.initiator != 2 else (flow.destination, flow.source)
    here, there = (end is not None and bool(end.ID) for end in ends)
    if here and there:
        return BOTH
    return SOURCE if here else DESTINATION if there else NEITHER
