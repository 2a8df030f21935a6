"""Fields of some records, a column each -> canonical rows: ends, who opened it, which side saw it; and which
records hold no flow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, Int64
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.columns.addresses import Addresses
from flowcheck.flows.logs.columns.lines import absent, addresses, coded, numbers, texts, times
from flowcheck.flows.logs.columns.making import MISSING, WRONG, Bool, Making
from flowcheck.flows.logs.columns.once import Once
from flowcheck.flows.logs.values.tcp import ACK, SYN, TCP
from flowcheck.flows.logs.values.times import microseconds_of

ALLOWED, DENIED = 1, 2
SOURCE, DESTINATION = 1, 2
WINDOW = 2
WITHOUT_PORTS = ~np.isin(np.arange(256), (6, 17, 33, 132, 136))
"""By protocol: all but TCP, UDP, DCCP, SCTP and UDP-Lite. Of them a port of 0 is none."""
_TOLD = ("srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr", "protocol")
_NO_POD = (
    "its records have no pkt-srcaddr and pkt-dstaddr: in their place stands the primary address of a network "
    "interface, which all pods behind it share, so that no pod can be judged by it"
)


class Fields(NamedTuple):
    """``columns``: by the field's name; ``positions`` (n,). ``taken_in``: when, where the log kept that apart
    from the records."""

    columns: dict[str, pa.Array]
    positions: Int64
    taken_in: list[int | str | None] | None = None

    def those(self, kept: Bool) -> Fields:
        """Some of them: where ``kept`` (n,)."""
        names = list(self.columns)
        batch = pa.RecordBatch.from_arrays(list(self.columns.values()), names=names).filter(pa.array(kept))
        taken_in = self.taken_in and [self.taken_in[place] for place in np.flatnonzero(kept).tolist()]
        return Fields(dict(zip(names, batch.columns, strict=True)), self.positions[kept], taken_in)


class Converter:
    """Use for all records of one log. ``unit``: of its times."""

    def __init__(self, account: Account, unit: str) -> None:
        self._account, self._unit = account, unit
        self._once = Once()

    def batch(self, fields: Fields) -> pa.RecordBatch:
        """Rows of what are flows; the account is told of all the rest."""
        self._account.read(len(fields.positions))
        self._look_at(fields)
        fields = self._flows(fields)
        get, n = fields.columns.get, len(fields.positions)
        made, book = Making(fields.positions), Addresses(self._once)
        _times(made, fields, self._unit)
        src = _ends(book, fields, "pkt_srcaddr", "srcaddr")
        dst = _ends(book, fields, "pkt_dstaddr", "dstaddr")
        protocol = numbers(made, "protocol", get("protocol"))
        flags = numbers(made, "tcp_flags", get("tcp_flags"))
        known = (protocol == TCP) & (flags != MISSING)
        answers = known & (flags & (SYN | ACK) == SYN | ACK)
        opens = known & (flags & (SYN | ACK) == SYN)

        made.put("protocol", protocol)
        made.need("start_time")
        made.need("protocol")
        made.reject(src == WRONG, "bad_src_ip")
        made.reject(dst == WRONG, "bad_dst_ip")
        src_port, dst_port = _ports(made, fields, protocol)
        made.put("src_port", src_port, turned=(dst_port, answers))
        made.put("dst_port", dst_port, turned=(src_port, answers))
        for name in ("bytes", "packets"):
            counted = numbers(made, name, get(name))
            made.put(name, counted, ~answers)
            made.put(f"{name}_reverse", counted, answers)
        src, dst = _turned(src, dst, answers)
        made.columns["src_ip"], made.columns["dst_ip"] = book.column(src), book.column(dst)

        side = coded(get("flow_direction"), {"egress": SOURCE, "ingress": DESTINATION}, n)
        made.put("observation_point", np.where(side == MISSING, 0, np.where(answers, 3 - side, side)))
        made.put("initiator", np.where(answers, 2, opens.astype(np.int64)))
        made.put("tcp_flags", flags)
        made.put("cloud_action", coded(get("action"), {"ACCEPT": ALLOWED, "REJECT": DENIED}, n))
        made.constant("action", 0)
        made.constant("record_kind", WINDOW)
        texts(made, "observer", get("interface_id"))
        made.need("src_ip")
        made.need("dst_ip")
        return made.batch(self._account)

    def _look_at(self, fields: Fields) -> None:
        """What the fields that are there say of the whole log."""
        if not {"pkt_srcaddr", "pkt_dstaddr"} <= fields.columns.keys():
            self._account.unfit = _NO_POD
        for name in ("start", "protocol"):
            if name not in fields.columns and (name != "start" or fields.taken_in is None):
                self._account.warn(f"its records have no field {name}: they cannot be used")

    def _flows(self, fields: Fields) -> Fields:
        """Those that hold a flow: of others AWS says that they do not, or there is nothing in them."""
        n = len(fields.positions)
        status = coded(fields.columns.get("log_status"), {"NODATA": 1, "SKIPDATA": 2}, n, other=0)
        if (unsaid := status == MISSING).any():
            empty = np.logical_and.reduce([absent(fields.columns.get(name), n) for name in _TOLD])
            status[unsaid & empty] = 1
        if not (status > 0).any():
            return fields
        for code, reason in ((1, "no_data"), (2, "skip_data")):
            if count := int((status == code).sum()):
                self._account.leave_out(reason, count)
        return fields.those(status <= 0)

    def tell(self) -> None:
        """Call after the last record."""
        quiet, skipped = self._account.left_out["no_data"], self._account.left_out["skip_data"]
        if quiet:
            self._account.warn(f"NODATA, windows in which an interface had no traffic: {quiet:,}")
        if skipped:
            self._account.warn(f"SKIPDATA, windows of which AWS left out flows that there were: {skipped:,}")


def _times(made: Making, fields: Fields, unit: str) -> None:
    start = fields.columns.get("start")
    if start is None and fields.taken_in is not None:
        began, _ = microseconds_of(fields.taken_in)
        start, unit = pa.array(began, pa.int64()), "us"
    times(made, "start_time", start, unit)
    times(made, "end_time", fields.columns.get("end"), unit)


def _ends(book: Addresses, fields: Fields, packet: str, interface: str) -> Int32:
    """The address in the packet; where that is not told, what stands for it at the interface."""
    get, n = fields.columns.get, len(fields.positions)
    codes = addresses(book, packet, get(packet), n)
    missing = codes == MISSING
    if not missing.any():
        return codes
    return np.where(missing, addresses(book, interface, get(interface), n), codes)


def _ports(made: Making, fields: Fields, protocol: Int64) -> tuple[Int64, Int64]:
    without = WITHOUT_PORTS[protocol]
    first, second = (
        np.where(without & (port == 0), MISSING, port) if without.any() else port
        for port in (
            numbers(made, "src_port", fields.columns.get("srcport")),
            numbers(made, "dst_port", fields.columns.get("dstport")),
        )
    )
    return first, second


def _turned(one: Int32, other: Int32, answers: Bool) -> tuple[Int32, Int32]:
    """Both (n,), exchanged where the record is an answer."""
    if not answers.any():
        return one, other
    return np.where(answers, other, one), np.where(answers, one, other)
