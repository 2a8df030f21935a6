"""The hour as the network saw it: policy verdicts as Hubble's exporter writes them.

Of what goes through ztunnel it sees the tunnels, whose port is 15008 whatever is dialled in them; of
sidecars' connections the port, and nothing of the requests that they encrypt. It forwards what a proxy then
refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flowcheck.demo.logs.connections import write_lines
from flowcheck.demo.mesh.connections import Connection, text
from flowcheck.demo.mesh.talk import PODS, Plane, plane_of
from flowcheck.model.mesh.membership import HBONE_PORT


def write(path: Path, connections: Iterable[Connection]) -> None:
    write_lines(path, [_record(one) for one in connections])


def _record(one: Connection) -> dict[str, Any]:
    is_tunnel = plane_of(one.src) is Plane.AMBIENT
    is_egress = one.src in PODS
    port = HBONE_PORT if is_tunnel else one.talk.port
    ports = {"source_port": one.src_port, "destination_port": port, "flags": {"SYN": True}}
    node = PODS[one.src if is_egress else one.dst].node
    flow = {
        "time": text(one.at),
        "verdict": "FORWARDED",
        "IP": {"source": one.src_address, "destination": one.dst_address, "ipVersion": "IPv4"},
        "l4": {"TCP": ports},
        "source": _end(one.src, here=is_egress),
        "destination": _end(one.dst, here=not is_egress),
        "Type": "L3_L4",
        "event_type": {"type": 5},
        "traffic_direction": "EGRESS" if is_egress else "INGRESS",
        "node_name": node,
    }
    return {"flow": flow, "node_name": node, "time": flow["time"]}


def _end(name: str, *, here: bool) -> dict[str, Any]:
    if name not in PODS:
        return {"identity": 2, "labels": ["reserved:world"]}
    namespace, pod = name.split("/")
    number = 1 + list(PODS).index(name)
    found = {"identity": 50000 + number, "namespace": namespace, "pod_name": pod}
    return {"ID": 1000 + number, **found} if here else found
