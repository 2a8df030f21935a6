"""The hour as Hubble's exporter wrote it: policy verdicts of connections, and answers of DNS."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flowcheck.demo.cilium.talk import BANK, DNS, EXPECTED, ORDINARY, PODS, Talk
from flowcheck.demo.logs.connections import write_lines

SEED = 20260310
BEGIN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
LOOKUPS, TTL = 60, 60
"""An answer of DNS a minute, which holds for one."""


def write(path: Path) -> None:
    dice = random.Random(SEED)
    lines = [line for talk in (*ORDINARY, *EXPECTED) for line in _verdicts(talk, dice)]
    lines += [_answer(number) for number in range(LOOKUPS)]
    write_lines(path, sorted(lines, key=lambda line: str(line["time"])))


def _verdicts(talk: Talk, dice: random.Random) -> Iterator[dict[str, Any]]:
    for _ in range(talk.connections):
        at = BEGIN + timedelta(milliseconds=dice.randrange(3_600_000))
        src, dst = dice.choice(talk.sources), dice.choice(talk.destinations)
        ports = {"source_port": dice.randrange(32768, 61000), "destination_port": talk.port}
        flags = {} if talk.protocol == "UDP" else {"flags": {"SYN": True}}
        is_egress = src in PODS
        flow = {
            "time": _text(at),
            "verdict": "DROPPED" if talk.dropped else "FORWARDED",
            **({"drop_reason_desc": "POLICY_DENIED"} if talk.dropped else {}),
            "IP": {"source": _address(src), "destination": _address(dst), "ipVersion": "IPv4"},
            "l4": {talk.protocol: ports | flags},
            "source": _end(src, here=is_egress),
            "destination": _end(dst, here=not is_egress),
            "Type": "L3_L4",
            "event_type": {"type": 5},
            "traffic_direction": "EGRESS" if is_egress else "INGRESS",
        }
        yield _line(flow, PODS[src if is_egress else dst][1])


def _answer(number: int) -> dict[str, Any]:
    """What orders was told of its bank, by the agent's proxy."""
    flow = {
        "time": _text(BEGIN + timedelta(minutes=number)),
        "verdict": "FORWARDED",
        "IP": {"source": PODS[DNS][0], "destination": PODS["shop/orders-0"][0], "ipVersion": "IPv4"},
        "l4": {"UDP": {"source_port": 53, "destination_port": 40000 + number}},
        "source": _end(DNS, here=False),
        "destination": _end("shop/orders-0", here=True),
        "Type": "L7",
        "event_type": {"type": 129},
        "l7": {
            "type": "RESPONSE",
            "dns": {"query": f"{BANK[0]}.", "ips": [BANK[1]], "ttl": TTL, "observation_source": "proxy"},
        },
        "traffic_direction": "EGRESS",
        "is_reply": True,
    }
    return _line(flow, PODS["shop/orders-0"][1])


def _address(name: str) -> str:
    return PODS[name][0] if name in PODS else name


def _end(name: str, *, here: bool) -> dict[str, Any]:
    if name not in PODS:
        return {"identity": 2, "labels": ["reserved:world"]}
    namespace, pod = name.split("/")
    number = 1 + list(PODS).index(name)
    found = {"identity": 40000 + number, "namespace": namespace, "pod_name": pod}
    return {"ID": 1000 + number, **found} if here else found


def _line(flow: dict[str, Any], node: str) -> dict[str, Any]:
    return {"flow": {**flow, "node_name": node}, "node_name": node, "time": flow["time"]}


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
