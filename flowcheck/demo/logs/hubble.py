"""Connections as Hubble's exporter writes them: policy verdicts where one decided, else drops or traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flowcheck.demo.logs.connections import write_lines
from flowcheck.model.protocols import ICMP, ICMPV6, SCTP, TCP, UDP

DIRECTIONS = {1: "EGRESS", 2: "INGRESS"}
LAYERS = {TCP: "TCP", UDP: "UDP", SCTP: "SCTP"}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    write_lines(path, [_line(row) for row in rows])


def _line(row: dict[str, Any]) -> dict[str, Any]:
    time = row["start_time"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    flow = {
        "time": time,
        "verdict": "DROPPED" if row["action"] in (2, 4) else "FORWARDED",
        "IP": {
            "source": row["src_ip"],
            "destination": row["dst_ip"],
            "ipVersion": "IPv6" if ":" in row["src_ip"] else "IPv4",
        },
        "l4": _layer(row),
        "Type": "L3_L4",
        "traffic_direction": DIRECTIONS[row["observation_point"]],
        **_event(row),
    }
    node = f"node-{'?ab'[row['observation_point']]}"
    return {"flow": {**flow, "node_name": node}, "node_name": node, "time": time}


def _layer(row: dict[str, Any]) -> dict[str, Any]:
    protocol = row["protocol"]
    if protocol in (ICMP, ICMPV6):
        return {"ICMPv4": {"type": 8}} if protocol == ICMP else {"ICMPv6": {"type": 128}}
    ports: dict[str, Any] = {"source_port": row["src_port"], "destination_port": row["dst_port"]}
    if protocol == TCP and row["initiator"] == 1:
        ports["flags"] = {"SYN": True}
    elif protocol == TCP:
        ports["flags"] = {"ACK": True}
    return {LAYERS[protocol]: ports}


def _event(row: dict[str, Any]) -> dict[str, Any]:
    if row["initiator"] == 0:
        return {"event_type": {"type": 4, "sub_type": 3}, "trace_observation_point": "TO_STACK"}
    if row["action"] == 4:
        return {"event_type": {"type": 1, "sub_type": 155}, "drop_reason_desc": "CT_MAP_INSERTION_FAILED"}
    if row["action"] == 2:
        return {"event_type": {"type": 5}, "drop_reason_desc": "POLICY_DENIED"}
    return {"event_type": {"type": 5}, "is_reply": False}
