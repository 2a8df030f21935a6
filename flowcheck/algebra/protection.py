"""Who is isolated by nothing: workloads that no policy's default denies anything, by direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flowcheck import arrays as a
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules.directions import LaidOut
from flowcheck.compile.rules.outcome.numbered import Numbered, is_written
from flowcheck.model.cluster import Pod


@dataclass(frozen=True, slots=True)
class Protection:
    """Of a workload's pods in one direction: how many some policy isolates, how many none does, and of how
    many that is open. ``named_by``: rules of policies that isolate nobody speak of some of those that none
    does, as admin policies do."""

    workload: str
    namespace: str
    layer: str
    isolated: int
    open: int
    unisolated: int
    named: bool


def protection(axis: Axis, laid: LaidOut, numbered: Numbered, layer: str) -> list[Protection]:
    """All workloads in whose pods any is not surely isolated, by name. Pods on the network of their node are
    not among them; with a mesh, only those are that it carries."""
    states = _states(laid, numbered)
    found: dict[str, dict[int, tuple[int, bool]]] = {}
    space: dict[str, str] = {}
    for endpoint, pod in axis.pods:
        end = axis.endpoints[endpoint]
        if end.kind == a.KIND_POD and _is_asked(pod, layer):
            own = states[laid.subjects.part.class_of[endpoint]]
            pods = found.setdefault(end.group, {})
            pods[end.pod] = max(pods.get(end.pod, own), own)
            space[end.group] = pod.namespace
    told = []
    for workload, pods in sorted(found.items()):
        counts = [sum(one == state for one, _ in pods.values()) for state in (_ISOLATED, _OPEN, _NOT)]
        if counts[0] < len(pods):
            named = any(state == _NOT and named for state, named in pods.values())
            told.append(Protection(workload, space[workload], layer, counts[0], counts[1], counts[2], named))
    return told


_ISOLATED, _OPEN, _NOT = range(3)


def _states(laid: LaidOut, numbered: Numbered) -> Sequence[tuple[int, bool]]:
    """Of each class of subjects: whether it is isolated, and whether any rule speaks of it."""
    subjects, rule_of_row = laid.subjects, numbered.of_rows(laid.rows.decision).row
    written = np.array([*map(is_written, numbered.infos), False])
    pure: list[tuple[int, bool]] = []
    for subject in range(subjects.part.n):
        rows = rule_of_row[subjects.rows_in(subject, ())]
        named = bool(written[rows].any())  # the last, -1, is none
        if subjects.isolated_by(subject, ()):
            pure.append((_ISOLATED, named))
        else:
            pure.append((_OPEN if bool(np.any(rows < 0)) else _NOT, named))
    return [*pure, *((_OPEN, True) for _ in subjects.part.mixes)]


def _is_asked(pod: Pod, layer: str) -> bool:
    return layer != "mesh" or pod.mesh is not None
