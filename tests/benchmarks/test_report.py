"""The table of speed is made from the records, the newest of each benchmark and size."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import bars, report

MACHINE = {
    "cpu": "a processor",
    "cores": 2,
    "memory_gib": 24,
    "load_before": 0.1,
    "system": "Linux",
    "versions": {"python": "3.11"},
    "commit": "abc",
}


def runs(*walls: float) -> list[dict[str, float]]:
    return [{"wall_s": wall, "cpu_s": wall, "peak_bytes": 0} for wall in walls]


def record(at: str, *walls: float, size: str = "medium") -> report.Record:
    """An audit of a million rows takes ``walls``, of five million 5 s."""
    few = {"flowcheck": runs(*walls), "bare read": runs(*walls), "DuckDB": runs(*(0.5 for _ in walls))}
    many = {"flowcheck": runs(5, 5), "bare read": runs(5, 5), "DuckDB": runs(4.5, 4.5)}
    return {
        "benchmark": "speed",
        "size": size,
        "addresses": "strings",
        "seed": 1,
        "at": at,
        "machine": MACHINE,
        "engines": ["DuckDB"],
        "beside": None,
        "cluster": {"pods": 10_000, "policies": 2_114},
        "answers": {"allow": 9},
        "start": {bars.COLD: [1.5, 1.6], bars.SEEN: [0.2, 0.2]},
        "runs": {"1000000": few, "5000000": many},
        "memory": {"1000000": {"flowcheck": [1 << 29]}, "5000000": {"flowcheck": [1 << 30]}},
        "evaluate": {"rows": 10_000_000, "seconds": [1.0, 1.0]},
    }


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(report, "PAGE", tmp_path / "RESULTS.md")
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text("# No place for a table\n")
    return tmp_path / "RESULTS.md"


def rows_of(one: report.Record) -> dict[str, bars.Row]:
    return {row.measure: row for row in bars.rows(one)}


def test_the_newest_record_is_shown_with_ratios_by_round(page: Path) -> None:
    report.save(record("2026-03-10T08:00:00+00:00", 9.0, 9.0))
    report.save(record("2026-03-11T08:00:00+00:00", 1.0, 2.0))
    report.write()
    text = page.read_text()
    assert "| 1 M rows, whole command over DuckDB's | 3.00 (2.00 to 4.00) | <= 2 | <= 1 | no |" in text
    assert "| flowcheck | 1.50 (1.00 to 2.00) | 0.7 | 1.00 | 0.50 |" in text


def test_the_start_cancels_out_between_two_sizes() -> None:
    assert bars.per_row(record("", 1.0, 2.0), "flowcheck") == [1000.0, 750.0]
    row = rows_of(record("", 1.0, 1.0))["per row, `audit -o` over DuckDB's smaller work"]
    assert (row.value, row.holds) == ("1.00 (1.00 to 1.00)", "bar")


def test_a_bar_holds_as_goal_as_bar_or_not_at_all() -> None:
    found = rows_of(record("", 1.0, 1.0))
    start = "before the first row, 10,000 pods and 2,114 policies, only kernels cached"
    assert found[start].holds == "bar"
    assert found["the same, this cluster audited before"].holds == "goal"
    assert found["peak memory, 5 M rows over 1 M rows"].holds == "no"
    at_least = found["`flowcheck.evaluate`, rows in memory, all words"]
    assert (at_least.value, at_least.bar, at_least.holds) == (
        "10.0 (10.0 to 10.0) M rows/s",
        ">= 8 M rows/s",
        "bar",
    )


def test_more_rows_in_less_time_hold_nothing() -> None:
    noisy = record("", 1.0, 1.0)
    noisy["runs"]["1000000"]["bare read"] = runs(6.0, 1.0)
    row = rows_of(noisy)["per row, over the bare read on two threads"]
    assert (row.value, row.holds) == ("noise", "-")


def test_what_was_not_measured_is_said_so() -> None:
    found = rows_of(record("", 1.0, 1.0))
    assert found["per row, over the build beside"].value == "not measured"
    assert "not measured" in report.plain(record("", 1.0, 1.0))


def test_the_readme_has_the_table_between_its_marks(page: Path) -> None:
    report.save(record("2026-03-11T08:00:00+00:00", 1.0, 1.0, size="small"))
    report.save(record("2026-03-10T08:00:00+00:00", 1.0, 1.0))
    report.write()
    assert report.README.read_text() == "# No place for a table\n"
    for _ in range(2):
        report.README.write_text(f"before\n{report.BEGIN}stale\n{report.END}after\n")
        report.write()
    text = report.README.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n| program | 1,000,000 rows, s |")
    assert text.endswith(f"{report.END}after\n")
    assert "stale" not in text
    assert "2026-03-10T08:00:00+00:00, commit abc" in text
