"""The columns of an audit's tables, but for those of the load (:mod:`flowcheck.balance.tell.tables`).

Whoever reads a table back needs them, and none of what fills it.
"""

from __future__ import annotations

import pyarrow as pa

from flowcheck.flows.canonical.types import FLOW_FIELDS, TIME

EDGES_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("destination", pa.string()),
        ("port", pa.uint16()),
        ("protocol", pa.uint8()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("observed", pa.string()),
        ("flow_count", pa.uint64()),
        ("records", pa.uint64()),
        ("bytes", pa.uint64()),
        ("first_seen", TIME),
        ("last_seen", TIME),
        ("egress_policy", pa.string()),
        ("ingress_policy", pa.string()),
        ("mesh_policy", pa.string()),
    ]
)
HITS_SCHEMA = pa.schema(
    [
        ("policy", pa.string()),
        ("rule", pa.string()),
        ("tier", pa.string()),
        ("direction", pa.string()),
        ("action", pa.string()),
        ("file", pa.string()),
        ("line", pa.uint32()),
        ("records", pa.uint64()),
        ("flow_count", pa.uint64()),
        ("unknown_records", pa.uint64()),
    ]
)
VIOLATIONS_SCHEMA = pa.schema(
    [
        pa.field("source_file", pa.string()),
        pa.field("row", pa.int64()),
        *FLOW_FIELDS,
        pa.field("src", pa.string()),
        pa.field("dst", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("direction", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("observed", pa.string()),
        pa.field("policies", pa.list_(pa.string())),
        pa.field("initiator_basis", pa.string()),
    ]
)
LEDGER_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("file", "status", "reason", "detail", "format")),
        ("bytes", pa.uint64()),
        *(
            (f"rows_{name}", pa.uint64())
            for name in ("declared", "judged", "unknown", "rejected", "filtered", "merged", "left_out")
        ),
        ("sha256", pa.string()),
    ]
)
"""One row for each file of ledger.json, with the numbers that it has of it."""
