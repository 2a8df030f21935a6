"""A program as of one instant: what questions without a flow, and so without a time, are put to."""

from __future__ import annotations

from dataclasses import replace

from flowcheck.compile.build import compile_program
from flowcheck.compile.program import Program
from flowcheck.engines.named import joined
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options


def compile_at(cluster: Cluster, options: Options, instant: int) -> Program:
    """The program of the cluster as it was at an instant (microseconds since 1970)."""
    if not cluster.is_static:
        cluster = replace(cluster, policies=joined(cluster.policies, instant)).at(instant)
    return compile_program(cluster, options)
