"""A Service port over time: totals may be even that are made of one-sided minutes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.balance.assess.chance import Fit, fit_rows
from flowcheck.kernels.chance.contingency import longest_run
from flowcheck.kernels.chance.tails import chi_square_tail


class OverTime(NamedTuple):
    """fit: whether the shares of all buckets are alike. excess_cv: what the difference between buckets comes
    to beyond chance, as a CV. run: the most buckets on end in which one endpoint had every connection,
    run_connections those."""

    fit: Fit
    excess_cv: float
    run: int
    run_connections: int


def over_time(counts: Int64) -> OverTime:
    """From counts (kinds, buckets, k), of each kind bucket by bucket.

    Connections are of one kind that had the same shares to expect: only inside a kind are buckets compared.
    """
    fit = _combine([fit_rows(rows) for rows in counts])
    whole = counts.sum(axis=0)
    n = int(whole.sum())
    run, run_connections = longest_run(whole)
    return OverTime(
        fit=fit,
        excess_cv=float(np.sqrt(max(0.0, fit.statistic - fit.freedom) / n)) if n else 0.0,
        run=run,
        run_connections=run_connections,
    )


def _combine(fits: list[Fit]) -> Fit:
    """The sum of independent statistics."""
    statistic = sum(fit.statistic for fit in fits)
    freedom = sum(fit.freedom for fit in fits)
    return Fit("chi-square" if freedom else "none", statistic, freedom, chi_square_tail(statistic, freedom))
