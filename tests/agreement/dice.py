"""Choices for random objects, read off byte strings: fast to draw, and shrinking towards the plainest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Dice:
    """Choices read off a byte string. 0 is always the first choice, or no; past the end everything is 0."""

    def __init__(self, faces: bytes) -> None:
        self.faces = iter(faces)

    def below(self, n: int) -> int:
        return next(self.faces, 0) % n

    def chance(self, percent: int) -> bool:
        return next(self.faces, 0) * 100 >= 256 * (100 - percent)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def far_one_of(self, choices: Sequence[T]) -> T:
        """As ``one_of``, for more than 256 choices."""
        return choices[(next(self.faces, 0) + 256 * next(self.faces, 0)) % len(choices)]

    def some_of(self, choices: Sequence[T], at_most: int) -> tuple[T, ...]:
        return tuple(self.one_of(choices) for _ in range(self.below(at_most + 1)))


def rolls(size: int, most: int, least: int = 0) -> st.SearchStrategy[list[bytes]]:
    """Byte strings for ``least`` to ``most`` objects of ``size`` choices each."""
    dice = st.binary(min_size=size, max_size=size)
    return st.integers(least, most).flatmap(lambda n: st.lists(dice, min_size=n, max_size=n))
