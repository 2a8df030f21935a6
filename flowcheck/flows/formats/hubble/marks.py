"""Marks in the place of a flow's time, ports and ends: what else is in it makes a prototype.

Of an endpoint that is gone, how a flow is read depends on two bits: whether it had an ID, and an identity.
"""

from __future__ import annotations

from flowcheck.flows.formats.hubble.parts import microseconds, names_of, service_of
from flowcheck.flows.formats.hubble.records import Endpoint, Flow, Line, Ports, Service, Workload
from flowcheck.flows.logs.alike.ends import Ends
from flowcheck.flows.logs.alike.marks import (
    DST_IP,
    DST_NAMES,
    DST_PORT,
    NAME_MARKS,
    NAT_SRC_IP,
    PORT_MARKS,
    SERVICE,
    SRC_IP,
    SRC_NAMES,
    SRC_PORT,
    TIME_MARKS,
    WIDTH,
)

_SOURCE_SERVICE = 0
_NO_PORT, _MOST_PORT = -1, (1 << 16) - 1


def taken_out(line: Line, flow: Flow, ends: Ends) -> tuple[int | str | None, list[int]]:
    """Take the time, the ports and the ends out of a line, and leave marks in their place: (the time; by the
    place of its mark the number of each). A port that is none has the number past the last."""
    time, values = flow.time or line.time, [0] * WIDTH
    flow.time, line.time = TIME_MARKS[0] if time else None, None
    ports = ports_of(flow)
    if ports is not None:
        values[SRC_PORT], values[DST_PORT] = _number(ports.source_port), _number(ports.destination_port)
        ports.source_port = PORT_MARKS[SRC_PORT] if ports.source_port else None
        ports.destination_port = None if ports.destination_port is None else PORT_MARKS[DST_PORT]
    addresses = flow.IP
    if addresses is not None:
        values[SRC_IP], values[DST_IP] = ends.address(addresses.source), ends.address(addresses.destination)
        values[NAT_SRC_IP] = ends.address(addresses.source_xlated)
        addresses.source = NAME_MARKS[SRC_IP] if addresses.source else None
        addresses.destination = NAME_MARKS[DST_IP] if addresses.destination else None
        addresses.source_xlated = NAME_MARKS[NAT_SRC_IP] if addresses.source_xlated else None
    if flow.source is not None:
        values[SRC_NAMES] = ends.names(*names_of(flow.source))
        flow.source = marked_endpoint(bits_of(flow.source), SRC_NAMES)
    if flow.destination is not None:
        values[DST_NAMES] = ends.names(*names_of(flow.destination))
        flow.destination = marked_endpoint(bits_of(flow.destination), DST_NAMES)
    if flow.source_service is not None:
        values[_SOURCE_SERVICE] = ends.service(service_of(flow.source_service))
        flow.source_service = marked_service(_SOURCE_SERVICE)
    if flow.destination_service is not None:
        values[SERVICE] = ends.service(service_of(flow.destination_service))
        flow.destination_service = marked_service(SERVICE)
    return microseconds(time), values


def _number(port: int | None) -> int:
    return _NO_PORT if port is None else port if 0 <= port <= _MOST_PORT else _MOST_PORT + 1


def bits_of(end: Endpoint) -> int:
    return bool(end.ID) | bool(end.identity) << 1


def marked_endpoint(bits: int, place: int) -> Endpoint:
    """What stands for an endpoint."""
    mark = NAME_MARKS[place]
    return Endpoint(
        ID=bits & 1, identity=bits >> 1, namespace=mark, pod_name=mark, workloads=[Workload(name=mark)]
    )


def marked_service(place: int) -> Service:
    """What stands for a Service."""
    return Service(name=NAME_MARKS[place])


def is_marked(line: Line, flow: Flow) -> bool:
    """Whether its time and its ports, where it has any, are marks."""
    ports = ports_of(flow) or Ports()
    told = (ports.source_port or None, ports.destination_port)
    return (flow.time or line.time) in TIME_MARKS and all(port is None or port in PORT_MARKS for port in told)


def ports_of(flow: Flow) -> Ports | None:
    if flow.l4 is None:
        return None
    layer = flow.l4.Protocol or flow.l4
    return layer.TCP or layer.UDP or layer.SCTP
