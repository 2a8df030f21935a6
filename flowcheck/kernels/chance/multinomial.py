"""How likely counts are that differ at least as much from expected shares, where no formula is near enough.

Outcomes are ordered by their probability, as the exact multinomial test orders them: the result is the
probability of all outcomes that are no more likely than the observed one. All of them are listed where they
are few; else outcomes are drawn, from a fixed seed and until enough as unlikely were met.

Source: J. Besag, P. Clifford, Sequential Monte Carlo p-values (1991); M. Vose (1991) for the alias table.
"""

from __future__ import annotations

import math

import numpy as np

from flowcheck.arrays import Float64, Int64, UInt64
from flowcheck.kernels.jit import kernel

TIE = 1e-7
"""Outcomes whose log-likelihoods differ by less are as likely: rounding must not decide."""


@kernel
def log_terms(n: int, share: float) -> Float64:
    """(n + 1,) float64: what ``x`` connections at a cell of this share give to a log-likelihood."""
    terms = np.empty(n + 1, dtype=np.float64)
    log_share = math.log(share)
    for x in range(n + 1):
        terms[x] = x * log_share - math.lgamma(x + 1.0)
    return terms


@kernel
def exact_tail(counts: Int64, shares: Float64) -> float:
    """The p-value from all outcomes.

    counts (cells,) int64; shares (cells,) float64, each > 0, their sum 1.
    """
    n_cells = counts.size
    n = counts.sum()
    terms = np.empty((n_cells, n + 1), dtype=np.float64)
    observed = math.lgamma(n + 1.0) + TIE
    for c in range(n_cells):
        terms[c] = log_terms(n, shares[c])
        observed += terms[c, counts[c]]
    whole = math.lgamma(n + 1.0)
    outcome = np.zeros(n_cells, dtype=np.int64)
    outcome[0] = n
    first, place = n, 0
    probability = 0.0
    while True:
        likelihood = whole
        for c in range(n_cells):
            likelihood += terms[c, outcome[c]]
        if likelihood <= observed:
            probability += math.exp(likelihood)
        if n_cells == 1 or outcome[n_cells - 1] == n:
            return min(probability, 1.0)
        # The next composition of n in lexical order: Nijenhuis and Wilf, NEXCOM.
        if first > 1:
            place = 0
        place += 1
        first = outcome[place - 1]
        outcome[place - 1] = 0
        outcome[0] = first - 1
        outcome[place] += 1


@kernel
def next_random(state: UInt64) -> np.uint64:
    """Step the generator (splitmix64); state (1,) uint64; returns 64 random bits."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z: np.uint64 = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def uniform(state: UInt64) -> float:
    """The next random number from 0 to 1, 1 excluded."""
    return float(next_random(state) >> np.uint64(11)) * 2.0**-53


@kernel
def make_alias(shares: Float64) -> tuple[Float64, Int64]:
    """Vose's alias table of the shares: (keep (cells,) float64, other (cells,) int64)."""
    n_cells = shares.size
    keep = shares * n_cells
    other = np.arange(n_cells)
    small = np.empty(n_cells, dtype=np.int64)
    large = np.empty(n_cells, dtype=np.int64)
    n_small, n_large = 0, 0
    for c in range(n_cells):
        if keep[c] < 1.0:
            small[n_small] = c
            n_small += 1
        else:
            large[n_large] = c
            n_large += 1
    while n_small > 0 and n_large > 0:
        n_small -= 1
        less, more = small[n_small], large[n_large - 1]
        other[less] = more
        keep[more] -= 1.0 - keep[less]
        if keep[more] < 1.0:
            n_large -= 1
            small[n_small] = more
            n_small += 1
    for i in range(n_small):
        keep[small[i]] = 1.0
    for i in range(n_large):
        keep[large[i]] = 1.0
    return keep, other


@kernel
def draw(alias: tuple[Float64, Int64], state: UInt64) -> np.int64:
    """One cell."""
    keep, other = alias
    place = uniform(state) * keep.size
    cell = np.int64(place)
    return cell if place - cell < keep[cell] else other[cell]


@kernel
def sample_tail(counts: Int64, shares: Float64, seed: int, most: int, enough: int) -> tuple[int, int]:
    """(outcomes drawn, those no more likely than the observed); stops at ``most`` or ``enough`` of them.

    counts (cells,) int64; shares (cells,) float64, each > 0, their sum 1.
    """
    n = counts.sum()
    alias = make_alias(shares)
    log_share = np.log(shares)
    log = np.log(np.arange(1, n + 2).astype(np.float64))
    observed = -TIE
    for c in range(counts.size):
        observed += math.lgamma(counts[c] + 1.0) - counts[c] * log_share[c]
    state = np.full(1, seed, dtype=np.uint64)
    outcome = np.zeros(counts.size, dtype=np.int64)
    as_unlikely, drawn = 0, 0
    while drawn < most and as_unlikely < enough:
        outcome[:] = 0
        unlikeliness = 0.0
        for _ in range(n):
            cell = draw(alias, state)
            unlikeliness += log[outcome[cell]] - log_share[cell]
            outcome[cell] += 1
        drawn += 1
        if unlikeliness >= observed:
            as_unlikely += 1
    return drawn, as_unlikely
