"""Rows -> the table, into a stream: the caller makes the file appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.history.inventory.columns import NEVER_FROM, NEVER_TO, SCHEMA
from flowcheck.history.inventory.rows import Row
from flowcheck.model.timeline import BEGINNING, END

BATCH_ROWS = 1 << 14


def write_rows(rows: Iterable[Row], stream: BinaryIO) -> None:
    """Write the table: one row for each address of a version, one without where it has none."""
    records = (record for row in rows for record in _records(row))
    with pq.ParquetWriter(stream, SCHEMA, compression="zstd", write_page_checksum=True) as writer:
        while batch := list(islice(records, BATCH_ROWS)):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=SCHEMA))


def _records(row: Row) -> Iterator[dict[str, Any]]:
    life = row.lifetime
    exact = life.start == life.sure_start and life.end == life.sure_end
    record: dict[str, Any] = {
        "kind": row.kind,
        "namespace": row.namespace or None,
        "name": row.name,
        "uid": row.uid or None,
        "valid_from": _written(life.start),
        "valid_to": _written(life.end),
        "sure_from": NEVER_FROM if life.sure_start >= END else _written(life.sure_start),
        "sure_to": NEVER_TO if life.sure_end <= BEGINNING else _written(life.sure_end),
        "labels": list(row.labels.items()),
        "namespace_labels": None if row.namespace_labels is None else list(row.namespace_labels.items()),
        "node_name": row.node_name or None,
        "host_ip": row.host_ip or None,
        "edge_quality": "exact" if exact else "inferred",
        "source": row.source,
        "document": row.document or None,
    }
    if row.kind == "pod":
        record |= {
            "host_network": row.host_network,
            "phase": row.phase,
            "ready": row.ready,
            "named_ports": [
                {
                    "name": port.name or None,
                    "protocol": port.protocol,
                    "port": port.number,
                    "host_port": port.host_port or None,
                    "host_ip": port.host_ip or None,
                    "container": port.container or None,
                }
                for port in row.ports
            ],
            "secondary_ips": list(row.secondary_ips),
            "service_account": row.account or None,
            "mesh": dict(row.mesh) or None,
            "owner_kind": row.owner_kind or None,
            "owner_name": row.owner_name or None,
            "owner_links": list(row.links),
        }
    for ip in row.ips or (None,):
        yield {**record, "ip": ip}


def _written(time: int) -> int | None:
    return time if BEGINNING < time < END else None
