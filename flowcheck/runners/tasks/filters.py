"""Which rows are asked for: those of a time, those with an end in a namespace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from flowcheck.arrays import FlowArrays
from flowcheck.compile import Program
from flowcheck.runners.messages import Setup


class Filters:
    """Of one run. ``programs``: those whose namespaces are meant."""

    def __init__(self, setup: Setup, *programs: Program) -> None:
        self._setup = setup
        self._inside = [_in_namespaces(program, setup.namespaces) for program in programs]

    def leave_out(self, *flows: FlowArrays) -> int:
        """Leave out of the same rows, as each program reads them, those outside the asked time, or without an
        end in an asked namespace to any of the programs; returns how many there are."""
        setup, first = self._setup, flows[0]
        if setup.since_us is None and setup.until_us is None and not setup.namespaces:
            return 0
        out = np.zeros(len(first.src), dtype=np.bool_)
        if setup.since_us is not None:
            out |= first.seen_at < setup.since_us
        if setup.until_us is not None:
            out |= first.seen_at >= setup.until_us
        if setup.namespaces:
            each = zip(self._inside, flows, strict=True)
            out |= ~np.logical_or.reduce([inside[own.src] | inside[own.dst] for inside, own in each])
        out &= first.judge != 0
        for own in flows:
            own.judge[out] = 0
        return int(out.sum())


def _in_namespaces(program: Program, namespaces: Sequence[str]) -> npt.NDArray[np.bool_]:
    """(endpoints,)"""
    return np.array([name in namespaces for name in program.namespaces], dtype=np.bool_)
