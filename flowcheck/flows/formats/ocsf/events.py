"""Events as JSON -> their leaves."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from flowcheck.flows.formats.leaves import Leaves
from flowcheck.flows.formats.ocsf.paths import DATED, KNOWN, NUMBERS, OTHER_ACTION, TEXTS, TIMES
from flowcheck.flows.logs.text.decoding import decoded

Number = int | float | str | None
NOT_WHOLE = -(1 << 62)
"""Stands for a number that is none, or not whole: no column takes it."""


class Container(msgspec.Struct, gc=False):
    pod_uuid: str | None = None


class Endpoint(msgspec.Struct, gc=False):
    ip: str | None = None
    port: Number = None
    interface_uid: str | None = None
    container: Container | None = None


class Connection(msgspec.Struct, gc=False):
    protocol_num: Number = None
    protocol_name: str | None = None
    tcp_flags: Number = None
    direction_id: Number = None


class Traffic(msgspec.Struct, gc=False):
    bytes: Number = None
    bytes_in: Number = None
    bytes_out: Number = None
    packets: Number = None
    packets_in: Number = None
    packets_out: Number = None


class Product(msgspec.Struct, gc=False):
    name: str | None = None
    vendor_name: str | None = None


class Metadata(msgspec.Struct, gc=False):
    product: Product | None = None


class Event(msgspec.Struct, gc=False):
    """All of it may be missing; what is not read is not decoded."""

    class_uid: Number = None
    type_uid: Number = None
    activity_id: Number = None
    action_id: Number = None
    disposition_id: Number = None
    count: Number = None
    initiator_id: Number = None
    observation_point_id: Number = None
    is_src_dst_assignment_known: bool | None = None
    time: Number = None
    start_time: Number = None
    end_time: Number = None
    time_dt: str | None = None
    start_time_dt: str | None = None
    end_time_dt: str | None = None
    status_code: Number = None
    disposition: str | None = None
    action: str | None = None
    src_endpoint: Endpoint | None = None
    dst_endpoint: Endpoint | None = None
    connection_info: Connection | None = None
    traffic: Traffic | None = None
    metadata: Metadata | None = None
    unmapped: msgspec.Raw = msgspec.Raw()


class Unmapped(msgspec.Struct, gc=False):
    action: str | None = None


class _Nothing:
    """Stands for an object that is not there: all of its fields are missing."""

    def __getattr__(self, name: str) -> None:
        return None


_NOTHING = _Nothing()
_PLAIN = {pa.int64(): int, pa.float64(): float, pa.string(): str}
event_decoder = msgspec.json.Decoder(Event)
_unmapped = msgspec.json.Decoder(Unmapped)


def leaves_of_events(events: list[Event]) -> Leaves:
    """A column of each leaf."""
    found: Leaves = {}
    groups: dict[str, list[Any]] = {"": events}
    for path in NUMBERS:
        found[path] = _column(_values(groups, path), pa.int64(), _whole)
    for path, dated in zip(TIMES, DATED, strict=True):
        times = _values(groups, path)
        found[path] = _column(times, pa.float64(), _number)
        texts = zip(_values(groups, dated), times, strict=True)
        found[dated] = pa.array([_text(text) or _text(time) for text, time in texts], pa.string())
    for path in TEXTS:
        found[path] = _column(_values(groups, path), pa.string(), _text)
    found[KNOWN] = pa.array(_values(groups, KNOWN), pa.bool_())
    found[OTHER_ACTION] = pa.array(list(map(_other_action, events)), pa.string())
    return found


def _values(groups: dict[str, list[Any]], path: str) -> list[Any]:
    """What the events have at a path; ``groups``: their objects by path: those on the way are kept there."""
    group, _, name = path.rpartition(".")
    if group not in groups:
        groups[group] = [_NOTHING if value is None else value for value in _values(groups, group)]
    return list(map(attrgetter(name), groups[group]))


def _column(values: list[Any], type_: pa.DataType, mend: Callable[[Number], Any]) -> pa.Array:
    """Values of the type, mostly; ``mend`` makes them so, or None, where they are not."""
    if not set(map(type, values)) <= {_PLAIN[type_], type(None)}:
        values = list(map(mend, values))
    try:
        return pa.array(values, type_)
    except (pa.ArrowException, OverflowError):
        return pa.array(list(map(mend, values)), type_)


def _whole(value: Number) -> int | None:
    """Also of a number that is written as text; ``-`` is none."""
    if value is None or value in ("", "-"):
        return None
    try:
        number = int(value)
        is_whole = number == float(value)
    except (ValueError, OverflowError):
        return NOT_WHOLE
    return number if is_whole and abs(number) < 1 << 62 else NOT_WHOLE


def _text(value: Number) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Number) -> float | None:
    """Also of digits that are written as text."""
    if value is None or (isinstance(value, str) and not (value.isdecimal() and len(value) < 20)):
        return None
    return float(value)


def _other_action(event: Event) -> str | None:
    """Only where nothing else tells."""
    if event.action_id is not None or event.disposition_id is not None or not bytes(event.unmapped):
        return None
    found = decoded(_unmapped, bytes(event.unmapped))
    return None if found is None else found.action
