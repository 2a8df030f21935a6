"""A Service port over time: totals may be even that are made of one-sided minutes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.kernels.statistics import chi_square_tail
from flowcheck.results.load_measures import Float64, jain
from flowcheck.results.load_tests import Fit, fit_rows


class OverTime(NamedTuple):
    """bucket (buckets,) int64: numbers of the buckets with connections, ascending; connections (buckets,) and
    jain (buckets,) in each. fit: whether all buckets spread alike. excess_cv: what the difference between
    buckets comes to beyond chance, as a CV. run: the most buckets on end in which one endpoint had every
    connection, run_connections those."""

    bucket: Int64
    connections: Int64
    jain: Float64
    fit: Fit
    excess_cv: float
    run: int
    run_connections: int


def over_time(bucket: Int64, stratum: Int64, counts: Int64) -> OverTime:
    """From counts (rows, k), each row those of one bucket and stratum.

    A stratum is a stretch of time and a set of origins for which the same endpoints were expected: only
    inside one are buckets compared.
    """
    numbers, row = np.unique(bucket, return_inverse=True)
    whole = np.zeros((len(numbers), counts.shape[1]), dtype=np.int64)
    np.add.at(whole, row, counts)
    fit = _combine([fit_rows(_of(stratum == s, bucket, counts)) for s in np.unique(stratum)])
    totals = whole.sum(axis=1)
    n = int(totals.sum())
    run, run_connections = longest_run(whole)
    return OverTime(
        bucket=numbers,
        connections=totals,
        jain=jain(whole),
        fit=fit,
        excess_cv=float(np.sqrt(max(0.0, fit.statistic - fit.freedom) / n)) if n else 0.0,
        run=run,
        run_connections=run_connections,
    )


def _of(chosen: np.ndarray, bucket: Int64, counts: Int64) -> Int64:
    """The chosen rows in the order of their buckets."""
    rows: Int64 = counts[chosen][np.argsort(bucket[chosen], kind="stable")]
    return rows


def _combine(fits: list[Fit]) -> Fit:
    """The sum of independent statistics."""
    statistic = sum(fit.statistic for fit in fits)
    freedom = sum(fit.freedom for fit in fits)
    return Fit("chi-square" if freedom else "none", statistic, freedom, chi_square_tail(statistic, freedom))


def longest_run(counts: Int64) -> tuple[int, int]:
    """Buckets on end, and their connections, in which the same endpoint had every one of at least two.

    counts (buckets, k): without the buckets that had no connections, which neither end a run nor count.
    """
    totals = counts.sum(axis=1)
    alone = (totals >= 2) & (counts.max(axis=1, initial=0) == totals)
    holders = np.where(alone, counts.argmax(axis=1), -1).tolist()
    best = (0, 0)
    length = connections = 0
    before = -1
    for holder, total in zip(holders, totals.tolist(), strict=True):
        same = holder == before
        length, connections = (length + 1, connections + total) if same else (1, total)
        before = holder
        if holder >= 0:
            best = max(best, (length, connections))
    return best
