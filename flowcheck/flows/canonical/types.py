"""The canonical columns in the types that flowcheck itself writes them in."""

from __future__ import annotations

import pyarrow as pa

from flowcheck.flows.canonical.schema import COLUMNS

TIME = pa.timestamp("us", tz="UTC")
_TYPES = {
    **dict.fromkeys(("start_time", "end_time"), TIME),
    **dict.fromkeys(("src_port", "dst_port", "service_port", "outer_port"), pa.uint16()),
    **dict.fromkeys(("protocol", "icmp_type", "icmp_code"), pa.uint8()),
    "tcp_flags": pa.uint16(),
    **dict.fromkeys(
        [
            "initiator",
            "action",
            "egress_action",
            "ingress_action",
            "cloud_action",
            "observation_point",
            "record_kind",
            "mesh_action",
        ],
        pa.int8(),
    ),
    **dict.fromkeys(("flow_count", "flow_count_here", "sampling_rate"), pa.uint32()),
    **dict.fromkeys(("bytes", "packets", "bytes_here", "packets_here"), pa.uint64()),
    **dict.fromkeys(("bytes_reverse", "packets_reverse"), pa.uint64()),
    **dict.fromkeys(("policy_refs", "mesh_policy_refs"), pa.list_(pa.string())),
}
FLOW_FIELDS = [pa.field(name, _TYPES.get(name, pa.string())) for name in COLUMNS]
