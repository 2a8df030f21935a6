"""The columns of the table and their types. Times are microseconds; what never was sure has its own."""

from __future__ import annotations

import pyarrow as pa

from flowcheck.model.instants import LAST

NEVER_FROM, NEVER_TO = LAST, 0
"""As sure_from and sure_to: a version of which no instant is sure. (Null is open: before and after all.)"""

TEXT = pa.string()
TIME = pa.timestamp("us", tz="UTC")
LABELS = pa.map_(TEXT, TEXT)
_PORT = [
    ("name", TEXT),
    ("protocol", TEXT),
    ("port", pa.int32()),
    ("host_port", pa.int32()),
    ("host_ip", TEXT),
    ("container", TEXT),
]
PORTS = pa.list_(pa.struct(_PORT))
SCHEMA = pa.schema(
    [
        pa.field("kind", TEXT, nullable=False),
        pa.field("cluster", TEXT),
        pa.field("namespace", TEXT),
        pa.field("name", TEXT, nullable=False),
        pa.field("uid", TEXT),
        pa.field("ip", TEXT),
        pa.field("valid_from", TIME),
        pa.field("valid_to", TIME),
        pa.field("sure_from", TIME),
        pa.field("sure_to", TIME),
        pa.field("labels", LABELS),
        pa.field("namespace_labels", LABELS),
        pa.field("node_name", TEXT),
        pa.field("host_ip", TEXT),
        pa.field("host_network", pa.bool_()),
        pa.field("phase", TEXT),
        pa.field("ready", pa.bool_()),
        pa.field("named_ports", PORTS),
        pa.field("secondary_ips", pa.list_(TEXT)),
        pa.field("service_account", TEXT),
        pa.field("mesh", LABELS),
        pa.field("owner_kind", TEXT),
        pa.field("owner_name", TEXT),
        pa.field("owner_links", pa.list_(TEXT)),
        pa.field("edge_quality", TEXT),
        pa.field("source", TEXT),
        pa.field("document", TEXT),
    ]
)
"""Every column of the table; only ``kind`` and ``name`` must be there."""
