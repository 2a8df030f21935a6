"""For tests of a command with and without its run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flowcheck.results.audit import AuditResult
from tests.runners.worlds import write_cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    return write_cluster(tmp_path / "cluster")


@pytest.fixture
def finish(monkeypatch: pytest.MonkeyPatch) -> Callable[[AuditResult], dict[str, Any]]:
    """Make every run end with a given result; returns what the run was asked."""

    def prepare(result: AuditResult) -> dict[str, Any]:
        asked: dict[str, Any] = {}

        def run_audit(flows: Any, source: Any, request: Any, progress: Any = None, *_: Any) -> AuditResult:
            asked.update(flows=flows, source=source, request=request, progress=progress)
            return result

        module = ModuleType("flowcheck.runners.local")
        module.run_audit = run_audit  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "flowcheck.runners.local", module)
        return asked

    return prepare
