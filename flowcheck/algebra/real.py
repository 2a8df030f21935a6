"""Between which endpoints policies are asked at all: not of a pod and itself, nor of addresses of different
families, nor of blocks in which no address is left."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32
from flowcheck.compile.endpoints.addresses import not_covered
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.model.policy import Direction

FAMILIES = {4: 1, 6: 2}
ANY_FAMILY = 3
FAMILY, POD, NODE, IS_NODE, IS_THERE = range(5)


class Real(NamedTuple):
    """traits (endpoints, 5) int32 and own_free: as ``kernels.without.instead.real_ends`` has them."""

    traits: Int32
    own_free: bool


def between(axis: Axis, direction: Direction, *, same_pod: bool) -> Real:
    """For network policies. ``same_pod``: they are asked of what a pod sends to itself, too. What a node
    sends to its own pods is asked where policies tell that apart."""
    traits = _traits(axis)
    if same_pod:
        traits[:, POD] = -1
    return Real(traits, direction is Direction.EGRESS and not axis.as_own)


def before_proxies(axis: Axis, *, by_waypoint: bool) -> Real:
    """For a mesh's: nobody's own node is asked about; a waypoint knows neither the pod nor its node, and may
    be reached over IPv6 and pass on over IPv4."""
    traits = _traits(axis)
    traits[traits[:, IS_NODE] == 2, IS_THERE] = 0
    if by_waypoint:
        traits[:, POD], traits[:, FAMILY] = -1, ANY_FAMILY
    return Real(traits, by_waypoint)


def _traits(axis: Axis) -> Int32:
    kinds = {a.KIND_NODE: 1, a.KIND_OWN_NODE: 2}
    with_addresses = set(not_covered(axis.owners))
    full = {end for one, end in axis.owners.items() if one not in with_addresses}
    rows = [
        (
            FAMILIES[end.prefix.version] if end.prefix is not None else ANY_FAMILY,
            end.pod,
            end.node,
            kinds.get(end.kind, 0),
            int(end.kind != a.KIND_BLOCK or number not in full),
        )
        for number, end in enumerate(axis.endpoints)
    ]
    traits: Int32 = np.array(rows, dtype=np.int32).reshape(-1, 5)
    traits[[endpoint for endpoint, pod in axis.pods if pod.template], POD] = -1
    return traits
