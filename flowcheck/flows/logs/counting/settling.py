"""The same as :mod:`.connections`, column by column, for logs of millions of records."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, UInt8, UInt64
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.kernels.logs import settling as kernels


class Settled(NamedTuple):
    """Each (rows,) uint8. initiator: 0 unknown, 1 the record's source, 2 its destination. once, here: 1 for
    the record that counts its connection, and for the first at its observation point. added: 0 where the
    bytes are those that another observation point reports."""

    initiator: UInt8
    once: UInt8
    here: UInt8
    added: UInt8


class Settling:
    """Use for the batches of one log, in their order. Of ends only whether they are the same matters: they
    come as keys. Both directions of a connection are one. Only what the last minute told is remembered."""

    def __init__(self) -> None:
        self._table = np.zeros((1 << 10, 4), dtype=np.int64)
        self._used, self._latest = 0, kernels.NEVER

    def settle(
        self,
        src: UInt64,
        dst: UInt64,
        src_port: Int32,
        dst_port: Int32,
        protocol: UInt8,
        seen_at: Int64,
        initiator: UInt8,
        point: UInt8,
    ) -> Settled:
        """Each (rows,). Ports: -1 unknown. seen_at: microseconds. initiator, point: as the records say."""
        rows = len(src)
        self._make_room(rows)
        found = Settled(initiator.copy(), *(np.zeros(rows, dtype=np.uint8) for _ in range(3)))
        slots, ends = np.empty(rows, dtype=np.int32), (src, dst, src_port, dst_port)
        self._used += kernels.find_slots(self._table, *ends, protocol, seen_at, initiator, slots)
        kernels.settle(
            self._table,
            *ends,
            seen_at,
            slots,
            GAP,
            found.initiator,
            point,
            found.once,
            found.here,
            found.added,
        )
        if rows:
            self._latest = max(self._latest, int(seen_at.max()))
        return found

    def _make_room(self, rows: int) -> None:
        """Forget what is old where the table might become more than half full."""
        if 2 * (self._used + rows) > len(self._table):
            n_slots = 1 << (6 * (self._used + rows)).bit_length()
            table = np.zeros((n_slots, 4), dtype=np.int64)
            self._used = kernels.keep_recent(self._table, self._latest - GAP, table)
            self._table = table
