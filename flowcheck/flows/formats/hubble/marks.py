"""Marks in the place of a flow's time and ports: what else is in it makes a prototype, and where the marks
come out is where the values of all flows like it belong."""

from __future__ import annotations

from flowcheck.flows.formats.hubble.records import Flow, Line, Moment, Ports
from flowcheck.flows.logs.alike.repeats import PORT_MARKS, TIME_MARKS, Places
from flowcheck.flows.logs.rows import Row

_TIME, _SRC, _DST = range(3)


def taken_out(line: Line, flow: Flow) -> tuple[int | str | None, tuple[int | None, ...]]:
    """Take the time and the ports out of a line, and leave marks in their place: (the time; by the place of
    its mark each port, and last what stands where there is none)."""
    time, ports = flow.time or line.time, _ports(flow)
    flow.time, line.time = TIME_MARKS[_TIME] if time else None, None
    src = dst = None
    if ports is not None:
        src, dst = ports.source_port or None, ports.destination_port
        ports.source_port = None if src is None else PORT_MARKS[_SRC]
        ports.destination_port = None if dst is None else PORT_MARKS[_DST]
    return microseconds(time), (None, src, dst, None)


def microseconds(time: str | Moment | None) -> int | str | None:
    """A time as rows have it."""
    return time.seconds * 1_000_000 + (time.nanos or 0) // 1000 if isinstance(time, Moment) else time


def is_marked(line: Line, flow: Flow) -> bool:
    """Whether its time and its ports, where it has any, are marks."""
    ports = _ports(flow) or Ports()
    told = (ports.source_port or None, ports.destination_port)
    return (flow.time or line.time) in TIME_MARKS and all(port is None or port in PORT_MARKS for port in told)


def places_of(row: Row) -> Places:
    """Where the marks came out."""
    time = TIME_MARKS.index(row.start_time) if isinstance(row.start_time, str) else -1
    return Places(
        time, *(-1 if port is None else PORT_MARKS.index(port) for port in (row.src_port, row.dst_port))
    )


def _ports(flow: Flow) -> Ports | None:
    if flow.l4 is None:
        return None
    layer = flow.l4.Protocol or flow.l4
    return layer.TCP or layer.UDP or layer.SCTP
