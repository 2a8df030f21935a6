"""The ends of events: addresses, pods, and the network interfaces that saw them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, UInt8
from flowcheck.flows.formats.ocsf.table import Table
from flowcheck.flows.logs.columns.addresses import Addresses
from flowcheck.flows.logs.columns.making import WRONG, Making
from flowcheck.kernels.logs.columns import exchange, fill_from

SOURCE, DESTINATION = 1, 2


class Pair(NamedTuple):
    """What is told of both ends. src, dst (rows,) int32: places among the values, less than 0 for none."""

    src: Int32
    dst: Int32
    values: pa.StringArray

    def column(self, codes: Int32) -> pa.Array:
        missing = codes < 0
        mask = missing if missing.any() else None
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), self.values)


class Ends(NamedTuple):
    """src, dst (rows,) int32: addresses, by their numbers in the book. seen_by: interfaces."""

    book: Addresses
    src: Int32
    dst: Int32
    uids: Pair
    seen_by: Pair

    def put(self, made: Making, turned: UInt8, points: UInt8) -> None:
        """Make the columns of ends, exchanged where ``turned``. ``points``: who saw it, after that."""
        exchange(turned, self.src, self.dst)
        made.columns["src_ip"], made.columns["dst_ip"] = map(self.book.column, (self.src, self.dst))
        exchange(turned, self.uids.src, self.uids.dst)
        for name, codes in (("src_pod_uid", self.uids.src), ("dst_pod_uid", self.uids.dst)):
            made.columns[name] = self.uids.column(codes)
        one, other = self.seen_by.src, self.seen_by.dst
        exchange(turned ^ (points == DESTINATION), one, other)
        fill_from(one, other)
        made.columns["observer"] = self.seen_by.column(one)


def ends_of(table: Table, made: Making) -> Ends:
    """The ends of some events; those with texts that are no address are rejected."""
    book = Addresses(table.once)
    src, dst = (_addresses(table, end, book, made) for end in ("src", "dst"))
    return Ends(book, src, dst, _paired(table, "container.pod_uuid"), _paired(table, "interface_uid"))


def _addresses(table: Table, end: str, book: Addresses, made: Making) -> Int32:
    texts = table.texts(f"{end}_endpoint.ip")
    codes = book.codes(end, texts.values, texts.codes)
    made.reject(codes == WRONG, f"bad_{end}_ip")
    return codes


def _paired(table: Table, what: str) -> Pair:
    src, dst = (table.texts(f"{end}_endpoint.{what}") for end in ("src", "dst"))
    values = pa.concat_arrays([src.values, dst.values])
    return Pair(src.codes, dst.codes + np.int32(len(src.values)) * (dst.codes >= 0), values)
