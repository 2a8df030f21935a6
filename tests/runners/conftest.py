"""What every test of the runners starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcheck.api import audit
from tests.runners.disturbed import many
from tests.runners.worlds import write, write_cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    return write_cluster(tmp_path / "cluster")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """flows/ with six files, cluster/, and the outputs of an audit nobody disturbed in expected/."""
    base = tmp_path_factory.mktemp("world")
    for number in range(6):
        table = many(100_000, number)
        write(base / "flows" / f"{number}.parquet", table, row_group_size=40_000)
    write_cluster(base / "cluster")
    audit(base / "flows", base / "cluster", out=base / "expected", jobs=2)
    return base
