"""Who had an address: segments against the plain rule, instant by instant."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.compile.endpoints.ownership import Segment, doubted, segments
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime

EDGES = st.sampled_from([BEGINNING, 0, 3, 5, 6, 10, END])


@st.composite
def lifetimes(draw: st.DrawFn) -> Lifetime:
    start, end = sorted((draw(EDGES), draw(EDGES)))
    return Lifetime(start, end, max(start, draw(EDGES)), min(end, draw(EDGES)))


CLAIMS = st.lists(st.tuples(st.sampled_from("abc"), lifetimes()), min_size=1, max_size=4)


def at_instant(claims: list[tuple[str, Lifetime]], instant: int) -> tuple[set[str], bool]:
    sure = {owner for owner, life in claims if life.sure(instant)}
    return sure or {owner for owner, life in claims if life.possible(instant)}, bool(sure)


@settings(deadline=None, max_examples=300)
@given(CLAIMS, st.integers(0, 4))
def test_a_segment_has_all_owners_within_the_skew(claims: list[tuple[str, Lifetime]], skew: int) -> None:
    found = segments(claims, skew)
    assert found[0].start == BEGINNING
    assert [s.start for s in found] == sorted({s.start for s in found})
    for at in range(-6, 17):
        segment = [s for s in found if s.start <= at][-1]
        near = [at_instant(claims, instant) for instant in range(at - skew, at + skew + 1)]
        assert set(segment.owners) == set().union(*(owners for owners, _ in near))
        assert segment.sure == all(sure for _, sure in near)


@settings(deadline=None, max_examples=300)
@given(lifetimes(), st.integers(0, 4))
def test_a_doubted_owner_is_as_if_the_other_had_claimed_those_stretches(life: Lifetime, skew: int) -> None:
    claims = [("a", life), *(("b", stretch) for stretch in life.unwatched(skew))]
    assert doubted("a", life, "b", skew) == segments(claims, skew)


def test_one_owner_at_all_times_is_one_segment() -> None:
    assert segments([("a", ALWAYS), ("a", ALWAYS)], 5) == [Segment(BEGINNING, ("a",), True)]


def test_an_owner_is_inferred_where_it_is_alone_and_not_sure() -> None:
    found = segments([("a", Lifetime(0, 20, 5, 10))], 0)
    assert [(s.start, s.owners, s.inferred) for s in found] == [
        (BEGINNING, (), False),
        (0, ("a",), True),
        (5, ("a",), False),
        (10, ("a",), True),
        (20, (), False),
    ]
