"""Partition refinement and the decision table, against the plain way to say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck import arrays as a
from flowcheck.compile import compile_program
from flowcheck.compile.program import Program
from flowcheck.compile.rules import bitset, classes
from flowcheck.compile.rules.outcome import outcomes
from flowcheck.compile.rules.subjects import partition
from flowcheck.errors import CompileError
from flowcheck.model.options import Options
from tests.builders import allow, block, in_namespace, make_cluster, make_pod, make_policy

SETS = st.lists(st.sets(st.integers(0, 129)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=80)
@given(SETS, st.lists(st.integers(0, 2), min_size=130, max_size=130), st.data())
def test_classes_are_the_endpoints_that_no_used_set_tells_apart(
    members: list[set[int]], start: list[int], data: st.DataObject
) -> None:
    sets = np.array([bitset.from_indices(sorted(m), 130) for m in members])
    used = data.draw(st.lists(st.integers(0, len(members) - 1), max_size=8))
    part = partition(sets, np.array(used, dtype=np.int32), np.array(start, dtype=np.int32))
    naive = [(start[e], *(e in members[u] for u in used)) for e in range(130)]
    same = {(int(c), key) for c, key in zip(part.class_of, naive, strict=True)}
    assert len(same) == len(set(naive)) == part.n
    assert part.class_of[part.representative].tolist() == list(range(part.n))
    assert all(part.class_of[:first].tolist().count(c) == 0 for c, first in enumerate(part.representative))


def test_without_sets_the_start_is_the_partition() -> None:
    part = partition(np.zeros((1, 1), dtype=np.uint64), np.zeros(0, np.int32), np.array([5, 2, 5], np.int32))
    assert part.class_of.tolist() == [1, 0, 1]
    assert part.representative.tolist() == [1, 0]


def small_program(options: Options = Options()) -> Program:  # noqa: B008 - frozen
    pods = [make_pod(f"p{n}", f"10.0.0.{n}", labels=f"app={'a' if n % 2 else 'b'}") for n in range(1, 41)]
    return compile_program(
        make_cluster(
            *pods,
            make_policy("one", subject="app=a", ingress=[allow(in_namespace(pods="app=b"), "80")]),
            make_policy("two", subject="app=a", ingress=[allow(block("192.0.2.0/24"), "80-90 dns/UDP")]),
        ),
        options,
    )


def test_pods_that_policies_treat_alike_share_a_class() -> None:
    tables = small_program().tables
    pods = tables.endpoints[tables.endpoints[:, a.KIND] == a.KIND_POD]
    assert len({tuple(row) for row in pods[:, [a.INGRESS_SUBJECT, a.INGRESS_PEER]].tolist()}) == 2


def test_each_distinct_list_of_decisions_is_kept_once() -> None:
    table = small_program().tables.ingress
    assert len({row.tobytes() for row in table.decision}) == len(table.decision)
    assert set(np.unique(table.vector).tolist()) <= set(range(len(table.decision)))


def test_outcomes_count_as_the_table_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many policies for many pods they are most of it."""
    monkeypatch.setattr(outcomes, "_OF_A_KEY", classes.TABLE_BUDGET)
    with pytest.raises(CompileError, match="decision table of more than"):
        small_program()


def test_a_table_that_would_not_fit_is_refused_with_advice() -> None:
    with pytest.raises(CompileError, match="of more than 0 MiB") as refused:
        small_program(Options(max_table=10))
    assert "--max-table" in refused.value.hint
    assert small_program(Options(max_table=1 << 20)).tables.ingress.vector.size


def test_outcomes_past_one_block_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in a block of its own, they are the same."""
    expected = small_program().tables.ingress
    monkeypatch.setattr(outcomes, "_IN_A_BLOCK", 1)
    found = small_program().tables.ingress
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
