"""What every test of the runners starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.worlds import write_cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    return write_cluster(tmp_path / "cluster")
