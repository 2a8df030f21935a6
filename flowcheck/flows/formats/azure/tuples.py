"""One flow tuple -> a row."""

from __future__ import annotations

import re

from flowcheck.flows.logs.rows import Row
from flowcheck.flows.logs.values.protocols import WITH_PORTS
from flowcheck.flows.logs.values.times import PER_UNIT, unit_of

_ADDRESS, _COUNT = "[0-9A-Fa-f.:]+", "[0-9]*"
_ENDS = f"(?P<time>[0-9]+),(?P<src>{_ADDRESS}),(?P<dst>{_ADDRESS}),(?P<sport>{_COUNT}),(?P<dport>{_COUNT})"
_COUNTERS = ",".join(f"(?P<{name}>{_COUNT})" for name in ("packets", "bytes", "packets_back", "bytes_back"))
_GROUPS = "(?P<protocol>[TU]),(?P<way>[IO]),(?P<decision>[AD])(?:,(?P<state>[BCE])"
_NETWORKS = "(?P<protocol>[0-9]+),(?P<way>[IO]),(?P<state>[BCED]),[^,]*"
VERSIONS = (
    ("s", re.compile(f"{_ENDS},{_GROUPS},{_COUNTERS})?")),
    ("ms", re.compile(f"{_ENDS},{_NETWORKS},{_COUNTERS}")),
)
"""Each with the unit of its times. Security groups' (8 fields, or 13), and virtual networks' (13)."""
STATE = 4
ALLOWED, DENIED = 1, 2
_LETTERS = {"T": 6, "U": 17}
_LONGEST = 18
"""Digits of a number that is taken for one."""


def is_tuple(text: str) -> bool:
    return any(pattern.fullmatch(text) for _, pattern in VERSIONS)


def row_of(text: str, number: int, observer: str | None, unit: str) -> Row | None:
    """None where it is no tuple. ``unit``: of its time, as a person says; empty: its magnitude tells, else
    its version. A state that only goes on, or ends, counts no connection."""
    matches = ((own, pattern.fullmatch(text)) for own, pattern in VERSIONS)
    own, told = next(((own, found.groupdict()) for own, found in matches if found is not None), ("", None))
    if told is None:
        return None
    protocol = _LETTERS.get(told["protocol"]) or _number(told["protocol"])
    denied = "D" in (told.get("decision"), told["state"])
    row = Row(
        record=number,
        start_time=_microseconds(told["time"], unit, own),
        src_ip=told["src"],
        dst_ip=told["dst"],
        protocol=protocol,
        initiator=1,
        action=0,
        cloud_action=DENIED if denied else ALLOWED,
        observation_point=2 if told["way"] == "I" else 1,
        observer=observer,
        record_kind=STATE,
        packets=_number(told["packets"]),
        bytes=_number(told["bytes"]),
        packets_reverse=_number(told["packets_back"]),
        bytes_reverse=_number(told["bytes_back"]),
    )
    if protocol in WITH_PORTS:
        row.src_port, row.dst_port = _number(told["sport"]), _number(told["dport"])
    if told["state"] in ("C", "E"):
        row.flow_count = row.flow_count_here = 0
    return row


def _microseconds(digits: str, unit: str, own: str) -> int | None:
    number = _number(digits)
    if number is None or number < 0:
        return None
    unit = unit or unit_of(number) or own
    return number // 1000 if unit == "ns" else number * PER_UNIT[unit]


def _number(digits: str | None) -> int | None:
    """One of too many digits becomes one that no column takes."""
    if not digits:
        return None
    return int(digits) if len(digits) <= _LONGEST else -1
