"""What a recorded pod is worth beside a recorded address.

A pod that was recorded beats its address, but not one that no pod can have on the cluster's network: then the
end is at that address, or, where the two contradict each other, it is nobody in particular.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.model.ranges import Within

POD = -1
"""The recorded pod it is."""


def beside_pods(axis: Axis) -> Int32:
    """(endpoints,) int32: who an end is where a pod is recorded beside an address of an endpoint.

    The endpoint itself, whatever pod: a Service (the port is its own, not the pod's) and a secondary
    interface. ``Axis.torn``, for pods on the cluster's network: a node's address, and one outside the
    ranges that pods have theirs from. Otherwise POD: addresses are reused, and translated to pods'.
    """
    known = families(axis)
    found = np.full(len(axis.endpoints), POD, dtype=np.int32)
    for number, end in enumerate(axis.endpoints):
        outside = end.kind == a.KIND_BLOCK and end.prefix is not None and end.prefix.version in known
        is_node = end.kind == a.KIND_NODE and not end.likely
        if end.kind in (a.KIND_SERVICE, a.KIND_SECONDARY):
            found[number] = number
        elif outside or is_node or number == axis.torn:
            found[number] = axis.torn
    return found


def families(axis: Axis) -> set[int]:
    """The IP versions whose ranges are known: there are some, and no known pod lies outside them."""
    told = Within(axis.ranges)
    pods = [end.prefix for end in axis.endpoints if end.kind == a.KIND_POD and end.prefix is not None]
    outside = {pod.version for pod in pods if pod not in told}
    return {int(one.version) for one in axis.ranges} - outside
