"""Two programs in one pass say what each says alone, and a comparison what the reference says of both."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flowcheck.compile import compile_program
from tests.agreement.agree import WORLDS, World, drawn
from tests.agreement.meshes import mesh_worlds
from tests.agreement.paired import assert_changes_are_those_of_the_reference, assert_one_pass_says_the_same
from tests.agreement.strategies import engines, worlds
from tests.agreement.timeline_strategies import changing_engines, timelines

OF_ALL_KINDS = st.one_of(
    st.tuples(worlds(), worlds()),
    st.tuples(engines(), engines()),
    st.tuples(timelines(), timelines()),
    st.tuples(changing_engines(), changing_engines()),
    st.tuples(mesh_worlds(), mesh_worlds()),
)
"""Two worlds of a kind, whose pods and addresses are much alike."""


def of_the_same_cluster(pair: tuple[World, World]) -> tuple[World, World]:
    """The second with all of the first but its policies."""
    (before, options, flows), (after, _, more) = pair
    return (before, options, flows), (replace(before, policies=after.policies), options, more)


PAIRS = st.one_of(OF_ALL_KINDS, OF_ALL_KINDS.map(of_the_same_cluster))


@drawn(WORLDS // 3)
@given(PAIRS)
def test_two_programs_in_one_pass(pair: tuple[World, World]) -> None:
    (one, options, flows), (other, others, more) = pair
    programs = compile_program(one, options), compile_program(other, others)
    for log in (flows, more):
        assert_one_pass_says_the_same(*programs, log)


@drawn(WORLDS // 3)
@given(PAIRS)
def test_changes_are_those_of_the_reference(pair: tuple[World, World]) -> None:
    (one, options, flows), (other, others, more) = pair
    assert_changes_are_those_of_the_reference((one, options), (other, others), [flows, more])
