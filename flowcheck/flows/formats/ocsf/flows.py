"""Leaves of events -> canonical rows: which events are flows, their ends, directions and counters."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int64, UInt8
from flowcheck.flows.formats.ocsf.ends import Ends, ends_of
from flowcheck.flows.formats.ocsf.paths import KNOWN
from flowcheck.flows.formats.ocsf.table import NONE, Mask, Table
from flowcheck.flows.formats.ocsf.verdicts import of_a_cni, of_interfaces, verdicts
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.columns.batches import batch_of_columns
from flowcheck.flows.logs.counting.settling import Settling
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import RECORD
from flowcheck.flows.logs.values.protocols import WITH_PORTS, protocol_number

NETWORK_ACTIVITY, LISTEN = 4001, 7
EVENT, WINDOW, CONNECTION = 1, 2, 3
SOURCE, DESTINATION, BOTH = 1, 2, 4
INBOUND, OUTBOUND, LOCAL = 1, 2, 4
"""Of direction_id."""
TCP, SYN, ACK, CONGESTION = 6, 2, 16, 64 | 128
_HAS_PORTS = np.isin(np.arange(256), list(WITH_PORTS))


def rows_of(table: Table, *, asked: Asked, account: Account, settling: Settling) -> pa.RecordBatch:
    """The rows of some events; what are no flows is left out, what is unfit rejected."""
    table = _flows(table, account)
    bad: dict[str, Mask] = {}
    starts, started = _starts(table, asked, account)
    protocol, flags = _protocols(table), table.numbers("connection_info.tcp_flags")
    is_cloud, ends = of_interfaces(table), ends_of(table, bad)
    src_port, dst_port = _ports(table, protocol)
    forward, back, both_ways = _counters(table)
    point = _points(table, ends, is_cloud)
    settled = settling.settle(
        ends.src_keys,
        ends.dst_keys,
        _clipped(src_port),
        _clipped(dst_port),
        (protocol & 0xFF).astype(np.uint8),
        np.where(started, starts, 0),
        _initiators(table, protocol, flags, is_cloud, both_ways),
        point,
    )
    swap, added = settled.initiator == DESTINATION, settled.added == 1
    point = np.where(swap & ((point == SOURCE) | (point == DESTINATION)), SOURCE + DESTINATION - point, point)
    ended_at, ended = _ends(table, asked)
    columns = {RECORD: pa.array(table.records), **ends.columns(swap, point), **_verdicts(table)}
    columns["start_time"], columns["end_time"] = _column(starts, started), _column(ended_at, ended)
    columns["src_port"], columns["dst_port"] = map(_known, _turned(swap, src_port, dst_port))
    for name in ("bytes", "packets"):
        one, other = _turned(swap, forward[name], back[name])
        columns[name] = _column(one, added & (one != NONE))
        if not added.all():
            columns[f"{name}_here"] = _column(one, ~added & (one != NONE))
        columns[f"{name}_reverse"] = _column(other, added & (other != NONE))
    columns["protocol"], columns["tcp_flags"] = _known(protocol), _known(flags)
    columns["initiator"], columns["observation_point"] = _code(settled.initiator), _code(point)
    columns["record_kind"] = _code(np.where(both_ways, CONNECTION, np.where(ended, WINDOW, EVENT)))
    several = table.numbers("count")
    columns["flow_count"] = pa.array(np.where(several > 1, several, settled.once))
    columns["flow_count_here"] = pa.array(np.where(several > 1, several, settled.here))
    return batch_of_columns(columns, bad, account)


def _flows(table: Table, account: Account) -> Table:
    """Without the records that tell of no flow."""
    kind = table.numbers("class_uid")
    if (kind == NONE).any():
        kind = np.where(kind == NONE, table.numbers("type_uid") // 100, kind)
    left = np.zeros(len(table), dtype=np.bool_)
    status = table.texts("status_code")
    for reason, rows in (
        ("other_class", kind != NETWORK_ACTIVITY),
        ("no_data", status.are(lambda text: text.upper() == "NODATA")),
        ("skip_data", status.are(lambda text: text.upper() == "SKIPDATA")),
        ("listening", table.numbers("activity_id") == LISTEN),
    ):
        here = rows & ~left
        if here.any():
            account.leave_out(reason, int(here.sum()))
            left |= here
    if account.left_out["skip_data"]:
        account.warn("some windows were skipped by the recorder (SKIPDATA): it does not know what went by")
    return table.where(~left)


def _starts(table: Table, asked: Asked, account: Account) -> tuple[Int64, Mask]:
    """When each began, else when it was reported."""
    starts, started, unclear = table.times("start_time", asked.time_unit)
    for path in ("start_time_dt", "time", "time_dt"):
        if started.all():
            break
        others, are, doubtful = table.times(path, asked.time_unit)
        starts, started = np.where(started, starts, others), started | are
        unclear = unclear | doubtful
    if (unclear & ~started).any():
        account.warn("times are numbers whose unit their magnitude does not tell: say --time-unit")
    return starts, started


def _ends(table: Table, asked: Asked) -> tuple[Int64, Mask]:
    ends, ended, _ = table.times("end_time", asked.time_unit)
    if not ended.all():
        dated, are, _ = table.times("end_time_dt", "")
        ends, ended = np.where(ended, ends, dated), ended | are
    return ends, ended


def _ports(table: Table, protocol: Int64) -> tuple[Int64, Int64]:
    """NONE where the protocol has none."""
    portless = ~_HAS_PORTS[np.clip(protocol, 0, 255)]
    src, dst = (table.numbers(f"{end}_endpoint.port") for end in ("src", "dst"))
    return np.where(portless, NONE, src), np.where(portless, NONE, dst)


def _verdicts(table: Table) -> dict[str, pa.Array]:
    """A CNI's are of policies, those of others not."""
    told, is_cni = verdicts(table), of_a_cni(table)
    return {
        "action": _code(np.where(is_cni, told, 0)),
        "cloud_action": _code(told, ~is_cni & (told != 0)),
    }


def _protocols(table: Table) -> Int64:
    found = table.numbers("connection_info.protocol_num")
    if (found == NONE).any():
        names = table.texts("connection_info.protocol_name")
        numbers = [protocol_number(name or "") for name in names.values.to_pylist()]
        number_of = np.array([*(NONE if number is None else number for number in numbers), NONE])
        found = np.where(found == NONE, number_of[names.codes], found)
    return found


def _counters(table: Table) -> tuple[dict[str, Int64], dict[str, Int64], Mask]:
    """(from source to destination, and back, by name; which events count both ways). ``bytes`` is the sum of
    what is told; where nothing else is, all of it went one way."""
    forward, back = {}, {}
    both_ways = np.zeros(len(table), dtype=np.bool_)
    for name in ("bytes", "packets"):
        total, one, other = (table.numbers(f"traffic.{name}{way}") for way in ("", "_out", "_in"))
        rest = np.where(total == NONE, NONE, total - np.maximum(other, 0))
        forward[name], back[name] = np.where(one == NONE, rest, one), other
        both_ways |= (one != NONE) & (other != NONE)
    return forward, back, both_ways


def _initiators(table: Table, protocol: Int64, flags: Int64, is_cloud: Mask, both_ways: Mask) -> UInt8:
    """0 where the event does not tell. Windows of AWS tell of an ACK only beside a SYN, and so of the answer;
    elsewhere the flags may be those of a whole connection."""
    initiator = table.numbers("initiator_id")
    found = np.where((initiator == SOURCE) | (initiator == DESTINATION), initiator, 0).astype(np.uint8)
    known, unsure = table.truth(KNOWN)
    found[(found == 0) & known] = SOURCE
    opens = (found == 0) & (protocol == TCP) & (flags > 0) & (flags & SYN != 0)
    found[opens & (flags & ACK == 0)] = SOURCE
    answers = is_cloud | (flags & ~CONGESTION == SYN | ACK)
    found[opens & (flags & ACK != 0) & answers] = DESTINATION
    found[(found == 0) & both_ways & ~unsure & ~is_cloud] = SOURCE
    return found


def _points(table: Table, ends: Ends, is_cloud: Mask) -> UInt8:
    """Who saw it, of the record's own ends. The direction is a network interface's where one is named; other
    products mean their network's border."""
    found = table.numbers("observation_point_id")
    found = np.where((found >= SOURCE) & (found <= BOTH), found, 0)
    at_src, at_dst = ends.interfaces
    direction = table.numbers("connection_info.direction_id")
    sided = np.select(
        [direction == OUTBOUND, direction == INBOUND, direction == LOCAL], [SOURCE, DESTINATION, BOTH], 0
    )
    sided = np.where(is_cloud | at_src | at_dst, sided, 0)
    sided = np.select([at_src & ~at_dst, at_dst & ~at_src], [SOURCE, DESTINATION], sided)
    return np.where(found == 0, sided, found).astype(np.uint8)


def _turned(swap: Mask, one: Int64, other: Int64) -> tuple[Int64, Int64]:
    return np.where(swap, other, one), np.where(swap, one, other)


def _column(values: np.ndarray, there: Mask) -> pa.Array:
    return pa.array(values, mask=None if there.all() else ~there)


def _known(values: Int64) -> pa.Array:
    return _column(values, values != NONE)


def _code(values: np.ndarray, there: Mask | None = None) -> pa.Array:
    """A column of codes that are known to be some."""
    return pa.array(values.astype(np.int8), mask=None if there is None or there.all() else ~there)


def _clipped(ports: Int64) -> np.ndarray:
    return np.clip(ports, NONE, 0xFFFF).astype(np.int32)
