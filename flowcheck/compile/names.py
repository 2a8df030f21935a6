"""Names for endpoints, and endpoints for names.

A flow may name a pod or a workload instead of giving an address. The name of a workload with several pods
stands for none of them in particular, so it gets endpoints of its own, one for each way policies treat its
pods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32
from flowcheck.compile.endpoints import Axis

_CLASSES = [a.INGRESS_SUBJECT, a.INGRESS_PEER, a.EGRESS_SUBJECT, a.EGRESS_PEER]
Names = Mapping[tuple[str, str], tuple[int, ...]]


class Naming(NamedTuple):
    """facts: as in ``Tables.endpoints``, groups numbered, workload endpoints appended; names in its order."""

    facts: Int32
    names: tuple[str, ...]
    groups: tuple[str, ...]
    namespaces: tuple[str, ...]
    by_pod: Names
    by_workload: Names


def name_endpoints(axis: Axis, facts: Int32) -> Naming:
    """Number the groups and settle what every recorded name may mean."""
    groups: dict[str, int] = {}
    facts[:, a.GROUP] = [groups.setdefault(e.group, len(groups)) for e in axis.endpoints]
    names = [e.name for e in axis.endpoints]
    namespaces = [e.namespace for e in axis.endpoints]
    extra: list[Int32] = []
    by_workload: dict[tuple[str, str], tuple[int, ...]] = {}
    for key, members in axis.by_workload.items():
        if len({(int(facts[e, a.KIND]), int(facts[e, a.POD]), int(facts[e, a.NODE])) for e in members}) == 1:
            by_workload[key] = _told_apart(facts, members)
            continue
        ways = _told_apart(facts, members)
        by_workload[key] = tuple(range(len(names), len(names) + len(ways)))
        for endpoint in ways:
            fact = facts[endpoint].copy()
            fact[[a.POD, a.NODE]] = -1
            fact[a.GROUP] = groups.setdefault(axis.workload_names[key], len(groups))
            extra.append(fact)
            names.append(axis.workload_names[key])
            namespaces.append(key[0])
    by_pod = {key: _told_apart(facts, members) for key, members in axis.by_pod.items()}
    return Naming(
        facts=np.vstack([facts, *extra]).astype(np.int32),
        names=tuple(names),
        groups=tuple(groups),
        namespaces=tuple(namespaces),
        by_pod=by_pod,
        by_workload=by_workload,
    )


def _told_apart(facts: Int32, members: list[int]) -> tuple[int, ...]:
    """One endpoint of each kind that policies tell apart."""
    ways: dict[tuple[int, ...], int] = {}
    for endpoint in members:
        key = (
            *(int(facts[endpoint, c]) for c in _CLASSES),
            int(facts[endpoint, a.KIND]),
            int(facts[endpoint, a.NODE]),
        )
        ways.setdefault(key, endpoint)
    return tuple(ways.values())
