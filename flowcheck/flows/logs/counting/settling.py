"""The same as :mod:`.connections`, column by column, for logs of millions of records."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, UInt8, UInt64
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.kernels.logs import settling as kernels

_ROOM, _SLOTS_EACH = 1 << 18, 4
"""Of connections, to begin with: what a minute of most logs has, and near to the processor."""


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
        self._n_known, self._latest = 0, kernels.NEVER
        self._known = np.empty((_ROOM, 4), dtype=np.int64)
        self._slots = np.zeros(_SLOTS_EACH * _ROOM, dtype=np.int32)

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
        keys, places = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int32)
        turned = np.empty(rows, dtype=np.uint8)
        kernels.order_ends(src, dst, src_port, dst_port, protocol, keys, turned)
        self._n_known = kernels.find_connections(
            self._slots, self._known, self._n_known, keys, turned, seen_at, initiator, places
        )
        kernels.settle(
            self._known,
            turned,
            seen_at,
            places,
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
        """Forget what is old where there might be no room; there is more only if that does not suffice."""
        if self._n_known + rows <= len(self._known):
            return
        self._forget(self._latest - GAP)
        if 2 * (self._n_known + rows) > len(self._known):
            before = self._known[: self._n_known]
            room = 1 << (2 * (self._n_known + rows)).bit_length()
            self._known = np.empty((room, 4), dtype=np.int64)
            self._known[: len(before)] = before
            self._slots = np.zeros(_SLOTS_EACH * room, dtype=np.int32)
            self._forget(kernels.NEVER)

    def _forget(self, oldest: int) -> None:
        self._n_known = kernels.keep_recent(self._slots, self._known, self._n_known, oldest)
