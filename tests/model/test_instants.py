"""Texts, numbers and names that tell a time, and those that tell none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flowcheck.model.instants import from_epoch, parse_instant, time_in_name

MORNING = 1_773_137_100_000_000


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-10T10:05:00Z", MORNING),
        ("2026-03-10t10:05:00z", MORNING),
        ("2026-03-10 12:05:00+02:00", MORNING),
        ("2026-03-10T10:05:00.000001999Z", MORNING + 1),
        ("1970-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
    ],
)
def test_an_instant(text: str, time: int) -> None:
    assert parse_instant(text) == time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-03-10",
        "2026-03-10T10:05:00",
        "2026-02-30T10:05:00Z",
        "2026-03-10T10:05:60Z",
        "9" * 99,
        "2026-03-10T10:05:00+25:00",
        "\u0662026-03-10T10:05:00Z",
        "2026-W11-2T10:05:00Z",
    ],
)
def test_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_instant(text)


@pytest.mark.parametrize("number", [-1, 1e300, float("nan"), float("inf"), 10**30, True])
def test_numbers_that_are_no_time(number: float) -> None:
    with pytest.raises(ValueError, match="is not a number of seconds"):
        from_epoch(number)


def test_seconds_since_1970() -> None:
    assert from_epoch(1_773_137_100) == MORNING
    assert from_epoch(1_773_137_100.25) == MORNING + 250_000


@pytest.mark.parametrize(
    "name",
    [
        "2026-03-10T10:05:00Z",
        "2026-03-10T10-05-00Z",
        "20260310T100500Z",
        "20260310T100500",
        "state-2026-03-10T10:05:00Z.json",
        "2026-03-10_10-05-00.yaml",
        "2026-03-10T12:05:00+02:00.json",
        "20260310T050500-0500.json",
        "20260310T100500-0001.json",
        "1773137100",
        "pods.1773137100.json",
        "2026-13-10T10:05:00Z-2026-03-10T10:05:00Z",
    ],
)
def test_names_that_tell_a_time(name: str) -> None:
    assert time_in_name(name) == MORNING


@pytest.mark.parametrize(
    "name",
    [
        "cluster.json",
        "2026-03-10.json",
        "17731371001.json",
        "177313710.json",
        "0773137100",
        "",
        ".",
        "2026-13-10T10:05:00Z",
        "12026-03-10T10:05:00Z",
        "20260310T1005001",
        "\u0662026-03-10T10:05:00Z",
    ],
)
def test_names_that_tell_none(name: str) -> None:
    assert time_in_name(name) is None


def test_a_fraction_in_a_name() -> None:
    assert time_in_name("20260310T100500.5Z.json") == MORNING + 500_000


def test_the_constant_is_what_it_says() -> None:
    assert datetime.fromtimestamp(MORNING // 1_000_000, UTC) == datetime(2026, 3, 10, 10, 5, tzinfo=UTC)
