"""Records of Calico -> rows: the two ends, what was decided and on which side, and who counts it."""

from __future__ import annotations

from typing import NamedTuple

from flowcheck.flows.formats.calico.policies import references
from flowcheck.flows.formats.calico.records import NONE, Flow, Number, number
from flowcheck.flows.formats.calico.sides import Sides
from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.values.times import microseconds_of, unit_of

PROTOCOLS = {"icmp": 1, "ipip": 4, "tcp": 6, "udp": 17, "esp": 50, "icmp6": 58, "icmpv6": 58, "sctp": 132}
"""Others are numbers. Source: felix/collector/utils/utils.go of projectcalico/calico."""
WITH_PORTS = frozenset({6, 17, 132, 136})
ACTIONS = {"allow": 1, "deny": 2, "1": 1, "2": 2}
SOURCE, DESTINATION, NEITHER = 1, 2, 3
REPORTERS = {"src": SOURCE, "dst": DESTINATION, "fwd": NEITHER, "1": SOURCE, "2": DESTINATION}
WINDOW, AGGREGATE = 2, 5
POD, HOST, SET, NETWORK = "pod", "HostEndpoint", "NetworkSet", "Network"
TYPES = {
    **dict.fromkeys(("wep", "workloadendpoint", "1"), POD),
    **dict.fromkeys(("hep", "hostendpoint", "2"), HOST),
    **dict.fromkeys(("ns", "networkset", "3"), SET),
    **dict.fromkeys(("net", "network", "4"), NETWORK),
}
NETWORKS = {"PUBLIC NETWORK": "pub", "PRIVATE NETWORK": "pvt"}
"""What Whisker calls addresses that nobody known has."""
NOWHERE = "-"
"""The namespace, and none that a pod could have, of what has none."""


class _End(NamedTuple):
    """One end as it was recorded; ``name``, ``group``: of one pod, and of all that are called alike."""

    address: str | None
    type: str
    namespace: str | None
    name: str | None
    group: str | None


def row_of(record: int, flow: Flow, sides: Sides) -> Row:
    """Raises: ValueError for a number that is none."""
    row = Row(record=record, start_time=_time(flow.start_time), end_time=_time(flow.end_time), initiator=1)
    row.protocol = _protocol(flow.proto if flow.proto is not None else flow.protocol)
    if row.protocol in WITH_PORTS:
        row.src_port, row.dst_port = _port(flow.source_port), _port(flow.dest_port)
    source, dest = _source(flow), _dest(flow)
    row.src_ip, row.src_namespace, row.src_pod, row.src_workload = _named(source)
    row.dst_ip, row.dst_namespace, row.dst_pod, row.dst_workload = _named(dest)
    ported = row.src_port is not None or row.protocol not in WITH_PORTS
    alone = row.src_ip is not None and row.dst_ip is not None and ported
    row.record_kind = WINDOW if alone else AGGREGATE
    row.observer = flow.host if isinstance(flow.host, str) else None
    _dialled(row, flow)
    _judged(row, flow)
    between = row.observation_point == NEITHER
    row.policy_refs = list(references(bytes(flow.policies), between=between)) or None
    pair = (row.src_ip, row.src_port, row.dst_ip) if alone else (*_alike(source), *_alike(dest))
    _count(row, flow, sides, (*pair, row.dst_port, row.protocol))
    return row


def _time(value: Number) -> int | str | None:
    """Seconds, or milliseconds where the magnitude says so; text is RFC 3339."""
    if isinstance(value, str):
        if not value.isdecimal():
            return value or None
        value = int(value)
    if value is None:
        return None
    return int(value) * (1_000 if unit_of(value) == "ms" else 1_000_000)


def _protocol(text: str | int | None) -> int | None:
    if isinstance(text, str):
        text = text.lower()
        return PROTOCOLS.get(text) or (int(text) if text.isdecimal() else None)
    return text


def _port(value: Number) -> int | None:
    """Of several together it is missing, 0 or -1."""
    port = number(value)
    return None if port in (0, -1) else port


def _text(value: str | None) -> str | None:
    return None if value is None or value in NONE else value


def _source(flow: Flow) -> _End:
    names = flow.source_namespace, flow.source_name, flow.source_name_aggr
    return _end(flow.source_ip, flow.source_type, *names)


def _dest(flow: Flow) -> _End:
    names = flow.dest_namespace, flow.dest_name, flow.dest_name_aggr
    return _end(flow.dest_ip, flow.dest_type, *names)


def _end(
    address: str | None, type_: str | int | None, namespace: str | None, name: str | None, group: str | None
) -> _End:
    """``group`` is the name where a record has one name for both."""
    name, group, namespace = _text(name), _text(group), _text(namespace)
    if group is None:
        name, group = (None if name and name.endswith("*") else name), name
    kind = TYPES.get(str(type_).lower(), "")
    if not kind and namespace is not None:
        kind = POD
    return _End(_text(address), kind, namespace, name, group)


def _named(end: _End) -> tuple[str | None, str | None, str | None, str | None]:
    """Its address, namespace, pod and workload. What is no pod goes by its address; without one by a name
    that nobody has, for it may be anywhere, inside the cluster too."""
    if end.type == POD:
        one = end.name or (None if end.group is None or end.group.endswith("*") else end.group)
        return end.address, end.namespace, one, end.group if end.group != one else None
    if end.address is not None:
        return end.address, None, None, None
    if end.group is None:
        return None, None, None, None
    name = NETWORKS.get(end.group, end.group)
    return None, end.namespace or NOWHERE, None, f"{end.type}/{name}" if end.type in (HOST, SET) else name


def _alike(end: _End) -> tuple[str | None, str | None]:
    """What all reports have of an end, aggregated or not."""
    return end.namespace, end.group or end.address


def _dialled(row: Row, flow: Flow) -> None:
    name, namespace = _text(flow.dest_service_name), _text(flow.dest_service_namespace)
    if name is None or namespace is None:
        return
    row.service_name = f"{namespace}/{name}"
    port = flow.dest_service_port_num
    if port is None and (not isinstance(flow.dest_service_port, str) or flow.dest_service_port.isdecimal()):
        port = flow.dest_service_port  # elsewhere it is the port's name
    row.service_port = _port(port)


def _judged(row: Row, flow: Flow) -> None:
    """A decision is the reporter's side's. A pass leaves it to another tier: it is none."""
    row.observation_point = REPORTERS.get(str(flow.reporter).lower(), 0)
    row.action = ACTIONS.get(str(flow.action).lower(), 0)
    if row.action and row.observation_point == SOURCE:
        row.egress_action = row.action
    elif row.action and row.observation_point == DESTINATION:
        row.ingress_action = row.action


def _microseconds(time: int | str | None) -> int | None:
    return microseconds_of([time])[0][0] if isinstance(time, str) else time


def _count(row: Row, flow: Flow, sides: Sides, pair: tuple[str | int | None, ...]) -> None:
    """What came in is what the source sent where the destination reports it, and what was answered where the
    source does. What the source's side denied, its destination never saw to count."""
    started = flow.num_flows_started if flow.num_flows_started is not None else flow.num_connections_started
    row.flow_count = row.flow_count_here = number(started)
    begin, end = _microseconds(row.start_time), _microseconds(row.end_time)
    if begin is None:
        return
    side = row.observation_point or 0
    denied = row.action == 2 and side == SOURCE
    into = number(flow.bytes_in), number(flow.packets_in)
    out = number(flow.bytes_out), number(flow.packets_out)
    if not denied and not sides.counts(pair, side, begin, begin if end is None else max(begin, end)):
        row.flow_count, row.flow_count_here = 0, 1 if started is None else row.flow_count_here
        if side in (SOURCE, DESTINATION):
            row.bytes_here, row.packets_here = out if side == SOURCE else into
    elif side == SOURCE:
        (row.bytes, row.packets), (row.bytes_reverse, row.packets_reverse) = out, into
    elif side == DESTINATION:
        (row.bytes, row.packets), (row.bytes_reverse, row.packets_reverse) = into, out
