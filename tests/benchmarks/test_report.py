"""RESULTS.md is made from the records, the newest of each benchmark and size."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report

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
    return [{"wall_s": wall, "cpu_s": wall, "peak_bytes": 1 << 20} for wall in walls]


def record(at: str, *walls: float) -> report.Record:
    return {
        "benchmark": "audit",
        "size": "tiny",
        "addresses": "strings",
        "seed": 1,
        "at": at,
        "machine": MACHINE,
        "answers": {"allow": 9},
        "runs": {
            "1000000": {"flowcheck": runs(*walls), "bare read": runs(0.5, 0.5)},
            "5000000": {"flowcheck": runs(5.0, 5.0), "bare read": runs(1.5, 1.5)},
        },
    }


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(report, "PAGE", tmp_path / "RESULTS.md")
    return tmp_path / "RESULTS.md"


def test_newest_record_is_shown_with_ratios_by_round(page: Path) -> None:
    report.save(record("2026-03-10T08:00:00+00:00", 9.0, 9.0))
    report.save(record("2026-03-11T08:00:00+00:00", 1.0, 2.0))
    report.write()
    text = page.read_text()
    assert "| flowcheck | 1.50 (1.00 to 2.00) | 0.7 |" in text
    assert "| bare read | 0.50 (0.50 to 0.50) | 2.0 | 0.38 (0.25 to 0.50) |" in text


def test_start_up_cancels_out_between_two_sizes(page: Path) -> None:
    report.save(record("2026-03-11T08:00:00+00:00", 1.0, 1.0))
    report.write()
    assert "| bare read | 250.0 (250.0 to 250.0) | 0.25 (0.25 to 0.25) |" in page.read_text()
