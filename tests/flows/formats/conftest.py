"""What tests of several formats start from."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a log will be; its name says nothing of its format."""
    return tmp_path / "flows.log"
