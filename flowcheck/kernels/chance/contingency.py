"""Tables of counts, a row for each stretch of time and a column for each endpoint.

Counts are too few in a single cell for the chi-square approximation: rare columns count together, and rows
with those that follow them, until every cell expects enough.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.kernels.jit import kernel


@kernel
def fit_rows(counts: Int64, least_expected: float) -> tuple[float, int]:
    """Whether the rows of counts (rows, k) int64 spread alike, whatever the spread: (statistic, freedom) of
    Pearson's test of independence; no freedom where there is nothing to test."""
    column_of, column_sums = pool_columns(counts)
    row_of, row_sums = pool_rows(counts, column_sums, least_expected)
    freedom = (row_sums.size - 1) * (column_sums.size - 1)
    if freedom <= 0:
        return 0.0, 0
    cells = np.zeros((row_sums.size, column_sums.size), np.int64)
    for i in range(counts.shape[0]):
        for j in range(counts.shape[1]):
            cells[row_of[i], column_of[j]] += counts[i, j]
    statistic, total = 0.0, row_sums.sum()
    for i in range(row_sums.size):
        for j in range(column_sums.size):
            expected = row_sums[i] * column_sums[j] / total
            statistic += (cells[i, j] - expected) ** 2 / expected
    return statistic, freedom


@kernel
def pool_columns(counts: Int64) -> tuple[Int64, Int64]:
    """(which pooled column each is, (k,), and the sums of those): the rarest that together have half of an
    equal share or just more become the first; those without counts are there too and do not matter."""
    sums = np.zeros(counts.shape[1], np.int64)
    for i in range(counts.shape[0]):
        for j in range(counts.shape[1]):
            sums[j] += counts[i, j]
    least = sums.sum() / (2 * max(1, (sums > 0).sum()))
    order = np.argsort(sums, kind="mergesort")
    column_of, pooled = np.zeros(sums.size, np.int64), np.zeros(max(1, sums.size), np.int64)
    n = 0
    for j in order:
        if n or pooled[0] >= max(least, 1):
            n += 1
        column_of[j] = n
        pooled[n] += sums[j]
    return column_of, pooled[: n + 1]


@kernel
def pool_rows(counts: Int64, column_sums: Int64, least_expected: float) -> tuple[Int64, Int64]:
    """(which pooled row each is, (rows,), and the sums of those): rows on end until the rarest column expects
    enough."""
    least = max(1.0, least_expected * column_sums.sum() / max(1, column_sums.min()))
    row_of, pooled = np.zeros(counts.shape[0], np.int64), np.zeros(max(1, counts.shape[0]), np.int64)
    n = 0
    for i in range(counts.shape[0]):
        if pooled[n] >= least:
            n += 1
        row_of[i] = n
        pooled[n] += counts[i].sum()
    if n and pooled[n] < least:
        pooled[n - 1] += pooled[n]
        row_of[row_of == n] = n - 1
        n -= 1
    return row_of, pooled[: n + 1]


@kernel
def longest_run(counts: Int64) -> tuple[int, int]:
    """(rows, counts) of the most rows on end of counts (rows, k) in which the same column has every one of at
    least two; rows without counts neither end a run nor count."""
    most = most_counts = length = sum_ = 0
    before = -1
    for i in range(counts.shape[0]):
        total = counts[i].sum()
        if total == 0:
            continue
        holder = counts[i].argmax()
        if total < 2 or counts[i, holder] != total:
            holder = -1
        if holder != before:
            length = sum_ = 0
        length, sum_, before = length + 1, sum_ + total, holder
        if holder >= 0 and (length > most or (length == most and sum_ > most_counts)):
            most, most_counts = length, sum_
    return most, most_counts
