"""Connections as logs record them, drawn from a seed: who talks to whom is as uneven as in a cluster."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SEED = 20260310
BEGIN = 1_773_100_000
"""Seconds since 1970."""
CLUSTER, NODE = (2_000, 300, 5_000), (110, 40, 200)
"""Pods, Services, and addresses outside, of a cluster and of what a node's log tells of."""


class Drawn(NamedTuple):
    """Each (n,): addresses as text, ports, seconds since 1970 in order, and whether it is an answer."""

    src: list[str]
    dst: list[str]
    src_port: list[int]
    dst_port: list[int]
    at: list[int]
    answer: list[bool]
    bytes_: list[int]
    packets: list[int]


def draw(n: int, n_pods: int, n_services: int, n_outside: int) -> Drawn:
    dice = np.random.default_rng(SEED)
    pods = [f"10.{20 + pod // 250}.{pod % 250}.{2 + pod * 7 % 250}" for pod in range(n_pods)]
    outside = [f"198.18.{i // 250}.{1 + i % 250}" for i in range(n_outside)]
    source = (dice.zipf(1.3, n) - 1) % n_pods
    backend = (dice.zipf(1.2, n) - 1) % n_services * (n_pods // n_services)
    away, far = dice.random(n) < 0.1, dice.integers(n_outside, size=n)
    answer = dice.random(n) < 0.4
    ports = np.array([443, 8080, 5432, 53, 9090, 6379])[backend % 6]
    packets = dice.geometric(0.1, n)
    client = [pods[i] for i in source.tolist()]
    server = [
        outside[there] if out else pods[i]
        for out, there, i in zip(away.tolist(), far.tolist(), backend.tolist(), strict=True)
    ]
    ephemeral = dice.integers(32768, 61000, n)
    turned = answer.tolist()
    return Drawn(
        src=[server[i] if turned[i] else client[i] for i in range(n)],
        dst=[client[i] if turned[i] else server[i] for i in range(n)],
        src_port=np.where(answer, ports, ephemeral).tolist(),
        dst_port=np.where(answer, ephemeral, ports).tolist(),
        at=(BEGIN + np.sort(dice.integers(0, 3600, n))).tolist(),
        answer=turned,
        bytes_=(packets * dice.integers(60, 1400, n)).tolist(),
        packets=packets.tolist(),
    )
