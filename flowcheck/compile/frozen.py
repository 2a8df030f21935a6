"""A cluster and its program as of one instant: what questions without a flow, and so a time, are put to."""

from __future__ import annotations

from dataclasses import replace

from flowcheck.compile.build import compile_program
from flowcheck.compile.program import Program
from flowcheck.engines.named import joined
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options


def frozen(cluster: Cluster, instant: int) -> Cluster:
    """The cluster as it was at an instant (microseconds since 1970); where nothing ever changes, itself."""
    if cluster.is_static:
        return cluster
    return replace(cluster, policies=joined(cluster.policies, instant)).at(instant)


def compile_at(cluster: Cluster, options: Options, instant: int) -> Program:
    """Its program."""
    return compile_program(frozen(cluster, instant), options)
