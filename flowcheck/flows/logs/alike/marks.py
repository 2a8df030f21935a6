"""Marks in the place of a line's values: where a mark comes out is where those of all lines like it go."""

from __future__ import annotations

from typing import NamedTuple

from flowcheck.flows.logs.alike.ends import Ends
from flowcheck.flows.logs.rows import Row
from flowcheck.kernels.logs.lines import MOST_CUTS

TIME_MARKS = tuple(f"1970-01-01T00:00:{n:02}Z" for n in range(MOST_CUTS))
PORT_MARKS = tuple(range(1, MOST_CUTS + 1))
NAME_MARKS = tuple(f" mark {n} " for n in range(MOST_CUTS))
"""What stands for the value of each cut: a time, a port, an address or a name (of no Kubernetes object, as it
has blanks)."""
_TIME_PLACES, _PORT_PLACES, _NAME_PLACES = (
    {mark: n for n, mark in enumerate(marks)} for marks in (TIME_MARKS, PORT_MARKS, NAME_MARKS)
)

BASE, SRC_PORT, DST_PORT, SRC_IP, DST_IP, SRC_NAMES, DST_NAMES, SERVICE_IP, SERVICE, NAT_SRC_IP = range(10)
WIDTH = 10
"""What is told of a row beside its record and time, as int32: the prototype; ports, -1 for none; and its ends
as :class:`.ends.Ends` numbers them."""


class Told(NamedTuple):
    """What is told of all lines that are alike: the cut that holds the time, -1 for none; for each of WIDTH
    the cut that holds it, -1 for none; and what it is where none does."""

    time: int
    places: tuple[int, ...]
    constants: tuple[int, ...]


def told_of(row: Row, ends: Ends) -> Told:
    """Of a row with marks. What is told is taken out of it; the constant of BASE is left open."""
    time = _TIME_PLACES.get(row.start_time, -1) if isinstance(row.start_time, str) else -1
    places, constants = [-1] * WIDTH, [0] * WIDTH
    constants[SRC_PORT] = constants[DST_PORT] = -1
    for column, port in ((SRC_PORT, row.src_port), (DST_PORT, row.dst_port)):
        if port is not None:
            places[column] = _PORT_PLACES[port]
    for column, address in (
        (SRC_IP, row.src_ip),
        (DST_IP, row.dst_ip),
        (SERVICE_IP, row.service_ip),
        (NAT_SRC_IP, row.nat_src_ip),
    ):
        if address is not None:
            places[column] = _NAME_PLACES.get(address, -1)
            constants[column] = ends.address(address) if places[column] < 0 else 0
    for column, names in (
        (SRC_NAMES, (row.src_namespace, row.src_pod, row.src_workload)),
        (DST_NAMES, (row.dst_namespace, row.dst_pod, row.dst_workload)),
    ):
        places[column] = _NAME_PLACES.get(names[0] or "", -1)
        constants[column] = ends.names(*names) if places[column] < 0 else 0
    places[SERVICE] = _NAME_PLACES.get(row.service_name or "", -1)
    constants[SERVICE] = ends.service(row.service_name) if places[SERVICE] < 0 else 0
    row.start_time, row.src_port, row.dst_port = 0, None, None
    row.src_ip = row.dst_ip = row.service_ip = row.nat_src_ip = row.service_name = None
    row.src_namespace = row.src_pod = row.src_workload = None
    row.dst_namespace = row.dst_pod = row.dst_workload = None
    return Told(time, tuple(places), tuple(constants))
