"""What a log says of rules: how much each decided, and whether another would have decided alike; and which
flows went where nothing isolates. From edges of a program whose decisions tell their alternatives.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from flowcheck import arrays as a
from flowcheck.algebra.told import NO_POLICY
from flowcheck.arrays import Int64
from flowcheck.compile import Program
from flowcheck.compile.rules.decisions import RuleInfo
from flowcheck.compile.rules.outcome.numbered import Key, key_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Action
from flowcheck.results.edges import Edges, combine_verdicts
from flowcheck.results.ruling.perhaps_hit import perhaps_hit


@dataclass(slots=True)
class Hits:
    """What one rule decided, in records and connections. ``alike``: records of which ``by`` (with the records
    of each) would have said the same; ``open``: those of which that is not known; ``unknown``: records with
    an unknown verdict that it may have decided. ``info``: as it stands in the policy that was in force."""

    info: RuleInfo
    layer: str
    records: int = 0
    flows: int = 0
    alike: int = 0
    open: int = 0
    unknown: int = 0
    by: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class LetIn:
    """Flows that were allowed at one side of a workload only as nothing isolates it there. ``ports``:
    connections by protocol and port (-1 not recorded); ``peers`` by who was at the other end."""

    records: int = 0
    flows: int = 0
    bytes_: int = 0
    ports: Counter[tuple[int, int]] = field(default_factory=Counter)
    peers: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Usage:
    """``hits`` of every rule that was ever in force; ``let_in`` by workload and layer. By whose policies:
    ``cluster``, as it is enforced, with ``options``."""

    hits: dict[Key, Hits]
    let_in: dict[tuple[str, str], LetIn]
    cluster: Cluster
    options: Options


def usage_of(program: Program, edges: Edges) -> Usage:
    """**Raises**: ValueError of a program without its cluster."""
    if program.cluster is None:
        raise ValueError("the program was stripped of its cluster")
    options = replace(program.options, alternatives=False)
    cluster = program.cluster.unchanged_for(0)  # itself, even if what stands for it is yet to read it
    return Usage(_hits(program, edges), _let_in(program, edges), cluster, options)


def _hits(program: Program, edges: Edges) -> dict[Key, Hits]:
    unknown = perhaps_hit(program, edges)
    of_mesh = frozenset(program.mesh_rules)
    found: dict[Key, Hits] = {}
    by_decision: dict[int, Hits] = {}
    counted: set[RuleInfo] = set()
    for decision, rule in program.rules_by_decision():
        is_mesh = rule in of_mesh
        one = found.setdefault(key_of(rule), Hits(rule, "mesh" if is_mesh else rule.direction.value))
        if rule.action != Action.PASS or not is_mesh:
            by_decision[decision] = one
        if rule not in counted:
            one.unknown += unknown[rule]
            counted.add(rule)
    records, flows = (_by_decision(program, edges, amounts) for amounts in (edges.records, edges.flows))
    to_one_of_several = _by_decision(program, edges, edges.records * _is_translated(program, edges))
    verdict = program.tables.verdict
    for decision, made in enumerate(program.decisions):
        hit = by_decision.get(decision if made.rule < 0 else made.rule)
        n_records = int(records[decision])
        if hit is None or not n_records:
            continue
        hit.records += n_records
        hit.flows += int(flows[decision])
        if hit.layer == "mesh":
            continue
        if made.rule < 0 or a.UNKNOWN_DECISION <= made.without < a.FIRST_RULE_DECISION:
            hit.open += n_records
        elif verdict[made.without] == verdict[decision]:
            open_ = int(to_one_of_several[decision])
            hit.open += open_
            hit.alike += n_records - open_
            hit.by[program.decisions[made.without].text or NO_POLICY] += n_records - open_
    return found


def _is_translated(program: Program, edges: Edges) -> Int64:
    """(edges,) 1 where the log names a Service, or a node that may lead to one: then the decision is that at
    one of several backends, and what would be decided without a rule may be another at each."""
    endpoints = program.tables.endpoints
    leads = np.isin(endpoints[:, a.KIND], (a.KIND_SERVICE, a.KIND_NODE, a.KIND_TIMED))
    groups = np.zeros(len(program.groups), dtype=np.int64)
    groups[endpoints[leads, a.GROUP]] = 1
    return groups[edges.destination]


def _by_decision(program: Program, edges: Edges, amounts: Int64) -> Int64:
    sums = np.zeros(len(program.decisions), dtype=np.int64)
    for side in (edges.egress, edges.ingress, edges.mesh):
        np.add.at(sums, side, amounts)
    return sums


def _let_in(program: Program, edges: Edges) -> dict[tuple[str, str], LetIn]:
    allowed = combine_verdicts(program, edges) == a.ALLOW
    sides = (
        ("egress", edges.egress, edges.source, edges.destination),
        ("ingress", edges.ingress, edges.destination, edges.source),
        ("mesh", edges.mesh, edges.destination, edges.source),
    )
    found: dict[tuple[str, str], LetIn] = {}
    for layer, decided, own, other in sides:
        places = np.flatnonzero(allowed & (decided == a.NO_POLICY))
        places = places[np.argsort(own[places], kind="stable")]
        groups, first = np.unique(own[places], return_index=True)
        parts = np.split(places, first)[1:]  # what comes before the first is nothing
        for group, of_one in zip(groups.tolist(), parts, strict=True):
            found[program.groups[group], layer] = _sums(program, edges, of_one, other[of_one])
    return found


def _sums(program: Program, edges: Edges, places: Int64, others: Int64) -> LetIn:
    flows = edges.flows[places]
    at = edges.protocol[places] << a.HALF | (edges.port[places] + 1)
    ports = {(one >> a.HALF, (one & a.LOW_WORD) - 1): n for one, n in _summed(at, flows)}
    return LetIn(
        records=int(edges.records[places].sum()),
        flows=int(flows.sum()),
        bytes_=int(edges.bytes_[places].sum()),
        ports=Counter(ports),
        peers=Counter({program.groups[one]: n for one, n in _summed(others, flows)}),
    )


def _summed(what: Int64, amounts: Int64) -> list[tuple[int, int]]:
    """Each distinct value, and the sum of its amounts."""
    distinct, which = np.unique(what, return_inverse=True)
    sums = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(sums, which.ravel(), amounts)
    return list(zip(distinct.tolist(), sums.tolist(), strict=True))
