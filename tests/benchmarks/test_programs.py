"""A timed checkout has caches of its own, and it is seen when kernels are compiled within the clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import programs
from benchmarks.programs import Checkout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setattr(programs, "GENERATED", tmp_path / "generated")
    warmed = Checkout(tmp_path / "checkout")
    warmed.kernels.mkdir(parents=True)
    (warmed.kernels / "decide.1.kernel").write_bytes(b"code")
    return warmed


def test_an_audit_gets_a_copy_of_the_kernels_and_nothing_else(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "caches").mkdir()
    (tmp_path / "caches" / "program").write_bytes(b"of the audit before")
    cold = checkout.with_caches(tmp_path / "caches")
    assert [path.name for path in (tmp_path / "caches").iterdir()] == ["decide.1.kernel"]
    assert cold.environment["XDG_CACHE_HOME"] == str(tmp_path / "caches")
    assert cold.environment["PYTHONPATH"] == str(checkout.root)


def test_kernels_compiled_anew_are_noticed(checkout: Checkout, tmp_path: Path) -> None:
    cold = checkout.with_caches(tmp_path / "caches")
    assert cold.compiled_nothing()
    (tmp_path / "caches" / "edges.1.kernel").write_bytes(b"code")
    assert not cold.compiled_nothing()


def test_what_changes_defaults_is_left_out(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWCHECK_JOBS", "1")
    assert "FLOWCHECK_JOBS" not in checkout.environment
