"""Whether counts differ from what is expected by more than chance, and over many Services at once.

The chi-square approximation is used where every expected count is at least 5. Below that all outcomes are
listed where they are few, else drawn from a fixed seed where that is quick, else small cells are pooled.
"""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Float64, Int64
from flowcheck.kernels.chance import contingency
from flowcheck.kernels.chance.multinomial import exact_tail, sample_tail
from flowcheck.kernels.chance.tails import chi_square_tail

LEAST_EXPECTED = 5.0
MOST_OUTCOMES = 100_000
MOST_TO_DRAW, MOST_DRAWS, LEAST_DRAWS = 20_000_000, 99_999, 9_999
"""Connections drawn in all, and outcomes drawn, for one p-value."""
ENOUGH = 50
"""Outcomes as unlikely as the observed, after which a p-value is known well enough."""
SEED = 20_261_101


class Fit(NamedTuple):
    """``method``: chi-square, exact, drawn, pooled, or none where there is nothing to test (then p is 1).

    statistic is Pearson's, freedom its degrees; both of the pooled cells where cells were pooled.
    """

    method: str
    statistic: float
    freedom: int
    p: float


NOTHING = Fit("none", 0.0, 0, 1.0)


def fit_shares(counts: Int64, expected: Float64, part: Int64 | None = None) -> Fit:
    """Test counts (k,) against expected (k,), all above 0.

    part (k,): endpoints of different parts share no origin, so that the sum of each part is given and costs a
    degree of freedom; None: all are one part.
    """
    part = np.zeros(len(counts), dtype=np.int64) if part is None else part
    n_parts = len(set(part.tolist()))
    freedom = len(counts) - n_parts
    n = int(counts.sum())
    if freedom == 0 or n == 0:
        return NOTHING
    statistic = pearson(counts, expected)
    if expected.min() >= LEAST_EXPECTED:
        return Fit("chi-square", statistic, freedom, chi_square_tail(statistic, freedom))
    if n_parts == 1:
        if comb(n + freedom, freedom) <= MOST_OUTCOMES:
            return Fit("exact", statistic, freedom, exact_p(counts, expected))
        if n * LEAST_DRAWS <= MOST_TO_DRAW:
            return Fit("drawn", statistic, freedom, drawn_p(counts, expected))
    return _test_pooled(counts, expected, part)


def pearson(counts: Int64, expected: Float64) -> float:
    return float(np.sum((counts - expected) ** 2 / expected))


def exact_p(counts: Int64, expected: Float64) -> float:
    """The exact multinomial test: the probability of every outcome no more likely than this one."""
    return float(exact_tail(counts, expected / expected.sum()))


def drawn_p(counts: Int64, expected: Float64) -> float:
    """The same by drawing, never 0. Source: Besag and Clifford (1991), sequential Monte Carlo p-values."""
    most = max(LEAST_DRAWS, min(MOST_DRAWS, MOST_TO_DRAW // int(counts.sum())))
    drawn, as_unlikely = sample_tail(counts, expected / expected.sum(), SEED, most, ENOUGH)
    return float(as_unlikely / drawn if as_unlikely == ENOUGH else (as_unlikely + 1) / (drawn + 1))


def _test_pooled(counts: Int64, expected: Float64, part: Int64) -> Fit:
    """Pool the smallest cells of each part until each expects enough; a part that cannot is left out."""
    statistic, freedom = 0.0, 0
    for number in np.unique(part):
        cells = _pool(counts[part == number], expected[part == number])
        if len(cells[0]) > 1:
            statistic += pearson(*cells)
            freedom += len(cells[0]) - 1
    if freedom == 0:
        return NOTHING
    return Fit("pooled", statistic, freedom, chi_square_tail(statistic, freedom))


def _pool(counts: Int64, expected: Float64) -> tuple[Int64, Float64]:
    order = np.argsort(expected, kind="stable")
    sums = np.cumsum(expected[order])
    first_large = int(np.searchsorted(expected[order], LEAST_EXPECTED))
    n_pooled = max(first_large, int(np.searchsorted(sums, LEAST_EXPECTED)) + 1) if first_large else 0
    if n_pooled == 0:
        return counts, expected
    rest = order[n_pooled:]
    pooled = order[:n_pooled]
    return (
        np.append(counts[rest], counts[pooled].sum()),
        np.append(expected[rest], expected[pooled].sum()),
    )


def fit_rows(counts: Int64) -> Fit:
    """Whether the rows of counts (rows, k) have the same shares, whatever these are; adjacent rows are pooled
    until every cell expects enough, rare columns with one another."""
    statistic, freedom = contingency.fit_rows(counts, LEAST_EXPECTED)
    return Fit("chi-square", statistic, freedom, chi_square_tail(statistic, freedom)) if freedom else NOTHING


def adjust(p_values: Float64) -> Float64:
    """p-values adjusted for being the smallest of many. Source: Benjamini and Hochberg (1995)."""
    n = len(p_values)
    if n == 0:
        return p_values
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * (n / np.arange(1, n + 1))
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted
