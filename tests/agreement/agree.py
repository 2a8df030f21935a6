"""How random worlds are drawn, and both paths asked of one: what all agreement tests start from.

FLOWCHECK_WORLDS sets how many worlds each random test draws. An ordinary run always draws the same ones, so
that a failure belongs to the change that made it; ``python -m tests.tools.long_agreement`` explores further.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flowcheck.compile import compile_program
from flowcheck.judging.frame import evaluate
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.reference import Tuple5
from tests.agreement.keyed import assert_keys_say_the_same
from tests.tools.conformance import Answer, answers_of, judge_by_reference, to_table

World = tuple[Cluster, Options, Sequence[Tuple5]]

WORLDS = int(os.environ.get("FLOWCHECK_WORLDS", "300"))


def drawn(worlds_to_draw: int) -> settings:
    return settings(
        max_examples=max(1, worlds_to_draw),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


class _Enough(BaseException):
    """All was seen. Hypothesis lets through at once what is no Exception."""


def never_seen(
    wanted: Iterable[str],
    strategy: st.SearchStrategy[World],
    seen_in: Callable[[World], Iterable[str]],
    at_most: int,
) -> set[str]:
    """What of ``wanted`` is seen in none of so many worlds; no more are drawn than it takes to see all."""
    missing = set(wanted)

    @settings(drawn(at_most), phases=[Phase.generate])
    @given(strategy)
    def look(world: World) -> None:
        missing.difference_update(seen_in(world))
        if not missing:
            raise _Enough

    with suppress(_Enough):
        look()
    return missing


def judge_compiled(cluster: Cluster, table: pa.Table, options: Options) -> list[Answer]:
    program = compile_program(cluster, options)
    judged = evaluate(program, table)
    assert_keys_say_the_same(program, cluster, table)
    return answers_of(judged)


def disagreements(world: World, table: pa.Table | None = None) -> list[tuple[Tuple5, Answer, Answer]]:
    """(flow, what the reference says, what the compiled path says) where they are not the same."""
    cluster, options, flows = world
    expected = judge_by_reference(cluster, flows, options)
    said = judge_compiled(cluster, to_table(flows) if table is None else table, options)
    return [(f, e, s) for f, e, s in zip(flows, expected, said, strict=True) if e != s]
