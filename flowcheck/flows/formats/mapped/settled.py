"""Records of one direction -> which end opened each connection, and which record counts it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from flowcheck.flows.formats.mapped.columns.table import exchanged
from flowcheck.flows.formats.mapped.columns.values import TYPES
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.rows import RECORD, Row
from flowcheck.flows.logs.values.tcp import ACK, CONGESTION, SYN

_TOLD_BY = (
    *("start_time", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "icmp_type", "tcp_flags"),
    *("src_namespace", "src_pod", "src_workload", "dst_namespace", "dst_pod", "dst_workload"),
    *("initiator", "observation_point", "flow_count", "flow_count_here"),
)
"""What :class:`Connections` goes by."""
_SETTLED = ("initiator", "observation_point", "flow_count", "flow_count_here")
_OPENS = SYN | ACK


def settled(batch: pa.RecordBatch, connections: Connections, *, counts: bool) -> pa.RecordBatch:
    """The batch with initiators that could be found, replies turned round, and each connection counted once;
    without ``counts`` (the log has its own) a sampled packet keeps its count, else it counts none."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    names = [name for name in (RECORD, *_TOLD_BY) if name in columns]
    if "tcp_flags" in columns:
        columns["tcp_flags"] = _meant(columns["tcp_flags"], columns.get("packets"))
    values = [_plain(columns[name], name) for name in names]
    rows = [Row(**dict(zip(names, row, strict=True))) for row in zip(*values, strict=True)]
    for row in rows:
        if row.tcp_flags is not None and row.tcp_flags & _OPENS == _OPENS != row.tcp_flags & ~CONGESTION:
            row.tcp_flags = None
    before = np.array([row.initiator == 2 for row in rows], dtype=np.bool_)
    connections.settle(rows)
    turned = ~before & np.array([row.initiator == 2 for row in rows], dtype=np.bool_)
    if turned.any():
        columns |= exchanged(columns, turned, batch.num_rows)
    for name in _SETTLED:
        columns[name] = pa.array([getattr(row, name) for row in rows], TYPES[name])
    if counts and "sampling_rate" in columns:
        rates = columns["sampling_rate"].fill_null(0).to_numpy(zero_copy_only=False)
        for name in ("flow_count", "flow_count_here"):
            known = columns[name]
            none = (rates > 1) | known.is_null().to_numpy(zero_copy_only=False)
            columns[name] = pa.array(known.fill_null(0).to_numpy(zero_copy_only=False), mask=none)
    return pa.RecordBatch.from_pydict(columns)


def _meant(flags: pa.Array, packets: pa.Array | None) -> pa.Array:
    """Flags are those of all packets of a record together: SYN and ACK are an answer's where they are of one
    packet, else both ends may have sent them."""
    numbers = flags.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    several = np.zeros(len(flags), dtype=np.bool_)
    if packets is not None:
        several = packets.fill_null(1).to_numpy(zero_copy_only=False) > 1
    unclear = several & (numbers & ~CONGESTION == _OPENS)
    missing = flags.is_null().to_numpy(zero_copy_only=False)
    return pa.array(numbers, mask=unclear | missing).cast(flags.type)


def _plain(column: pa.Array, name: str) -> list[int | str | None]:
    found: list[int | str | None] = (
        column.cast(pa.int64()).to_pylist() if name == "start_time" else column.to_pylist()
    )
    return found
