"""Pods and nodes that count with all of their addresses as soon as one of these does."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, UInt64
from flowcheck.compile.endpoints.addresses import prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules import bitset
from flowcheck.model.cluster import Cluster


class WholeOnes:
    """Which endpoints are one pod in one version, or one node."""

    def __init__(self, axis: Axis, cluster: Cluster, everyone: UInt64) -> None:
        self._axis, self._cluster, self._everyone = axis, cluster, everyone

    def spread(self, some: UInt64) -> UInt64:
        """These, and all other addresses of pods and nodes of which they are one. What only a device of a
        node has counts for itself."""
        own, counting = self._owners
        seen = np.zeros(int(own.max(initial=0)) + 1, dtype=np.bool_)
        seen[own[bitset.to_indices(some & counting)]] = True
        seen[0] = False
        return some | bitset.from_indices(np.flatnonzero(seen[own]).astype(np.int32), len(own))

    @cached_property
    def _owners(self) -> tuple[Int32, UInt64]:
        """(endpoints,) int32: the number of what has an address, 0 none; and whose addresses tell of it."""
        ends = self._axis.endpoints
        own = np.zeros(len(ends), dtype=np.int32)
        numbers: dict[tuple[str, int], int] = {}
        told = {(node.name, prefix(text)) for node in self._cluster.nodes for text in node.addresses}
        telling: list[int] = []
        for _, endpoints, _ in self._axis.versions:
            for endpoint in endpoints:
                if ends[endpoint].kind == a.KIND_POD:
                    own[endpoint] = numbers.setdefault(("pod", endpoints[0]), len(numbers) + 1)
                    telling.append(endpoint)
        for endpoint, end in enumerate(ends):
            if end.kind in (a.KIND_NODE, a.KIND_OWN_NODE):
                own[endpoint] = numbers.setdefault((str(end.kind), end.node), len(numbers) + 1)
                if end.prefix is not None and (end.name.removeprefix("Node/"), end.prefix) in told:
                    telling.append(endpoint)
        return own, bitset.from_indices(telling, len(ends))
