"""Leaves of events -> canonical rows: which events are flows, their ends, directions and counters."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, Int64, UInt8, writable
from flowcheck.flows.formats.ocsf.ends import SOURCE, ends_of
from flowcheck.flows.formats.ocsf.paths import KNOWN
from flowcheck.flows.formats.ocsf.table import NONE, Mask, Table
from flowcheck.flows.formats.ocsf.verdicts import of_a_cni, of_interfaces, verdicts
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.columns.making import Making
from flowcheck.flows.logs.counting.settling import Settling
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.values.protocols import WITH_PORTS, protocol_number
from flowcheck.kernels.logs import events as kernels
from flowcheck.kernels.logs.settling import DESTINATION

NETWORK_ACTIVITY, LISTEN = 4001, 7
EVENT, WINDOW, CONNECTION = 1, 2, 3
_HAS_PORTS = np.isin(np.arange(256), list(WITH_PORTS)).view(np.uint8)


def rows_of(table: Table, *, asked: Asked, account: Account, settling: Settling) -> pa.RecordBatch:
    """The rows of some events; what are no flows is left out, what is unfit rejected."""
    table = _flows(table, account)
    made = Making(table.records)
    ends = ends_of(table, made)
    starts, started = _starts(table, asked, account)
    ended_at, ended = _ends(table, asked)
    made.put_times("start_time", starts, started)
    made.put_times("end_time", ended_at, ended)
    protocol, flags = _protocols(table), table.numbers("connection_info.tcp_flags")
    (src_port, src_narrow), (dst_port, dst_narrow) = (_ports(table, end, protocol) for end in ("src", "dst"))
    forward, back, both_ways = _counters(table)
    told = kernels.Told(
        protocol,
        flags,
        table.numbers("initiator_id"),
        table.numbers("observation_point_id"),
        table.numbers("connection_info.direction_id"),
        _assigned(table),
        ends.seen_by.src,
        ends.seen_by.dst,
        of_interfaces(table).view(np.uint8),
        both_ways.view(np.uint8),
    )
    openers, points = np.empty(made.n, dtype=np.uint8), np.empty(made.n, dtype=np.uint8)
    kernels.find_openers(told, openers)
    kernels.find_points(told, points)
    settled = settling.settle(
        ends.book.keys(ends.src),
        ends.book.keys(ends.dst),
        src_narrow,
        dst_narrow,
        protocol.astype(np.uint8),
        writable(starts) if started.all() else np.where(started, starts, 0),
        openers,
        points,
    )
    turned, added = settled.initiator == DESTINATION, settled.added == 1
    points ^= np.uint8(SOURCE ^ DESTINATION) * (turned & ((points == SOURCE) | (points == DESTINATION)))
    made.put("src_port", src_port, turned=(dst_port, turned))
    made.put("dst_port", dst_port, turned=(src_port, turned))
    made.put("protocol", protocol)
    made.put("tcp_flags", flags)
    made.put_codes("initiator", settled.initiator)
    _put_verdicts(table, made)
    made.put_codes("observation_point", points)
    made.put_codes("record_kind", np.where(both_ways, CONNECTION, np.where(ended, WINDOW, EVENT)))
    several = table.numbers("count") if table.has("count") else None
    for name, once in (("flow_count", settled.once), ("flow_count_here", settled.here)):
        made.put(name, once.astype(np.int64), turned=None if several is None else (several, several > 1))
    for name in ("bytes", "packets"):
        made.put(name, forward[name], added, (back[name], turned))
        if not added.all():
            made.put(f"{name}_here", forward[name], ~added, (back[name], turned))
        made.put(f"{name}_reverse", back[name], added, (forward[name], turned))
    ends.put(made, turned.view(np.uint8), points)
    for name in ("start_time", "protocol", "src_ip", "dst_ip"):
        made.need(name)
    return made.batch(account)


def _flows(table: Table, account: Account) -> Table:
    """Without the records that tell of no flow."""
    kind = table.numbers("class_uid")
    if (kind == NONE).any():
        kind = np.where(kind == NONE, table.numbers("type_uid") // 100, kind)
    left = np.zeros(len(table), dtype=np.bool_)
    for reason, rows in (
        ("other_class", kind != NETWORK_ACTIVITY),
        ("no_data", table.are("status_code", lambda text: text.upper() == "NODATA")),
        ("skip_data", table.are("status_code", lambda text: text.upper() == "SKIPDATA")),
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


def _ports(table: Table, end: str, protocol: Int64) -> tuple[Int64, Int32]:
    """NONE where the protocol has none; and the same in less bits, for what can be no port the nearest."""
    ports, narrow = table.numbers(f"{end}_endpoint.port"), np.empty(len(table), dtype=np.int32)
    kernels.narrow_ports(protocol, _HAS_PORTS, ports, narrow)
    return ports, narrow


def _put_verdicts(table: Table, made: Making) -> None:
    """A CNI's are of policies, those of others not."""
    told, is_cni = verdicts(table), of_a_cni(table)
    made.put_codes("action", np.where(is_cni, told, 0))
    made.put_codes("cloud_action", told, ~is_cni & (told != 0))


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
        total, other = table.numbers(f"traffic.{name}"), table.numbers(f"traffic.{name}_in")
        forward[name], back[name] = total, other
        if table.has(f"traffic.{name}_out") or table.has(f"traffic.{name}_in"):
            one = table.numbers(f"traffic.{name}_out")
            rest = np.where(total == NONE, NONE, total - np.maximum(other, 0))
            forward[name] = np.where(one == NONE, rest, one)
            both_ways |= (one != NONE) & (other != NONE)
    return forward, back, both_ways


def _assigned(table: Table) -> UInt8:
    """Whether the source is known to have opened it."""
    known, unsure = table.truth(KNOWN)
    return known * np.uint8(kernels.KNOWN) + unsure * np.uint8(kernels.UNSURE)
