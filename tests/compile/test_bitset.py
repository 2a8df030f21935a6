"""Sets of endpoints as words: members survive the way in and out, and equal sets are kept once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.compile.rules import bitset


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_members_come_out_as_they_went_in(case: tuple[int, set[int]]) -> None:
    n_bits, members = case
    words = bitset.from_indices(sorted(members), n_bits)
    assert len(words) == bitset.n_words(n_bits)
    assert bitset.to_indices(words).tolist() == sorted(members)


@pytest.mark.parametrize(("n_bits", "words"), [(0, 0), (1, 1), (64, 1), (65, 2), (128, 2), (129, 3)])
def test_sixty_four_endpoints_are_a_word(n_bits: int, words: int) -> None:
    assert bitset.n_words(n_bits) == words
    assert not bitset.empty(n_bits).any()


def test_bit_63_is_the_last_of_the_first_word() -> None:
    assert bitset.from_indices([63, 64], 70).tolist() == [1 << 63, 1]


def test_the_pool_keeps_each_distinct_set_once_and_the_empty_set_first() -> None:
    pool = bitset.SetPool(70)
    one = bitset.from_indices([69], 70)
    assert [pool.add(one), pool.add(bitset.empty(70)), pool.add(one.copy())] == [1, 0, 1]
    assert pool.matrix().shape == (2, 2)
    assert np.array_equal(pool.matrix()[1], one)
