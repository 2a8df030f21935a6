"""What a mesh's proxy said it decided, beside what the mesh's policies say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowcheck import arrays as a
from flowcheck.arrays import Judged
from flowcheck.compile import Program, compile_program
from flowcheck.compile.rules.decisions import Decision
from flowcheck.judging.names_of_policies import same_policy
from flowcheck.model.cluster import Cluster
from flowcheck.results.recorded import RecordedCounts, compare
from flowcheck.results.records.summary import Recorded

ALLOWED, DENIED = 1, 2
READERS, WRITERS, STRICT = (
    "AuthorizationPolicy/x/readers",
    "AuthorizationPolicy/x/writers",
    "PeerAuthentication",
)
MADE = (
    Decision(a.ALLOW, policies=(f"{READERS}[rules[0]]",)),
    Decision(a.DENY, policies=(f"{WRITERS}[rules[1]]",)),
    Decision(a.DENY, policies=(f"default-deny by {READERS}",)),
    Decision(a.DENY, policies=(f"{STRICT}/x/default[STRICT]",)),
    Decision(a.UNKNOWN, reason=a.REASON_NEEDS_L7),
)
LET_IN, KEPT_OUT, NOT_LET_IN, PLAIN, OPEN = (a.FIRST_RULE_DECISION + n for n in range(len(MADE)))


@pytest.fixture(scope="module")
def program() -> Program:
    made = compile_program(Cluster())
    fixed = a.FIRST_RULE_DECISION
    decisions = (*made.decisions[:fixed], *MADE)
    verdict = np.array([decision.verdict for decision in decisions], dtype=np.uint8)
    return replace(made, decisions=decisions, tables=made.tables._replace(verdict=verdict))


def counted(decisions: list[int], **columns: list[Any]) -> RecordedCounts:
    """Rows of one batch: the mesh's decision of each, and what they say; the last of them is left out."""
    mesh = np.array(decisions, dtype=np.int32)
    none = np.zeros(len(mesh), dtype=np.int32)
    judged = Judged(none, none, none.astype(np.uint8), none.astype(np.uint8), mesh)
    types = {"mesh_policy_refs": pa.list_(pa.string())}
    batch = pa.RecordBatch.from_pydict(
        {name: pa.array(values, types.get(name, pa.int8())) for name, values in columns.items()}
    )
    numbers = np.arange(len(mesh), dtype=np.int32)
    numbers[-1] = -1
    counts = RecordedCounts()
    counts.count(batch, numbers, judged, 100 + np.arange(len(mesh)), "proxy.log")
    return counts


def told(recorded: Recorded) -> tuple[int, int, int]:
    return recorded.mesh_agree, recorded.mesh_differ, recorded.mesh_not_compared


def test_whether_it_was_let_in_is_compared_with_the_mesh_alone(program: Program) -> None:
    decisions = [LET_IN, KEPT_OUT, KEPT_OUT, LET_IN, OPEN, a.NO_SUBJECT, a.NO_POLICY, LET_IN, LET_IN]
    actions = [ALLOWED, DENIED, ALLOWED, DENIED, DENIED, DENIED, ALLOWED, None, DENIED]
    recorded = compare(program, counted(decisions, mesh_action=actions))
    assert told(recorded) == (3, 2, 2)
    first, second = recorded.mesh_differences
    assert (first.recorded, first.decided) == (("allowed",), ("denied", f"{WRITERS}[rules[1]]"))
    assert (first.file, first.first_row, first.rows) == ("proxy.log", 102, 1)
    assert (second.recorded, second.decided) == (("denied",), ("allowed", f"{READERS}[rules[0]]"))
    assert (recorded.policies_agree, recorded.policies_differ, recorded.policies_not_compared) == (0, 0, 0)


def test_who_denied_is_compared_where_it_is_named(program: Program) -> None:
    decisions = [KEPT_OUT, KEPT_OUT, NOT_LET_IN, PLAIN, PLAIN, LET_IN, OPEN, OPEN]
    named = [[WRITERS], [READERS], [READERS], [STRICT], [f"{STRICT}/x/other"], [WRITERS], [WRITERS], []]
    recorded = compare(program, counted(decisions, mesh_action=[DENIED] * 8, mesh_policy_refs=named))
    assert told(recorded) == (3, 3, 1)
    assert [one.recorded for one in recorded.mesh_differences] == [
        ("denied", READERS),
        ("denied", f"{STRICT}/x/other"),
        ("denied", WRITERS),
    ]
    alone = compare(program, counted([KEPT_OUT, KEPT_OUT, OPEN], mesh_policy_refs=[[WRITERS], [READERS], []]))
    assert told(alone) == (1, 1, 0)


def test_what_cannot_be_meant_is_nothing_told(program: Program) -> None:
    assert told(compare(program, counted([LET_IN] * 3, mesh_action=[3, -1, 1]))) == (0, 0, 0)
    assert told(compare(program, counted([LET_IN] * 2, other=[1, 1]))) == (0, 0, 0)


def test_counts_of_tasks_add_up_to_the_first_rows(program: Program) -> None:
    both = counted([LET_IN, LET_IN], mesh_action=[DENIED, 0])
    both.add(counted([KEPT_OUT, LET_IN, LET_IN], mesh_action=[DENIED, DENIED, 0]))
    recorded = compare(program, both)
    assert told(recorded) == (1, 2, 0)
    assert [(one.rows, one.first_row) for one in recorded.mesh_differences] == [(2, 100)]


def test_a_kind_alone_is_any_policy_of_it() -> None:
    assert same_policy(STRICT, f"{STRICT}/x/default[STRICT]")
    assert same_policy(STRICT, f"default-deny by {STRICT}/x/default")
    assert not same_policy(STRICT, f"{READERS}[rules[0]]")
    assert not same_policy(f"{STRICT}/x/a", f"{STRICT}/x/default[STRICT]")
