"""What rows of a log have in common: all but their record, time, ports and ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, Int64
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import turn_round
from flowcheck.flows.logs.rows import WITHOUT_MESH, Row, batch_of

MOST = 1 << 17
"""Prototypes of one log that are kept at a time."""
_OTHER_POINT = {1: 2, 2: 1}
_DENIED, _DROPPED = 2, 4
_ANY = "0.0.0.0"
"""An address for what has its ends elsewhere."""
_MOST_COUNT = 1 << 40
_encode = msgspec.msgpack.Encoder().encode


class Kinds(NamedTuple):
    """Of each prototype, all (prototypes,) int64: its protocol and ICMP type, as one number; its observation
    point and initiator; its connections, -1 where they are to be settled; its rank; and why it is rejected,
    an index of ``Prototypes.reasons``, 0 where it is not."""

    tag: Int64
    point: Int64
    initiator: Int64
    connections: Int64
    rank: Int64
    reason: Int64


class _Reasons(Account):
    def __init__(self) -> None:
        super().__init__()
        self.of: dict[int, str] = {}

    def reject(self, reason: str, position: int) -> None:
        self.of[position] = reason


class Prototypes:
    """Use for one log."""

    def __init__(self) -> None:
        self.reasons = [""]
        self.forget()

    @property
    def are_many(self) -> bool:
        return len(self._rows) >= MOST

    def forget(self) -> None:
        """All numbers."""
        self._numbers: dict[bytes, int] = {}
        self._rows: list[Row] = []
        self._turned: dict[int, int] = {}
        self._kinds = np.zeros((1024, len(Kinds._fields)), dtype=np.int64)
        self._places = np.full(1024, -1, dtype=np.int32)
        self._made = 0
        self._table = pa.RecordBatch.from_pylist([], schema=WITHOUT_MESH)

    def number(self, row: Row, rank: int = 0) -> int:
        """The number of a row without ends, ports and time, which is used up. rank: as Connections has it."""
        row.record, row.src_ip, row.dst_ip = rank, _ANY, _ANY
        key = _encode(row)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._rows)
            row.record = found
            self._rows.append(row)
            if found == len(self._kinds):
                self._kinds = np.concatenate([self._kinds, np.zeros_like(self._kinds)])
                self._places = np.concatenate([self._places, np.full_like(self._places, -1)])
            self._kinds[found] = self._kind(row, rank)
        return found

    def with_service_port(self, number: int, port: int | None) -> int:
        """The prototype of rows that dialled a Service at this port."""
        row, rank = self._copy(number)
        row.service_port = port
        return self.number(row, rank)

    def turned(self, numbers: Int32) -> Int32:
        """The prototypes of answers: ends exchanged, and observation points with them; that an answer was
        denied is no decision about its connection."""
        distinct, which = np.unique(numbers, return_inverse=True)
        others = np.array([self._turned_one(number) for number in distinct.tolist()], dtype=np.int32)
        return others[which]

    def kinds(self) -> Kinds:
        self._make()
        return Kinds(*self._kinds.T)

    def batch(self, numbers: Int32, varying: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """Rows of these prototypes; ``varying`` columns in the place of theirs. Columns that all prototypes
        leave empty are left out."""
        self._make()
        places = pa.array(self._places[numbers])
        names = [
            name
            for name in WITHOUT_MESH.names
            if name in varying or self._table.column(name).null_count < self._table.num_rows
        ]
        columns = [
            varying[name] if name in varying else self._table.column(name).take(places) for name in names
        ]
        return pa.RecordBatch.from_arrays(columns, names)

    def _turned_one(self, number: int) -> int:
        other = self._turned.get(number)
        if other is None:
            row, rank = self._copy(number)
            point = _OTHER_POINT.get(row.observation_point or 0, row.observation_point)
            turn_round(row)
            row.observation_point = point
            row.action = _DROPPED if row.action == _DENIED else row.action
            row.egress_action = row.ingress_action = None
            other = self._turned[number] = self.number(row, rank)
        return other

    def _copy(self, number: int) -> tuple[Row, int]:
        """A prototype's row, and its rank."""
        rank = int(self._kinds[number, Kinds._fields.index("rank")])
        return msgspec.structs.replace(self._rows[number]), rank

    def _kind(self, row: Row, rank: int) -> tuple[int, ...]:
        return (
            (row.protocol or 0) % 256 << 9 | (0 if row.icmp_type is None else row.icmp_type % 256 + 1),
            row.observation_point or 0,
            row.initiator or 0,
            -1 if row.flow_count is None else min(row.flow_count, _MOST_COUNT),
            rank,
            0,
        )

    def _make(self) -> None:
        """Put new prototypes into the table, and what cannot be put there among the rejected."""
        new = self._rows[self._made :]
        if not new:
            return
        reasons = _Reasons()
        made = batch_of(new, reasons)
        self._places[made.column(0).to_numpy()] = np.arange(made.num_rows) + self._table.num_rows
        self._table = pa.concat_batches([self._table, made])
        for number, reason in reasons.of.items():
            if reason not in self.reasons:
                self.reasons.append(reason)
            self._kinds[number, -1] = self.reasons.index(reason)
        self._made = len(self._rows)
