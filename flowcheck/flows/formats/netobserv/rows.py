"""A record of NetObserv -> a row: whose ends, when, how much, and which end opened the connection."""

from __future__ import annotations

from flowcheck.flows.formats.netobserv.conversations import TRACKED
from flowcheck.flows.formats.netobserv.records import Flow
from flowcheck.flows.formats.netobserv.verdicts import judge
from flowcheck.flows.logs.counting.connections import turn_round
from flowcheck.flows.logs.counting.echoes import orient
from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.values import tcp
from flowcheck.flows.logs.values.icmp import ICMP, ICMPV6
from flowcheck.flows.logs.values.tcp import SYN, TCP

SYN_ACK = 0x100
FLAGS = tcp.FLAGS | {"SYN_ACK": SYN_ACK, "FIN_ACK": 0x200, "RST_ACK": 0x400}
"""A packet with SYN and ACK sets SYN_ACK alone: SYN and ACK together are of several packets of one sender.
Source: bpf/utils.h (set_flags), pkg/utils/tcp_flags.go."""
SEEN_FROM = {0: 2, 1: 1, 2: 4}
"""FlowDirection -> observation_point. Source: transform_network_direction.go."""
WINDOW = 2


def row_of(position: int, flow: Flow) -> Row:
    row = Row(
        record=position,
        start_time=_start(flow),
        end_time=_in_microseconds(flow.TimeFlowEndMs, 1000) or _in_microseconds(flow.TimeFlowEnd, 1_000_000),
        src_ip=flow.SrcAddr or None,
        dst_ip=flow.DstAddr or None,
        protocol=flow.Proto,
        bytes=flow.Bytes,
        packets=flow.Packets,
        sampling_rate=flow.Sampling or flow.SamplingRate or None,
        observer=flow.AgentIP or None,
        observation_point=None if flow.FlowDirection is None else SEEN_FROM.get(flow.FlowDirection, 0),
        record_kind=WINDOW,
    )
    if flow.Proto in (ICMP, ICMPV6):
        row.icmp_type, row.icmp_code = flow.IcmpType, flow.IcmpCode
    else:
        row.src_port, row.dst_port = flow.SrcPort, flow.DstPort
    _name(row, flow)
    _translate(row, flow)
    judge(row, flow)
    _orient(row, flow)
    return row


def _start(flow: Flow) -> int | None:
    return (
        _in_microseconds(flow.TimeFlowStartMs, 1000)
        or _in_microseconds(flow.TimeFlowStart, 1_000_000)
        or _in_microseconds(flow.TimeReceived, 1_000_000)
    )


def _in_microseconds(number: int | None, unit: int) -> int | None:
    """Zero is no time."""
    return number * unit if number else None


def _name(row: Row, flow: Flow) -> None:
    """Only a pod's name is an end's: a Service has an address of its own, and a Node's is its pods' too."""
    if flow.SrcK8S_Type == "Pod":
        row.src_namespace, row.src_pod = flow.SrcK8S_Namespace or None, flow.SrcK8S_Name or None
        row.src_workload = flow.SrcK8S_OwnerName or None
    elif flow.SrcK8S_Type is None:
        row.src_namespace, row.src_pod = flow.SrcNamespace or None, flow.SrcPod or None
        row.src_workload = flow.SrcWorkload or None
    if flow.DstK8S_Type == "Pod":
        row.dst_namespace, row.dst_pod = flow.DstK8S_Namespace or None, flow.DstK8S_Name or None
        row.dst_workload = flow.DstK8S_OwnerName or None
    elif flow.DstK8S_Type is None:
        row.dst_namespace, row.dst_pod = flow.DstNamespace or None, flow.DstPod or None
        row.dst_workload = flow.DstWorkload or None


def _translate(row: Row, flow: Flow) -> None:
    """Where the packets went instead, and what the opener dialled."""
    if flow.DstK8S_Type == "Service":
        row.service_ip, row.service_port = row.dst_ip, row.dst_port
        row.service_name = _service(flow.DstK8S_Namespace, flow.DstK8S_Name)
    if flow.XlatDstAddr and (flow.XlatDstAddr, flow.XlatDstPort or flow.DstPort) != (
        row.dst_ip,
        row.dst_port,
    ):
        row.service_ip, row.service_port = row.dst_ip, row.dst_port
        row.dst_ip, row.dst_port = flow.XlatDstAddr, flow.XlatDstPort or row.dst_port
        pod = flow.XlatDstK8S_Type == "Pod"
        row.dst_namespace = flow.XlatDstK8S_Namespace or None if pod else None
        row.dst_pod = flow.XlatDstK8S_Name or None if pod else None
        row.dst_workload = flow.XlatDstK8S_OwnerName or None if pod else None
    if flow.XlatSrcAddr and flow.XlatSrcAddr != row.src_ip:
        row.nat_src_ip = flow.XlatSrcAddr


def _orient(row: Row, flow: Flow) -> None:
    """Which end opened the connection, where the record tells: by a SYN, a translation, a Service's address
    or an echo. A Service opens no connection. Flags of a conversation are of both ends."""
    flags = _flags(flow) if flow.Proto == TCP and flow.record_type not in TRACKED else 0
    if flags:
        row.tcp_flags = flags
    if orient(row):
        return
    if flow.XlatDstAddr or flow.DstK8S_Type == "Service":
        row.initiator = 1
    elif flags & SYN_ACK or flow.SrcK8S_Type == "Service":
        turn_round(row)
        if flow.SrcK8S_Type == "Service":
            row.service_ip, row.service_port = row.dst_ip, row.dst_port
            row.service_name = _service(flow.SrcK8S_Namespace, flow.SrcK8S_Name)
    elif flags & SYN:
        row.initiator = 1


def _flags(flow: Flow) -> int:
    if isinstance(flow.Flags, list):
        found = 0
        for name in flow.Flags:
            found |= FLAGS.get(name, 0)
        return found
    return flow.Flags or flow.TCPFlags or 0


def _service(namespace: str | None, name: str | None) -> str | None:
    return f"{namespace}/{name}" if namespace and name else name or None
