"""The leaves of an event that are read, by their paths, and those that stand in for others."""

from __future__ import annotations

NUMBERS = (
    *("class_uid", "type_uid", "activity_id", "action_id", "disposition_id", "count"),
    *("initiator_id", "observation_point_id"),
    *("src_endpoint.port", "dst_endpoint.port"),
    *("connection_info.protocol_num", "connection_info.tcp_flags", "connection_info.direction_id"),
    *(f"traffic.{what}{way}" for what in ("bytes", "packets") for way in ("", "_in", "_out")),
)
TIMES = ("start_time", "end_time", "time")
DATED = ("start_time_dt", "end_time_dt", "time_dt")
TEXTS = (
    *(f"{end}_endpoint.{what}" for end in ("src", "dst") for what in ("ip", "interface_uid")),
    *(f"{end}_endpoint.container.pod_uuid" for end in ("src", "dst")),
    *("connection_info.protocol_name", "status_code", "disposition", "action"),
    *("metadata.product.name", "metadata.product.vendor_name"),
)
KNOWN = "is_src_dst_assignment_known"
UNMAPPED, OTHER_ACTION = "unmapped", "unmapped.action"
"""What a recorder said that OCSF had no field for; ``unmapped`` is an object, a struct, or a map of texts."""

_INSTEAD = {
    "type_uid": ("class_uid",),
    **dict.fromkeys((OTHER_ACTION, UNMAPPED), ("action_id", "disposition_id", "disposition", "action")),
    **{dated: (dated.removesuffix("_dt"),) for dated in DATED},
}
"""What need not be read where a table has one of these columns: it costs much, and says the same."""


def chosen(paths: frozenset[str]) -> list[str]:
    """Of the paths that a table has, those to read."""
    return [
        path
        for path in (*NUMBERS, *TIMES, *DATED, *TEXTS, KNOWN, OTHER_ACTION, UNMAPPED)
        if path in paths and not any(other in paths for other in _INSTEAD.get(path, ()))
    ]
