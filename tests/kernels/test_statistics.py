"""Probabilities against the same ones worked out with 420 digits, or as fractions, by other formulas."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from functools import cache
from itertools import product
from math import comb, factorial, isclose, prod

import numpy as np
import pytest

from flowcheck.kernels.chance import multinomial, tails

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

DIGITS = 420


@cache
def pi() -> Decimal:
    """Machin's formula."""

    def arc_tangent_of_inverse(n: int) -> Decimal:
        power = total = Decimal(1) / n
        odd = 1
        while abs(power) > Decimal(10) ** -DIGITS:
            power, odd = -power / (n * n), odd + 2
            total += power / odd
        return total

    return 4 * (4 * arc_tangent_of_inverse(5) - arc_tangent_of_inverse(239))


def exact_chi_square_tail(statistic: float, freedom: int) -> Decimal:
    """One less the power series of the lower tail, with so many digits that nothing cancels."""
    with localcontext() as context:
        context.prec = DIGITS
        x, a = Decimal(statistic) / 2, Decimal(freedom) / 2
        if freedom % 2:
            gamma = pi().sqrt() * prod((Decimal(i) / 2 for i in range(1, freedom + 1, 2)), start=Decimal(1))
            power = x ** (freedom // 2) * x.sqrt()
        else:
            gamma = Decimal(factorial(freedom // 2))
            power = x ** (freedom // 2)
        term = total = Decimal(1)
        while term > total * Decimal(10) ** -(DIGITS - 1):
            a += 1
            term *= x / a
            total += term
        return 1 - power * (-x).exp() / gamma * total


def grid() -> Iterator[tuple[float, int]]:
    """From one degree of freedom to 20,000, from the middle of the distribution to tails of 1e-300."""
    chosen = random.Random(11)
    for _ in range(160):
        freedom = int(10 ** chosen.uniform(0, 4.3))
        yield max(1e-9, freedom + chosen.uniform(-8, 50) * (2 * freedom) ** 0.5), freedom
    for _ in range(80):
        yield chosen.uniform(0, 1400), int(10 ** chosen.uniform(0, 1.5))
    yield from [(1370.0, 1), (1380.0, 2), (1400.0, 4), (1e-12, 1), (1.0, 1000), (1e-300, 3)]


def test_chi_square_tails_have_ten_right_digits() -> None:
    smallest = 1.0
    for statistic, freedom in grid():
        expected = exact_chi_square_tail(statistic, freedom)
        if expected < Decimal("1e-305"):
            continue
        found = tails.chi_square_tail(statistic, freedom)
        assert abs(Decimal(found) / expected - 1) < Decimal("1e-11"), (statistic, freedom)
        smallest = min(smallest, found)
    assert smallest < 1e-290


def test_the_context_of_decimals_is_left_alone() -> None:
    """The helper above must not change how other tests count."""
    before = getcontext().prec
    exact_chi_square_tail(3.0, 3)
    assert getcontext().prec == before


@pytest.mark.parametrize(
    ("statistic", "freedom", "expected"),
    [
        (380.0, 2, 3.048e-83),
        (500.0, 2, 2.669e-109),
        (1.4, 2, 0.496585),
        (14.0, 2, 0.000912),
        (4.444444444444445, 1, 0.035015),
        (44.44444444444444, 1, 2.617e-11),
    ],
)
def test_known_p_values(statistic: float, freedom: int, expected: float) -> None:
    assert isclose(tails.chi_square_tail(statistic, freedom), expected, rel_tol=5e-4)


def test_no_freedom_no_surprise() -> None:
    assert tails.chi_square_tail(0.0, 0) == 1.0
    assert tails.chi_square_tail(0.0, 5) == 1.0
    assert tails.chi_square_tail(1e9, 5) == 0.0


def exact_binomial_tail(k: int, n: int, q: Fraction) -> Fraction:
    return sum((comb(n, j) * q**j * (1 - q) ** (n - j) for j in range(k, n + 1)), start=Fraction(0))


@pytest.mark.parametrize("q", [Fraction(1, 64), Fraction(3, 8), Fraction(1, 2), Fraction(63, 64)])
@pytest.mark.parametrize("n", [1, 7, 60, 400])
def test_binomial_tails(n: int, q: Fraction) -> None:
    for k in {0, 1, n // 3, n // 2, n - 1, n, n + 1}:
        expected = float(exact_binomial_tail(k, n, q))
        assert isclose(tails.binomial_tail(k, n, float(q)), expected, rel_tol=1e-11), k


def test_binomial_tails_at_the_edges() -> None:
    assert tails.binomial_tail(1, 5, 0.0) == 0.0
    assert tails.binomial_tail(0, 5, 0.0) == 1.0
    assert tails.binomial_tail(5, 5, 1.0) == 1.0
    assert tails.binomial_density(0, 5, 0.0) == tails.binomial_density(5, 5, 1.0) == 1.0
    assert tails.binomial_density(1, 5, 0.0) == tails.binomial_density(4, 5, 1.0) == 0.0


def brute_force(counts: tuple[int, ...], shares: tuple[Fraction, ...]) -> float:
    """Every sequence of draws, counted one by one, in fractions."""
    n = sum(counts)

    def likelihood(outcome: tuple[int, ...]) -> Fraction:
        ways = factorial(n) // prod(map(factorial, outcome))
        return ways * prod((s**x for s, x in zip(shares, outcome, strict=True)), start=Fraction(1))

    outcomes = [o for o in product(range(n + 1), repeat=len(counts)) if sum(o) == n]
    observed = likelihood(counts)
    return float(sum(likelihood(o) for o in outcomes if likelihood(o) <= observed))


THIRDS = (Fraction(1, 3),) * 3
CASES = [
    ((1, 2, 0), THIRDS),
    ((0, 0, 7), THIRDS),
    ((2, 2, 2), THIRDS),
    ((4,), (Fraction(1),)),
    ((0, 5), (Fraction(1, 10), Fraction(9, 10))),
    ((3, 1, 0, 2), (Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(1, 8))),
]


def arrays_of(counts: tuple[int, ...], shares: tuple[Fraction, ...]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(counts, dtype=np.int64), np.array([float(s) for s in shares])


@pytest.mark.parametrize(("counts", "shares"), CASES)
def test_the_exact_test_lists_every_outcome(counts: tuple[int, ...], shares: tuple[Fraction, ...]) -> None:
    found = multinomial.exact_tail(*arrays_of(counts, shares))
    assert isclose(found, brute_force(counts, shares), rel_tol=1e-12)


def test_worked_exact_p_values() -> None:
    assert isclose(multinomial.exact_tail(*arrays_of((1, 2, 0), THIRDS)), 21 / 27, rel_tol=1e-12)
    tenths = (Fraction(9, 10), Fraction(1, 10))
    assert isclose(multinomial.exact_tail(*arrays_of((880, 120), tenths)), 0.039608, rel_tol=1e-5)


@pytest.mark.parametrize(("counts", "shares"), CASES)
def test_drawing_comes_near_the_exact_test(counts: tuple[int, ...], shares: tuple[Fraction, ...]) -> None:
    drawn, as_unlikely = multinomial.sample_tail(*arrays_of(counts, shares), 5, 40_000, 40_001)
    assert drawn == 40_000
    assert abs(as_unlikely / drawn - brute_force(counts, shares)) < 0.012


def test_drawing_is_the_same_every_time_and_stops_when_it_knows_enough() -> None:
    case = arrays_of((3, 1, 0, 2), CASES[-1][1])
    once, again = (multinomial.sample_tail(*case, 5, 10_000, 20) for _ in range(2))
    assert once == again
    assert once[1] == 20
    assert once[0] < 100
    assert multinomial.sample_tail(*case, 6, 10_000, 20) != once


def test_the_alias_table_draws_every_cell_by_its_share() -> None:
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    alias = multinomial.make_alias(shares)
    state = np.array([3], dtype=np.uint64)
    drawn = np.bincount([multinomial.draw(alias, state) for _ in range(20_000)], minlength=4)
    assert np.abs(drawn / 20_000 - shares).max() < 0.012
