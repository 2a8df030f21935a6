"""Connections as Calico's Goldmane has them: of all pods of a controller together, without addresses.

Where a connection came from outside, or went there, only that is told.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from flowcheck.demo.logs.connections import write_lines
from flowcheck.model.cluster import Pod
from flowcheck.model.protocols import protocol_word
from flowcheck.reading import load_cluster

WINDOW = 15
"""Seconds."""
ACTIONS = {0: "Pass", 1: "Allow", 2: "Deny"}
End = tuple[str, str, str]
"""Name, namespace and type."""


def write(path: Path, rows: list[dict[str, Any]], cluster: Path) -> None:
    """``cluster``: the manifests that names are taken from. What was dropped for no policy is in no flow."""
    ends = {
        address: _of(pod)
        for pod in load_cluster([cluster]).pods
        for address in pod.addresses
        if _is_owner(pod)
    }
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["action"] in ACTIONS:
            start = int(row["start_time"].timestamp()) // WINDOW * WINDOW
            source, destination = (
                ends.get(row[name]) or _outside(row[name]) for name in ("src_ip", "dst_ip")
            )
            key = (source, destination, row["dst_port"], row["protocol"], row["observation_point"])
            groups[*key, row["action"], start].append(row)
    write_lines(path, [_flow(key, members) for key, members in groups.items()])


def _is_owner(pod: Pod) -> bool:
    return not (pod.host_network or pod.finished)


def _of(pod: Pod) -> End:
    """A pod is called as what its controller begins all names with."""
    controller = pod.owners[0] if pod.owners else pod.workload
    name = pod.name if controller.kind == "Pod" else f"{controller.name}-*"
    return name, pod.namespace, "WorkloadEndpoint"


def _outside(address: str) -> End:
    return "pvt" if address.startswith("10.") else "pub", "-", "Network"


def _flow(key: tuple[Any, ...], members: list[dict[str, Any]]) -> dict[str, Any]:
    """In the JSON form of protocol buffers: numbers of 64 bits are texts, zeros are left out. In and out are
    the reporter's."""
    source, destination, port, protocol, point, action, start = key
    size, packets = (str(sum(row[name] for row in members)) for name in ("bytes", "packets"))
    way = "Out" if point == 1 else "In"
    ends = {
        "sourceName": source[0],
        "sourceNamespace": source[1],
        "sourceType": source[2],
        "destName": destination[0],
        "destNamespace": destination[1],
        "destType": destination[2],
        **({"destPort": str(port)} if port else {}),
    }
    return {
        "Key": {
            **ends,
            "destServiceName": "-",
            "destServiceNamespace": "-",
            "destServicePortName": "-",
            "proto": protocol_word(protocol).lower(),
            "reporter": "Src" if point == 1 else "Dst",
            "action": ACTIONS[action],
            "policies": {},
        },
        "startTime": str(start),
        "endTime": str(start + WINDOW),
        f"packets{way}": packets,
        f"bytes{way}": size,
        "numConnectionsStarted": str(sum(row["flow_count"] for row in members)),
    }
