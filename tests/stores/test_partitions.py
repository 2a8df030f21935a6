"""What names of folders and files tell of their time, and what is left out: never what may hold a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.flows.files.partitions import (
    MARGIN,
    Window,
    file_outside,
    folder_outside,
    span_of,
)
from flowcheck.model.instants import instant_of

HOUR = 3_600_000_000


def us(*numbers: int) -> int:
    return instant_of(datetime(*numbers, tzinfo=UTC))  # type: ignore[arg-type, misc]


DAY = (us(2026, 3, 10), us(2026, 3, 11))
NINE = (us(2026, 3, 10, 9), us(2026, 3, 10, 10))
TOLD = {
    "year=2026": (us(2026, 1, 1), us(2027, 1, 1)),
    "year=2026/month=12": (us(2026, 12, 1), us(2027, 1, 1)),
    "year=2026/month=3/day=10": DAY,
    "YEAR=2026/Month=03/day=10/hour=09": NINE,
    "year=2026/month=03/action=2/day=10/hour=9": NINE,
    "date=2026-03-10": DAY,
    "dt=20260310": DAY,
    "day=2026-03-10/hour=9": NINE,
    "dt=2026-03-10-09": NINE,
    "dt=2026-03-10%2009%3A00%3A00": NINE,
    "y=2026/m=03/d=10/h=09/m=00/macAddress=0022": NINE,
    "AWSLogs/1/vpcflowlogs/eu-west-1/2026/03/10/09": NINE,
    "AWSLogs/1/vpcflowlogs/eu-west-1/2026/03/10": DAY,
    "compute.googleapis.com/vpc_flows/2026/03/10": DAY,
    "aws-service=vpcflowlogs/aws-region=x/year=2026/month=03/day=10/hour=09": NINE,
}
UNTOLD = (
    *("", "flows", "2026/03/10", "month=03/day=10", "hour=09", "year=now", "date=yesterday"),
    *("year=2026/month=13", "date=2026-02-30", "year=2026/month=03/day=10/hour=24", "year=0"),
    *("action=2/date=", "year=99999", "vpcflowlogs/2026/03/10", "dt=__HIVE_DEFAULT_PARTITION__"),
)


@pytest.mark.parametrize("path", TOLD)
def test_what_folders_tell(path: str) -> None:
    assert span_of(["bucket", *path.split("/")]) == TOLD[path]


@pytest.mark.parametrize("path", UNTOLD)
def test_what_tells_nothing_is_always_read(path: str) -> None:
    parts = ["bucket", *path.split("/")]
    assert span_of(parts) is None
    assert not folder_outside(parts, Window(0, 1))


TIMES = st.integers(us(2026, 1, 1), us(2028, 1, 1))
LENGTHS = st.integers(1, 30 * HOUR)
PLACES = st.floats(0, 1) | st.sampled_from([0.0, 1.0])
"""Where in the window a record begins: its first and its last instant, or any."""


def window_around(begins: int, length: int, place: float, margin: int | None = None) -> Window:
    """One of this length that has the instant in it."""
    since = begins - min(int(place * length), length - 1)
    assert since <= begins < since + length
    return Window(since, since + length, margin)


@given(begins=TIMES, length=LENGTHS, place=PLACES, late=st.integers(-MARGIN, MARGIN - 1))
def test_no_row_of_the_window_is_left_out(begins: int, length: int, place: float, late: int) -> None:
    """A record lies in the folder of the hour it came in, up to an hour off its own time, however deep one
    looks; a folder is left out only with all that is in it."""
    window = window_around(begins, length, place)
    came = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=begins + late)
    layouts = (
        f"{came:year=%Y/month=%m/day=%d/hour=%H}",
        f"{came:date=%Y-%m-%d/hour=%H}",
        f"{came:y=%Y/m=%m/d=%d/h=%H/m=00}",
    )
    for layout in layouts:
        parts = layout.split("/")
        left_out = [folder_outside(["b", *parts[:depth]], window) for depth in range(1, len(parts) + 1)]
        assert not any(left_out)
        span = span_of(parts)
        assert span is not None
        assert span[0] <= begins + late < span[1]


@given(
    begins=TIMES,
    lasted=st.integers(0, 600_000_000),
    length=LENGTHS,
    place=PLACES,
    margin=st.sampled_from([None, 0, HOUR]),
    after=st.sampled_from([0, 300_000_000]),
)
def test_no_record_of_a_vpc_flow_log_is_left_out(
    begins: int, lasted: int, length: int, place: float, margin: int | None, after: int
) -> None:
    """Its file is named for the begin or the end of the five minutes in which it ended; its folder is that of
    the file. However small the margin."""
    window = window_around(begins, length, place, margin)
    five = 300_000_000
    stamp = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        microseconds=(begins + lasted) // five * five + after
    )
    name = f"123456789012_vpcflowlogs_us-east-1_fl-1_{stamp:%Y%m%dT%H%M}Z_0a1b.log.gz"
    folder = f"AWSLogs/1/vpcflowlogs/us-east-1/{stamp:%Y/%m/%d/%H}".split("/")
    assert not file_outside(name, window)
    assert not folder_outside(folder, window)


def test_an_open_end_leaves_out_one_side_only() -> None:
    nine = ["date=2026-03-10", "hour=09"]
    assert folder_outside(nine, Window(since=us(2026, 3, 10, 11)))
    assert not folder_outside(nine, Window(since=us(2026, 3, 10, 11) - 1))
    assert folder_outside(nine, Window(until=us(2026, 3, 10, 8)))
    assert not folder_outside(nine, Window(until=us(2026, 3, 10, 8) + 1))
    assert folder_outside(nine, Window(since=us(2026, 3, 10, 10), margin=0))
    assert not folder_outside(nine, Window())
    other = "123456789012_elasticloadbalancing_us-east-1_20260310T0900Z_x.log.gz"
    assert not file_outside(other, Window(0, 1))
