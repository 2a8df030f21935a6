"""Probabilities of counts: tails of the binomial and chi-square distributions.

Every density goes through two numbers that stay exact where factorials and powers would not: how far a count
is from its mean (:func:`deviance`) and how far Stirling's formula is from the factorial
(:func:`stirling_error`). Relative errors stay below 1e-12 wherever the result is above 1e-300.

Source: C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000); DLMF 8.7, 8.9.
"""

from __future__ import annotations

import math

from flowcheck.kernels.jit import kernel

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
EPSILON = 2.0**-53
TINY = 1e-300
MOST_TERMS = 1 << 24


@kernel
def stirling_error(n: float) -> float:
    """log(n!) less Stirling's formula for it, for n > 0, also where n is no whole number."""
    if n < 16.0:
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - LOG_ROOT_TWO_PI
    square = n * n
    series = 1.0 / 1680.0 - 1.0 / 1188.0 / square
    series = 1.0 / 1260.0 - series / square
    series = 1.0 / 360.0 - series / square
    return (1.0 / 12.0 - series / square) / n


@kernel
def deviance(x: float, mean: float) -> float:
    """``x log(x / mean) + mean - x`` without cancellation where the two are near, for x and mean > 0."""
    difference = x - mean
    if abs(difference) >= 0.1 * (x + mean):
        return x * math.log(x / mean) - difference
    ratio = difference / (x + mean)
    result = difference * ratio
    power = 2.0 * x * ratio
    square = ratio * ratio
    odd = 1.0
    while True:
        power *= square
        odd += 2.0
        larger = result + power / odd
        if larger == result:
            return result
        result = larger


@kernel
def poisson_density(x: float, mean: float) -> float:
    """``mean**x exp(-mean) / x!`` for x >= 0, which need not be whole, and mean > 0."""
    if x == 0.0:
        return math.exp(-mean)
    return math.exp(-stirling_error(x) - deviance(x, mean) - LOG_ROOT_TWO_PI - 0.5 * math.log(x))


@kernel
def binomial_density(k: int, n: int, q: float) -> float:
    """The probability of ``k`` successes of ``n``, each with probability ``q``."""
    if q <= 0.0:
        return 1.0 if k == 0 else 0.0
    if q >= 1.0:
        return 1.0 if k == n else 0.0
    if k == 0:
        return math.exp(n * math.log1p(-q))
    if k == n:
        return math.exp(n * math.log(q))
    hits, misses, all_ = float(k), float(n - k), float(n)
    distance = deviance(hits, all_ * q) + deviance(misses, all_ * (1.0 - q))
    correction = stirling_error(all_) - stirling_error(hits) - stirling_error(misses)
    spread = LOG_ROOT_TWO_PI + 0.5 * (math.log(hits) + math.log1p(-hits / all_))
    return math.exp(correction - distance - spread)


@kernel
def gamma_tail(a: float, x: float) -> float:
    """The regularized incomplete gamma function Q(a, x) for a > 0, x >= 0.

    A series for its complement up to ``x = a + 1``, beyond it a continued fraction (modified Lentz).
    """
    if x <= 0.0:
        return 1.0
    density = poisson_density(a, x)
    if x < a + 1.0:
        term = 1.0
        total = 1.0
        denominator = a
        while term > EPSILON * total:
            denominator += 1.0
            term *= x / denominator
            total += term
        return 1.0 - density * total
    b = x + 1.0 - a
    c = 1.0 / TINY
    d = 1.0 / b
    fraction = d
    for i in range(1, MOST_TERMS):
        numerator = -i * (i - a)
        b += 2.0
        d = numerator * d + b
        d = 1.0 / (d if d != 0.0 else TINY)
        c = b + numerator / c
        c = c if c != 0.0 else TINY
        factor = c * d
        fraction *= factor
        if abs(factor - 1.0) <= 4.0 * EPSILON:
            break
    return density * a * fraction


@kernel
def chi_square_tail(statistic: float, freedom: int) -> float:
    """The probability of a chi-square statistic at least this large; 1 without a degree of freedom."""
    if freedom <= 0:
        return 1.0
    return gamma_tail(0.5 * freedom, 0.5 * statistic)


@kernel
def binomial_tail(k: int, n: int, q: float) -> float:
    """The probability of ``k`` or more successes of ``n``, summed from ``k`` away from the mean."""
    if k <= 0 or q >= 1.0:
        return 1.0
    if k > n or q <= 0.0:
        return 0.0
    if k <= n * q:
        return 1.0 - _sum_down(k - 1, n, q)
    odds = q / (1.0 - q)
    term = 1.0
    total = 1.0
    for j in range(k, n):
        term *= (n - j) / (j + 1.0) * odds
        total += term
        if term <= EPSILON * total:
            break
    return binomial_density(k, n, q) * total


@kernel
def _sum_down(k: int, n: int, q: float) -> float:
    """The probability of ``k`` or fewer, for ``k`` below the mean."""
    odds = (1.0 - q) / q
    term = 1.0
    total = 1.0
    for j in range(k, 0, -1):
        term *= j / (n - j + 1.0) * odds
        total += term
        if term <= EPSILON * total:
            break
    return binomial_density(k, n, q) * total
