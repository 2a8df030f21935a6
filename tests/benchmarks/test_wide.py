"""The wide cluster says the same in every language."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import bench_compile
from benchmarks.inputs import wide


def test_verdicts_are_the_same_in_every_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_compile, "GENERATED", tmp_path)
    monkeypatch.setattr(bench_compile, "N_FLOWS", 20_000)
    found = {bench_compile.tell_wide(wide.Wide(200, 15, 3, language)) for language in wide.LANGUAGES}
    assert len(found) == 1
    assert "allow" in (said := found.pop())
    assert "deny" in said
    assert "unknown" not in said
