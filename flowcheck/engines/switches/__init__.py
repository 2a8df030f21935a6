"""What each switch does to Kubernetes' own policies, or to what is around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flowcheck.engines.switches import around, blocks, order, rules
from flowcheck.model.cluster import Cluster

Values = Mapping[str, str]
"""A value for each switch, by its name."""

_STEPS: tuple[Callable[[Cluster, Values], Cluster], ...] = (
    rules.switched,
    blocks.switched,
    around.switched,
    order.switched,
)
"""In this order: what is refused or left out is not put in order, and what is added stands as it is."""


def switched(cluster: Cluster, values: Values) -> Cluster:
    """The cluster as it is under these values."""
    for step in _STEPS:
        cluster = step(cluster, values)
    return cluster


def remarks(cluster: Cluster, values: Values) -> Iterator[str]:
    """What of the cluster's own policies comes out otherwise than they are written, in sentences. ``cluster``
    is as it was read."""
    yield from rules.remarks(cluster, values)
    yield from order.remarks(cluster, values)
