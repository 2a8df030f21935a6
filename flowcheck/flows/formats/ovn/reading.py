"""Lines of OVN's ACL log -> rows: which end sent the packet, whether it opened, and what was decided."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from flowcheck.flows.formats.ovn.lines import Logged, logged, tells_of_losses, uncarried
from flowcheck.flows.formats.ovn.names import FIREWALL, policy_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting import echoes
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.counting.tellers import Tellers
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.text.wrapped import Unwrapper
from flowcheck.flows.logs.values.icmp import ERRORS
from flowcheck.flows.logs.values.tcp import ACK, FLAGS, SYN, TCP

EVENT = 1
ALLOWED, DENIED, DROPPED = 1, 2, 4
VERDICTS = {"allow": ALLOWED, "drop": DENIED, "reject": DENIED}
SEEN_FROM = {"from-lport": 1, "to-lport": 2}
"""direction -> observation_point."""
PROTOCOLS = {
    **{"tcp": 6, "tcp6": 6, "udp": 17, "udp6": 17, "sctp": 132, "sctp6": 132, "icmp": 1, "icmp6": 58},
    **{"ip": None, "ipv6": None},
}
"""Kinds of packets: those without a protocol say it in nw_proto. Others are not IP. Source: lib/flow.c of
openvswitch/ovs."""
_FLAGS = {name.lower(): bit for name, bit in FLAGS.items()}
WITHOUT_FLAGS = frozenset(range(256)) - {TCP}
_MARK = re.compile(rb"\|acl_log[^|]*\|[A-Z]+\|name=[^\n]{0,200}, verdict=")


def recognise(head: Head) -> str:
    if head.is_parquet:
        return ""
    found = _MARK.search(head.data.replace(b'\\"', b'"'))
    return "its lines are of acl_log, with a verdict" if found is not None else ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, a block of lines at a time."""
    unwrapper, connections, tellers = Unwrapper(), Connections(WITHOUT_FLAGS), Tellers()
    for lines in source.lines():
        rows = []
        for number, text in unwrapper.unwrap(lines):
            account.read()
            row = _row(number, text, account)
            if row is not None:
                rows.append(row)
        connections.settle(rows, [int(row.action != 0) for row in rows])
        tellers.settle(rows)
        for row in rows:
            _judge(row)
        if rows:
            yield batch_of(rows, account)
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def _row(number: int, text: bytes, account: Account) -> Row | None:
    """None for what was left out or rejected."""
    line, carried_at = uncarried(text)
    found = logged(line, carried_at)
    if found is not None and found.packet[""] in PROTOCOLS:
        return _of(number, found)
    if found is not None:
        account.leave_out("not_ip")
    elif tells_of_losses(line):
        account.leave_out("lost_lines")
        account.warn("ovn-controller had more to log than it may, and left lines out")
    elif b"|acl_log" in line:
        account.reject("bad_record", number)
    else:
        account.leave_out("no_acl_log")
    return None


def _of(number: int, found: Logged) -> Row:
    packet = found.packet
    protocol = PROTOCOLS[packet[""]]
    row = Row(
        record=number,
        start_time=found.time,
        src_ip=packet.get("nw_src") or packet.get("ipv6_src"),
        dst_ip=packet.get("nw_dst") or packet.get("ipv6_dst"),
        protocol=_number(packet.get("nw_proto")) if protocol is None else protocol,
        src_port=_number(packet.get("tp_src")),
        dst_port=_number(packet.get("tp_dst")),
        icmp_type=_number(packet.get("icmp_type")),
        icmp_code=_number(packet.get("icmp_code")),
        observation_point=SEEN_FROM.get(found.direction),
        record_kind=EVENT,
        packets=1,
    )
    policy = policy_of(found.name)
    row.policy_refs = None if policy is None else [policy]
    row.action = VERDICTS.get(found.verdict, 0)
    if policy is not None and policy.startswith(FIREWALL):
        row.action = DROPPED if row.action == DENIED else 0
    if protocol == TCP:
        row.tcp_flags = _flags(packet.get("tcp_flags"))
        if row.tcp_flags is not None and row.tcp_flags & (SYN | ACK) != SYN:
            row.flow_count = row.flow_count_here = 0
    else:
        echoes.orient(row)
        row.initiator = 0 if row.icmp_type in ERRORS.get(row.protocol or 0, ()) else row.initiator
    return row


def _flags(text: str | None) -> int | None:
    """``syn|ack``; a number where OVS has no names for them."""
    if text is None:
        return None
    if text.startswith("0"):
        return _number(text)
    return sum(_FLAGS.get(name, 0) for name in set(text.split("|")))


def _number(text: str | None) -> int | None:
    """-1, which no column takes, for what is none."""
    if text is None:
        return None
    try:
        return int(text[:12], 0)
    except ValueError:
        return -1


def _judge(row: Row) -> None:
    """The side that decided, of a packet that the opener sent. What an answer's packet met decided nothing
    about the connection."""
    if row.initiator == 2:
        row.action = DROPPED if row.action in (DENIED, DROPPED) else 0
    elif row.initiator == 1 and row.action in (ALLOWED, DENIED):
        if row.observation_point == 1:
            row.egress_action = row.action
        elif row.observation_point == 2:
            row.ingress_action = row.action
