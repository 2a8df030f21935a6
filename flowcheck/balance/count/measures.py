"""How uneven counts are, as numbers: every measure a report shows of a Service port. Nothing is tested here.

Counts are connections at the expected endpoints; ``expected`` are the connections each should have had
(their sum is that of the counts). Where all are expected alike, the measures are the textbook's; else those
that have a weighted form use it, and the others speak of the counts alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from flowcheck.arrays import Float64, Int64

Z_95 = 1.959963984540054


class Measures(NamedTuple):
    """Of one Service port with at least one connection, over its k expected endpoints.

    peak_to_average: the greatest count over its expectation. cv: coefficient of variation (population),
    weighted: sqrt(statistic / n). jain: 1 / (1 + cv**2), from 1/k (one endpoint has all) to 1.
    effective: how many equally loaded endpoints would be as concentrated, 1 / sum of squared shares.
    gini: 0 to (k - 1) / k. entropy: over log k, 1 where k is 1. misplaced: the share of connections that
    would have to move to meet the expectation (total variation distance). statistic: Pearson's chi-square.
    """

    peak_to_average: float
    cv: float
    jain: float
    effective: float
    gini: float
    entropy: float
    misplaced: float
    statistic: float


def measure(counts: Int64, expected: Float64) -> Measures:
    """Measures of counts (k,), not all 0, against expected (k,), all above 0 and of the same sum."""
    n = int(counts.sum())
    shares = counts / n
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    return Measures(
        peak_to_average=float(np.max(counts / expected)),
        cv=float(np.sqrt(statistic / n)),
        jain=n / (n + statistic),
        effective=float(1.0 / np.sum(shares**2)),
        gini=gini(counts),
        entropy=entropy(shares),
        misplaced=float(np.abs(counts - expected).sum() / (2 * n)),
        statistic=statistic,
    )


def gini(counts: Int64) -> float:
    """Twice the area between the line of equality and the Lorenz curve."""
    k = len(counts)
    weighted = int(np.sum(np.sort(counts) * np.arange(1, k + 1, dtype=np.int64)))
    return 2.0 * weighted / (k * int(counts.sum())) - (k + 1) / k


def entropy(shares: Float64) -> float:
    """Pielou's evenness: Shannon's entropy of the shares over that of equal ones."""
    if len(shares) == 1:
        return 1.0
    positive = shares[shares > 0]
    return float(max(0.0, -np.sum(positive * np.log(positive))) / np.log(len(shares)))


def jain(counts: npt.NDArray[Any]) -> Float64:
    """(rows,) Jain's index of each row of counts (rows, k); 1 for a row without connections."""
    totals = counts.sum(axis=1).astype(np.float64)
    squares = (counts.astype(np.float64) ** 2).sum(axis=1)
    result = np.ones(len(counts))
    np.divide(totals**2, counts.shape[1] * squares, out=result, where=squares > 0)
    return result


def wilson_interval(counts: Int64, n: int) -> tuple[Float64, Float64]:
    """The 95 % interval of each share, n > 0: low and high, each like counts."""
    shares = counts / n
    square = Z_95**2 / n
    middle = shares + square / 2
    half = Z_95 * np.sqrt(shares * (1 - shares) / n + square / (4 * n))
    return np.maximum(0.0, (middle - half) / (1 + square)), np.minimum(1.0, (middle + half) / (1 + square))
