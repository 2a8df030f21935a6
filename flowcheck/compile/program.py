"""The compiled form of a cluster and its policies, and where each decision came from.

``Program`` is what ``evaluate`` and the runners are given: arrays for the kernels and the words to put back.
It is picklable; ``fingerprint`` is the SHA-256 of the arrays and words that decide a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from flowcheck.arrays import FIRST_RULE_DECISION, N_REAL_PROTOCOLS, AnyArray, Int32, Int64, Names, Tables
from flowcheck.compile.mesh.program import FIRST_RULE, MeshProgram
from flowcheck.compile.rules.decisions import Decision, RuleInfo
from flowcheck.errors import CompileError
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.service import Service, ServicePort


@dataclass(frozen=True)
class Program:
    """``endpoint_names[e]`` is empty where an address names itself. ``namespaces[e]`` likewise for no
    namespace.

    ``by_pod`` and ``by_workload`` map (namespace, name), ``by_uid`` a pod's uid, to what the name means at a
    time. ``service_ports`` are those of ``tables.services``, each with its Service. Default denies are
    decisions after the rules'. ``n_rows``: of how many rows the tables were
    filled. ``cluster`` is what was compiled; only ``explain`` looks at it again.
    ``beside_pod[e]``, int32: see ``compile/endpoints/beside.py``.
    ``nodes`` are names by the number in column NODE; ``located`` maps addresses of pods and backends to
    endpoints. ``address_of[e]`` is the address of one of several endpoints that the name of a pod stands for.
    ``mesh``: what a service mesh decides, where any pod is in one; ``mesh_rules`` are its rules.
    """

    tables: Tables
    n_rows: int
    decisions: Sequence[Decision]
    rules: tuple[RuleInfo, ...]
    endpoint_names: tuple[str, ...]
    groups: tuple[str, ...]
    namespaces: tuple[str, ...]
    by_pod: Names[tuple[str, str]]
    by_uid: Names[str]
    by_workload: Names[tuple[str, str]]
    service_ports: tuple[tuple[Service, ServicePort], ...]
    beside_pod: Int32
    unresolved: int
    options: Options
    cluster: Cluster | None = None
    nodes: tuple[str, ...] = ()
    located: Mapping[str, int] = field(default_factory=dict)
    address_of: Mapping[int, str] = field(default_factory=dict)
    mesh: MeshProgram | None = None
    mesh_rules: tuple[RuleInfo, ...] = ()

    def __repr__(self) -> str:
        n_endpoints, n_decisions = len(self.tables.endpoints), len(self.decisions)
        return f"<Program endpoints={n_endpoints} rules={len(self.rules)} decisions={n_decisions}>"

    def rules_by_decision(self) -> Iterator[tuple[int, RuleInfo]]:
        """Every rule with its decision, network policies' first."""
        yield from enumerate(self.rules, start=FIRST_RULE_DECISION)
        if self.mesh is not None:
            yield from enumerate(self.mesh_rules, start=FIRST_RULE + self.mesh.offset)

    def arrivals(self, ingress: Int32, mesh: Int32) -> Int32:
        """(n,) int32: one number for both decisions at the destination."""
        if self.mesh is None:
            return ingress
        own = np.where(mesh >= FIRST_RULE_DECISION, mesh - self.mesh.offset, mesh)
        return (ingress * self.mesh.n_decisions + own).astype(np.int32)

    def apart(self, arrivals: Int64) -> tuple[Int64, Int64]:
        """(n,) the decisions (ingress, mesh) that numbers of :meth:`arrivals` stand for."""
        if self.mesh is None:
            return arrivals, np.zeros_like(arrivals)
        ingress, own = np.divmod(arrivals, self.mesh.n_decisions)
        return ingress, np.where(own >= FIRST_RULE_DECISION, own + self.mesh.offset, own)

    @property
    def epoch_start(self) -> Int64:
        """(epochs,) int64: when any policies changed, a mesh's too; as in Tables."""
        if self.mesh is None:
            return self.tables.epoch_start
        of_mesh = next(iter(self.mesh.tables.values())).epoch_start
        return np.unique(np.concatenate([self.tables.epoch_start, of_mesh]))

    @property
    def tells_icmp_apart(self) -> bool:
        """Whether a policy speaks of types of ICMP."""
        return len(self.tables.port_class) > N_REAL_PROTOCOLS

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for array in _arrays((self.tables, self.beside_pod)):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        words = (
            self.decisions,
            self.rules,
            *self.mesh_rules,
            self.endpoint_names,
            self.groups,
            self.namespaces,
            self.options,
        )
        known: dict[int, str] = {}
        names = ", ".join(_text(one, known) for one in (self.by_pod, self.by_uid, self.by_workload))
        digest.update(f"({words!r}, {names}, {self.address_of!r})".encode("utf-8", "backslashreplace"))
        return digest.hexdigest()

    def without_cluster(self) -> Program:
        """What a worker needs: the tables, without the cluster they came from."""
        return replace(self, cluster=None, service_ports=(), nodes=(), located={})


MOST_ARRIVALS = 1 << 31
"""How many pairs of a decision of network policies and one of a mesh there may be."""


def with_mesh(
    program: Program, mesh: MeshProgram, decisions: Sequence[Decision], rules: Sequence[RuleInfo]
) -> Program:
    """A program with what a mesh decides; its decisions come after those that there are.

    **Raises**: CompileError when both are too many to be told apart in pairs.
    """
    if len(program.decisions) * mesh.n_decisions >= MOST_ARRIVALS:
        raise CompileError(
            f"{len(program.decisions)} decisions of network policies and {mesh.n_decisions} of the mesh are "
            "too many to be told apart",
            hint="leave the mesh out with --mesh off, or audit fewer namespaces' policies with --policies",
        )
    verdict = [decision.verdict for decision in decisions]
    reason = [decision.reason for decision in decisions]
    tables = program.tables._replace(
        verdict=np.append(program.tables.verdict, np.array(verdict, dtype=np.uint8)),
        reason=np.append(program.tables.reason, np.array(reason, dtype=np.uint8)),
    )
    listed = (*program.decisions, *decisions)
    return replace(program, tables=tables, mesh=mesh, decisions=listed, mesh_rules=tuple(rules))


def _arrays(value: Any) -> Iterator[AnyArray]:
    """Every array of nested NamedTuples, in order; numbers as arrays of one."""
    if isinstance(value, tuple):
        for part in value:
            yield from _arrays(part)
    else:
        yield np.asarray(value)


def _text(names: Names[Any], known: dict[int, str]) -> str:
    """As ``repr`` has it; what several names mean, such as a pod's and its uid, is written out once."""
    for meaning in names.values():
        if id(meaning) not in known:
            known[id(meaning)] = repr(meaning)
    return "{" + ", ".join([f"{name!r}: {known[id(meaning)]}" for name, meaning in names.items()]) + "}"
