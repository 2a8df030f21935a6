"""A service port over time as a record: few stretches to draw, and what the test of all buckets said."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.balance.assess.port import Assessment
from flowcheck.balance.count.measures import jain
from flowcheck.balance.count.sums import BackendEntries, sum_rows
from flowcheck.balance.tell.endpoints import Context
from flowcheck.balance.tell.records import BucketLoad, TimeLoad
from flowcheck.model.instants import instant_text

MOST_STRETCHES = 60


def time_record(
    context: Context,
    assessment: Assessment,
    entries: BackendEntries,
    order: list[int],
    adjusted: float | None,
) -> TimeLoad | None:
    """``order``: the endpoints a stretch's counts stand for; ``adjusted``: the p-value among all Services,
    None where nothing was tested. None without a located connection."""
    thresholds, level = context.thresholds, context.level
    located = np.flatnonzero((entries.backend >= 0) & (entries.connections > 0))
    if not len(located):
        return None
    places = {endpoint: place for place, endpoint in enumerate(order)}
    place = np.array([places[b] for b in entries.backend[located].tolist()], dtype=np.int64)
    by_bucket = sum_rows(place, len(order), entries.by_time[located]).T
    used = by_bucket.any(axis=1)
    bucket = context.buckets[used]
    first, last = int(bucket.min()), int(bucket.max())
    shift = 0
    while (last >> shift) - (first >> shift) >= MOST_STRETCHES:
        shift += 1
    first, last = first >> shift, last >> shift
    counts = sum_rows((bucket >> shift) - first, last - first + 1, by_bucket[used])
    seconds = 60 << level
    time = assessment.time
    tested = time is not None and time.fit.freedom > 0
    return TimeLoad(
        one_sided=adjusted is not None
        and time is not None
        and adjusted < thresholds.alpha
        and time.excess_cv >= thresholds.min_cv,
        statistic=time.fit.statistic if time else 0.0,
        freedom=time.fit.freedom if time else 0,
        p=time.fit.p if time and tested else 1.0,
        p_adjusted=adjusted,
        excess_cv=time.excess_cv if time else 0.0,
        longest_run=time.run if time else 0,
        longest_run_connections=time.run_connections if time else 0,
        bucket_seconds=seconds,
        series_seconds=seconds << shift,
        series=_series(counts, first, seconds << shift),
    )


def _series(counts: Int64, first: int, seconds: int) -> tuple[BucketLoad, ...]:
    rows = zip(counts.tolist(), counts.sum(axis=1).tolist(), jain(counts).tolist(), strict=True)
    return tuple(
        BucketLoad(
            start=_start(number, seconds), connections=connections, jain=evenness, by_endpoint=tuple(row)
        )
        for number, (row, connections, evenness) in enumerate(rows, first)
    )


@lru_cache(maxsize=1 << 12)
def _start(number: int, seconds: int) -> str:
    """When a stretch begins; Services share them."""
    return instant_text(number * seconds * 1_000_000)
