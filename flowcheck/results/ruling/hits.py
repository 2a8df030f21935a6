"""Which rule decided how much: one row per rule and per default deny, 0 for rules never hit.

``unknown_records``: with an unknown verdict, which the rule may have decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from flowcheck.compile import Program
from flowcheck.compile.rules.decisions import RuleInfo
from flowcheck.model.policy import Action
from flowcheck.results.edges import Edges
from flowcheck.results.records.findings import encodable
from flowcheck.results.records.tables import HITS_SCHEMA
from flowcheck.results.ruling.perhaps_hit import perhaps_hit


def is_never_hit(row: Mapping[str, Any]) -> bool:
    """Whether this row of the table is a rule that decided nothing, known or unknown. Rules have a file."""
    return bool(row["file"]) and not row["records"] and not row["unknown_records"]


def is_perhaps_hit(row: Mapping[str, Any]) -> bool:
    """Whether nothing but flows with an unknown verdict may have been decided by it."""
    return bool(row["file"]) and not row["records"] and bool(row["unknown_records"])


def hits_table(program: Program, edges: Edges) -> pa.Table:
    """The table of policy_hits.parquet: rules in the order they are asked, then default denies by policy. A
    rule that is asked twice, since nothing tells in which order its policy comes, is one."""
    records = _sum_by_decision(program, edges, edges.records)
    flows = _sum_by_decision(program, edges, edges.flows)
    unknown = perhaps_hit(program, edges)
    of_mesh = frozenset(program.mesh_rules)
    sums: dict[RuleInfo, list[int]] = defaultdict(lambda: [0, 0])
    for decision, rule in program.rules_by_decision():
        total = sums[rule]
        total[0] += int(records[:, decision].sum())
        total[1] += int(flows[:, decision].sum())
    rows: list[tuple[object, ...]] = []
    for rule, total in sums.items():
        is_mesh = rule in of_mesh
        if is_mesh and rule.action == Action.PASS:
            continue  # how its engine says that others are asked next
        place = rule.source.file, rule.source.line
        direction = "mesh" if is_mesh else rule.direction.value
        described = (rule.policy, rule.label, rule.tier, direction, rule.action)
        rows.append((*described, *place, *total, unknown[rule]))
    rows += _default_denies(program, records, flows)
    columns = zip(*rows, strict=True) if rows else [()] * len(HITS_SCHEMA)
    return pa.Table.from_arrays(
        [
            pa.array(map(encodable, column), field.type)
            for column, field in zip(columns, HITS_SCHEMA, strict=True)
        ],
        schema=HITS_SCHEMA,
    )


def _default_denies(program: Program, records: np.ndarray, flows: np.ndarray) -> list[tuple[object, ...]]:
    """A flow that several isolating policies deny counts for each of them."""
    sums: dict[tuple[str, str, str, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for decision, made in enumerate(program.decisions):
        if not made.tiers:
            continue  # a rule's, or a fixed one
        for text, source, tier in zip(made.policies, made.sources, made.tiers, strict=True):
            for row, direction in enumerate(("egress", "ingress", "mesh")):
                if records[row, decision]:
                    policy = text.removeprefix("default-deny by ")
                    total = sums[policy, tier, source.file, source.line, direction]
                    total[0] += int(records[row, decision])
                    total[1] += int(flows[row, decision])
    return [
        (policy, "default-deny", tier, direction, "deny", file, line, *total, 0)
        for (policy, tier, file, line, direction), total in sorted(sums.items())
    ]


def _sum_by_decision(program: Program, edges: Edges, amounts: np.ndarray) -> np.ndarray:
    """(3, decisions) int64: egress, then ingress, then the mesh."""
    sums = np.zeros((3, len(program.decisions)), dtype=np.int64)
    np.add.at(sums[0], edges.egress, amounts)
    np.add.at(sums[1], edges.ingress, amounts)
    np.add.at(sums[2], edges.mesh, amounts)
    for decision, made in enumerate(program.decisions):
        if made.rule >= 0:
            sums[:, made.rule] += sums[:, decision]
    return sums
