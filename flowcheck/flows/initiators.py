"""Who opened each connection: as recorded, else found out; replies are turned round.

A record whose destination turns out to be the initiator is a reply, and is judged as its connection. What
cannot be told stays unknown and is never a violation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Tables, UInt8, UInt64
from flowcheck.flows.canonical.numbers import Numbers
from flowcheck.flows.canonical.schema import BOTH_WAYS, OF_ONE_END
from flowcheck.flows.ends import Ends, named
from flowcheck.kernels import initiators

BASES = ("none", "record", "flags", "pair", "listener", "port")
"""How the initiator was found; the order of the codes in :mod:`flowcheck.arrays`."""


class Initiators(NamedTuple):
    """basis (flows,) uint8: an index of BASES. swap (flows,) uint8: 1 where the recorded destination opened
    the connection and the row is a reply."""

    basis: UInt8
    swap: UInt8

    def turned(self) -> npt.NDArray[np.bool_]:
        return self.swap.astype(np.bool_)


def find_initiators(tables: Tables, numbers: Numbers, src: Ends, dst: Ends) -> Initiators:
    """The initiator of every row that is not rejected.

    Source: the canonical column ``initiator`` (1 and 2: the source is the initiator already).
    """
    n_rows = len(numbers.rejected)
    basis = np.where(numbers.initiator != 0, a.BASIS_RECORD, a.BASIS_NONE).astype(np.uint8)
    swap = np.zeros(n_rows, dtype=np.uint8)
    unknown = (basis == a.BASIS_NONE) & (numbers.rejected == 0)
    if not unknown.any():
        return Initiators(basis, swap)
    initiators.by_flags(numbers.protocol, numbers.flags, basis, swap)
    table = np.zeros(1 << int(2 * n_rows + 1).bit_length(), dtype=np.uint64)
    keys: tuple[UInt64, UInt64] = (src.keys, dst.keys)
    ports: tuple[Int32, Int32] = (numbers.src_port, numbers.port)
    addressed = (src.keys != 0) & (dst.keys != 0) & ~named(src.keys) & ~named(dst.keys)
    paired = np.where(addressed, numbers.src_port, -1)
    initiators.by_pairs(table, *keys, paired, numbers.port, numbers.protocol, basis, swap)
    ends = (_sure(src, tables.endpoints), _sure(dst, tables.endpoints))
    initiators.by_ports(tables.services, *ends, *ports, numbers.protocol, basis, swap)
    return Initiators(basis, swap)


def _sure(end: Ends, columns: Int32) -> Int32:
    """Endpoints, -1 where a name stands for several that are not one pod."""
    if not end.several:
        return end.endpoints
    endpoints = end.endpoints.copy()
    for row, ends in end.several.items():
        pods = columns[list(ends), a.POD]
        if pods[0] < 0 or (pods != pods[0]).any():
            endpoints[row] = -1
    return endpoints


def turn_round(batch: pa.RecordBatch, turned: npt.NDArray[np.bool_]) -> pa.RecordBatch:
    """The rows with source and destination exchanged where the row is a reply; the others as they are.

    A row that was turned has ``initiator`` 2, as one that an adapter turned; nothing is told of its other end
    that a column has of one alone.
    """
    if not turned.any():
        return batch
    columns = {name: batch.column(name) for name in batch.schema.names}
    for one, other in BOTH_WAYS:
        if one not in columns and other not in columns:
            continue
        type_ = columns[one if one in columns else other].type
        first, second = (columns.get(name, pa.nulls(len(turned), type_)) for name in (one, other))
        columns[one], columns[other] = _chosen(turned, second, first), _chosen(turned, first, second)
    for name in OF_ONE_END:
        if name in columns:
            nothing = pa.nulls(len(turned), columns[name].type)
            columns[name] = _chosen(turned, nothing, columns[name])
    if "initiator" in columns:
        twos = pa.array(np.full(len(turned), 2), columns["initiator"].type)
        columns["initiator"] = _chosen(turned, twos, columns["initiator"])
    return pa.RecordBatch.from_pydict(columns)


def _chosen(turned: npt.NDArray[np.bool_], yes: pa.Array, no: pa.Array) -> pa.Array:
    """``yes`` where turned, else ``no``, in the type of ``no`` without its dictionary."""
    plain = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in (yes, no)]
    if plain[0].type != plain[1].type:
        plain[0] = plain[0].cast(plain[1].type, safe=False)
    both = pa.concat_arrays(plain)
    places = np.arange(len(turned)) + np.where(turned, 0, len(turned))
    return both.take(pa.array(places))
