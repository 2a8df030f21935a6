"""A service port over time as a record: few stretches to draw, and what the test of all buckets said."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int64
from flowcheck.model.options import Thresholds
from flowcheck.results.findings import time_text
from flowcheck.results.load import LoadCounts
from flowcheck.results.load_assess import Assessment
from flowcheck.results.load_measures import jain
from flowcheck.results.load_records import BucketLoad, TimeLoad

MOST_STRETCHES = 60


def time_load(
    assessment: Assessment,
    entries: LoadCounts,
    order: list[int],
    level: int,
    adjusted: float | None,
    thresholds: Thresholds,
) -> TimeLoad | None:
    """``order``: the endpoints a stretch's counts stand for; ``level``: that of the buckets; ``adjusted``:
    the p-value among all Services, None where nothing was tested. None without a located connection."""
    located = np.flatnonzero((entries.backend >= 0) & (entries.connections > 0))
    if not len(located):
        return None
    bucket = entries.bucket[located]
    shift = 0
    while (int(bucket.max()) >> shift) - (int(bucket.min()) >> shift) >= MOST_STRETCHES:
        shift += 1
    first = int(bucket.min()) >> shift
    places = {endpoint: place for place, endpoint in enumerate(order)}
    counts = np.zeros(((int(bucket.max()) >> shift) - first + 1, len(order)), dtype=np.int64)
    place = np.array([places[b] for b in entries.backend[located].tolist()], dtype=np.int64)
    np.add.at(counts, ((bucket >> shift) - first, place), entries.connections[located])
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
    return tuple(
        BucketLoad(
            start=time_text((first + number) * seconds * 1_000_000),
            connections=sum(row),
            jain=evenness,
            by_endpoint=tuple(row),
        )
        for number, (row, evenness) in enumerate(zip(counts.tolist(), jain(counts).tolist(), strict=True))
    )
